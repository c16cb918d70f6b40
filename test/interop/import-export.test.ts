/** Moving from ejabberd 23.01 and Prosody 0.12, whose exports are in test/fixtures; xmpp.js and go-sendxmpp log in with their SCRAM keys. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setDefaultCACertificates } from "node:tls";
import { type Client, client } from "@xmpp/client";
import { expect, onTestFinished, test } from "vitest";
import { findProgram, PATIENCE_MS, Program } from "./programs.ts";

const JACKDAW = join(import.meta.dirname, "..", "..", "bin", "jackdaw.js");
const FIXTURES = join(import.meta.dirname, "..", "fixtures");
const CONFIG = {
  domains: ["example.org"],
  listen: { c2s: "127.0.0.1:0", c2sTls: [] },
};
const exported = (server: string) =>
  readdirSync(join(FIXTURES, server))
    .filter((name) => !name.includes("_"))
    .map((name) => join(FIXTURES, server, name));

async function home(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "jackdaw-move-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  writeFileSync(join(directory, "server.config.json"), JSON.stringify(CONFIG));
  return directory;
}

function jackdaw(directory: string, ...args: string[]): Program {
  return new Program({ file: process.execPath, args: [JACKDAW, ...args], home: directory });
}

async function does(directory: string, ...args: string[]): Promise<string> {
  await using program = jackdaw(directory, ...args);
  return await program.succeeds();
}

async function logIn(port: string, username: string, password: string): Promise<Client> {
  const one = client({
    service: `xmpp://127.0.0.1:${port}`,
    domain: "example.org",
    username,
    password,
    timeout: PATIENCE_MS,
  });
  one.on("error", () => {});
  onTestFinished(async () => {
    one.reconnect.removeAllListeners();
    if (one.status === "online") await one.stop();
  });
  await one.start();
  return one;
}

const GO_SENDXMPP = findProgram("go-sendxmpp");

/** A second client, which has the stronger mechanisms as well. */
async function withGo(directory: string, port: string): Promise<void> {
  if (GO_SENDXMPP === undefined) return;
  const account = ["-u", "romeo@example.org", "-p", "wherefore art thou", "-j", `localhost:${port}`];
  await using romeo = new Program({
    file: GO_SENDXMPP,
    args: [...account, "romeo@example.org"],
    home: directory,
    env: { SSL_CERT_FILE: join(directory, "certs", "example.org.pem") },
  });
  romeo.endInput("To myself\n");
  await romeo.succeeds();
}

/** The accounts log in to the server, where `prepare` did something while it runs. */
async function letsIn(directory: string, prepare = async () => {}): Promise<void> {
  await using server = jackdaw(directory, "start");
  const [, port = ""] = await server.prints(/127\.0\.0\.1:(\d+) \(clients, STARTTLS\)/);
  await prepare();
  setDefaultCACertificates([readFileSync(join(directory, "certs", "example.org.pem"), "utf8")]);
  const romeo = await logIn(port, "romeo", "wherefore art thou");
  expect(romeo.jid.toString()).toMatch(/^romeo@example\.org\//);
  await expect(logIn(port, "juliet", "wherefore art thou")).rejects.toThrow("not-authorized");
  await withGo(directory, port);
  server.signal("SIGTERM");
  await server.succeeds();
}

test.for(["ejabberd-23.01", "prosody-0.12"])(
  "the accounts of %s log in with their passwords",
  async (server) => {
    const directory = await home();
    const told = await does(directory, "import", ...exported(server));
    expect(told).toContain("accounts: 4 added");
    expect(told).toContain("SCRAM-SHA-1 alone");
    await letsIn(directory);
  },
);

test("accounts come and go while servers run", async () => {
  const [first, second] = [await home(), await home()];
  await letsIn(first, async () => {
    expect(await does(first, "import", ...exported("prosody-0.12"))).toContain("accounts: 4 added");
    expect(await does(first, "export", "all.xml")).toContain("Wrote 5 accounts into all.xml");
  });
  // The first account, which a new server makes by itself, went along.
  expect(await does(second, "import", join(first, "all.xml"))).toContain("accounts: 5 added");
  await letsIn(second);
});

test("accounts move on from here", async () => {
  const [first, second] = [await home(), await home()];
  await does(first, "import", ...exported("ejabberd-23.01"));
  expect(await does(first, "export", "all.xml")).toContain("Wrote 4 accounts into all.xml");
  expect(await does(second, "import", join(first, "all.xml"))).toContain("accounts: 4 added");
  await letsIn(second);
});

test("one account alone is exported, and nothing is overwritten", async () => {
  const directory = await home();
  await does(directory, "import", ...exported("ejabberd-23.01"));
  expect(await does(directory, "export", "-u", "romeo@example.org", "romeo.xml")).toContain(
    "Wrote 1 account",
  );
  await using again = jackdaw(directory, "export", "romeo.xml");
  await again.prints(/romeo\.xml: is there already/);
  await using nobody = jackdaw(directory, "export", "-u", "nobody@example.org", "nobody.xml");
  await nobody.prints(/there is no account nobody@example\.org/);
});
