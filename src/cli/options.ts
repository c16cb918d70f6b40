import { type Command, InvalidArgumentError } from "commander";
import { parseDomainName } from "../config/names.ts";
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
