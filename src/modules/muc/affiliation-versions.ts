import { type Awaitable, each } from "../../util/awaitable.ts";
import { type Element, el } from "../../xml/element.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import { ns } from "../../xmpp/ns.ts";
import { message } from "../../xmpp/stanza.ts";
import { actorIn, mayList } from "./actor.ts";
import type { VersionStep } from "./affiliation-log.ts";
import type { Context } from "./context.ts";
import type { Seat } from "./occupant.ts";
import type { Room } from "./room.ts";
import { AFFILIATIONS, type Affiliation } from "./standing.ts";

/** XEP-0463 §5.1: what somebody who enters asks about affiliations. */
export interface VersionRequest {
  /** The version that is known to the client; undefined for none. */
  readonly since: string | undefined;
}

/** Items in one message. */
const ITEMS = 500;

/** The request in the `<x/>` that somebody enters with. */
export function readVersionRequest(x: Element): VersionRequest | undefined {
  const mav = x.getChild("mav", ns.MAV);
  return mav && { since: mav.attrs.since as string | undefined };
}

export function mavElement({ since, until }: VersionStep): Element {
  return el("mav", { xmlns: ns.MAV, since, until });
}

/**
 * §5.2.1: to a client that has entered, before it sees anybody. Of affiliations that it may not list it sees as much as of none;
 * whoever may list nothing is refused (§5.2.3).
 */
export function sendAffiliations(
  { host, delivery }: Context,
  room: Room,
  seat: Seat,
  { since }: VersionRequest,
): Awaitable<void> {
  const actor = actorIn(host, room, seat.jid);
  const listed = AFFILIATIONS.filter((each) => each !== "none" && mayList(room, actor, each));
  if (listed.length === 0) {
    const refused = message({ from: seat.jid, to: room.jid, id: host.random.id() });
    return delivery.send(seat, refused.error(new StanzaError("forbidden")));
  }
  const shown = (affiliation: Affiliation) => (listed.includes(affiliation) ? affiliation : "none");
  const until = room.log.version;
  if (since === until) return undefined;
  const changed = since === undefined ? undefined : room.log.since(since);
  const items: Element[] = [];
  for (const jid of changed ?? Array.from(room.affiliations.all(), ([address]) => address)) {
    const affiliation = shown(room.affiliations.get(jid)?.affiliation ?? "none");
    if (changed || affiliation !== "none") items.push(el("item", { jid, affiliation }));
  }
  const steps = [...pages(items, changed ? since : undefined, until, host.random)];
  return each(steps, ({ step, page }) => {
    const x = el("x", { xmlns: ns.MUC_USER }, mavElement(step), ...page);
    return delivery.send(seat, message({ from: room.jid, id: host.random.id() }, x));
  });
}

/** §5.2.1: each message goes on where the one before it ended. */
function* pages(
  items: readonly Element[],
  since: string | undefined,
  until: string,
  random: Context["host"]["random"],
): Iterable<{ readonly step: VersionStep; readonly page: readonly Element[] }> {
  let from = since;
  for (let at = 0; ; at += ITEMS) {
    const isLast = at + ITEMS >= items.length;
    const to = isLast ? until : random.id();
    yield {
      step: { ...(from !== undefined && { since: from }), until: to },
      page: items.slice(at, at + ITEMS),
    };
    if (isLast) return;
    from = to;
  }
}
