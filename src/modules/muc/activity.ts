/** XEP-0437 Room Activity Indicators, version 0.2.0: https://xmpp.org/extensions/xep-0437.html */
import type { Hooks } from "../../routing/hooks.ts";
import { type Awaitable, after, each } from "../../util/awaitable.ts";
import { Lru } from "../../util/lru.ts";
import { el } from "../../xml/element.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { message, type Stanza } from "../../xmpp/stanza.ts";
import type { Context } from "./context.ts";
import type { Occupant } from "./occupant.ts";
import type { Room } from "./room.ts";

/** Rooms of which it is known when somebody spoke last. */
const KNOWN = 10_000;

/** When something was last said in a room, by those who keep it; milliseconds since the epoch. */
type LastSaid = (room: Jid) => Awaitable<number | undefined>;

/** A client that wants to know. */
interface Watcher {
  readonly jid: Jid;
  /** The rooms that it has not heard of yet. */
  readonly waiting: Set<string>;
}

/**
 * Tells clients of a service in which of the rooms that they belong to something was said while they were not there: once for each
 * room, so that a room which was told of costs nothing from then on.
 */
export class Activity {
  readonly #context: Context;
  /** By full JID. */
  readonly #watchers = new Map<string, Watcher>();
  readonly #byUser = new Map<string, Set<Watcher>>();
  /** Those who wait, by the room's bare JID. */
  readonly #waiting = new Map<string, Set<Watcher>>();
  readonly #spoken = new Lru<string, number>(KNOWN);
  readonly #lastSaid: LastSaid;

  constructor(context: Context, lastSaid: LastSaid) {
    this.#context = context;
    this.#lastSaid = lastSaid;
  }

  /** §3.1, §3.2: presence to the service. @throws StanzaError */
  receive(stanza: Stanza): Awaitable<void> {
    const client = stanza.from as Jid;
    if (stanza.type === "unavailable" || stanza.type === "error") return this.forget(client);
    if (stanza.type !== undefined || !stanza.has("rai", ns.RAI)) return undefined;
    const { config, store, rooms, service, pace } = this.#context;
    pace.countPresence(service.jid, client);
    this.forget(client);
    const user = client.bare;
    const own = this.#byUser.get(user.toString())?.size ?? 0;
    if (this.#watchers.size >= config.watchers || own >= config.sessionsPerOccupant) {
      throw new StanzaError("resource-constraint", "too many clients want to know what happens in rooms");
    }
    return after(store.roomsOf(service.domain, user), (stored) =>
      after(store.acquaintances.leftBy(user), (left) => {
        const belonging = new Set(stored);
        const leftAt = new Map(left);
        for (const { jid, affiliations, known } of rooms.active) {
          if (affiliations.get(user.toString())) belonging.add(jid.toString());
          leftAt.set(jid.toString(), known.get(user.toString())?.leftAt ?? 0);
        }
        const watched = [...belonging].slice(0, config.watchedRooms);
        const watcher = { jid: client, waiting: new Set(watched) };
        this.#watch(watcher);
        return after(this.#missed(watched, leftAt), (missed) => this.#catchUp(watcher, missed));
      }),
    );
  }

  /** A client is gone, or wants nothing more. */
  forget(client: Jid): void {
    const watcher = this.#watchers.get(client.toString());
    if (!watcher) return;
    this.#watchers.delete(client.toString());
    const user = client.bare.toString();
    const own = this.#byUser.get(user);
    own?.delete(watcher);
    if (own?.size === 0) this.#byUser.delete(user);
    for (const room of watcher.waiting) this.#stopWaiting(room, watcher);
  }

  /** Something was said. */
  noteMessage({ room, stanza }: Hooks["muc:message"]): Awaitable<void> {
    if (!stanza.has("body", ns.CLIENT)) return undefined;
    const key = room.jid.toString();
    this.#spoken.set(key, this.#context.host.clock.now());
    const waiting = this.#waiting.get(key);
    if (!waiting) return undefined;
    this.#waiting.delete(key);
    for (const watcher of waiting) watcher.waiting.delete(key);
    // Those who are there hear it themselves, and wait again when they have left.
    const away = [...waiting].filter(({ jid }) => !room.seats.has(jid.toString()) && mayKnow(room, jid));
    return each(away, ({ jid }) => this.#tell(jid, [key]));
  }

  /** §4: whoever has left has seen what was said up to then. */
  noteLeft(room: Room, { user }: Occupant): void {
    const key = room.jid.toString();
    if (room.affiliations.get(user.toString()) === undefined) return;
    for (const watcher of this.#byUser.get(user.toString()) ?? []) this.#wait(key, watcher);
  }

  /** Of these rooms those where something was said since somebody left them. */
  #missed(watched: readonly string[], leftAt: ReadonlyMap<string, number>): Awaitable<readonly string[]> {
    const missed: string[] = [];
    const looked = each(watched, (room) =>
      after(this.#spokenAt(room), (spoken) => {
        if (spoken > (leftAt.get(room) ?? 0)) missed.push(room);
      }),
    );
    return after(looked, () => missed);
  }

  #catchUp(watcher: Watcher, missed: readonly string[]): Awaitable<void> {
    return after(this.#permitted(missed, watcher.jid), (permitted) => {
      // It may have gone meanwhile, or heard of them.
      const told = permitted.filter((room) => watcher.waiting.delete(room));
      if (this.#watchers.get(watcher.jid.toString()) !== watcher) return undefined;
      for (const room of told) this.#stopWaiting(room, watcher);
      return this.#tell(watcher.jid, told);
    });
  }

