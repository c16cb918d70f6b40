import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startControl } from "../../../src/admin/control.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { jsonSchemaOf } from "../../../src/util/schema.ts";
import { Jid } from "../../../src/xmpp/jid.ts";
import { FakeContext } from "../admin/fake-context.ts";
import { CliRig } from "./rig.ts";

test.each([
  ["--version", 0, "out", /^jackdaw \d+\.\d+\.\d+\n$/],
  ["--help", 0, "out", /Examples:/],
  ["help user", 0, "out", /passwd/],
  ["user add --help", 0, "out", /Examples:\n {2}\$ jackdaw user add alice@example\.org/],
  ["strat", 2, "err", /Did you mean start\?/],
  ["user", 2, "err", /Usage: jackdaw user/],
  ["user add", 2, "err", /missing required argument/],
  ["user add localhost", 2, "err", /Expected an address like alice@example\.org/],
  ["user add a@b/c", 2, "err", /Expected an address/],
  ["user list a/b", 2, "err", /Expected a domain/],
  ["session end localhost", 2, "err", /Expected an address like alice@example\.org or/],
  ["stop --delay soon", 2, "err", /Expected a duration like "7d"/],
  ["invite --uses 0", 2, "err", /Expected a number of at least 1/],
  ["cert --days 0", 2, "err", /from 1 to 3650/],
  ["rig --port 65536", 2, "err", /a port from 0 to 65535/],
  ["start --port 5", 2, "err", /unknown option '--port'/],
] as const)("%s ends with %i", async (line, code, where, pattern) => {
  const rig = new CliRig();
  expect(await rig.run(line)).toBe(code);
  expect(rig[where]).toMatch(pattern);
  expect(rig.backend.events).toEqual([]);
});

async function helpOf(line: string): Promise<string> {
  const rig = new CliRig();
  expect(await rig.run(`${line} --help`.trim())).toBe(0);
  return rig.out;
}

/** Those without subcommands. */
async function allCommands(line = ""): Promise<string[]> {
  const [, list] = (await helpOf(line)).split("\nCommands:\n");
  if (list === undefined) return [line];
  const names = [...list.matchAll(/^ {2}([a-z]+)\b/gm)].map(([, name = ""]) => name);
  const below = names.filter((name) => name !== "help").map((name) => allCommands(`${line} ${name}`.trim()));
  return (await Promise.all(below)).flat();
}

test("every command has help with an example", async () => {
  const commands = await allCommands();
  expect(commands).toEqual(expect.arrayContaining(["start", "user add", "rig"]));
  for (const line of commands) expect(await helpOf(line)).toMatch(/Examples?:\n {2}\$ jackdaw /);
});

test("without a server accounts are changed in its store, which is closed again and listens to nobody", async () => {
  const rig = new CliRig();
  expect(await rig.run("user add alice@localhost", "sesame\n")).toBe(0);
  expect(rig.out).toBe("Added alice@localhost\n");
  expect(rig.backend.passwords.get("alice@localhost")).toBe("sesame");
  expect(await rig.run("user passwd alice@localhost", "open\r\nignored")).toBe(0);
  expect(rig.backend.passwords.get("alice@localhost")).toBe("open");
  rig.out = "";
  expect(await rig.run("user list")).toBe(0);
  expect(rig.out).toBe("alice@localhost\n");
  expect(await rig.run("user remove alice@localhost")).toBe(0);
  expect(rig.backend.passwords.size).toBe(0);
  expect(rig.backend.events.filter((event) => event === "open").length).toBe(
    rig.backend.events.filter((event) => event === "close").length,
  );
  expect(rig.backend.events).not.toContain("listen");
});

