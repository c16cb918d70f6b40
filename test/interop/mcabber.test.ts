/** Two people with MCabber, whose library is Loudmouth: contacts, a chat, a room. */
import { createHash, X509Certificate } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe } from "vitest";
import { findProgram } from "./programs.ts";
import { type RealServer, test } from "./real-server.ts";
import { Terminal } from "./terminal.ts";

const ROOM = "cave@conference.localhost";
const file = findProgram("mcabber");
const tmux = findProgram("tmux");
const missing =
  file === undefined ? "mcabber is not installed" : tmux === undefined ? "tmux is not installed" : undefined;

/** MCabber, logged in; it knows the certificate by its fingerprint. */
async function mcabber({ server, directory, certificate }: RealServer, name: string): Promise<Terminal> {
  const home = join(directory, name);
  mkdirSync(home, { mode: 0o700 });
  const config = join(home, "mcabberrc");
  const fingerprint = createHash("sha256").update(new X509Certificate(certificate).raw).digest("hex");
  const settings = {
    jid: `${name}@localhost`,
    password: "secret",
    server: "127.0.0.1",
    port: server.ports.c2s,
    tls: 1,
    ssl_fingerprint: `SHA256:${fingerprint}`,
    log_win_height: 12,
  };
  const lines = Object.entries(settings).map(([key, value]) => `set ${key} = ${value}\n`);
  writeFileSync(config, lines.join(""), { mode: 0o600 });
  const screen = await Terminal.open({ file: tmux as string, command: `${file} -f ${config}`, home });
  await screen.shows(/Your status has been set/);
  return screen;
}

/** Opens the chat with somebody of the list. */
async function opens(screen: Terminal, name: string): Promise<void> {
  await screen.types(`/roster search ${name}`);
  await screen.pressUntil("Enter", new RegExp(`(Buddy|Room): ${name}@`));
}

describe("MCabber", () => {
  test.beforeEach(async ({ real, skip }) => {
    if (missing !== undefined) skip(missing);
    for (const name of ["alice", "bob"]) await real.server.createUser(`${name}@localhost`, "secret");
  });

  test("two of them become contacts and chat", async ({ real }) => {
    await using alice = await mcabber(real, "alice");
    await using bob = await mcabber(real, "bob");
    await alice.types("/add bob@localhost");
    await bob.shows(/<alice@localhost> wants to subscribe to your presence updates/);
    await bob.types("/event * accept");
    await alice.shows(/<bob@localhost> has allowed you to receive their presence updates/);
    await alice.shows(/\{o\} bob@localhost/);
    await alice.types("/say_to bob@localhost Grüße & <Küsse>");
    await opens(bob, "alice");
    await bob.shows(/Grüße & <Küsse>/);
    await bob.types("danke");
    await opens(alice, "bob");
    await alice.shows(/Grüße & <Küsse>[^]*danke/);
  });

  test("two of them talk in a room", async ({ real }) => {
    await using alice = await mcabber(real, "alice");
    await using bob = await mcabber(real, "bob");
    await alice.types(`/room join ${ROOM} ally`);
    await alice.shows(/You have joined cave@conference\.localhost as "ally"/);
    await opens(alice, "cave");
    await alice.types("/room unlock");
    // The room is open before it repeats this.
    await alice.types("Anybody?");
    await alice.shows(/<ally> Anybody\?/);
    await bob.types(`/room join ${ROOM} bobby`);
    await alice.shows(/bobby has joined/);
    await opens(bob, "cave");
    await alice.types("Is it dark in here?");
    await bob.shows(/<ally> Is it dark in here\?/);
    await bob.types("Very dark.");
    await alice.shows(/<bobby> Very dark\./);
  });
});
