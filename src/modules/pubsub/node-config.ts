import { StanzaError } from "../../xmpp/errors.ts";
import { type FieldType, readBoolean } from "../../xmpp/forms.ts";
import { pubsubError, unsupported } from "./pubsub-error.ts";

/** XEP-0060 §4.5: who may subscribe to a node and read it. */
export const ACCESS_MODELS = ["authorize", "open", "presence", "roster", "whitelist"] as const;
export type AccessModel = (typeof ACCESS_MODELS)[number];

export const PUBLISH_MODELS = ["publishers", "subscribers", "open"] as const;
export type PublishModel = (typeof PUBLISH_MODELS)[number];

const SEND_LAST = ["never", "on_sub", "on_sub_and_presence"] as const;
const NODE_FULL = ["retract-oldest", "discard-oldest", "reject"] as const;
const ITEM_REPLY = ["none", "publisher"] as const;
const NOTIFICATION_TYPES = ["normal", "headline"] as const;

/** What its owner decided about a node (XEP-0060 §16.4.4). */
export interface NodeConfig {
  readonly accessModel: AccessModel;
  readonly publishModel: PublishModel;
  /** For the access model "roster". */
  readonly rosterGroups: readonly string[];
  readonly persistItems: boolean;
  /** "max": as many as the service allows. */
  readonly maxItems: number | "max";
  /** In bytes; 0: as much as the service allows. */
  readonly maxPayloadSize: number;
  /** What happens to the oldest item when there are too many (§7.1.2.4). */
  readonly nodeFull: (typeof NODE_FULL)[number];
  readonly sendLast: (typeof SEND_LAST)[number];
  readonly deliverNotifications: boolean;
  readonly deliverPayloads: boolean;
  readonly notifyConfig: boolean;
  readonly notifyDelete: boolean;
  readonly notifyRetract: boolean;
  readonly notificationType: (typeof NOTIFICATION_TYPES)[number];
  /** Whether events say who published an item (§12.15). */
  readonly itemReply: (typeof ITEM_REPLY)[number];
  /** Whether the items go when their owner goes offline. */
  readonly purgeOffline: boolean;
  /** Whether one may subscribe. */
  readonly subscribe: boolean;
  readonly title: string;
  readonly description: string;
  /** What the payloads mean: for information, since it need not be their namespace (XEP-0472 §4.1). */
  readonly type: string;
}

/** What nodes of one kind of service are unless their owners say otherwise, and others are not. */
export type NodeDefaults = Pick<NodeConfig, "accessModel" | "maxItems" | "sendLast">;

/** … with what all nodes are. */
export function configOf(defaults: NodeDefaults): NodeConfig {
  return {
    publishModel: "publishers",
    rosterGroups: [],
    persistItems: true,
    maxPayloadSize: 0,
    nodeFull: "retract-oldest",
    deliverNotifications: true,
    deliverPayloads: true,
    notifyConfig: false,
    notifyDelete: true,
    notifyRetract: true,
    notificationType: "headline",
    itemReply: "none",
    purgeOffline: false,
    subscribe: true,
    title: "",
    description: "",
    type: "",
    ...defaults,
  };
}

/** What a service allows its owners to choose. */
export interface ConfigLimits {
  readonly accessModels: readonly AccessModel[];
  readonly publishModels: readonly PublishModel[];
  /** The highest `maxItems`. */
  readonly itemsPerNode: number;
}

/** One field of the configuration form. */
export interface ConfigField {
  /** Without its prefix "pubsub#". */
  readonly name: string;
  readonly type: FieldType;
  readonly label: string;
  readonly options?: readonly string[] | undefined;
  /** The configuration with these values in the field. @throws StanzaError when it cannot be so. */
  set(config: NodeConfig, values: readonly string[], limits: ConfigLimits): NodeConfig;
  show(config: NodeConfig): string | boolean | readonly string[];
}

type KeyOf<T> = { [K in keyof NodeConfig]: NodeConfig[K] extends T ? K : never }[keyof NodeConfig];

/** Characters of a title, a description, a type. */
const MAX_TEXT_LENGTH = 1024;
/** Roster groups that one node may name, and characters of a name. */
const MAX_GROUPS = 100;

