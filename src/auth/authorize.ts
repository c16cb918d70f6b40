/** The steps that mechanisms share: reading text, finding the user, and letting a proved user in. */
import { Jid } from "../xmpp/jid.ts";
import { type Mechanism, type SaslContext, SaslError } from "./mechanism.ts";

/** Octets of one client message, of any mechanism. Three JID parts with each octet escaped fit in. */
const MAX_MESSAGE_BYTES = 10_000;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The UTF-8 text of a message, to the letter.
 * @throws {SaslError} `malformed-request`.
 */
export function decodeMessage(data: Buffer): string {
  if (data.length > MAX_MESSAGE_BYTES) throw new SaslError("malformed-request", "message too long");
  try {
    return utf8.decode(data);
  } catch {
    throw new SaslError("malformed-request", "not UTF-8");
  }
}

/**
 * RFC 6120 §6.3.7: a user name, never empty here, is the local part of an address in the stream's domain.
 * @throws {SaslError} `not-authorized` for what can be no account's name.
 */
export function userNamed(username: string, context: SaslContext): Jid {
  try {
    return Jid.of(username, context.domain);
  } catch {
    throw new SaslError("not-authorized", "not a user name");
  }
}

/**
 * Called once `user` has proved who they are: checks that they may log in, and as `authzid` if one is given.
 * @throws {SaslError}
 */
export async function authorize(user: Jid, authzid: string | undefined, context: SaslContext): Promise<void> {
  const name = user.toString();
  const status = await context.accounts.status(user);
  // It may have been removed while the exchange went on.
  if (status === undefined) throw new SaslError("not-authorized", "no such account", name);
  if (status === "disabled") throw new SaslError("account-disabled", "", name);
  // RFC 6120 §6.3.8: nobody may act on behalf of another.
  if (authzid !== undefined && !isAddressOf(user, authzid)) throw new SaslError("invalid-authzid", "", name);
}

/** Whether `text` is the bare JID of `user`, in any spelling (RFC 6120 §6.3.8). */
export function isAddressOf(user: Jid, text: string): boolean {
  try {
    return Jid.parse(text).equals(user);
  } catch {
    return false;
  }
}

/** @throws {SaslError} `invalid-mechanism` (RFC 6120 §6.5.7) unless the stream was offered it. */
export function requireOffered(mechanism: Mechanism, context: SaslContext): void {
  if (!mechanism.offered(context)) throw new SaslError("invalid-mechanism", mechanism.name);
}
