import { childElements } from "../../xml/element.ts";
import { StanzaError } from "../../xmpp/errors.ts";
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

/** What an error tells of its sender: "gone" that it is there in the room and nowhere else, "doubtful" that this may be so. */
export function stateAfter(error: Stanza): "gone" | "doubtful" | "there" {
  const element = error.child("error", ns.CLIENT);
  const condition = element && childElements(element).find((child) => child.getNS() === ns.STANZA_ERRORS);
  const name = condition?.getName() ?? "";
  if (UNREACHABLE.has(name)) return "gone";
  // RFC 6121 §8.5.3.2.1: for resources that are gone; XEP-0191 §3.3: and for senders who are blocked.
  return name === "service-unavailable" ? "doubtful" : "there";
}

/** Whether what a ping came back with tells that nobody is there. */
export function isUnanswered(error: unknown): boolean {
  return (
    error instanceof StanzaError &&
    (UNREACHABLE.has(error.condition) || error.condition === "service-unavailable")
  );
}
