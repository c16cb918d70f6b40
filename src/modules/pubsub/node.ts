import type { Jid } from "../../xmpp/jid.ts";
import type { NodeConfig } from "./node-config.ts";
import type { SubscriptionOptions } from "./subscription-options.ts";

/** XEP-0060 §4.1. */
export const AFFILIATIONS = ["owner", "publisher", "publish-only", "member", "outcast", "none"] as const;
export type Affiliation = (typeof AFFILIATIONS)[number];

/** XEP-0060 §4.2; options have defaults, so nobody is "unconfigured". */
export type SubscriptionState = "subscribed" | "pending";

export interface Subscription {
  /** It may have a resource. */
  readonly jid: Jid;
  readonly state: SubscriptionState;
  readonly options: SubscriptionOptions;
}

/** What somebody published. */
export interface Item {
  readonly id: string;
  /** Its place in the order of publication. */
  readonly seq: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The full JID. */
  readonly publisher: string;
  /** XML text that means the same anywhere; "" when there is none. */
  readonly payload: string;
}

/** A node in memory, without its items. */
export class PubsubNode {
  readonly id: string;
  /** A bare JID. */
  readonly creator: string;
  /** Milliseconds since the epoch. */
  readonly created: number;
  config: NodeConfig;
  /** By bare JID; "none" is not there. */
  readonly affiliations = new Map<string, Affiliation>();
  /** By the JID that subscribed. */
  readonly subscriptions = new Map<string, Subscription>();
  /** How many items there are, and how much their payloads take. */
  items: number;
  bytes: number;
  /** That of the last item; it only grows. */
  seq: number;
  /** null: there is none; undefined: not known without the store. */
  last: Item | null | undefined;

  constructor(
    id: string,
    creator: string,
    created: number,
    config: NodeConfig,
    counts = { items: 0, bytes: 0, seq: 0 },
  ) {
    this.id = id;
    this.creator = creator;
    this.created = created;
    this.config = config;
    this.items = counts.items;
    this.bytes = counts.bytes;
    this.seq = counts.seq;
    this.last = counts.items === 0 ? null : undefined;
  }
}
