import { type Awaitable, after, each, together } from "../../util/awaitable.ts";
import { el } from "../../xml/element.ts";
import type { Stanza } from "../../xmpp/stanza.ts";
import type { Context } from "./context.ts";
import type { Occupant, Seat } from "./occupant.ts";
import type { News } from "./presences.ts";
import type { Room } from "./room.ts";

/** XEP-0045 §7.14, §8.2, §10.9: how occupants go, and rooms with them. */
export class Removal {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  /** One client goes, by itself or because it is gone already; the occupant stays as long as another one is there. */
  leave(room: Room, seat: Seat, news: News = {}, farewell?: Stanza): Awaitable<void> {
    const { presences } = this.#context;
    const { occupant } = seat;
    const wasShown = occupant.first === seat;
    const gone = { occupant, affiliation: room.affiliationOf(occupant.user), seat, farewell };
    room.rise(seat, this.#now());
    const own = presences.announceOwnGone(room, gone, seat, news);
    if (occupant.seats.length > 0) {
      return together(own, wasShown ? presences.update(room, occupant) : undefined);
    }
    const others = presences.announceGone(room, gone, news);
    return together(own, others, this.#settle(room, occupant));
  }

  /** An occupant is removed with all of its clients, who are told at once; the others by what is returned (§8.2). */
  expel(room: Room, occupant: Occupant, news: News): () => Awaitable<void> {
    const { presences } = this.#context;
    const seats = occupant.seats.slice();
    const gone = { occupant, affiliation: room.affiliationOf(occupant.user), seat: occupant.first };
    for (const seat of seats) room.rise(seat, this.#now());
    const own = each(seats, (seat) => presences.announceOwnGone(room, gone, seat, news));
    const settled = this.#settle(room, occupant);
    return () => together(own, presences.announceGone(room, gone, news), settled);
  }

  /** §10.9: each hears of its own end only; nothing of the room is kept. */
  destroy(
    room: Room,
    news: { jid?: string | undefined; reason?: string; password?: string } = {},
  ): Awaitable<void> {
    const { jid, reason, password } = news;
    const destroyed = el("destroy", { jid });
    if (reason) destroyed.cnode(el("reason", {}, reason));
    if (password) destroyed.cnode(el("password", {}, password));
    const { rooms, store, host } = this.#context;
    rooms.remove(room);
    const told = this.#dismiss(room, { destroyed });
    return after(store.remove(room), () => together(told, host.emit("muc:destroyed", { room })));
  }

  /** §11.2: the service goes; persistent rooms are there when it comes back. */
  shutDown(room: Room): Awaitable<void> {
    const told = this.#dismiss(room, { codes: [332] });
    return together(told, this.#context.store.saveAcquaintancesIfKept(room), this.settle(room));
  }

  /** Everybody goes, and hears of nobody else. */
  #dismiss(room: Room, news: News): Awaitable<void> {
    const seats = [...room.seats.values()];
    for (const seat of seats) room.rise(seat, this.#now());
    return each(seats, (seat) => {
      const gone = { occupant: seat.occupant, affiliation: "none", seat } as const;
      return this.#context.presences.announceOwnGone(room, gone, seat, news);
    });
  }

  #now(): number {
    return this.#context.host.clock.now();
  }

  /** Nobody is left of an occupant; a room that is not kept goes with its last one. */
  #settle(room: Room, occupant: Occupant): Awaitable<void> {
    const { host, store } = this.#context;
    const ended = this.settle(room);
    return together(store.saveAcquaintancesIfKept(room), host.emit("muc:left", { room, occupant }), ended);
  }

  /** A room ends that is not kept and where nobody is. */
  settle(room: Room): Awaitable<unknown> {
    const { rooms, host } = this.#context;
    return rooms.settle(room) ? host.emit("muc:destroyed", { room }) : undefined;
  }
}
