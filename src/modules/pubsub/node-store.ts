import { type Awaitable, after, each, isPromise, together } from "../../util/awaitable.ts";
import { Lru } from "../../util/lru.ts";
import { Jid } from "../../xmpp/jid.ts";
import { PubsubNode } from "./node.ts";
import type { NodeConfig } from "./node-config.ts";
import { NodeSet } from "./node-set.ts";
import type { AffiliationRow, NodeRow, NodeTables, SubscriptionRow } from "./node-tables.ts";

/** Services whose nodes stay in memory. */
const CACHED_SERVICES = 10_000;

/** What somebody has to do with the nodes of others. */
export interface Involvement {
  readonly affiliations: readonly AffiliationRow[];
  readonly subscriptions: readonly SubscriptionRow[];
}

/**
 * Removes everything of a user from the tables. Returns what they had elsewhere: a user of the same name who comes later is
 * not the one that was let in.
 */
export function removeUser(tables: NodeTables, user: Jid): Awaitable<Involvement> {
  const { nodes, items, affiliations, subscriptions } = tables;
  const where = { service: user.toString() };
  const own = together(
    nodes.delete(where),
    items.delete(where),
    affiliations.delete(where),
    subscriptions.delete(where),
  );
  return after(own, () =>
    after(affiliations.list({ index: "jid", where: { jid: user.toString() } }), (affiliated) =>
      after(
        subscriptions.list({ index: "subscriber", where: { subscriber: user.toString() } }),
        (subscribed) => {
          const left = together(
            each(affiliated, ({ service, node, jid }) => affiliations.delete({ service, node, jid })),
            each(subscribed, ({ service, node, jid }) => subscriptions.delete({ service, node, jid })),
          );
          return after(left, () => ({ affiliations: affiliated, subscriptions: subscribed }));
        },
      ),
    ),
  );
}

/** The nodes of many services. There is one object for each service at a time. */
export class NodeStore {
  readonly #tables: NodeTables;
  /** For fields that were not there when a node was made. */
  readonly #defaults: NodeConfig;
  readonly #sets = new Lru<string, NodeSet>(CACHED_SERVICES);
  readonly #loading = new Map<string, Promise<NodeSet>>();

  constructor(tables: NodeTables, defaults: NodeConfig) {
    this.#tables = tables;
    this.#defaults = defaults;
  }

  /** `service` is a bare JID. */
  of(service: Jid): Awaitable<NodeSet> {
    const key = service.toString();
    return this.#sets.get(key) ?? this.#loading.get(key) ?? this.#load(service, key);
  }

  /** The user is gone from the tables, and from memory now too: what was their own, and what they had elsewhere. */
  drop(user: Jid, { affiliations, subscriptions }: Involvement): void {
    const key = user.toString();
    this.#sets.delete(key);
    this.#loading.delete(key);
    for (const { service, node, jid } of affiliations) this.#node(service, node)?.affiliations.delete(jid);
    for (const { service, node, jid } of subscriptions) this.#node(service, node)?.subscriptions.delete(jid);
  }

  #node(service: string, node: string): PubsubNode | undefined {
    return this.#sets.get(service)?.nodes.get(node);
  }

  /** What memory holds may never have been written. */
  forget(): void {
    this.#sets.clear();
    this.#loading.clear();
  }

  #load(service: Jid, key: string): Awaitable<NodeSet> {
    const read = this.#read(service, key);
    if (!isPromise(read)) return this.#keep(key, read);
    const loading: Promise<NodeSet> = read.then((set) =>
      // Whoever asked meanwhile got this promise; after `forget` it is stale, and nobody's.
      this.#loading.get(key) === loading ? this.#keep(key, set) : this.of(service),
    );
    this.#loading.set(key, loading);
    const done = () => {
      if (this.#loading.get(key) === loading) this.#loading.delete(key);
    };
    loading.then(done, done);
    return loading;
  }

  #keep(key: string, set: NodeSet): NodeSet {
    this.#sets.set(key, set);
    return set;
  }

  #read(service: Jid, key: string): Awaitable<NodeSet> {
    const set = new NodeSet(service, this.#tables);
    const where = { service: key };
    return after(this.#tables.nodes.list({ where }), (nodes) => {
      for (const row of nodes) set.add(this.#nodeOf(row));
      // Most accounts have no nodes.
      if (nodes.length === 0) return set;
      const affiliated = after(this.#tables.affiliations.list({ where }), (rows) => {
        for (const { node, jid, affiliation } of rows)
          set.nodes.get(node)?.affiliations.set(jid, affiliation);
      });
      const subscribed = after(this.#tables.subscriptions.list({ where }), (rows) => {
        for (const { node, jid, state, options } of rows) {
          set.nodes.get(node)?.subscriptions.set(jid, { jid: Jid.parse(jid), state, options });
        }
      });
      return after(together(affiliated, subscribed), () => set);
    });
  }

  #nodeOf({ node, creator, created, config, items, bytes, seq }: NodeRow): PubsubNode {
    return new PubsubNode(node, creator, created, { ...this.#defaults, ...config }, { items, bytes, seq });
  }
}
