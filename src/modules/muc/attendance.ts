import type { Session } from "../../session/session.ts";
import { type Awaitable, after, each, isPromise, together } from "../../util/awaitable.ts";
import { el } from "../../xml/element.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { presence, type Stanza } from "../../xmpp/stanza.ts";
import { Admission, checkNickIsFree } from "./admission.ts";
import { readVersionRequest, sendAffiliations, type VersionRequest } from "./affiliation-versions.ts";
import type { Context } from "./context.ts";
import { withoutClaims } from "./foreign.ts";
import { isUnanswered, stateAfter } from "./ghosts.ts";
import { type HistoryRequest, readHistoryRequest } from "./history.ts";
import { checkNick } from "./nicknames.ts";
import { Occupant, type Seat } from "./occupant.ts";
import { statusElement } from "./presences.ts";
import type { Removal } from "./removal.ts";
import type { Room } from "./room.ts";
import { named } from "./room-errors.ts";
import { subjectMessage } from "./subject.ts";

/** One presence that lets a client in, or shows it again what it has lost track of. */
interface Entry {
  readonly stanza: Stanza;
  /** The occupant JID. */
  readonly to: Jid;
  readonly session: Session | undefined;
  readonly history: HistoryRequest;
  /** XEP-0463 */
  readonly versions: VersionRequest | undefined;
}

const PING_TIMEOUT_MS = 30_000;

/** XEP-0045 §7.2, §7.6, §7.7, §7.14, §17.3: what presence to a room's addresses does. */
export class Attendance {
  readonly #context: Context;
  readonly #admission: Admission;
  readonly #removal: Removal;
  /** Those who are asked whether they are there. */
  readonly #doubted = new Set<Seat>();

  constructor(context: Context, removal: Removal) {
    this.#context = context;
    this.#admission = new Admission(context);
    this.#removal = removal;
  }

  receive(stanza: Stanza, session: Session | undefined): Awaitable<void> {
    const to = stanza.to as Jid;
    switch (stanza.type) {
      case undefined:
        return this.#available(stanza, to, session);
      case "unavailable":
        return after(this.#context.rooms.find(to), (room) => this.#unavailable(room, stanza));
      case "error":
        return after(this.#context.rooms.find(to), (room) => this.bounced(room, stanza));
      default:
        // §17.3, rules 1 and 2: no other type lets anybody in or out.
        return undefined;
    }
  }

  /** §18.1.2: something did not reach an occupant, whose presence may be an illusion. */
  bounced(room: Room | undefined, error: Stanza): Awaitable<void> {
    const seat = room?.seats.get(String(error.from));
    if (!room || !seat) return undefined;
    const state = stateAfter(error);
    if (state === "doubtful") void this.#doubt(room, seat);
    return state === "gone" ? this.#exorcise(room, seat) : undefined;
  }

  /** Asks the client, once at a time, and removes it when nobody is there to answer. */
  async #doubt(room: Room, seat: Seat): Promise<void> {
    if (this.#doubted.has(seat)) return;
    this.#doubted.add(seat);
    const { service } = this.#context;
    try {
      await service.request("get", seat.jid, el("ping", { xmlns: ns.PING }), PING_TIMEOUT_MS, room.jid);
    } catch (error) {
      if (isUnanswered(error) && room.seats.get(seat.jid.toString()) === seat)
        await this.#exorcise(room, seat);
    } finally {
      this.#doubted.delete(seat);
    }
  }

  /** §11.1: 333 tells that nobody wanted it. */
  #exorcise(room: Room, seat: Seat): Awaitable<void> {
    return this.#removal.leave(room, seat, { codes: [333] });
  }

  /** §17.3, rule 5: who is not there cannot go. What the server says of a session that ended may name the room alone. */
  #unavailable(room: Room | undefined, stanza: Stanza): Awaitable<void> {
    const seat = room?.seats.get(String(stanza.from));
    if (!room || !seat) return undefined;
    // §10.1.3: a room whose maker does not stay to configure it.
    if (room.isLocked && room.seats.size === 1) return this.#removal.destroy(room);
    const isSmall = stanza.size <= this.#context.config.presence;
    const farewell = isSmall ? withoutClaims(stanza, room.jid) : undefined;
    return this.#removal.leave(room, seat, {}, farewell);
  }

