/** XEP-0474 SASL SCRAM Downgrade Protection, version 0.5.0, https://xmpp.org/extensions/xep-0474.html. */
import { digest, type ScramHash } from "./scram-keys.ts";

/** Neither is a character of XML (§9). */
const BETWEEN_NAMES = "\x1e";
const BETWEEN_LISTS = "\x1f";

/**
 * §5.1: the value of the attribute `h` in SCRAM's server-first-message, which the client compares with what it was
 * shown. `channelBindings` is empty when the server announced none.
 */
export function advertisementHash(
  hash: ScramHash,
  mechanisms: readonly string[],
  channelBindings: readonly string[],
): string {
  const lists = channelBindings.length > 0 ? [mechanisms, channelBindings] : [mechanisms];
  // All names are ASCII, of which JavaScript's order is that of i;octet.
  const text = lists.map((names) => names.toSorted().join(BETWEEN_NAMES)).join(BETWEEN_LISTS);
  return digest(hash, Buffer.from(text)).toString("base64");
}
