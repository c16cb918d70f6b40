import { type Awaitable, after, each } from "../../util/awaitable.ts";
import { Lru } from "../../util/lru.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { Acquaintances } from "./acquaintances.ts";
import { Affiliations } from "./affiliations.ts";
import type { MucConfig } from "./config.ts";
import { Hats } from "./hats.ts";
import { History, type Said } from "./history.ts";
import { Room } from "./room.ts";
import { optionsOf, type RoomOptions } from "./room-options.ts";
import type { RoomStore, StoredRoom } from "./room-store.ts";

/** How long a new room waits for its owner to ask for the form: clients ask at once, some ask people first, some never do. */
const UNASKED_MS = 10_000;

/** What was said last in a room, by those who keep it; the latest last. */
export type Recall = (room: Jid) => Awaitable<readonly Said[]>;

/** The rooms of one service: those with occupants in memory, the others in the store. */
export class Rooms {
  readonly #store: RoomStore;
  readonly #config: MucConfig;
  readonly #recall: Recall;
  /** Rooms whose history nobody has asked for yet, or that are about to have it. */
  readonly #forgetful = new WeakMap<Room, Promise<void> | undefined>();
  readonly #defaults: RoomOptions;
  /** With occupants, or kept nowhere else. */
  readonly #active = new Map<string, Room>();
  /** Empty and in the store. */
  readonly #idle: Lru<string, Room>;

  /** @param recall the last messages of a room that comes out of the store. */
  constructor(store: RoomStore, config: MucConfig, recall: Recall) {
    this.#store = store;
    this.#config = config;
    this.#recall = recall;
    this.#defaults = optionsOf(config.defaults);
    this.#idle = new Lru(config.idle);
  }

  /** Rooms in memory that somebody is in, or that are kept nowhere else. */
  get active(): Iterable<Room> {
    return this.#active.values();
  }

  /** A room that exists; it may be locked. */
  find(jid: Jid): Awaitable<Room | undefined> {
    const key = jid.local;
    const known = this.#known(key);
    if (known) return known;
    return after(this.#store.load(jid.bare), (stored) => {
      if (!stored) return undefined;
      // Somebody else may have been quicker.
      return this.#known(key) ?? this.#restore(jid.bare, stored);
    });
  }

  /**
   * The room for whoever asks it something: for others than its owner there is none before it is configured (§7.2.11).
   * @throws StanzaError item-not-found
   */
  get(jid: Jid, asker: Jid): Awaitable<Room> {
    return after(this.find(jid), (room) => {
      if (!room || (room.isLocked && room.affiliationOf(asker) !== "owner")) {
        throw new StanzaError("item-not-found");
      }
      return room;
    });
  }

  /** A new room, locked (XEP-0045 §10.1.1); its creator is its owner. */
  create(jid: Jid, owner: Jid, now: number): Room {
    const affiliations = new Affiliations();
    affiliations.set(owner.bare.toString(), { affiliation: "owner", nick: "", reason: "" });
    const state = {
      configured: this.#defaults,
      affiliations,
      log: this.#store.logs.create(),
      hats: new Hats(),
      known: new Acquaintances(),
      subject: undefined,
      createdAt: now,
      isLocked: true,
    };
    const room = new Room(jid.bare, state, this.#newHistory());
    room.waitsUntil = now + UNASKED_MS;
    this.#active.set(jid.local, room);
    return room;
  }

  /** Somebody entered or left, or it is not to stay any more: puts the room where it belongs. Whether it ended, for nobody is left and it is not kept. */
  settle(room: Room): boolean {
    const key = room.jid.local;
    if (room.isGone) return false;
    if (room.seats.size > 0) {
      this.#idle.delete(key);
      this.#active.set(key, room);
      return false;
    }
    this.#active.delete(key);
    if (room.isKept) this.#idle.set(key, room);
    else this.remove(room);
    return room.isGone;
  }

  /** The room is no more. */
  remove(room: Room): void {
    room.isGone = true;
    this.#active.delete(room.jid.local);
    this.#idle.delete(room.jid.local);
  }

  /** The store lost something: what rooms keep is read again. One that it does not have goes with its last occupant. */
  reread(): Awaitable<void> {
    this.#idle.clear();
    const kept = [...this.#active.values()].filter((room) => room.isKept);
    return each(kept, (room) =>
      after(this.#store.load(room.jid), (stored) => {
        if (stored) room.restore({ ...stored, configured: this.optionsOf(stored.options) });
        else room.configured = { ...room.configured, persistent: false };
      }),
    );
  }

  /** Before anybody enters: the history of a room that came out of the store. */
  remember(room: Room): Awaitable<void> {
    if (!this.#forgetful.has(room)) return undefined;
    const remembering = this.#forgetful.get(room) ?? this.#remember(room);
    this.#forgetful.set(room, remembering);
    return remembering;
  }

  async #remember(room: Room): Promise<void> {
    for (const said of await this.#recall(room.jid)) room.history.add(room.jid, said);
    this.#forgetful.delete(room);
  }

  /** What a stored room has, and for what it does not say the defaults. */
  optionsOf(stored: Partial<RoomOptions>): RoomOptions {
    return { ...this.#defaults, ...stored };
  }

  #known(key: string): Room | undefined {
    return this.#active.get(key) ?? this.#idle.get(key);
  }

  #restore(jid: Jid, { options, ...stored }: StoredRoom): Room {
    const state = { ...stored, configured: this.optionsOf(options), isLocked: false };
    const room = new Room(jid, state, this.#newHistory());
    this.#idle.set(jid.local, room);
    this.#forgetful.set(room, undefined);
    return room;
  }

  #newHistory(): History {
    return new History(this.#config.history, this.#config.historySize);
  }
}
