import type { Table } from "../../store/store.ts";
import { type Awaitable, together } from "../../util/awaitable.ts";
import type { Clock } from "../../util/clock.ts";
import { Jid } from "../../xmpp/jid.ts";
import { parseStanza } from "../../xmpp/parse-stanza.ts";
import type { Stanza } from "../../xmpp/stanza.ts";
import { isSeenBy, itemBytes, type RosterItem, type Subscription, sees } from "./roster-item.ts";

/** An item, or the memory of one that was removed. */
export interface ItemRow {
  user: string;
  contact: string;
  /** That of the roster when the row was written. */
  version: number;
  name: string;
  groups: readonly string[];
  subscription: Subscription | "remove";
  ask: number;
  approved: number;
}

/** A subscription request that waits for its answer. */
export interface RequestRow {
  user: string;
  contact: string;
  stanza: string;
}

/** Below this version the removals of the roster are not known completely. */
export interface FloorRow {
  user: string;
  version: number;
}

export interface RosterTables {
  readonly items: Table<ItemRow>;
  readonly requests: Table<RequestRow>;
  readonly floors: Table<FloorRow>;
}

/** What the tables hold of one user. */
export interface StoredRoster {
  readonly items: readonly ItemRow[];
  readonly requests: readonly RequestRow[];
  readonly floor: number;
}

/** One step of a roster's history; without an item the contact was removed. */
export interface RosterStep {
  readonly version: number;
  readonly contact: Jid;
  readonly item: RosterItem | undefined;
}

/** Removals remembered for roster versioning; a client older than the oldest of them gets the whole roster. */
const REMEMBERED_REMOVALS = 100;

interface Versioned<T> {
  readonly value: T;
  readonly version: number;
}

/**
 * The roster of one user in memory, with the subscription requests that wait for an answer. Each change is made here at
 * once and written to the tables in the same turn. Contacts are bare JIDs.
 */
export class ContactList {
  readonly user: Jid;
  readonly #tables: RosterTables | undefined;
  readonly #clock: Clock;
  readonly #items = new Map<string, Versioned<RosterItem>>();
  readonly #removed = new Map<string, Versioned<Jid>>();
  readonly #requests = new Map<string, Stanza>();
  #bytes = 0;
  #version = 0;
  #floor = 0;
  #subscribers: readonly Jid[] | undefined;
  #subscriptions: readonly Jid[] | undefined;

  /** Without `tables` nothing is kept: the roster of an unregistered user. */
  constructor(user: Jid, clock: Clock, tables?: RosterTables, stored?: StoredRoster) {
    this.user = user;
    this.#clock = clock;
    this.#tables = tables;
    if (stored) this.#load(stored);
  }

  get size(): number {
    return this.#items.size;
  }

  /** Of all items together. */
  get bytes(): number {
    return this.#bytes;
  }

  /** RFC 6121 §2.1.1: grows with every change, also from one roster of the same user to the next. */
  get version(): number {
    return this.#version;
  }

  /** Who sees the user's presence. The same array as long as nothing changes. */
  get subscribers(): readonly Jid[] {
    this.#subscribers ??= this.#contacts(isSeenBy);
    return this.#subscribers;
  }

  /** Whose presence the user sees. The same array as long as nothing changes. */
  get subscriptions(): readonly Jid[] {
    this.#subscriptions ??= this.#contacts(sees);
    return this.#subscriptions;
  }

  get(contact: Jid): RosterItem | undefined {
    return this.#items.get(contact.toString())?.value;
  }

