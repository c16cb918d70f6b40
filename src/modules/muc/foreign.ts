import { childElements, clone, type Element, el } from "../../xml/element.ts";
import { Jid, JidError } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { message, type Stanza } from "../../xmpp/stanza.ts";

/** What only a room says of its occupants (XEP-0045 §17.3, XEP-0421 §4, XEP-0317 §3.1). */
const ROOM_ONLY = [
  ["x", ns.MUC],
  ["x", ns.MUC_USER],
  ["x", ns.MUC_ADMIN],
  ["x", ns.MUC_OWNER],
  ["occupant-id", ns.OCCUPANT_ID],
  ["hats", ns.HATS],
  // XEP-0091: a delay as it was once, of which some clients still make history.
  ["x", "jabber:x:delay"],
  // XEP-0424 §4: only an archive says that a message is no more; who said it of an own one would keep it from moderators.
  ["retracted", ns.RETRACT],
] as const;

/** An occupant's stanza without what it has no right to say, and without the addresses of its sender. */
export function withoutClaims(stanza: Stanza, room: Jid): Stanza {
  let clean = stanza;
  // Servers give ids to what their users send (XEP-0359), and in what name they do tells who it was (XEP-0045 §13.2).
  const isSender = (by: Jid) => stanza.from !== undefined && by.bare.equals(stanza.from.bare);
  for (const [name, namespace] of ROOM_ONLY) clean = clean.without(name, namespace);
  if (clean.has("retract", ns.RETRACT) && clean.payload.some(isModeration))
    clean = clean.without("retract", ns.RETRACT);
  clean = withoutMarks(clean, "stanza-id", ns.STANZA_ID, (by) => by.equals(room) || isSender(by));
  // A delay by an address of the room or of a server would pass for history; one of a user may be from another chat (§7.9).
  clean = withoutMarks(
    clean,
    "delay",
    ns.DELAY,
    (by) => by.local === "" || by.bare.equals(room) || isSender(by),
  );
  return clean.with({ from: undefined, to: undefined });
}

/** XEP-0425 §6: that a moderator took something back is the room's to say. */
function isModeration(child: Element): boolean {
  return child.is("retract", ns.RETRACT) && child.getChild("moderated", ns.MODERATE) !== undefined;
}

/** An error as the other side of a room may see it: without who in particular it is from (RFC 6120 §8.3.2). */
export function withoutOrigin(error: Stanza): Stanza {
  const element = error.child("error", ns.CLIENT);
  if (element?.attrs.by === undefined) return error;
  return error.without("error", ns.CLIENT).append(anonymous(element));
}

/** Of a message that came back what went wrong, and nothing that would pass for a message. */
export function errorAlone(error: Stanza): Stanza {
  const { id, from } = error;
  const element = error.child("error", ns.CLIENT);
  return message({ type: "error", id, from }, ...(element ? [anonymous(element)] : []));
}

function anonymous(error: Element): Element {
  const type = error.attrs.type as string | undefined;
  return el("error", { type }, ...childElements(error).map(clone));
}

/** Whether a message has ids that somebody else gave it. Those that the room gives come later. */
export function isMarked(stanza: Stanza): boolean {
  return stanza.has("stanza-id", ns.STANZA_ID);
}

/** XEP-0359 §3, rule 2: ids in this name, which nobody else has, go. */
export function withoutIdsBy(address: Jid, stanza: Stanza): Stanza {
  return withoutMarks(stanza, "stanza-id", ns.STANZA_ID, (by) => by.equals(address));
}

function withoutMarks(
  stanza: Stanza,
  name: "stanza-id" | "delay",
  namespace: string,
  isForged: (by: Jid) => boolean,
): Stanza {
  if (!stanza.has(name, namespace)) return stanza;
  const marks = stanza.payload.filter((child) => child.is(name, namespace));
  const kept = marks.filter((mark) => {
    const by = readJid(name === "delay" ? mark.attrs.from : mark.attrs.by);
    return by !== undefined && !isForged(by);
  });
  return kept.length === marks.length ? stanza : stanza.without(name, namespace).append(...kept);
}

/** undefined for what is no address. */
export function readJid(text: unknown): Jid | undefined {
  if (typeof text !== "string") return undefined;
  try {
    return Jid.parse(text);
  } catch (error) {
    if (error instanceof JidError) return undefined;
    throw error;
  }
}