test("with a server they are changed there, and the store is left alone", async () => {
  const rig = new CliRig({ "server.config.json": { store: "a.sqlite" } });
  const context = new FakeContext(new Map([["bob@localhost", "x"]]));
  const control = await startControl(join(rig.directory, "a.sock"), context, silentLogger);
  expect(await rig.run("user add alice@localhost", "sesame")).toBe(0);
  expect(await rig.run("user list localhost")).toBe(0);
  await control.close();
  expect(rig.out).toBe("Added alice@localhost\nalice@localhost\nbob@localhost\n");
  expect(context.passwords.get("alice@localhost")).toBe("sesame");
  expect(rig.backend.events).toEqual([]);
});

test.each([
  [
    "user add bob@localhost",
    "x",
    /^jackdaw: there is an account bob@localhost already; .*user passwd bob@localhost\n$/,
  ],
  ["user add eve@localhost", "", /^jackdaw: the password is empty; nothing was changed\n$/],
  ["user add eve@localhost", "\nx", /^jackdaw: the password is empty; nothing was changed\n$/],
  ["user add eve@localhost", "x".repeat(100_000), /^jackdaw: the password on standard input is too long\n$/],
  ["user add eve@other.org", "x", /^jackdaw: other\.org is not served here; the domains are: localhost\n$/],
  ["user passwd eve@localhost", "x", /^jackdaw: there is no account eve@localhost\n$/],
  ["user remove eve@localhost", "", /^jackdaw: there is no account eve@localhost\n$/],
  ["user add eve@localhost", "crash", /^jackdaw: the disk is on fire \(--verbose shows where\)\n$/],
  ["user add eve@localhost --verbose", "crash", /^jackdaw: Error: the disk is on fire\njackdaw: +at /],
])("%s with %j fails in one line that says why", async (line, stdin, message) => {
  const rig = new CliRig();
  rig.backend.passwords.set("bob@localhost", "old");
  expect(await rig.run(line, stdin)).toBe(1);
  expect(rig.err).toMatch(message);
  expect([...rig.backend.passwords]).toEqual([["bob@localhost", "old"]]);
  expect(rig.backend.events.at(-1)).toBe("close");
});

test("administrators are promoted, demoted and listed", async () => {
  const rig = new CliRig({ "server.config.json": { store: "a.sqlite" } });
  const context = new FakeContext(new Map([["bob@localhost", "x"]]));
  const control = await startControl(join(rig.directory, "a.sock"), context, silentLogger);
  for (const line of ["promote", "promote", "demote"]) await rig.run(`admin ${line} bob@localhost`);
  expect(rig.out).toBe(
    "bob@localhost is an administrator now\nbob@localhost is an administrator already\nbob@localhost is no administrator any more\n",
  );
  context.promoted.push(Jid.parse("bob@localhost"));
  rig.out = "";
  await rig.run("admin list");
  await control.close();
  expect(rig.out).toBe("bob@localhost\n");
});

test("accounts are disabled and enabled", async () => {
  const rig = new CliRig();
  rig.backend.passwords.set("bob@localhost", "x");
  expect(await rig.run("user disable bob@localhost")).toBe(0);
  expect(await rig.run("user enable bob@localhost")).toBe(0);
  expect(rig.out).toBe("Disabled bob@localhost\nEnabled bob@localhost\n");
});

test("a running server is stopped, now or later", async () => {
  const rig = new CliRig({ "server.config.json": { store: "a.sqlite" } });
  const context = new FakeContext();
  const control = await startControl(join(rig.directory, "a.sock"), context, silentLogger);
  expect(await rig.run("stop")).toBe(0);
  expect(await rig.run("stop --delay 5m")).toBe(0);
  await control.close();
  expect(rig.out).toBe("It stops\nIt stops in 300 seconds\n");
});

test.each([
  "stop",
  "session list",
  "session end bob@localhost",
  "component list",
  "component end irc.localhost",
  "announce Hello all",
])("%s needs a running server", async (line) => {
  const rig = new CliRig();
  expect(await rig.run(line)).toBe(1);
  expect(rig.err).toBe("jackdaw: the server is not running\n");
  expect(rig.backend.events).toEqual([]);
});

