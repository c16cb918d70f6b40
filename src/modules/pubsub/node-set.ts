import { type Awaitable, after, each, together } from "../../util/awaitable.ts";
import type { Jid } from "../../xmpp/jid.ts";
import type { Affiliation, Item, PubsubNode, SubscriptionState } from "./node.ts";
import type { NodeConfig } from "./node-config.ts";
import type { ItemRow, NodeTables } from "./node-tables.ts";
import { DEFAULT_OPTIONS, type SubscriptionOptions } from "./subscription-options.ts";

/** Which items of a node, in the order of publication. */
export interface Slice {
  /** Exclusive bounds. */
  readonly after?: number | undefined;
  readonly before?: number | undefined;
  readonly backwards: boolean;
  /** How many are left out first. */
  readonly offset?: number | undefined;
  readonly limit: number;
}

/** The longest payload of a last item that stays in memory, in UTF-16 units. */
const CACHED_PAYLOAD = 4096;

/** The nodes of one service in memory. Each change is made here at once and written to the tables in the same turn. */
export class NodeSet {
  /** A bare JID. */
  readonly service: Jid;
  readonly nodes = new Map<string, PubsubNode>();
  /** Of all nodes together. */
  items = 0;
  bytes = 0;
  readonly #tables: NodeTables;
  readonly #key: string;

  constructor(service: Jid, tables: NodeTables) {
    this.service = service;
    this.#tables = tables;
    this.#key = service.toString();
  }

  /** A node that the tables have. */
  add(node: PubsubNode): void {
    this.nodes.set(node.id, node);
    this.items += node.items;
    this.bytes += node.bytes;
  }

  create(node: PubsubNode): Awaitable<void> {
    this.add(node);
    return this.#write(node);
  }

  configure(node: PubsubNode, config: NodeConfig): Awaitable<void> {
    node.config = config;
    return this.#write(node);
  }

  /** The node goes with everything in it. */
  delete(node: PubsubNode): Awaitable<void> {
    this.nodes.delete(node.id);
    this.#count(node, -node.items, -node.bytes);
    const { nodes, items, affiliations, subscriptions } = this.#tables;
    const where = { service: this.#key, node: node.id };
    return together(
      nodes.delete(where),
      items.delete(where),
      affiliations.delete(where),
      subscriptions.delete(where),
    );
  }

  purge(node: PubsubNode): Awaitable<void> {
    this.#count(node, -node.items, -node.bytes);
    node.last = null;
    const { items } = this.#tables;
    return together(items.delete({ service: this.#key, node: node.id }), this.#write(node));
  }

  item(node: PubsubNode, id: string): Awaitable<Item | undefined> {
    return this.#tables.items.get({ service: this.#key, node: node.id, id });
  }

  /** The last item of the node, transient ones included as long as they are in memory. */
  last(node: PubsubNode): Awaitable<Item | undefined> {
    if (node.last !== undefined) return node.last ?? undefined;
    return after(this.list(node, { backwards: true, limit: 1 }), ([item]) => {
      this.#remember(node, item ?? null);
      return item;
    });
  }

  list(
    node: PubsubNode,
    { after: start, before, backwards, offset, limit }: Slice,
  ): Awaitable<readonly Item[]> {
    return this.#tables.items.list({
      where: { service: this.#key, node: node.id },
      index: "order",
      ...(start !== undefined && { after: start }),
      ...(before !== undefined && { before }),
      reverse: backwards,
      ...(offset !== undefined && { offset }),
      limit,
    });
  }

  /** How many items come before this one. */
  position(node: PubsubNode, { seq }: Item): Awaitable<number> {
    return this.#tables.items.count({
      where: { service: this.#key, node: node.id },
      index: "order",
      before: seq,
    });
  }

  /** Keeps `item` as the last one, in place of `old`, the one with the same id. */
  put(node: PubsubNode, item: Omit<Item, "seq">, old: Item | undefined): Awaitable<void> {
    const row: ItemRow = { service: this.#key, node: node.id, seq: node.seq + 1, ...item };
    node.seq = row.seq;
    this.#count(node, old ? 0 : 1, sizeOf(row) - (old ? sizeOf(old) : 0));
    this.#remember(node, row);
    return together(this.#tables.items.put(row), this.#write(node));
  }

  /** The last item of a node that keeps none. */
  show(node: PubsubNode, item: Item): void {
    this.#remember(node, item);
  }

  remove(node: PubsubNode, removed: readonly Item[]): Awaitable<void> {
    for (const item of removed) {
      this.#count(node, -1, -sizeOf(item));
      if (!node.last || node.last.seq === item.seq) node.last = node.items === 0 ? null : undefined;
    }
    const { items } = this.#tables;
    const deleted = each(removed, ({ id }) => items.delete({ service: this.#key, node: node.id, id }));
    return together(deleted, this.#write(node));
  }

  affiliate(node: PubsubNode, jid: Jid, affiliation: Affiliation): Awaitable<void> {
    const key = jid.toString();
    const { affiliations } = this.#tables;
    const row = { service: this.#key, node: node.id, jid: key };
    if (affiliation !== "none") {
      node.affiliations.set(key, affiliation);
      return affiliations.put({ ...row, affiliation });
    }
    return node.affiliations.delete(key) ? together(affiliations.delete(row)) : undefined;
  }

  /** Without `options` they stay, or are the defaults. */
  subscribe(
    node: PubsubNode,
    jid: Jid,
    state: SubscriptionState,
    options?: SubscriptionOptions,
  ): Awaitable<void> {
    const key = jid.toString();
    const chosen = options ?? node.subscriptions.get(key)?.options ?? DEFAULT_OPTIONS;
    node.subscriptions.set(key, { jid, state, options: chosen });
    return this.#tables.subscriptions.put({
      service: this.#key,
      node: node.id,
      jid: key,
      subscriber: jid.bare.toString(),
      state,
      options: chosen,
    });
  }

  unsubscribe(node: PubsubNode, jid: Jid): Awaitable<void> {
    const key = jid.toString();
    if (!node.subscriptions.delete(key)) return;
    return together(this.#tables.subscriptions.delete({ service: this.#key, node: node.id, jid: key }));
  }

  #count(node: PubsubNode, items: number, bytes: number): void {
    node.items += items;
    node.bytes += bytes;
    this.items += items;
    this.bytes += bytes;
  }

  #remember(node: PubsubNode, item: Item | null): void {
    node.last = item && item.payload.length > CACHED_PAYLOAD && node.config.persistItems ? undefined : item;
  }

  #write({ id, creator, created, config, items, bytes, seq }: PubsubNode): Awaitable<void> {
    return this.#tables.nodes.put({
      service: this.#key,
      node: id,
      creator,
      created,
      config,
      items,
      bytes,
      seq,
    });
  }
}

/** What an item counts for in its owner's quota; bytes. */
export function sizeOf({ id, payload }: Pick<Item, "id" | "payload">): number {
  return Buffer.byteLength(payload) + Buffer.byteLength(id);
}
