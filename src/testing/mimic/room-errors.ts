import { childElements, type Element, el } from "../../xml/element.ts";
import { ns } from "../../xmpp/ns.ts";
import type { QuirkKind } from "./quirk.ts";

/** An error of rooms that the other server words in its own way. What is not given is as ours. */
export interface RoomError {
  readonly on: "message" | "presence" | "iq";
  /** Our condition. */
  readonly is: string;
  /** Whether what was asked was for an occupant, or for the room itself. Default: either. */
  readonly from?: "occupant" | "room";
  /** The namespace of what was asked. */
  readonly of?: string;
  readonly becomes?: string;
  readonly type?: string;
  readonly text?: string;
}

/** What stands before the error, or behind it, of what was asked (RFC 6120 §8.3.1: MAY). */
type Repeats = "before" | "behind" | "nothing";

/** `by`: whether errors name who made them. */
export function roomErrors(
  errors: readonly RoomError[],
  repeats: Readonly<Record<RoomError["on"], Repeats>>,
  by: boolean,
): QuirkKind {
  return {
    name: "errors",
    does: "Errors of rooms have the other's conditions, types and texts, and as much of what was asked as it repeats.",
    change(stanza) {
      const error = stanza.attrs["type"] === "error" ? stanza.getChild("error") : undefined;
      if (!error) return;
      const asked = childElements(stanza).filter((child) => child !== error);
      const kind = stanza.getName() as RoomError["on"];
      word(stanza, error, asked, errors);
      delete error.attrs["by"];
      if (by) attribute(stanza, error);
      const before = repeats[kind] === "before" ? asked : [];
      stanza.children = [...before, error, ...(repeats[kind] === "behind" ? asked : [])];
    },
  };
}

function word(
  stanza: Element,
  error: Element,
  asked: readonly Element[],
  errors: readonly RoomError[],
): void {
  const place = String(stanza.attrs["from"]).includes("/") ? "occupant" : "room";
  const known = errors.find(
    ({ on, is, from = place, of }) =>
      stanza.is(on) &&
      error.getChild(is, ns.STANZA_ERRORS) !== undefined &&
      from === place &&
      (of === undefined || asked.some((child) => child.getNS() === of)),
  );
  error.remove("text", ns.STANZA_ERRORS);
  if (!known) return;
  if (known.becomes !== undefined) {
    error.remove(known.is, ns.STANZA_ERRORS);
    error.cnode(el(known.becomes, { xmlns: ns.STANZA_ERRORS }));
  }
  if (known.type !== undefined) error.attrs["type"] = known.type;
  if (known.text !== undefined) error.cnode(el("text", { xmlns: ns.STANZA_ERRORS }, known.text));
}

/** The service speaks where there is no room, the room for its occupants. */
function attribute(stanza: Element, error: Element): void {
  const [room = "", nick] = String(stanza.attrs["from"]).split("/");
  const isMissing = error.getChild("item-not-found", ns.STANZA_ERRORS) !== undefined;
  if (isMissing && (stanza.is("presence") || nick === undefined))
    error.attrs["by"] = room.slice(room.indexOf("@") + 1);
  else if (nick !== undefined) error.attrs["by"] = room;
}
