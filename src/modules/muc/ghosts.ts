import { childElements } from "../../xml/element.ts";
import { ns } from "../../xmpp/ns.ts";
import type { Stanza } from "../../xmpp/stanza.ts";

/** XEP-0045 §18.1.2: errors that say that somebody cannot be reached. */
const UNREACHABLE: ReadonlySet<string> = new Set([
  "gone",
  "item-not-found",
  "recipient-unavailable",
  "redirect",
  "remote-server-not-found",
  "remote-server-timeout",
]);

/** Whether an error tells that its sender is a ghost: there in the room, and nowhere else. */
export function isGhost(error: Stanza): boolean {
  const element = error.child("error", ns.CLIENT);
  if (!element) return false;
  return childElements(element).some(
    (child) => child.getNS() === ns.STANZA_ERRORS && UNREACHABLE.has(child.getName()),
  );
}
