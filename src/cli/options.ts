import { type Command, InvalidArgumentError } from "commander";
import { parseDomainName } from "../config/names.ts";
import { parseDuration } from "../util/duration.ts";
import { Jid } from "../xmpp/jid.ts";

export interface CommonOptions {
  readonly config?: string;
  readonly verbose: number;
}

/** The options that every command has. */
export function withCommonOptions(command: Command): Command {
  return command
    .option(
      "-c, --config <file>",
      "the configuration (default: $JACKDAW_CONFIG, or server.config.json if there is one)",
    )
    .option("-v, --verbose", "log more, and show where errors come from", (_, count: number) => count + 1, 0);
}

/** A bare address as an argument. */
export function userArgument(text: string): string {
  try {
    const jid = Jid.parse(text);
    if (jid.local !== "" && jid.resource === "") return jid.toString();
  } catch {
    // Told below, like other text that is no account's address.
  }
  throw new InvalidArgumentError("Expected an address like alice@example.org.");
}

export function domainArgument(text: string): string {
  const domain = parseDomainName(text);
  if (domain === undefined) throw new InvalidArgumentError("Expected a domain like example.org.");
  return domain;
}

export function daysArgument(text: string): number {
  const days = Number(text);
  if (Number.isInteger(days) && days >= 1 && days <= 3650) return days;
  throw new InvalidArgumentError("Expected a number of days from 1 to 3650.");
}

/** Milliseconds. */
export function durationArgument(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0) return ms;
  throw new InvalidArgumentError('Expected a duration like "7d" or "30s".');
}

/** A whole number, at least 1. */
export function countArgument(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count >= 1) return count;
  throw new InvalidArgumentError("Expected a number of at least 1.");
}

export function examples(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ jackdaw ${line}\n`).join("")}`;
}
