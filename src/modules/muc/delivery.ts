import type { Host } from "../../core/host.ts";
import { type Awaitable, each, isPromise } from "../../util/awaitable.ts";
import type { Jid } from "../../xmpp/jid.ts";
import type { Stanza } from "../../xmpp/stanza.ts";
import { blockingService } from "../blocking/blocking.ts";
import type { Occupant, Seat } from "./occupant.ts";
import type { Room } from "./room.ts";

/** How a room's stanzas reach its occupants. The payload is written once, whoever gets it. */
export class Delivery {
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  /**
   * To one client. Those of the service's own domain are spared the way through its router: of the hooks there, only
   * blocking has a say in what comes from a room. `isMarked`: it carries somebody else's ids or delays, in which the server
   * looks for forgeries on the way.
   */
  send(seat: Seat, stanza: Stanza, isMarked = false): Awaitable<void> {
    const { session, jid } = seat;
    const addressed = stanza.readdressed(jid);
    if (!session || isMarked) return this.#host.route(addressed);
    const blocks = this.#host.find(blockingService)?.blocks(jid, stanza.from as Jid) ?? false;
    if (isPromise(blocks)) return this.#host.route(addressed);
    if (!blocks) session.send(addressed);
    return undefined;
  }

  /** As everything from outside goes to a client: the server notes what it hears of the sender. */
  route(seat: Seat, stanza: Stanza): Awaitable<void> {
    return this.#host.route(stanza.readdressed(seat.jid));
  }

  toAll(room: Room, stanza: Stanza, isMarked = false): Awaitable<void> {
    return each(room.seats.values(), (seat) => this.send(seat, stanza, isMarked));
  }

  toOccupant(occupant: Occupant, stanza: Stanza, isMarked = false): Awaitable<void> {
    return each(occupant.seats, (seat) => this.send(seat, stanza, isMarked));
  }
}
