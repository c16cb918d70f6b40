/** XEP-0424 Message Retraction, version 0.4.2: https://xmpp.org/extensions/xep-0424.html */
import { type Element, el } from "../../xml/element.ts";
import { formatDateTime } from "../../xmpp/datetime.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { parseStanza } from "../../xmpp/parse-stanza.ts";
import { Stanza } from "../../xmpp/stanza.ts";
import type { Archive } from "./archive.ts";
import { type ArchiveRow, timeOf } from "./archive-row.ts";

declare module "../../routing/hooks.ts" {
  interface Hooks {
    /** A message of a local user was taken back, by them or by a moderator of the room where it was said; this is what it was. */
    "message:retracted": { readonly user: Jid; readonly message: Stanza };
  }
}

/**
 * XEP-0424 §4: puts a tombstone in the place of the message that `retraction`, which was archived as `found`, takes
 * back; what that was, if there was one of the same author in the conversation.
 */
export async function entomb(
  archive: Archive,
  retraction: Stanza,
  found: Archived,
): Promise<Stanza | undefined> {
  const { owner, with: peer, id } = found;
  const wanted = retraction.child("retract", ns.RETRACT)?.attrs.id as string | undefined;
  // §4: the tombstone has to name the retraction.
  if (wanted === undefined || retraction.id === undefined) return undefined;
  for await (const row of archive.alike({ owner, with: peer, before: id }, wanted)) {
    const original = parseStanza(row.stanza);
    if (original.id !== wanted || !isSameAuthor(original, retraction, owner)) continue;
    // §5: that something was taken back stays known.
    if (original.has("retracted", ns.RETRACT) || retracts(original)) return undefined;
    const stamp = formatDateTime(timeOf(id));
    const retracted = el("retracted", { xmlns: ns.RETRACT, id: retraction.id, stamp });
    await archive.replace(row, tombstone(original, [retracted]));
    return original;
  }
  return undefined;
}

type Archived = Pick<ArchiveRow, "owner" | "with" | "id">;

/** The message with other contents: its header stays. */
export function tombstone(original: Stanza, contents: readonly Element[]): string {
  return Stanza.build(original, contents).toString();
}

/** §5: the same account, or behind a room's address, which many share, the same occupant. */
function isSameAuthor(original: Stanza, retraction: Stanza, owner: string): boolean {
  const [author, retractor] = [original.from, retraction.from];
  if (!author || !retractor || !author.bare.equals(retractor.bare)) return false;
  const isOwn = author.bare.toString() === owner;
  const isOfRoom = original.has("x", ns.MUC_USER) || retraction.has("x", ns.MUC_USER);
  return isOwn || !isOfRoom || author.equals(retractor);
}

export function retracts(stanza: Stanza): boolean {
  return stanza.has("retract", ns.RETRACT);
}