test("in memory there is nothing to work on", async () => {
  const rig = new CliRig({ "server.config.json": { store: "memory" } });
  expect(await rig.run("user list")).toBe(1);
  expect(rig.err).toMatch(/the store is "memory".*nothing to work on/);
  expect(rig.backend.events).toEqual([]);
});

test("config check names every problem with its file, a line each", async () => {
  const rig = new CliRig({
    "server.config.json": { stor: 1, modules: { ping: { interval: 5 } } },
    "ok.json": {},
  });
  expect(await rig.run("config check")).toBe(1);
  expect(rig.err).toBe('jackdaw: server.config.json: stor: unknown key, did you mean "store"?\n');
  expect(await rig.run("config check --config ok.json")).toBe(0);
  expect(rig.out).toBe("ok.json is all right\n");
});

test("config print fills in what the file leaves out, without secrets", async () => {
  const rig = new CliRig({ "server.config.json": { modules: { ping: { key: "hunter2" } } } });
  expect(await rig.run("config print")).toBe(0);
  expect(JSON.parse(rig.out)).toMatchObject({
    domains: [{ name: "localhost" }],
    limits: { stanzaBytes: "256 KB", idleTime: "15m" },
    modules: { ping: { interval: "off", key: "(secret)" } },
  });
});

test("config schema prints the schema with the modules' sections", async () => {
  const rig = new CliRig();
  expect(await rig.run("config schema")).toBe(0);
  const properties = JSON.parse(rig.out).properties.modules.properties;
  expect(properties.ping.anyOf[1]).toEqual(jsonSchemaOf(rig.backend.ping.config));
});

test("cert makes a certificate for every domain and shows what a user compares", async () => {
  const rig = new CliRig({ "server.config.json": { domains: ["a.org", "b.org"] } });
  expect(await rig.run("cert --days 90")).toBe(0);
  expect(rig.out).toMatch(
    /^a\.org \(self-signed\)\n {2}file .*certs\/a\.org\.pem\n {2}SHA-256 {2}([0-9A-F]{2}:){31}[0-9A-F]{2}\n {2}expires {2}2026-04-01\nb\.org/,
  );
  const made = rig.out;
  rig.out = "";
  expect(await rig.run("cert --show")).toBe(0);
  expect(rig.out).toBe(made);
});

test("cert replaces only what is its own", async () => {
  const rig = new CliRig({
    "server.config.json": { domains: [{ name: "a.org", certificate: "a.pem", key: "a.key" }] },
  });
  expect(await rig.run("cert a.org")).toBe(1);
  expect(rig.err).toMatch(/renew it where it came from/);
  expect(await rig.run("cert --show other.org")).toBe(1);
  expect(rig.err).toMatch(/there is no certificate of other\.org yet/);
  expect(await rig.run("cert b.org")).toBe(0);
  const before = readFileSync(join(rig.directory, "certs/b.org.pem"), "utf8");
  expect(await rig.run("cert b.org")).toBe(0);
  expect(readFileSync(join(rig.directory, "certs/b.org.pem"), "utf8")).not.toBe(before);
});

test("cert leaves a certificate of an authority alone", async () => {
  const rig = new CliRig();
  expect(await rig.run("cert ca.org")).toBe(0);
  const certs = join(rig.directory, "certs");
  const request =
    "req -x509 -newkey rsa:2048 -nodes -subj /CN=a.org -CA ca.org.pem -CAkey ca.org.key -keyout a.org.key";
  execFileSync("openssl", [...request.split(" "), "-out", "a.org.pem"], { cwd: certs, stdio: "ignore" });
  const issued = readFileSync(join(certs, "a.org.pem"), "utf8");
  expect(await rig.run("cert a.org")).toBe(1);
  expect(rig.err).toMatch(/a\.org\.pem is not one of ours; renew it where it came from/);
  expect(readFileSync(join(certs, "a.org.pem"), "utf8")).toBe(issued);
});
