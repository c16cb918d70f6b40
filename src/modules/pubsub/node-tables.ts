import type { Host } from "../../core/host.ts";
import type { Table } from "../../store/store.ts";
import type { Affiliation, SubscriptionState } from "./node.ts";
import type { NodeConfig } from "./node-config.ts";
import { DEFAULT_OPTIONS, type SubscriptionOptions } from "./subscription-options.ts";

export interface NodeRow {
  /** The address of the service: a bare JID. */
  service: string;
  node: string;
  creator: string;
  created: number;
  config: NodeConfig;
  items: number;
  bytes: number;
  seq: number;
}

export interface ItemRow {
  service: string;
  node: string;
  id: string;
  seq: number;
  at: number;
  publisher: string;
  payload: string;
}

export interface AffiliationRow {
  service: string;
  node: string;
  /** A bare JID. */
  jid: string;
  affiliation: Affiliation;
}

export interface SubscriptionRow {
  service: string;
  node: string;
  jid: string;
  /** The bare JID of `jid`. */
  subscriber: string;
  state: SubscriptionState;
  options: SubscriptionOptions;
}

export interface NodeTables {
  readonly nodes: Table<NodeRow>;
  readonly items: Table<ItemRow>;
  readonly affiliations: Table<AffiliationRow>;
  readonly subscriptions: Table<SubscriptionRow>;
}

/** Opens the tables that all services of all hosts share. */
export async function openNodeTables(host: Pick<Host, "table">): Promise<NodeTables> {
  const node = { service: "text", node: "text" } as const;
  return {
    nodes: await host.table<NodeRow>({
      name: "pubsub_nodes",
      version: 1,
      columns: {
        ...node,
        creator: "text",
        created: "int",
        config: "json",
        items: "int",
        bytes: "int",
        seq: "int",
      },
      key: ["service", "node"],
    }),
    items: await host.table<ItemRow>({
      name: "pubsub_items",
      version: 1,
      columns: { ...node, id: "text", seq: "int", at: "int", publisher: "text", payload: "text" },
      key: ["service", "node", "id"],
      indexes: { order: ["service", "node", "seq"] },
    }),
    affiliations: await host.table<AffiliationRow>({
      name: "pubsub_affiliations",
      version: 1,
      columns: { ...node, jid: "text", affiliation: "text" },
      key: ["service", "node", "jid"],
      indexes: { jid: ["jid"] },
    }),
    subscriptions: await host.table<SubscriptionRow>({
      name: "pubsub_subscriptions",
      version: 2,
      columns: { ...node, jid: "text", subscriber: "text", state: "text", options: "json" },
      key: ["service", "node", "jid"],
      indexes: { subscriber: ["subscriber"] },
      migrate: (row) => ({ ...row, options: DEFAULT_OPTIONS }) as SubscriptionRow,
    }),
  };
}
