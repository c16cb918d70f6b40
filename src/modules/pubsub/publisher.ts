import type { Hooks } from "../../routing/hooks.ts";
import { type Awaitable, after, together } from "../../util/awaitable.ts";
import type { Counter } from "../../util/metrics.ts";
import { childElements, type Element, escapeAttribute, serialize } from "../../xml/element.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import { readBoolean } from "../../xmpp/forms.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { applied, type Preconditions, readPreconditions, requireMet } from "./config-form.ts";
import type { Context } from "./context.ts";
import { itemEvent, retractEvent } from "./events.ts";
import { create, highestItems, newNode } from "./new-node.ts";
import type { Item, PubsubNode } from "./node.ts";
import { type NodeSet, sizeOf } from "./node-set.ts";
import { pubsubError, unsupported } from "./pubsub-error.ts";
import {
  type Answer,
  answer,
  attribute,
  type Command,
  checkedName,
  formIn,
  itemElements,
  nodeOf,
} from "./requests.ts";

const NO_PRECONDITIONS: Preconditions = new Map();

/** What is to be published; without `item` an event about nothing (§4.3). */
interface Publication {
  readonly id: string | undefined;
  readonly payload: string;
}

/** XEP-0060 §7: publishing items and taking them back. */
export class Publisher {
  readonly #context: Context;
  readonly #published: Counter;

  constructor(context: Context) {
    this.#context = context;
    this.#published = context.host.metrics.counter("jackdaw_pubsub_published", "items published");
  }