export const CONFIG_FIELDS: readonly ConfigField[] = [
  text("title", "title", "A name for the node"),
  text("description", "description", "A description of the node"),
  text("type", "type", "What its payloads mean, usually their namespace"),
  {
    ...choice("access_model", "accessModel", "Who may subscribe and retrieve items", ACCESS_MODELS),
    set(config, [model], { accessModels }) {
      const accessModel = accessModels.find((known) => known === model);
      // §8.1.2
      if (!accessModel) throw pubsubError("not-acceptable", "unsupported-access-model");
      return { ...config, accessModel };
    },
  },
  {
    name: "roster_groups_allowed",
    type: "text-multi",
    label: "Roster groups that may subscribe and retrieve items",
    set(config, groups) {
      const isTooMuch = groups.length > MAX_GROUPS || groups.some(({ length }) => length > MAX_TEXT_LENGTH);
      if (isTooMuch) throw unacceptable("roster_groups_allowed");
      return { ...config, rosterGroups: [...new Set(groups)].sort() };
    },
    show: (config) => config.rosterGroups,
  },
  {
    ...choice("publish_model", "publishModel", "Who may publish", PUBLISH_MODELS),
    set(config, [model], { publishModels }) {
      const publishModel = publishModels.find((known) => known === model);
      if (!publishModel) throw unacceptable("publish_model");
      return { ...config, publishModel };
    },
  },
  flag("persist_items", "persistItems", "Whether to keep items"),
  {
    name: "max_items",
    type: "text-single",
    label: "How many items to keep; max: as many as the service allows",
    set(config, [value], { itemsPerNode }) {
      const maxItems = value === "max" ? value : readNumber(value, "max_items");
      if (maxItems !== "max" && (maxItems < 1 || maxItems > itemsPerNode)) throw unacceptable("max_items");
      return { ...config, maxItems };
    },
    show: (config) => String(config.maxItems),
  },
  {
    name: "max_payload_size",
    type: "text-single",
    label: "The largest payload in bytes; 0: as much as the service allows",
    set: (config, [value]) => ({ ...config, maxPayloadSize: readNumber(value, "max_payload_size") }),
    show: (config) => String(config.maxPayloadSize),
  },
  choice("publish_node_full", "nodeFull", "What to do with the oldest item of a full node", NODE_FULL),
  choice("send_last_published_item", "sendLast", "When to send the last published item", SEND_LAST),
  flag("deliver_notifications", "deliverNotifications", "Whether to notify of events"),
  flag("deliver_payloads", "deliverPayloads", "Whether notifications have the payload"),
  flag("notify_config", "notifyConfig", "Whether to notify when the configuration changes"),
  flag("notify_delete", "notifyDelete", "Whether to notify when the node is deleted"),
  flag("notify_retract", "notifyRetract", "Whether to notify when items are removed"),
  choice("notification_type", "notificationType", "The type of notifications", NOTIFICATION_TYPES),
  choice("itemreply", "itemReply", "Whether items say who published them", ITEM_REPLY),
  flag("purge_offline", "purgeOffline", "Whether items go when their publisher goes offline"),
  flag("subscribe", "subscribe", "Whether one may subscribe"),
  {
    name: "node_type",
    type: "list-single",
    label: "The kind of node",
    options: ["leaf"],
    set(config, [value]) {
      // XEP-0248
      if (value !== "leaf") throw unsupported("collections");
      return config;
    },
    show: () => "leaf",
  },
];

function flag(name: string, key: KeyOf<boolean>, label: string): ConfigField {
  return {
    name,
    type: "boolean",
    label,
    set: (config, [value = ""]) => ({ ...config, [key]: readBoolean(value) }),
    show: (config) => config[key],
  };
}

function choice(name: string, key: KeyOf<string>, label: string, options: readonly string[]): ConfigField {
  return {
    name,
    type: "list-single",
    label,
    options,
    set(config, [value]) {
      if (value === undefined || !options.includes(value)) throw unacceptable(name);
      return { ...config, [key]: value };
    },
    show: (config) => config[key],
  };
}

function text(name: string, key: "title" | "description" | "type", label: string): ConfigField {
  return {
    name,
    type: "text-single",
    label,
    set(config, [value = ""]) {
      if (value.length > MAX_TEXT_LENGTH) throw unacceptable(name);
      return { ...config, [key]: value };
    },
    show: (config) => config[key],
  };
}

function readNumber(value: string | undefined, name: string): number {
  if (value === undefined || !/^\d{1,10}$/.test(value)) throw unacceptable(name);
  return Number(value);
}

/** §8.2.5.2 */
function unacceptable(name: string): StanzaError {
  return new StanzaError("not-acceptable", `pubsub#${name} cannot be so`);
}
