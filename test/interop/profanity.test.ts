import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe } from "vitest";
import { findProgram } from "./programs.ts";
import { type RealServer, test } from "./real-server.ts";
import { Terminal } from "./terminal.ts";

const profanity = findProgram("profanity");
const tmux = findProgram("tmux");

interface Person {
  readonly name: string;
  /** How profanity calls TLS from the first byte. */
  readonly policy: "force" | "legacy";
  /** What is said to the self-signed certificate. */
  readonly trust: "allow" | "always";
}

/** Profanity, logged in. */
async function logIn({ server, directory }: RealServer, { name, policy, trust }: Person): Promise<Terminal> {
  const home = join(directory, name);
  mkdirSync(home);
  const screen = await Terminal.open({ file: tmux as string, command: profanity as string, home });
  const port = policy === "legacy" ? server.ports.c2sTls : server.ports.c2s;
  await screen.shows(/Type \/help/);
  await screen.types(`/connect ${name}@localhost server 127.0.0.1 port ${port} tls ${policy}`);
  await screen.shows(/Enter password/);
  await screen.types("secret");
  await screen.shows(/Common name +: localhost[^]*'\/tls always'/);
  await screen.types(`/tls ${trust}`);
  await screen.shows(new RegExp(`${name}@localhost/profanity\\S* logged in successfully`));
  return screen;
}

describe("Profanity", () => {
  test.beforeEach(async ({ real, skip }) => {
    if (profanity === undefined) skip("profanity is not installed");
    if (tmux === undefined) skip("tmux is not installed");
    for (const name of ["alice", "bob"]) await real.server.createUser(`${name}@localhost`, "secret");
  });

  test("two of them become contacts and chat", async ({ real }) => {
    await using alice = await logIn(real, { name: "alice", policy: "force", trust: "always" });
    await using bob = await logIn(real, { name: "bob", policy: "legacy", trust: "allow" });

    await alice.types("/presence console all");
    await alice.shows(/All presence updates will appear in the console/i);
    await alice.types("/roster add bob@localhost");
    await alice.shows(/Roster item added: bob@localhost/);
    await alice.types("/sub request bob@localhost");
    await bob.shows(/Received authorization request from alice@localhost/);
    await bob.types("/sub allow alice@localhost");
    await alice.shows(/bob@localhost \(profanity\S*\) is online/);
    await bob.types('/status set away "out for lunch"');
    await alice.shows(/bob@localhost \(profanity\S*\) is away, "out for lunch"/);

    await alice.types("/msg bob@localhost Grüße & <Küsse>");
    await bob.shows(/<< chat message: alice@localhost/);
    await bob.types("/msg alice@localhost danke");
    await bob.shows(/alice@localhost[^\n]*: Grüße & <Küsse>/);
    await alice.shows(/bob@localhost[^\n]*: danke/);

    await bob.types("/disconnect");
    await bob.shows(/bob@localhost logged out successfully/);
    await alice.types("/win 1");
    await alice.shows(/bob@localhost \(profanity\S*\) is offline/);
  });
});
