/** XEP-0474 SASL SCRAM Downgrade Protection, version 0.5.0, https://xmpp.org/extensions/xep-0474.html. */
import { Lru } from "../util/lru.ts";
import { digest, type ScramHash } from "./scram-keys.ts";

/** Neither is a character of XML (§9). */
const BETWEEN_NAMES = "\x1e";
const BETWEEN_LISTS = "\x1f";

/** Lists whose hash is remembered: there are as many as ways in which streams differ. */
const KNOWN_LISTS = 64;

/** What streams are shown, as one hash of SCRAM sees it. */
export class Advertisements {
  readonly #hash: ScramHash;
  readonly #known = new Lru<string, string>(KNOWN_LISTS);

  constructor(hash: ScramHash) {
    this.#hash = hash;
  }

  /**
   * §5.1: the value of the attribute `h` in SCRAM's server-first-message, which the client compares with what it was
   * shown. `channelBindings` is empty when the server announced none.
   */
  hash(mechanisms: readonly string[], channelBindings: readonly string[]): string {
    const lists = channelBindings.length > 0 ? [mechanisms, channelBindings] : [mechanisms];
    const shown = lists.map((names) => names.join(BETWEEN_NAMES)).join(BETWEEN_LISTS);
    let value = this.#known.get(shown);
    if (value === undefined) {
      // All names are ASCII, of which JavaScript's order is that of i;octet.
      const text = lists.map((names) => names.toSorted().join(BETWEEN_NAMES)).join(BETWEEN_LISTS);
      value = digest(this.#hash, Buffer.from(text)).toString("base64");
      this.#known.set(shown, value);
    }
    return value;
  }
}
