import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "./programs.ts";
import type { RealServer } from "./real-server.ts";
import { Terminal } from "./terminal.ts";

const poezio = findProgram("poezio");
const tmux = findProgram("tmux");

/** Why it cannot run here; undefined when it can. */
export const missing: string | undefined =
  poezio === undefined ? "poezio is not installed" : tmux === undefined ? "tmux is not installed" : undefined;

/** Poezio refuses to run as root; in a namespace of its own it is nobody. */
const asOrdinaryUser = process.getuid?.() === 0 ? "unshare --user " : "";

/** Poezio with a home of its own, logged in as alice. */
export async function poezioOf({ server, directory, caFile }: RealServer, device: string): Promise<Terminal> {
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
export async function opensChat(screen: Terminal): Promise<void> {
  await screen.press("/");
  await screen.shows(/│\/ *$/m);
  await screen.writes("message bob@localhost", /\[bob@localhost\]/);
}