  /** 0 for never. */
  #spokenAt(room: string): Awaitable<number> {
    const known = this.#spoken.get(room);
    if (known !== undefined) return known;
    return after(this.#lastSaid(Jid.parse(room)), (said = 0) => {
      // Meanwhile somebody may have spoken.
      const spoken = this.#spoken.get(room) ?? said;
      this.#spoken.set(room, spoken);
      return spoken;
    });
  }

  /** Of these rooms those that the client may enter, and is not in. */
  #permitted(addresses: readonly string[], client: Jid): Awaitable<readonly string[]> {
    const permitted: string[] = [];
    const looked = each(addresses, (address) =>
      after(this.#context.rooms.find(Jid.parse(address)), (room) => {
        if (room && mayKnow(room, client) && !room.seats.has(client.toString())) permitted.push(address);
      }),
    );
    return after(looked, () => permitted);
  }

  #watch(watcher: Watcher): void {
    const user = watcher.jid.bare.toString();
    this.#watchers.set(watcher.jid.toString(), watcher);
    let own = this.#byUser.get(user);
    if (!own) this.#byUser.set(user, (own = new Set()));
    own.add(watcher);
    for (const room of watcher.waiting) this.#wait(room, watcher);
  }

  #wait(room: string, watcher: Watcher): void {
    watcher.waiting.add(room);
    let waiting = this.#waiting.get(room);
    if (!waiting) this.#waiting.set(room, (waiting = new Set()));
    waiting.add(watcher);
  }

  #stopWaiting(room: string, watcher: Watcher): void {
    const waiting = this.#waiting.get(room);
    waiting?.delete(watcher);
    if (waiting?.size === 0) this.#waiting.delete(room);
  }

  #tell(client: Jid, rooms: readonly string[]): Awaitable<void> {
    if (rooms.length === 0) return undefined;
    const rai = el("rai", { xmlns: ns.RAI }, ...rooms.map((room) => el("activity", {}, room)));
    const { host, service } = this.#context;
    return host.route(message({ from: service.jid, to: client, id: host.random.id() }, rai));
  }
}

/** §4: whoever may enter, and belongs to the room. */
function mayKnow(room: Room, client: Jid): boolean {
  const affiliation = room.affiliationOf(client.bare);
  return !room.isGone && !room.isLocked && affiliation !== "none" && affiliation !== "outcast";
}
