import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { xml } from "@xmpp/client";
import { describe, expect, vi } from "vitest";
import { findProgram, PATIENCE_MS } from "./programs.ts";
import { type RealServer, test } from "./real-server.ts";
import { Terminal } from "./terminal.ts";
import { chat, xmppJs } from "./xmpp-js-peer.ts";

const poezio = findProgram("poezio");
const tmux = findProgram("tmux");

/** Poezio refuses to run as root; in a namespace of its own it is nobody. */
const asOrdinaryUser = process.getuid?.() === 0 ? "unshare --user " : "";

/** Poezio with a home of its own, logged in as alice. */
async function open({ server, directory, caFile }: RealServer, device: string): Promise<Terminal> {
  const home = join(directory, device);
  mkdirSync(home);
  const config = join(home, "poezio.cfg");
  const settings = {
    jid: `alice@localhost/${device}`,
    password: "secret",
    custom_host: "127.0.0.1",
    custom_port: server.ports.c2s,
    ca_cert_path: caFile,
    rooms: "",
    enable_user_nick: false,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  writeFileSync(config, ["[Poezio]", ...lines, ""].join("\n"));
  const screen = await Terminal.open({
    file: tmux as string,
    command: `${asOrdinaryUser}${poezio} -f ${config}`,
    home,
  });
  await screen.shows(/Your JID is/);
  return screen;
}

/** From the roster, where each key means something, "/" begins a command. */
async function opensChat(screen: Terminal): Promise<void> {
  await screen.press("/");
  await screen.shows(/│\/ *$/m);
  await screen.writes("message bob@localhost", /\[bob@localhost\]/);
}

describe("Poezio", () => {
  test.beforeEach(async ({ real, skip }) => {
    if (poezio === undefined) skip("poezio is not installed");
    if (tmux === undefined) skip("tmux is not installed");
    for (const name of ["alice", "bob"]) await real.server.createUser(`${name}@localhost`, "secret");
  });

  test("shows on a new device what was said on another", async ({ real }) => {
    const bob = await xmppJs(real, { username: "bob", password: "secret", resource: "desk" });
    await bob.client.send(xml("presence"));
    await using phone = await open(real, "phone");
    await opensChat(phone);
    await phone.writes("do you hear me?", /alice> do you hear me/);
    await bob.inbox.take((stanza) => stanza.getChildText("body") === "do you hear me?");
    await bob.client.send(chat("alice@localhost", "loud and clear"));
    await phone.shows(/bob> loud and clear/);

    const said = Date.now();

    await using tablet = await open(real, "tablet");
    // It asks for what was said before the second in which it asks.
    await vi.waitUntil(() => Date.now() - said > 2000, { timeout: PATIENCE_MS });
    await opensChat(tablet);
    const screen = await tablet.shows(/alice> do you hear me[^]*bob> loud and clear/);
    for (const text of [/do you hear me/g, /loud and clear/g])
      expect(screen.match(text), screen).toHaveLength(1);
  });
});
