import { isPiece, type UserExport, type UserImport } from "../../core/user-data.ts";
import { type Element, el, escapeAttribute, serialize } from "../../xml/element.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import { readForm } from "../../xmpp/forms.ts";
import { Jid, JidError } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { applied, configForm } from "./config-form.ts";
import type { Context } from "./context.ts";
import { highestItems, newNode } from "./new-node.ts";
import type { PubsubNode } from "./node.ts";
import type { NodeConfig } from "./node-config.ts";
import { type NodeSet, sizeOf } from "./node-set.ts";
import { attribute } from "./requests.ts";

/** Items read at a time. */
const PAGE = 50;
/** Characters of the name of a node or an item. */
const MAX_NAME = 1024;

const ITEM_PLACE = [
  { name: "pubsub", ns: ns.PUBSUB },
  { name: "items", ns: ns.PUBSUB },
] as const;

/** XEP-0227 §4.10: the configurations of all nodes, then their items, the oldest first. */
export async function exportNodes({ store, profile }: Context, { user, write }: UserExport): Promise<void> {
  const set = await store.of(user);
  if (set.nodes.size === 0) return;
  await write(`<pubsub xmlns="${ns.PUBSUB_OWNER}">`);
  for (const node of set.nodes.values()) {
    const configure = el("configure", { node: node.id }, configForm("submit", node.config, profile.limits));
    await write(serialize(configure) + affiliationsOf(node) + subscriptionsOf(node));
  }
  await write(`</pubsub><pubsub xmlns="${ns.PUBSUB}">`);
  for (const node of set.nodes.values()) {
    await write(`<items node="${escapeAttribute(node.id)}">`);
    for (let after: number | undefined; ; ) {
      const items = await set.list(node, { after, backwards: false, limit: PAGE });
      for (const { id, payload } of items) await write(`<item id="${escapeAttribute(id)}">${payload}</item>`);
      if (items.length < PAGE) break;
      after = items.at(-1)?.seq;
    }
    await write("</items>");
  }
  await write("</pubsub>");
}

function affiliationsOf({ id, affiliations }: PubsubNode): string {
  if (affiliations.size === 0) return "";
  const list = [...affiliations].map(([jid, affiliation]) => el("affiliation", { jid, affiliation }));
  return serialize(el("affiliations", { node: id }, ...list));
}

function subscriptionsOf({ id, subscriptions }: PubsubNode): string {
  if (subscriptions.size === 0) return "";
  const list = [...subscriptions].map(([jid, { state }]) => el("subscription", { jid, subscription: state }));
  return serialize(el("subscriptions", { node: id }, ...list));
}

/** Takes the nodes of one user after another. Nodes that were here before keep their configuration and their items. */
export class NodeImport {
  readonly #context: Context;
  /** The user who is being imported, and the nodes that came into being with that. */
  #current: { readonly user: string; readonly made: Set<string> } = { user: "", made: new Set() };

  constructor(context: Context) {
    this.#context = context;
  }

