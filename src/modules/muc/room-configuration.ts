import { type Awaitable, after, each, together } from "../../util/awaitable.ts";
import { el } from "../../xml/element.ts";
import { ns } from "../../xmpp/ns.ts";
import { message } from "../../xmpp/stanza.ts";
import type { Context } from "./context.ts";
import type { Occupant } from "./occupant.ts";
import { statusElement } from "./presences.ts";
import type { Removal } from "./removal.ts";
import type { RoleChanges } from "./role-changes.ts";
import type { Room } from "./room.ts";
import type { RoomOptions } from "./room-options.ts";

/** In a room with more occupants their addresses are seen with their next presence: each is told of each. */
const MOST_SHOWN_ADDRESSES = 100;

/** XEP-0045 §10.2: a room has other options, and its occupants notice. */
export class RoomConfiguration {
  readonly #context: Context;
  readonly #removal: Removal;
  readonly #roles: RoleChanges;

  constructor(context: Context, removal: Removal, roles: RoleChanges) {
    this.#context = context;
    this.#removal = removal;
    this.#roles = roles;
  }

  /** Does it, and opens a room that was locked; occupants hear of it by what is returned. */
  change(room: Room, options: RoomOptions): Awaitable<() => Awaitable<void>> {
    const { options: before, configured } = room;
    const wasKept = room.isKept;
    const wasLocked = room.isLocked;
    room.configured = options;
    room.isLocked = false;
    return after(this.#keep(room, wasKept), () => () => this.#adapt(room, before, configured, wasLocked));
  }

  /** A room that becomes persistent is written down, one that is no longer is forgotten by the store. */
  #keep(room: Room, wasKept: boolean): Awaitable<unknown> {
    const { store, host } = this.#context;
    if (!room.isKept) {
      return wasKept ? after(store.remove(room), () => host.emit("muc:unkept", { room })) : undefined;
    }
    return wasKept ? store.save(room) : store.saveAll(room);
  }

  /** What occupants notice of new options. `configured`: what owners had wanted of those of before. */
  #adapt(room: Room, before: RoomOptions, configured: RoomOptions, wasLocked: boolean): Awaitable<void> {
    const { options } = room;
    // Those whom nobody sees any more go first: whoever then leaves or has another role was not seen before.
    const others = [...room.occupants.values()].filter(
      ({ role }) => !before.presenceBroadcast.includes(role),
    );
    const hidden = this.#hideOthers(room, before);
    const banned = this.#removeBanned(room);
    const removed = options.membersOnly && !before.membersOnly ? this.#removeOthers(room) : undefined;
    const voices = this.#giveVoice(room, configured);
    const shown = this.#showOthers(room, others);
    const notified = wasLocked ? undefined : this.#notify(room, before);
    const known =
      options.whois === "anyone" && before.whois !== "anyone" ? this.#showAddresses(room) : undefined;
    // A room that was empty and is not to stay.
    const ended = room.seats.size === 0 ? this.#removal.settle(room) : undefined;
    return together(hidden, banned, removed, voices, shown, notified, known, ended);
  }

  /** §7.2.3: where addresses are everybody's to know, those who are there know them from now on, as if they had entered. */
  #showAddresses(room: Room): Awaitable<void> {
    if (room.occupants.size > MOST_SHOWN_ADDRESSES) return undefined;
    return each(room.seats.values(), (seat) =>
      // Moderators knew them.
      seat.occupant.role === "moderator" ? undefined : this.#context.presences.showAll(room, seat),
    );
  }

  /** §10.2: 322 tells why. */
  #removeOthers(room: Room): Awaitable<void> {
    const others = [...room.occupants.values()].filter(({ user }) => room.affiliationOf(user) === "none");
    return each(others, (occupant) => this.#removal.expel(room, occupant, { codes: [322] })());
  }

  /** §9.1: whom a pattern bans from now on. */
  #removeBanned(room: Room): Awaitable<void> {
    if (room.options.bans.length === 0) return undefined;
    const banned = [...room.occupants.values()].filter(({ user }) => room.affiliationOf(user) === "outcast");
    return each(banned, (occupant) => this.#removal.expel(room, occupant, { codes: [301] })());
  }

  /**
   * §5.1.1: where nobody needs voice, nobody is without it; where newcomers need none, they have it. A lock-down that ends
   * leaves everybody what they were: whoever was moderated before it still is.
   */
  #giveVoice(room: Room, before: RoomOptions): Awaitable<void> {
    const { moderated, newcomerMinutes } = room.configured;
    if (moderated) return undefined;
    if (before.moderated) room.known.forgetVoices();
    const visitors = [...room.occupants.values()].filter(
      ({ role, voiceAt }) =>
        role === "visitor" && (before.moderated || (newcomerMinutes === 0 && voiceAt !== undefined)),
    );
    return together(
      this.#context.store.saveAcquaintancesIfKept(room),
      each(visitors, (visitor) => this.#roles.change(room, visitor, "participant", {})),
    );
  }

  /** §15.5.3, `presencebroadcast`: those vanish from view who are in a role that is not shown any more. */
  #hideOthers(room: Room, { presenceBroadcast: before }: RoomOptions): Awaitable<void> {
    return each(room.occupants.values(), (occupant) => {
      if (!before.includes(occupant.role) || room.shows(occupant.role)) return undefined;
      const affiliation = room.affiliationOf(occupant.user);
      const gone = { occupant, affiliation, seat: occupant.first };
      return this.#context.presences.announceGone(room, gone, {}, true);
    });
  }

  /** And those come into view who were not shown before. */
  #showOthers(room: Room, occupants: readonly Occupant[]): Awaitable<void> {
    return each(occupants, (occupant) => {
      const isThere = occupant.seats.length > 0;
      return isThere ? this.#context.presences.announce(room, occupant) : undefined;
    });
  }

  /** §10.2.1: what concerns privacy has codes of its own. */
  #notify(room: Room, before: RoomOptions): Awaitable<void> {
    const { host, delivery } = this.#context;
    const { logging, whois } = room.options;
    const codes: number[] = [];
    if (logging !== before.logging) codes.push(logging ? 170 : 171);
    if (whois !== before.whois) codes.push(whois === "anyone" ? 172 : 173);
    if (hasOtherChange(before, room.options)) codes.push(104);
    if (codes.length === 0) return undefined;
    const x = el("x", { xmlns: ns.MUC_USER }, ...codes.map(statusElement));
    const header = { from: room.jid, type: "groupchat", id: host.random.id() };
    return delivery.toAll(room, message(header, x));
  }
}

function hasOtherChange(before: RoomOptions, after: RoomOptions): boolean {
  const keys = Object.keys(after) as (keyof RoomOptions)[];
  return keys.some(
    (key) => key !== "logging" && key !== "whois" && String(after[key]) !== String(before[key]),
  );
}