  /** §7.1 */
  publish(command: Command): Answer {
    const { service, element, request } = command;
    const id = nodeOf(element);
    const options = request.payload.getChild("publish-options", ns.PUBSUB);
    const conditions = options ? readPreconditions(formIn(options)) : NO_PRECONDITIONS;
    return after(this.#context.store.of(service), (set) => {
      const node = set.nodes.get(id);
      const target = node
        ? this.#checked(set, node, command, conditions)
        : this.#made(set, id, command, conditions);
      const publication = this.#read(target, itemElements(element));
      return this.#publish(set, target, publication, command);
    });
  }

  /** §7.1.3.1, §7.1.5: the node if this may be published to it. @throws StanzaError */
  #checked(set: NodeSet, node: PubsubNode, { from }: Command, conditions: Preconditions): PubsubNode {
    const { access, profile } = this.#context;
    if (!access.mayPublish(set, node, from)) throw new StanzaError("forbidden");
    requireMet(conditions, node.config, profile.limits);
    return node;
  }

  /** §7.1.4, §7.1.5: a node for the publication, which is not there before the publication is. @throws StanzaError */
  #made(set: NodeSet, id: string, { from, request }: Command, conditions: Preconditions): PubsubNode {
    const { profile, host } = this.#context;
    if (!profile.mayCreate(set.service, from) || request.session?.anonymous) {
      // Whether the node is there is not for everybody to know.
      throw new StanzaError(profile.isPrivate ? "forbidden" : "item-not-found");
    }
    if (!profile.autoCreate) throw new StanzaError("item-not-found");
    const config = applied(conditions, profile.defaults, profile.limits);
    return newNode(set, profile.limits, id, from, host.clock.now(), config);
  }

  /** §7.1.3.5 to §7.1.3.7. @throws StanzaError */
  #read({ config }: PubsubNode, items: readonly Element[]): Publication | undefined {
    const { persistItems, deliverPayloads, maxPayloadSize } = config;
    const [item, ...others] = items;
    if (others.length > 0) throw new StanzaError("bad-request", "one item at a time");
    if (!item) {
      if (persistItems || deliverPayloads) throw pubsubError("bad-request", "item-required");
      return undefined;
    }
    if (!persistItems && !deliverPayloads) throw pubsubError("bad-request", "item-forbidden");
    const id = checkedName(attribute(item, "id") || undefined);
    const [payload, ...more] = childElements(item);
    if (!payload) {
      if (deliverPayloads) throw pubsubError("bad-request", "payload-required");
      return { id, payload: "" };
    }
    // §16.7.1: a payload is of another namespace.
    if (more.length > 0 || payload.getNS() === ns.PUBSUB) throw pubsubError("bad-request", "invalid-payload");
    const text = serialize(payload);
    const limit = Math.min(this.#context.profile.limits.itemSize, maxPayloadSize || Number.POSITIVE_INFINITY);
    if (Buffer.byteLength(text) > limit) throw pubsubError("not-acceptable", "payload-too-big");
    return { id, payload: text };
  }

  #publish(set: NodeSet, node: PubsubNode, publication: Publication | undefined, command: Command): Answer {
    const { host, notifier } = this.#context;
    if (!publication) {
      const created = this.#create(set, node, command.from);
      const told = notifier.tell(set, node, itemEvent(node, undefined), command.from.toString());
      return after(together(created, told), () => undefined);
    }
    const item = {
      id: publication.id ?? host.random.id(),
      at: host.clock.now(),
      publisher: command.from.toString(),
      payload: publication.payload,
    };
    const made = () => this.#create(set, node, command.from);
    const kept = node.config.persistItems
      ? this.#keep(set, node, item, made)
      : this.#show(set, node, item, made);
    return after(kept, (removed) => {
      this.#published.inc();
      const text = `<publish node="${escapeAttribute(node.id)}"><item id="${escapeAttribute(item.id)}"/></publish>`;
      return after(answer(host, command, text), (answered) => {
        const told = notifier.tell(set, node, itemEvent(node, { ...item, seq: node.seq }), item.publisher);
        const retracted = removed.length > 0 ? this.#tellRemoved(set, node, removed) : undefined;
        const published = { service: set.service, node: node.id, id: item.id, payload: item.payload };
        return after(together(told, retracted), () =>
          after(this.#emit("pubsub:published", published), () => answered),
        );
      });
    });
  }

  /** §7.1.2.4, §7.1.3.4: which items had to go. @throws StanzaError when the item does not fit. */
  #keep(
    set: NodeSet,
    node: PubsubNode,
    item: Omit<Item, "seq">,
    create: () => Awaitable<void>,
  ): Awaitable<readonly Item[]> {
    return after(set.item(node, item.id), (old) => {
      const excess = old ? 0 : node.items + 1 - highestItems(node.config, this.#context.profile.limits);
      if (excess > 0 && node.config.nodeFull === "reject") throw pubsubError("conflict", "node-full");
      const oldest = excess > 0 ? set.list(node, { backwards: false, limit: excess }) : [];
      return after(oldest, (removed) => {
        this.#requireRoom(set, item, old ? [old] : removed);
        const created = create();
        const made = removed.length > 0 ? set.remove(node, removed) : undefined;
        return after(together(created, made, set.put(node, item, old)), () => removed);
      });
    });
  }

  #requireRoom(set: NodeSet, item: Omit<Item, "seq">, replaced: readonly Item[]): void {
    const { limits } = this.#context.profile;
    const freed = replaced.reduce((sum, each) => sum + sizeOf(each), 0);
    const isTooMuch = set.bytes - freed + sizeOf(item) > limits.size;
    if (isTooMuch || set.items - replaced.length + 1 > limits.items) {
      throw new StanzaError("resource-constraint", "there is no room for more items");
    }
  }

  /** A transient item: nothing of it is stored, but the last one is known as long as the node is in memory (§12.7). */
  #show(
    set: NodeSet,
    node: PubsubNode,
    item: Omit<Item, "seq">,
    create: () => Awaitable<void>,
  ): Awaitable<readonly Item[]> {
    return after(create(), () => {
      set.show(node, { ...item, seq: node.seq });
      return [];
    });
  }

  #create(set: NodeSet, node: PubsubNode, creator: Jid): Awaitable<void> {
    return set.nodes.has(node.id) ? undefined : create(set, this.#context.profile, node, creator);
  }

  /** For the modules that have to do with accounts. */
  #emit<K extends "pubsub:published" | "pubsub:retracted">(name: K, event: Hooks[K]): Awaitable<unknown> {
    return event.service.local === "" ? undefined : this.#context.host.emit(name, event);
  }

  /** A node for one item is understood to show the last one: nobody need be told that the one before went. */
  #tellRemoved(set: NodeSet, node: PubsubNode, removed: readonly Item[]): Awaitable<void> {
    const { nodeFull, notifyRetract, maxItems } = node.config;
    if (nodeFull !== "retract-oldest" || !notifyRetract || maxItems === 1) return;
    const ids = removed.map(({ id }) => id);
    return this.#context.notifier.tell(set, node, retractEvent(node, ids));
  }

  /** §7.2 */
  retract(command: Command): Answer {
    const { service, from, element } = command;
    const { store, access, notifier, profile } = this.#context;
    const id = nodeOf(element);
    const [item, ...others] = itemElements(element);
    if (others.length > 0) throw new StanzaError("bad-request", "one item at a time");
    const itemId = item && attribute(item, "id");
    if (!itemId) throw pubsubError("bad-request", "item-required");
    const wantsNotice = readBoolean(attribute(element, "notify") ?? "0");
    return after(store.of(service), (set) => {
      const node = set.nodes.get(id);
      if (!node || !access.mayPublish(set, node, from))
        throw notForYou(node, profile.isPrivate && !profile.isOwner(service, from));
      if (!node.config.persistItems) throw unsupported("persistent-items");
      return after(set.item(node, itemId), (old) => {
        // §4.1: publishers delete what they published.
        const isOwner = access.affiliation(set, node, from) === "owner";
        if (old && !isOwner && !old.publisher.startsWith(`${from.bare.toString()}/`))
          throw new StanzaError("forbidden");
        if (!old) throw new StanzaError("item-not-found");
        const removed = set.remove(node, [old]);
        const isTold = wantsNotice || node.config.notifyRetract;
        const told = isTold ? notifier.tell(set, node, retractEvent(node, [old.id])) : undefined;
        const retracted = { service, node: node.id, ids: [old.id] };
        return after(together(removed, told), () =>
          after(this.#emit("pubsub:retracted", retracted), () => undefined),
        );
      });
    });
  }
}

function notForYou(node: PubsubNode | undefined, isSecret: boolean): StanzaError {
  return new StanzaError(node || isSecret ? "forbidden" : "item-not-found");
}
