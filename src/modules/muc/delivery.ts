import type { Host } from "../../core/host.ts";
import { type Awaitable, after, each, isPromise, together } from "../../util/awaitable.ts";
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

  #route(seat: Seat, stanza: Stanza): Awaitable<void> {
    return inTurn([seat], () => this.#host.route(stanza));
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

  /**
   * What one occupant says to another alone: one message to their user, whose archive has it once (XEP-0313 §6.1.1), with a copy for
   * each client. @throws StanzaError
   */
  whisper(occupant: Occupant, stanza: Stanza, isMarked: boolean): Awaitable<void> {
    const seats = [...occupant.seats];
    // Users of all domains of this server are in its rooms.
    const host = this.#host.server.hosts.get(occupant.user.domain);
    const recipients = seats.flatMap(({ jid }) => host?.sessions.get(jid) ?? []);
    if (!host || recipients.length === 0) return this.toOccupant(occupant, stanza, isMarked);
    const event = { user: occupant.user, stanza: stanza.with({ to: occupant.first.jid }), recipients };
    return inTurn(seats, () =>
      after(host.emit("message:received", event), (outcome) => {
        if (outcome === "handled") return;
        for (const session of recipients) {
          const copy = event.stanza.with({ to: session.jid });
          // XEP-0198 §4: what one client fails to acknowledge is not for those that have it.
          if (recipients.length > 1) host.holders.addCopy(event.stanza, copy, session);
          session.send(copy);
        }
      }),
    );
  }

  toOccupant(occupant: Occupant, stanza: Stanza, isMarked = false): Awaitable<void> {
    return each(occupant.seats, (seat) => this.send(seat, stanza, isMarked));
  }
}

/** RFC 6120 §10.1: in order for each client, whatever the server has to look up for one stanza and not for the next. */
function inTurn(seats: readonly Seat[], send: () => Awaitable<void>): Awaitable<void> {
  const before = together(...seats.map(({ underWay }) => underWay));
  const done = after(before, send);
  if (!isPromise(done)) return undefined;
  const over = () => {
    for (const seat of seats) if (seat.underWay === settled) seat.underWay = undefined;
  };
  const settled: Promise<void> = done.then(over, over);
  for (const seat of seats) seat.underWay = settled;
  return done;
}
