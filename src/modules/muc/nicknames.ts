import { StanzaError } from "../../xmpp/errors.ts";

/** U+2800 is the one character that is neither white space nor ignorable by its properties, and shows nothing. */
const VISIBLE = /[^\p{White_Space}\p{Default_Ignorable_Code_Point}\p{Cc}\u2800]/u;

/** XEP-0045 §17.1: no empty or invisible nicknames, and none that is too long. */
export function checkNick(nick: string, most: number): void {
  if (!VISIBLE.test(nick)) {
    throw new StanzaError("not-acceptable", "the nickname cannot be seen", { type: "cancel" });
  }
  if (nick.length > most) {
    throw new StanzaError("policy-violation", `the nickname is longer than ${most} characters`);
  }
}

/** Printable ASCII, with single spaces inside. */
const PLAIN = /^[!-~]+( [!-~]+)*$/;

/**
 * What nicknames have in common that look the same: in compatible form (Unicode, NFKC), with single spaces inside. Characters that
 * cannot be seen and those that turn the direction of text are no part of addresses (RFC 8265 §4.2).
 */
export function looks(nick: string): string {
  if (PLAIN.test(nick)) return nick;
  return nick
    .normalize("NFKC")
    .replace(/[\p{White_Space}\u2800]+/gu, " ")
    .trim();
}
