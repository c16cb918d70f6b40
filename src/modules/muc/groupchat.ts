import { type Awaitable, after } from "../../util/awaitable.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import type { Stanza } from "../../xmpp/stanza.ts";
import type { Context } from "./context.ts";
import { isMarked, withoutClaims } from "./foreign.ts";
import type { Occupant } from "./occupant.ts";
import { occupantIdElement } from "./occupant-ids.ts";
import type { Room } from "./room.ts";

/** XEP-0045 §7.4: what an occupant says to everybody, the occupant's own clients included. @throws StanzaError */
export function broadcast(
  { host, config, delivery, pace }: Context,
  room: Room,
  occupant: Occupant,
  stanza: Stanza,
): Awaitable<void> {
  if (occupant.role === "visitor")
    throw new StanzaError("forbidden", waitingText(occupant, host.clock.now()));
  if (stanza.size > config.message) throw new StanzaError("policy-violation", "the message is too large");
  pace.slowDown(room, occupant, stanza);
  const client = stanza.from as Jid;
  const event = { room, occupant, client, stanza: spoken(room, occupant, stanza) };
  const marked = isMarked(event.stanza);
  return after(host.emit("muc:message", event), (outcome) => {
    if (outcome === "handled") return undefined;
    if (isHistory(event.stanza)) {
      room.history.add(room.jid, { at: host.clock.now(), stanza: event.stanza, isMarked: marked });
    }
    return delivery.toAll(room, event.stanza, marked);
  });
}

function waitingText({ voiceAt }: Occupant, now: number): string | undefined {
  if (voiceAt === undefined) return undefined;
  return `you are new here, and may speak in ${Math.max(1, Math.ceil((voiceAt - now) / 60_000))} minutes`;
}

/** What the others get: the same id (§7.4), from the occupant JID, with the occupant's id (XEP-0421 §3.2). */
export function spoken(room: Room, occupant: Occupant, stanza: Stanza): Stanza {
  return withoutClaims(stanza, room.jid).with({ from: occupant.jid }).append(occupantIdElement(occupant.id));
}

/** Whether those who come later want to read it: neither typing nor what its sender wants kept nowhere (XEP-0334 §4). */
function isHistory(stanza: Stanza): boolean {
  return (
    stanza.has("body", ns.CLIENT) &&
    !stanza.has("no-store", ns.HINTS) &&
    !stanza.has("no-permanent-store", ns.HINTS)
  );
}
