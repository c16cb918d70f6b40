import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "./programs.ts";
import type { RealServer } from "./real-server.ts";
import { Terminal } from "./terminal.ts";

const file = findProgram("profanity");
const tmux = findProgram("tmux");

/** Why it cannot run here; undefined when it can. */
export const missing: string | undefined =
  file === undefined
    ? "profanity is not installed"
    : tmux === undefined
      ? "tmux is not installed"
      : undefined;

export interface Person {
  readonly name: string;
  /** How profanity calls TLS from the first byte. */
  readonly policy: "force" | "legacy";
  /** What is said to the self-signed certificate. */
  readonly trust: "allow" | "always";
  /** Devices of one person have homes of their own. */
  readonly device?: string;
  /** Another port than the server's. */
  readonly port?: number;
  /** Typed before it connects; each of these settings is told back with the pattern. */
  readonly settings?: readonly (readonly [command: string, answer: RegExp])[];
}

/** Profanity, logged in. */
export async function profanity(
  { server, directory }: RealServer,
  { name, policy, trust, device = name, settings = [], ...person }: Person,
): Promise<Terminal> {
  const home = join(directory, device);
  mkdirSync(home);
  const screen = await Terminal.open({
    file: tmux as string,
    command: file as string,
    home,
  });
  const port = person.port ?? (policy === "legacy" ? server.ports.c2sTls : server.ports.c2s);
  await screen.shows(/Type \/help/);
  for (const [command, answer] of settings) {
    await screen.types(command);
    await screen.shows(answer);
  }
  await screen.types(`/connect ${name}@localhost server 127.0.0.1 port ${port} tls ${policy}`);
  await screen.shows(/Enter password/);
  await screen.types("secret");
  await screen.shows(/Common name +: localhost[^]*'\/tls always'/);
  await screen.types(`/tls ${trust}`);
  await screen.shows(new RegExp(`${name}@localhost/profanity\\S* logged in successfully`));
  // It uses what it knows the server to have; this answer comes after the one that it asked for by itself.
  await screen.types("/disco info");
  await screen.shows(/urn:xmpp:|jabber\.org\/protocol/);
  return screen;
}