  #available(stanza: Stanza, to: Jid, session: Session | undefined): Awaitable<void> {
    const refuse = (error: unknown) => this.#refuse(stanza, error);
    try {
      const { rooms } = this.#context;
      const found = after(rooms.find(to), (room) => {
        const remembering = room && rooms.remember(room);
        // Meanwhile it may have gone.
        return remembering ? remembering.then(() => rooms.find(to)) : room;
      });
      const done = after(found, (room) => this.#come(room, stanza, to, session));
      return isPromise(done) ? done.catch(refuse) : done;
    } catch (error) {
      return refuse(error);
    }
  }

  /** §7.2: an answer repeats that somebody wanted to enter, and nothing more: there may be a password. */
  #refuse(stanza: Stanza, error: unknown): Awaitable<void> {
    if (!(error instanceof StanzaError)) throw error;
    const { id, from, to } = stanza;
    return this.#context.host.bounce(
      presence({ id, from, to }, el("x", { xmlns: ns.MUC })),
      named(stanza, error),
    );
  }

  #come(room: Room | undefined, stanza: Stanza, to: Jid, session: Session | undefined): Awaitable<void> {
    const { config, host } = this.#context;
    const client = stanza.from as Jid;
    const seat = room?.seats.get(client.toString());
    const x = stanza.child("x", ns.MUC);
    if (!x && !seat) return this.#notThere(stanza);
    // §7.2.1, §17.1
    if (to.local === "" || to.resource === "") throw new StanzaError("jid-malformed");
    if (stanza.size > config.presence) throw new StanzaError("policy-violation", "the presence is too large");
    checkNick(to.resource, config.nick);
    this.#context.pace.countPresence(to, client);
    const history = x ? readHistoryRequest(x, host.clock.now()) : {};
    const versions = x && readVersionRequest(x);
    const entry = { stanza, to, session, history, versions };
    if (room && seat) {
      if (seat.occupant.nick !== to.resource) return this.#rename(room, seat, entry);
      return x ? this.#synchronise(room, seat, entry) : this.#update(room, seat, stanza);
    }
    if (room) {
      return after(this.#admission.check(room, client, to.resource, stanza), () =>
        this.#join(room, entry, []),
      );
    }
    // §10.1.1: 201 tells that the room was made, and waits for its configuration.
    return after(this.#admission.create(to, client), (created) =>
      after(host.emit("muc:created", { room: created }), () => this.#join(created, entry, [201])),
    );
  }

  /** §7.2.2: everybody else to the one who comes, then the one who comes to everybody, to itself last. */
  #join(room: Room, entry: Entry, codes: readonly number[]): Awaitable<void> {
    const { host, ids, rooms, presences, store } = this.#context;
    const { stanza, to, session } = entry;
    const client = stanza.from as Jid;
    const user = client.bare;
    const present = room.occupants.get(to.resource);
    const occupant =
      present ?? new Occupant(to, user, ids.of(room.jid, user), room.entrance(user, host.clock.now()));
    const seat: Seat = {
      jid: client,
      session: client.domain === host.domain ? session : undefined,
      occupant,
      presence: shownOf(stanza, room),
    };
    room.sit(seat);
    rooms.settle(room);
    const saved = store.saveAcquaintancesIfKept(room);
    const told = present ? undefined : presences.announce(room, occupant);
    const shown = this.#show(room, seat, entry, codes);
    return together(saved, told, shown, present ? undefined : host.emit("muc:joined", { room, occupant }));
  }

  /** §7.1: the order of events for a client that comes. */
  #show(
    room: Room,
    seat: Seat,
    { stanza, history, versions }: Entry,
    codes: readonly number[],
  ): Awaitable<void> {
    const { presences, delivery } = this.#context;
    const { options } = room;
    // §7.2.3, §7.2.12: what those who enter are told of the room.
    const ownCodes = [
      ...(options.whois === "anyone" ? [100] : []),
      ...(options.logging ? [170] : []),
      ...codes,
    ];
    const messages = room.history.select(seat.jid, options.history, history);
    const listed = versions && sendAffiliations(this.#context, room, seat, versions);
    return after(listed, () =>
      together(
        presences.showAll(room, seat),
        presences.announceSelf(room, seat, { ownCodes }, stanza.id),
        each(messages, (message) => delivery.send(seat, message.stanza, message.isMarked)),
        delivery.send(seat, subjectMessage(room)),
      ),
    );
  }

  /** §7.2.1, §17.3 rule 3: the client has lost track. */
  #synchronise(room: Room, seat: Seat, entry: Entry): Awaitable<void> {
    const isChanged = this.#note(seat, shownOf(entry.stanza, room));
    const told = isChanged ? this.#context.presences.announce(room, seat.occupant) : undefined;
    return together(told, this.#show(room, seat, entry, []));
  }

  /** §7.7 */
  #update(room: Room, seat: Seat, stanza: Stanza): Awaitable<void> {
    this.#note(seat, shownOf(stanza, room));
    return this.#announce(room, seat, stanza.id);
  }

  /** `id`: of the presence that this answers, for the client that sent it. */
  #announce(room: Room, seat: Seat, id: string | undefined): Awaitable<void> {
    const { presences } = this.#context;
    const { occupant } = seat;
    return together(
      presences.announce(room, occupant),
      each(occupant.seats, (each) => presences.announceSelf(room, each, {}, each === seat ? id : undefined)),
    );
  }

  /** §7.6: gone under the old nickname, there under the new one. All clients of the occupant go along. */
  #rename(room: Room, seat: Seat, { stanza, to }: Entry): Awaitable<void> {
    const { presences } = this.#context;
    const { occupant } = seat;
    checkNickIsFree(room, to.resource, occupant.user);
    if (room.occupants.has(to.resource)) throw new StanzaError("conflict");
    const { role, user } = occupant;
    const news = { codes: [303], newNick: to.resource };
    const gone = { occupant, affiliation: room.affiliationOf(user), seat, role };
    const left = together(
      presences.announceGone(room, gone, news),
      each(occupant.seats, (each) => presences.announceOwnGone(room, gone, each, news)),
    );
    room.rename(occupant, to);
    this.#note(seat, shownOf(stanza, room));
    return together(left, this.#announce(room, seat, stanza.id));
  }

  /** What a client shows of itself now; whether that is something else than before. */
  #note(seat: Seat, shown: Stanza): boolean {
    const isChanged = seat.presence.inner !== shown.inner || seat.occupant.first !== seat;
    seat.presence = shown;
    seat.occupant.show(seat);
    return isChanged;
  }

  /** §7.2.18: whoever is not there and does not ask to enter believes to be there, and is told otherwise. */
  #notThere({ from, to }: Stanza): Awaitable<void> {
    if (!to || to.resource === "") return undefined;
    const item = el(
      "item",
      { affiliation: "none", role: "none" },
      el("reason", {}, "You are not in the room."),
    );
    const x = el("x", { xmlns: ns.MUC_USER }, item, ...[110, 307, 333].map(statusElement));
    return this.#context.host.route(presence({ type: "unavailable", from: to, to: from }, x));
  }
}

/** §7.2.1: somebody wants to enter. */
export function isEntry(stanza: Stanza): boolean {
  return stanza.type === undefined && stanza.has("x", ns.MUC);
}

/** What others see of a client's presence. */
function shownOf(stanza: Stanza, room: Room): Stanza {
  return withoutClaims(stanza, room.jid).with({ id: undefined });
}
