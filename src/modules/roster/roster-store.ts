import type { Host } from "../../core/host.ts";
import { type Awaitable, after, isPromise } from "../../util/awaitable.ts";
import type { Clock } from "../../util/clock.ts";
import { Lru } from "../../util/lru.ts";
import type { Jid } from "../../xmpp/jid.ts";
import {
  ContactList,
  type FloorRow,
  type ItemRow,
  type RequestRow,
  type RosterTables,
  type StoredRoster,
} from "./contact-list.ts";

/** Rosters of users without a session that stay in memory. */
const IDLE_ROSTERS = 1000;

/** Opens the tables that the rosters of all hosts share. */
export async function openRosterTables(host: Pick<Host, "table">): Promise<RosterTables> {
  return {
    items: await host.table<ItemRow>({
      name: "roster",
      version: 1,
      columns: {
        user: "text",
        contact: "text",
        version: "int",
        name: "text",
        groups: "json",
        subscription: "text",
        ask: "int",
        approved: "int",
      },
      key: ["user", "contact"],
    }),
    requests: await host.table<RequestRow>({
      name: "subscription_requests",
      version: 1,
      columns: { user: "text", contact: "text", stanza: "text" },
      key: ["user", "contact"],
    }),
    floors: await host.table<FloorRow>({
      name: "roster_floors",
      version: 1,
      columns: { user: "text", version: "int" },
      key: ["user"],
    }),
  };
}

/** The rosters of a host. There is one object for each user at a time; those of users with sessions stay in memory. */
export class RosterStore {
  readonly #tables: RosterTables;
  readonly #clock: Clock;
  /** Users who have a session, and whether they are registered. */
  readonly #present = new Map<string, { readonly anonymous: boolean }>();
  readonly #held = new Map<string, ContactList>();
  readonly #loading = new Map<string, Promise<ContactList>>();
  #idle = new Lru<string, ContactList>(IDLE_ROSTERS);

  constructor(tables: RosterTables, clock: Clock) {
    this.#tables = tables;
    this.#clock = clock;
  }

  /** The roster of `user`, an account of this host or an unregistered user with a session. */
  of(user: Jid): Awaitable<ContactList> {
    const key = user.toString();
    return this.#held.get(key) ?? this.#idle.get(key) ?? this.#loading.get(key) ?? this.#load(user);
  }

  /** A session of `user` begins: the roster is in memory when this has settled, until `leave`. */
  enter(user: Jid, anonymous: boolean): Awaitable<void> {
    const key = user.toString();
    if (this.#present.has(key)) return;
    this.#present.set(key, { anonymous });
    const idle = this.#idle.get(key);
    if (!idle) return after(this.of(user), () => undefined);
    this.#idle.delete(key);
    this.#held.set(key, idle);
  }

  /** The last session of `user` ended. That of an unregistered user stays until `forget`. */
  leave(user: Jid): void {
    const key = user.toString();
    if (this.#present.get(key)?.anonymous) return;
    const list = this.#held.get(key);
    this.#present.delete(key);
    this.#held.delete(key);
    if (list) this.#idle.set(key, list);
  }

  /** The user is no more. */
  forget(user: Jid): void {
    const key = user.toString();
    this.#present.delete(key);
    this.#held.delete(key);
    this.#idle.delete(key);
  }

  /** What memory holds may never have been written: it is read anew. Rosters that are only in memory stay. */
  clear(): void {
    this.#idle = new Lru(IDLE_ROSTERS);
    this.#loading.clear();
    for (const key of this.#held.keys()) {
      if (!this.#present.get(key)?.anonymous) this.#held.delete(key);
    }
  }

  #load(user: Jid): Awaitable<ContactList> {
    const key = user.toString();
    if (this.#present.get(key)?.anonymous) return this.#keep(key, new ContactList(user, this.#clock));
    const stored = this.#read(key);
    if (!isPromise(stored)) {
      return this.#keep(key, new ContactList(user, this.#clock, this.#tables, stored));
    }
    const loading: Promise<ContactList> = stored.then((rows) => {
      const list = new ContactList(user, this.#clock, this.#tables, rows);
      // Whoever asked meanwhile got this promise; after `clear` it is stale, and nobody's.
      return this.#loading.get(key) === loading ? this.#keep(key, list) : this.of(user);
    });
    this.#loading.set(key, loading);
    const done = () => {
      if (this.#loading.get(key) === loading) this.#loading.delete(key);
    };
    loading.then(done, done);
    return loading;
  }

  #keep(key: string, list: ContactList): ContactList {
    if (this.#present.has(key)) this.#held.set(key, list);
    else this.#idle.set(key, list);
    return list;
  }

  #read(user: string): Awaitable<StoredRoster> {
    const items = this.#tables.items.list({ where: { user } });
    const requests = this.#tables.requests.list({ where: { user } });
    const floor = this.#tables.floors.get({ user });
    if (isPromise(items) || isPromise(requests) || isPromise(floor)) {
      return Promise.all([items, requests, floor]).then(toStored);
    }
    return toStored([items, requests, floor]);
  }
}

function toStored([items, requests, floor]: [ItemRow[], RequestRow[], FloorRow | undefined]): StoredRoster {
  return { items, requests, floor: floor?.version ?? 0 };
}
