/** XEP-0203: Delayed Delivery, version 2.0, https://xmpp.org/extensions/xep-0203.html */
import { type Element, el } from "../xml/element.ts";
import { formatDateTime } from "./datetime.ts";
import type { Jid } from "./jid.ts";
import { ns } from "./ns.ts";

/**
 * The mark of a stanza that was first sent at `at` (milliseconds since the epoch) and comes late. `from` is who held
 * it back or who sent it; `reason` is for people.
 */
export function delayElement(from: Jid, at: number, reason?: string): Element {
  const attributes = { xmlns: ns.DELAY, from: from.toString(), stamp: formatDateTime(at) };
  return reason === undefined ? el("delay", attributes) : el("delay", attributes, reason);
}
