/** XEP-0334 Message Processing Hints, version 1.0.0: https://xmpp.org/extensions/xep-0334.html */
import { ns } from "../../xmpp/ns.ts";
import type { Stanza } from "../../xmpp/stanza.ts";

/**
 * What is worth archiving without a body, by namespace: encrypted contents, and what changes how a message that was
 * archived is shown. Undefined names stand for all.
 */
const CONTENT: ReadonlyMap<string, ReadonlySet<string> | undefined> = new Map([
  [ns.RECEIPTS, new Set(["received"])],
  [ns.MARKERS, new Set(["received", "displayed", "acknowledged"])],
  [ns.REACTIONS, undefined],
  [ns.RETRACT, new Set(["retract"])],
  // XEP-0384, its older form, XEP-0373 and XEP-0027.
  ["urn:xmpp:omemo:2", new Set(["encrypted"])],
  ["eu.siacs.conversations.axolotl", new Set(["encrypted"])],
  ["urn:xmpp:openpgp:0", new Set(["openpgp"])],
  ["jabber:x:encrypted", undefined],
  // XEP-0249 and XEP-0045: invitations.
  ["jabber:x:conference", undefined],
]);

/** Whether a message belongs into the archive of a user who sent or received it (XEP-0313 §6.1.1, XEP-0334). */
export function isArchivable(stanza: Stanza): boolean {
  // §6.1.1 leaves groupchat to the server: rooms have archives of their own. XEP-0334 §5: errors repeat others' hints.
  return stanza.type !== "error" && stanza.type !== "groupchat" && isWorthKeeping(stanza);
}

/** Whether its contents are (XEP-0313 §6.1, XEP-0334). */
export function isWorthKeeping({ type, heads }: Stanza): boolean {
  let isContent = false;
  let isWanted = false;
  for (const head of heads) {
    if (head.ns === ns.HINTS) {
      // XEP-0334 §4.1, §4.2
      if (head.name === "no-permanent-store" || head.name === "no-store") return false;
      // XEP-0334 §4.4
      if (head.name === "store") isWanted = true;
    } else if (head.ns === ns.CLIENT) {
      if (head.name === "body") isContent = true;
    } else if (CONTENT.has(head.ns)) {
      const names = CONTENT.get(head.ns);
      if (!names || names.has(head.name)) isContent = true;
    }
  }
  return isWanted || (isContent && type !== "headline");
}