  /** @throws StanzaError, JidError */
  async take(event: UserImport): Promise<"handled" | undefined> {
    const isOwners = isPiece(event, "pubsub", ns.PUBSUB_OWNER);
    if (!isOwners && !isPiece(event, "item", ns.PUBSUB, ...ITEM_PLACE)) return undefined;
    const user = event.user.toString();
    if (this.#current.user !== user) this.#current = { user, made: new Set() };
    const set = await this.#context.store.of(event.user);
    if (!isOwners) await this.#item(set, event);
    else for (const part of event.element.getChildElements()) await this.#part(set, event, part);
    return "handled";
  }

  async #part(set: NodeSet, event: UserImport, part: Element): Promise<void> {
    const id = nameIn(part, "node");
    const kind = part.getName();
    if (kind === "configure") return this.#configure(set, event, part, id);
    const node = set.nodes.get(id);
    if (!node || !this.#current.made.has(id)) return;
    for (const each of part.getChildElements()) {
      try {
        await this.#member(set, node, event, kind, each);
      } catch (error) {
        if (!(error instanceof JidError)) throw error;
        event.skipped(`PEP ${kind}`, "not an address");
      }
    }
  }

  async #configure(set: NodeSet, event: UserImport, part: Element, id: string): Promise<void> {
    const isMade = this.#current.made.has(id);
    if (set.nodes.has(id) && !isMade) return event.present("PEP nodes");
    const config = this.#configIn(part.getChild("x", ns.DATA_FORMS), event);
    const node = set.nodes.get(id) ?? (await this.#make(set, event, id, config));
    // COMPAT(Prosody, 2023): the items come first, and are not to be lost for want of room.
    const isTooSmall = highestItems(config, this.#context.profile.limits) < node.items;
    await set.configure(node, isTooSmall ? { ...config, maxItems: node.items } : config);
    const last = node.items > 0 ? await set.last(node) : undefined;
    if (last) await this.#tell(event.user, id, last);
  }

  /** §4.10.1: options that are unknown here are ignored, but nobody gets in because of it. */
  #configIn(x: Element | undefined, event: UserImport): NodeConfig {
    const { defaults, limits } = this.#context.profile;
    if (!x) return defaults;
    let config = defaults;
    for (const [name, values] of readForm(x).values) {
      if (values.length === 0) continue;
      try {
        config = applied(new Map([[name, values]]), config, limits);
      } catch (error) {
        if (!(error instanceof StanzaError)) throw error;
        event.skipped(`PEP option ${name}`, `"${values.join()}" is not possible here`);
        if (name === "pubsub#access_model") config = { ...config, accessModel: "whitelist" };
      }
    }
    return config;
  }

  async #make(set: NodeSet, event: UserImport, id: string, config: NodeConfig): Promise<PubsubNode> {
    const { profile, host } = this.#context;
    const node = newNode(set, profile.limits, id, event.user, host.clock.now(), config);
    await set.create(node);
    this.#current.made.add(id);
    event.added("PEP nodes");
    return node;
  }

  async #member(
    set: NodeSet,
    node: PubsubNode,
    event: UserImport,
    kind: string,
    { attrs }: Element,
  ): Promise<void> {
    const { affiliations, limits } = this.#context.profile;
    const jid = Jid.parse(String(attrs.jid));
    if (kind === "affiliations") {
      const affiliation = affiliations.find((known) => known === attrs.affiliation);
      if (!affiliation) return;
      if (node.affiliations.size >= limits.affiliationsPerNode) event.skipped("PEP affiliations", "too many");
      else await set.affiliate(node, jid.bare, affiliation);
    } else if (kind === "subscriptions") {
      // COMPAT(Prosody, 2023): the attribute has the name of its value.
      const state: unknown = attrs.subscription ?? attrs.subscribed;
      if (state !== "subscribed" && state !== "pending") return;
      if (node.subscriptions.size >= limits.subscriptionsPerNode)
        event.skipped("PEP subscriptions", "too many");
      else await set.subscribe(node, jid, state);
    }
  }

  async #item(set: NodeSet, event: UserImport): Promise<void> {
    const { host, profile } = this.#context;
    const { limits } = profile;
    const nodeId = event.within[1]?.attributes["node"] ?? "";
    if (nodeId === "" || nodeId.length > MAX_NAME)
      throw new StanzaError("bad-request", "a node without a name");
    const id = nameIn(event.element, "id");
    const [payload] = event.element.getChildElements();
    const item = {
      id,
      at: host.clock.now(),
      publisher: event.user.toString(),
      payload: payload ? serialize(payload) : "",
    };
    // Until its configuration comes, nobody but its owner sees the node.
    const closed: NodeConfig = { ...profile.defaults, accessModel: "whitelist", maxItems: "max" };
    const node = set.nodes.get(nodeId) ?? (await this.#make(set, event, nodeId, closed));
    if (await set.item(node, id)) return event.present("PEP items");
    if (Buffer.byteLength(item.payload) > limits.itemSize) return event.skipped("PEP items", "too large");
    const isFull = set.items >= limits.items || set.bytes + sizeOf(item) > limits.size;
    if (isFull) return event.skipped("PEP items", "there is no room for more");
    if (node.items >= highestItems(node.config, limits)) {
      return event.skipped("PEP items", "the node has as many as it may have");
    }
    await set.put(node, item, undefined);
    event.added("PEP items");
    await this.#tell(event.user, nodeId, item);
  }

  async #tell(service: Jid, node: string, { id, payload }: { id: string; payload: string }): Promise<void> {
    await this.#context.host.emit("pubsub:published", { service, node, id, payload });
  }
}

function nameIn(element: Element, name: string): string {
  const value = attribute(element, name) ?? "";
  if (value === "" || value.length > MAX_NAME) throw new StanzaError("bad-request", `no usable ${name}`);
  return value;
}
