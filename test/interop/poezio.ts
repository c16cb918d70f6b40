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

/** Poezio with a home of its own, logged in. What was said it has from the server alone. */
export async function poezioOf(
  { server, directory, caFile }: RealServer,
  device: string,
  user = "alice",
): Promise<Terminal> {
  const home = join(directory, device);
  mkdirSync(home);
  const config = join(home, "poezio.cfg");
  const settings = {
    jid: `${user}@localhost/${device}`,
    password: "secret",
    custom_host: "127.0.0.1",
    custom_port: server.ports.c2s,
    ca_cert_path: caFile,
    rooms: "",
    enable_user_nick: false,
    use_log: false,
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

export async function opensChat(screen: Terminal): Promise<void> {
  await runsCommand(screen, "message bob@localhost", /\[bob@localhost\]/);
}

/** From the roster, where each key means something and "/" begins a command. */
export async function runsCommand(screen: Terminal, command: string, until: RegExp): Promise<void> {
  await screen.press("/");
  await screen.shows(/│\/ *$/m);
  await screen.writes(command, until);
}
