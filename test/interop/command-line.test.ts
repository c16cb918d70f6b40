/** The `jackdaw` command as the README tells of it, with xmpp.js as the client. */
import { readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { connect as connectPlain } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, setDefaultCACertificates } from "node:tls";
import { type Client, client } from "@xmpp/client";
import { expect, onTestFinished, test } from "vitest";
import { componentHeader, handshake } from "../behaviour/component-client.ts";
import { PATIENCE_MS, Program } from "./programs.ts";

const JACKDAW = join(import.meta.dirname, "..", "..", "bin", "jackdaw.js");
const CONFIG = {
  domains: ["localhost", "example.org"],
  listen: { c2s: "127.0.0.1:0", c2sTls: "127.0.0.1:0" },
};

async function folder(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "jackdaw-command-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  writeFileSync(join(directory, "server.config.json"), JSON.stringify(CONFIG));
  return directory;
}

function jackdaw(home: string, ...args: string[]): Program {
  return new Program({ file: process.execPath, args: [JACKDAW, ...args], home });
}

async function portOf(server: Program, kind: string): Promise<number> {
  return Number((await server.prints(new RegExp(String.raw`127\.0\.0\.1:(\d+) \(${kind}\)`)))[1]);
}

async function logIn(domain: string, username: string, password: string, service: string): Promise<Client> {
  const one = client({ domain, username, password, service, timeout: PATIENCE_MS });
  one.on("error", () => {});
  onTestFinished(async () => {
    one.reconnect.removeAllListeners();
    if (one.status === "online") await one.stop();
  });
  await one.start();
  return one;
}

/** The common name of the certificate that is shown to who asks for this name. */
function certificateFor(servername: string, port: number): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1", servername, rejectUnauthorized: false });
  return new Promise((resolve, reject) => {
    socket.on("error", reject);
    socket.on("secureConnect", () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
  });
}

test("a first start, accounts from the command line, and log-ins to both domains", async () => {
  const home = await folder();
  await using server = jackdaw(home, "start");
  const [, password = ""] = await server.prints(/first account admin@localhost with the password (\S+)/);
  const [plain, tls] = [await portOf(server, "clients, STARTTLS"), await portOf(server, "clients, TLS")];

  await using added = jackdaw(home, "user", "add", "alice@example.org");
  added.endInput("secret\n");
  expect(await added.succeeds()).toContain("Added alice@example.org");

  setDefaultCACertificates(
    CONFIG.domains.map((domain) => readFileSync(join(home, "certs", `${domain}.pem`), "utf8")),
  );
  const admin = await logIn("localhost", "admin", password, `xmpps://localhost:${tls}`);
  expect(admin.jid.toString()).toMatch(/^admin@localhost\//);
  // By STARTTLS: there the stream's `to` chooses the certificate where no name is asked for, here both do.
  const alice = await logIn("example.org", "alice", "secret", `xmpp://127.0.0.1:${plain}`);
  expect(alice.jid.toString()).toMatch(/^alice@example\.org\//);

  for (const domain of CONFIG.domains) expect(await certificateFor(domain, tls)).toBe(domain);
  expect(await certificateFor("elsewhere.example", tls)).toBe("localhost");

  server.signal("SIGTERM");
  await server.succeeds();
});

test("a component that the configuration names later is let in, listed, and sent away", async () => {
  const home = await folder();
  const write = (components: object) =>
    writeFileSync(
      join(home, "server.config.json"),
      JSON.stringify({ ...CONFIG, listen: { ...CONFIG.listen, component: "127.0.0.1:0" }, components }),
    );
  write({ "irc.localhost": "a secret" });
  await using server = jackdaw(home, "start");
  const port = await portOf(server, "components");
  write({ "irc.localhost": "a secret", "bot.example.org": { secret: "between us", name: "Bot" } });
  server.signal("SIGHUP");
  await server.prints(/read the configuration/);

  const bot = connectPlain({ port, host: "127.0.0.1" });
  onTestFinished(() => void bot.destroy());
  let heard = "";
  bot.on("data", (data) => (heard += data.toString()));
  bot.write(componentHeader("bot.example.org"));
  await expect.poll(() => heard).toContain("<stream:stream");
  bot.write(handshake(/ id="([^"]+)"/.exec(heard)?.[1], "between us"));
  await expect.poll(() => heard).toContain("<handshake/>");

  await using list = jackdaw(home, "component", "list");
  expect((await list.succeeds()).split("\n")).toEqual([
    "irc.localhost  not connected  0 stanzas in, 0 out",
    expect.stringMatching(
      /^bot\.example\.org {2}Bot {2}connected since .*Z {2}127\.0\.0\.1, not encrypted {2}0 stanzas in, 0 out$/,
    ),
    "",
  ]);
  await using end = jackdaw(home, "component", "end", "bot.example.org");
  expect(await end.succeeds()).toBe("Ended the connection of bot.example.org\n");
  await expect.poll(() => heard).toContain("<policy-violation");
  await using again = jackdaw(home, "component", "end", "bot.example.org");
  expect(await again.ends()).toBe(1);
  expect(again.output).toContain("bot.example.org is not connected");
});
