import type { Host } from "../../core/host.ts";
import { type Awaitable, each, isPromise } from "../../util/awaitable.ts";
import type { Jid } from "../../xmpp/jid.ts";
import type { Stanza } from "../../xmpp/stanza.ts";
import { blockingService } from "../blocking/blocking.ts";
import { directedPresenceService } from "../presence/presence.ts";
import { withoutIdsBy } from "./foreign.ts";
import type { Occupant, Seat } from "./occupant.ts";
import type { Room } from "./room.ts";

/** How a room's stanzas reach its occupants. The payload is written once, whoever gets it. */
export class Delivery {
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  /**
   * To one client. Those of the service's own domain are spared the way through its router, all of it or nothing, so that the
   * order is kept: of the hooks there, blocking has a say in what comes from a room, and ids in the recipient's name are taken
   * out. `isMarked`: it carries ids that somebody else gave it.
   */
  send(seat: Seat, stanza: Stanza, isMarked = false): Awaitable<void> {
    const { session, jid } = seat;
    const own = isMarked ? withoutIdsBy(jid.bare, stanza) : stanza;
    const addressed = own.readdressed(jid);
    if (!session || seat.underWay) return this.#route(seat, addressed);
    const blocks = this.#host.find(blockingService)?.blocks(jid, stanza.from as Jid) ?? false;
    if (isPromise(blocks)) return this.#route(seat, addressed);
    if (!blocks) session.send(addressed);
    return undefined;
  }

  /** RFC 6120 §10.1: in order, whatever the server has to look up for one stanza and not for the next. */
  #route(seat: Seat, stanza: Stanza): Awaitable<void> {
    const route = () => this.#host.route(stanza);
    const done = seat.underWay ? seat.underWay.then(route) : route();
    if (!isPromise(done)) return undefined;
    const settled = done.then(() => {
      if (seat.underWay === settled) seat.underWay = undefined;
    });
    seat.underWay = settled;
    return settled;
  }

  /** To a client that is no longer in the room, whom the room's end need not be told of the client's (RFC 6121 §4.6.1). */
  sendLast(seat: Seat, stanza: Stanza): Awaitable<void> {
    const { session } = seat;
    if (session && stanza.from) this.#host.find(directedPresenceService)?.delete(session, stanza.from);
    return this.send(seat, stanza);
  }

  toAll(room: Room, stanza: Stanza, isMarked = false): Awaitable<void> {
    return each(room.seats.values(), (seat) => this.send(seat, stanza, isMarked));
  }

  toOccupant(occupant: Occupant, stanza: Stanza, isMarked = false): Awaitable<void> {
    return each(occupant.seats, (seat) => this.send(seat, stanza, isMarked));
  }
}