  *items(): Iterable<RosterItem> {
    for (const { value } of this.#items.values()) yield value;
  }

  isSeenBy(contact: Jid): boolean {
    const item = this.get(contact);
    return item !== undefined && isSeenBy(item);
  }

  /** What changed after `version`, oldest first; undefined when that is not known. */
  since(version: number): RosterStep[] | undefined {
    if (version < this.#floor || version > this.#version) return undefined;
    const steps: RosterStep[] = [];
    for (const item of this.#items.values()) {
      if (item.version > version)
        steps.push({ version: item.version, contact: item.value.contact, item: item.value });
    }
    for (const gone of this.#removed.values()) {
      if (gone.version > version) steps.push({ version: gone.version, contact: gone.value, item: undefined });
    }
    return steps.sort((a, b) => a.version - b.version);
  }

  put(item: RosterItem): Awaitable<void> {
    const key = item.contact.toString();
    const floor = this.#nextVersion();
    this.#setItem(key, item, this.#version);
    this.#removed.delete(key);
    this.#forgetViews();
    return together(floor, this.#tables?.items.put(this.#row(item, this.#version)));
  }

  /** The item goes, with the contact's request if there is one. */
  remove(contact: Jid): Awaitable<void> {
    const key = contact.toString();
    const floor = this.#nextVersion();
    this.#deleteItem(key);
    this.#removed.set(key, { value: contact, version: this.#version });
    this.#forgetViews();
    const written = this.#tables?.items.put(removalRow(this.user, contact, this.#version));
    return together(floor, written, this.#forgetRemovals(), this.dropRequest(contact));
  }

  /** The request of `contact`, from bare JID to bare JID, that waits for an answer. */
  request(contact: Jid): Stanza | undefined {
    return this.#requests.get(contact.toString());
  }

  get requests(): ReadonlyMap<string, Stanza> {
    return this.#requests;
  }

  keepRequest(contact: Jid, request: Stanza): Awaitable<void> {
    const key = contact.toString();
    this.#requests.set(key, request);
    return this.#tables?.requests.put({
      user: this.user.toString(),
      contact: key,
      stanza: request.toString(),
    });
  }

  dropRequest(contact: Jid): Awaitable<void> {
    const key = contact.toString();
    if (!this.#requests.delete(key)) return;
    return together(this.#tables?.requests.delete({ user: this.user.toString(), contact: key }));
  }

  /** Everything goes, as if it had never been. */
  clear(): Awaitable<void> {
    this.#items.clear();
    this.#bytes = 0;
    this.#removed.clear();
    this.#requests.clear();
    this.#forgetViews();
    this.#version = 0;
    this.#floor = 0;
    if (!this.#tables) return;
    const user = this.user.toString();
    const { items, requests, floors } = this.#tables;
    return together(items.delete({ user }), requests.delete({ user }), floors.delete({ user }));
  }

  #load({ items, requests, floor }: StoredRoster): void {
    this.#floor = floor;
    // In the order of their versions, so that the oldest removal is the first to be forgotten.
    for (const row of [...items].sort((a, b) => a.version - b.version)) {
      const contact = Jid.parse(row.contact);
      this.#version = row.version;
      if (row.subscription === "remove") {
        this.#removed.set(row.contact, { value: contact, version: row.version });
      } else {
        const { name, groups, subscription } = row;
        const item = {
          contact,
          name,
          groups,
          subscription,
          ask: row.ask !== 0,
          approved: row.approved !== 0,
        };
        this.#setItem(row.contact, item, row.version);
      }
    }
    for (const { contact, stanza } of requests) this.#requests.set(contact, parseStanza(stanza));
  }

  #setItem(key: string, item: RosterItem, version: number): void {
    this.#bytes += itemBytes(item) - this.#bytesOf(key);
    this.#items.set(key, { value: item, version });
  }

  #deleteItem(key: string): void {
    this.#bytes -= this.#bytesOf(key);
    this.#items.delete(key);
  }

  #bytesOf(key: string): number {
    const item = this.#items.get(key);
    return item ? itemBytes(item.value) : 0;
  }

  /**
   * Versions follow the clock: one that belonged to an account of the same name, or was given out after the backup that
   * the store comes from, is not taken for one of this roster. With the first one begins what is known of removals.
   */
  #nextVersion(): Awaitable<void> {
    const isFirst = this.#version === 0;
    this.#version = Math.max(this.#version + 1, this.#clock.now());
    if (isFirst) return this.#setFloor(this.#version);
  }

  #setFloor(version: number): Awaitable<void> {
    this.#floor = version;
    return this.#tables?.floors.put({ user: this.user.toString(), version });
  }

  #forgetRemovals(): Awaitable<void> {
    if (this.#removed.size <= REMEMBERED_REMOVALS) return;
    const [oldest] = this.#removed;
    if (!oldest) return;
    const [contact, { version }] = oldest;
    this.#removed.delete(contact);
    return together(
      this.#tables?.items.delete({ user: this.user.toString(), contact }),
      this.#setFloor(version),
    );
  }

  #forgetViews(): void {
    this.#subscribers = undefined;
    this.#subscriptions = undefined;
  }

  #contacts(include: (item: RosterItem) => boolean): readonly Jid[] {
    const contacts: Jid[] = [];
    for (const { value } of this.#items.values()) if (include(value)) contacts.push(value.contact);
    return contacts;
  }

  #row(item: RosterItem, version: number): ItemRow {
    return {
      user: this.user.toString(),
      contact: item.contact.toString(),
      version,
      name: item.name,
      groups: item.groups,
      subscription: item.subscription,
      ask: Number(item.ask),
      approved: Number(item.approved),
    };
  }
}

function removalRow(user: Jid, contact: Jid, version: number): ItemRow {
  return {
    user: user.toString(),
    contact: contact.toString(),
    version,
    name: "",
    groups: [],
    subscription: "remove",
    ask: 0,
    approved: 0,
  };
}
