import type { UserExport, UserImport } from "../../core/user-data.ts";
import type { IqRequest } from "../../routing/iq-table.ts";
import type { Awaitable } from "../../util/awaitable.ts";
import type { Element } from "../../xml/element.ts";
import type { Jid } from "../../xmpp/jid.ts";
import type { Stanza } from "../../xmpp/stanza.ts";
import type { Affiliation, Item, PubsubNode } from "./node.ts";
import type { AccessModel, ConfigLimits, NodeConfig, NodeDefaults } from "./node-config.ts";

export interface PubsubLimits extends ConfigLimits {
  /** Of one service. */
  readonly nodes: number;
  readonly items: number;
  /** Of all payloads of one service, in bytes. */
  readonly size: number;
  /** Of one payload, in bytes. */
  readonly itemSize: number;
  readonly subscriptionsPerNode: number;
  readonly affiliationsPerNode: number;
  /** Requests of one account that publish or change something; Infinity: no limit. */
  readonly changesPerMinute: number;
}

/** What a user is to the owner of a service, for the access models "presence" and "roster". */
export interface Relation {
  /** Sees the owner's presence. */
  readonly isSubscribed: boolean;
  /** The roster groups that the owner has them in. */
  readonly groups: readonly string[];
}

/** Those who get the events of a node without having subscribed to it (XEP-0060 §9.1). */
export interface Audience {
  /** Who sees the presence of the service's owner: they may learn which resource published (XEP-0163 §4.3.1). */
  readonly recipients: readonly Jid[];
  /** The others, who may not. */
  readonly strangers: readonly Jid[];
  /** Whether it is decided here if the subscriber gets the events, and not by the subscription (XEP-0163 §4.3.2). */
  decides(subscriber: Jid): boolean;
}

/** What makes one kind of service of the engine. A service is known by its address, a bare JID. */
export interface PubsubKind {
  readonly defaults: NodeDefaults;
  readonly limits: PubsubLimits;
  /** Those that owners may give. */
  readonly affiliations: readonly Affiliation[];
  /** §7.1.4: a node is made for what is published to it. */
  readonly autoCreate: boolean;
  /**
   * Whether those who do not see the owner's presence learn of open nodes alone: every other node is refused to them in the
   * same words, whether or not it is there.
   */
  readonly isPrivate: boolean;
  /** Who owns every node. */
  isOwner(service: Jid, who: Jid): boolean;
  /** Who makes new ones, and owns those where there may be owners of single nodes. */
  mayCreate(service: Jid, who: Jid): boolean;
  /** Whom to ask for approval (§8.6). */
  owners(service: Jid, node: PubsubNode): readonly Jid[];
  relation(service: Jid, who: Jid): Awaitable<Relation>;
  /** undefined: nobody but the subscribers. */
  audience?(service: Jid, node: PubsubNode): Awaitable<Audience>;
}

/** As the engine has it. */
export interface PubsubProfile extends PubsubKind {
  readonly defaults: NodeConfig;
}

/** A node as those may know it who may read it. */
export interface NodeSummary {
  readonly id: string;
  readonly title: string;
}

/** What other modules need of a node. */
export interface StoredNode {
  readonly accessModel: AccessModel;
  last(): Awaitable<Item | undefined>;
  item(id: string): Awaitable<Item | undefined>;
  /** The last ones first. */
  items(limit: number): Awaitable<readonly Item[]>;
}

/** Many services of one kind. */
export interface Pubsub {
  /** The requests of both namespaces, to the address of a service. @throws StanzaError */
  handle(request: IqRequest): Awaitable<Element | "answered" | undefined>;
  /** As `handle`, for what this server does by itself: it counts for no limit of how often. @throws StanzaError */
  perform(request: IqRequest): Awaitable<Element | "answered" | undefined>;
  /** An owner's answer to the question whether somebody may subscribe (§8.6); whether the message was one. */
  handleApproval(service: Jid, message: Stanza): Awaitable<boolean>;
  /** §8.7: the nodes that somebody waits to subscribe to. */
  pending(service: Jid): Awaitable<readonly string[]>;
  /** §8.7.4: asks `owner` about everybody who waits to subscribe to the node. @throws StanzaError */
  remind(service: Jid, node: string, owner: Jid): Awaitable<void>;
  /** §5.2: the nodes that `who` may read. */
  nodes(service: Jid, who: Jid): Awaitable<readonly NodeSummary[]>;
  /** §5.3, §5.4: `<query/>` of disco#info. @throws StanzaError */
  nodeInfo(service: Jid, node: string, who: Jid): Awaitable<Element>;
  /** §5.5: `<query/>` of disco#items. @throws StanzaError */
  nodeItems(service: Jid, node: string, who: Jid): Awaitable<Element>;
  /**
   * The last item of each of these nodes goes to `to`, as far as it may see them and their owners want it; with `only` of
   * those of that access model.
   */
  sendLast(service: Jid, nodes: ReadonlySet<string>, to: Jid, only?: AccessModel): Awaitable<void>;
  /** The owner went offline. */
  ownerGone(service: Jid): Awaitable<void>;
  /** Subscriptions of `contact` that it has no right to any more are cancelled (XEP-0163 §7.1). */
  recheck(service: Jid, contact: Jid): Awaitable<void>;
  /** A node for other modules, whoever may read it. */
  node(service: Jid, id: string): Awaitable<StoredNode | undefined>;
  /** XEP-0227 §4.10: the nodes of one service. */
  exportNodes(event: UserExport): Promise<void>;
  importPiece(event: UserImport): Promise<"handled" | undefined>;
  /** §10: features of disco#info. */
  readonly features: readonly string[];
}

/** Makes services. */
export interface PubsubFactory {
  open(kind: PubsubKind): Pubsub;
}

/** §4.5: the feature that says which access model is the default. */
export function accessFeature(model: AccessModel): string {
  return `access-${model}`;
}

/** An item as the modules beside PEP see it. */
interface Published {
  /** The bare JID of an account. */
  readonly service: Jid;
  readonly node: string;
  readonly id: string;
  /** XML text that means the same anywhere; "" when there is none. */
  readonly payload: string;
}

declare module "../../routing/hooks.ts" {
  interface Hooks {
    /** An item was published to a node of an account, or came with an import; those who are notified have been. */
    "pubsub:published": Published;
    /** Items of an account were taken back by those who may. */
    "pubsub:retracted": { readonly service: Jid; readonly node: string; readonly ids: readonly string[] };
  }
}
