import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { parseStanza } from "../../xmpp/parse-stanza.ts";
import type { ArchiveRow } from "./archive-row.ts";

type Matcher = (row: ArchiveRow) => boolean;

/** XEP-0313 §4.1.1: whether a message is from or to this very resource. */
export function isWithResource(peer: Jid): Matcher {
  const mayBe = mentions(peer);
  return ({ stanza }) => {
    if (!mayBe(stanza)) return false;
    const { from, to } = parseStanza(stanza);
    return Boolean(from?.equals(peer) || to?.equals(peer));
  };
}

/** XEP-0313 §4.1.1, §6.1.2: whether what was said in a room is by this very client. */
export function isByClient(author: Jid): Matcher {
  const mayBe = mentions(author);
  return ({ stanza }) => {
    if (!mayBe(stanza)) return false;
    const item = parseStanza(stanza).child("x", ns.MUC_USER)?.getChild("item", ns.MUC_USER);
    return item?.attrs.jid === author.toString();
  };
}

/** Spares parsing most of the messages that do not match: false only for those that the address is nowhere in. */
function mentions(address: Jid): (xml: string) => boolean {
  const text = address.toString();
  // These may be written in several ways.
  return /[&<>"']/.test(text) ? () => true : (xml) => xml.includes(text);
}

/**
 * XEP-0431: whether a message has all of these words in its body, in any order, as parts of longer words too, however
 * they are capitalised.
 */
export function containsWords(text: string): Matcher {
  const words = folded(text)
    .split(/\s+/)
    .filter((word) => word !== "");
  return ({ stanza }) => {
    if (!mayContain(stanza, words)) return false;
    const body = folded(parseStanza(stanza).text("body") ?? "");
    return words.every((word) => body.includes(word));
  };
}

/** Spares parsing most of the messages that do not match: false only when the body cannot have the words. */
function mayContain(xml: string, words: readonly string[]): boolean {
  // Characters may be written in other ways, also those of the words.
  if (xml.includes("&") || xml.includes("<![CDATA[")) return true;
  const text = folded(xml);
  return words.every((word) => text.includes(word));
}

function folded(text: string): string {
  return text.normalize("NFKC").toLowerCase();
}
