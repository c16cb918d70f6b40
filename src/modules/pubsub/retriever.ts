import { type Awaitable, after } from "../../util/awaitable.ts";
import { escapeAttribute, serialize } from "../../xml/element.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import { type RsmPage, type RsmRequest, readRsm, rsmElement } from "../../xmpp/rsm.ts";
import type { Context } from "./context.ts";
import { itemText } from "./events.ts";
import type { Item, PubsubNode } from "./node.ts";
import type { NodeSet, Slice } from "./node-set.ts";
import { unsupported } from "./pubsub-error.ts";
import { type Answer, answer, attribute, type Command, itemElements, nodeOf } from "./requests.ts";

/** Items in one answer, and what their payloads may take, about, in UTF-16 units; one item is always given. */
const PAGE_ITEMS = 1000;
const PAGE_LENGTH = 1_000_000;
/** Items that one request may name. */
const MAX_NAMED = 500;

/** What is answered: items in the order of publication, and which part of all they are when that needs to be said. */
interface Found {
  readonly items: readonly Item[];
  readonly page?: RsmPage | undefined;
}

/** XEP-0060 §6.5: reading the items of a node. */
export class Retriever {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  items(command: Command): Answer {
    const { service, from, element, request } = command;
    const { store, access, host } = this.#context;
    const id = nodeOf(element);
    const rsm = readRsm(request.payload);
    return after(store.of(service), (set) =>
      after(access.readable(set, id, from), (node) =>
        after(this.#find(set, node, command, rsm), ({ items, page }) => {
          const content = items.map((item) => itemText(node, item)).join("");
          const tag = `<items node="${escapeAttribute(node.id)}"`;
          const found = content === "" ? `${tag}/>` : `${tag}>${content}</items>`;
          return answer(host, command, page ? found + serialize(rsmElement(page)) : found);
        }),
      ),
    );
  }

  #find(set: NodeSet, node: PubsubNode, { element }: Command, rsm: RsmRequest): Awaitable<Found> {
    if (!node.config.persistItems) {
      // §6.5.5: the last one, as long as it is known.
      if (!node.last) throw unsupported("persistent-items");
      return { items: [node.last] };
    }
    const named = itemElements(element);
    if (named.length > 0)
      return this.#named(
        set,
        node,
        named.map((item) => attribute(item, "id") ?? ""),
      );
    const max = attribute(element, "max_items");
    if (max !== undefined) return this.#recent(set, node, max);
    return this.#page(set, node, rsm);
  }

  /** §6.5.6, §6.5.8; those that are not there are left out (§6.5.9.12). */
  #named(set: NodeSet, node: PubsubNode, ids: readonly string[]): Awaitable<Found> {
    if (ids.length > MAX_NAMED) throw new StanzaError("policy-violation", "too many items at once");
    const items: Item[] = [];
    const add = (index: number): Awaitable<Found> => {
      if (index >= ids.length) return { items };
      return after(set.item(node, ids[index] as string), (item) => {
        if (item) items.push(item);
        return add(index + 1);
      });
    };
    return add(0);
  }

  /** §6.5.7: the last ones. */
  #recent(set: NodeSet, node: PubsubNode, max: string): Awaitable<Found> {
    if (!/^[1-9]\d{0,9}$/.test(max)) throw new StanzaError("bad-request", "max_items is not a number");
    const limit = Math.min(Number(max), PAGE_ITEMS);
    return after(set.list(node, { backwards: true, limit }), (items) => {
      const page = fitting(items).toReversed();
      const isAll = page.length === items.length && items.length === Math.min(Number(max), node.items);
      return isAll ? { items: page } : { items: page, page: bounds(page, node) };
    });
  }

  /** §6.5.3, §6.5.4 with XEP-0059. */
  #page(set: NodeSet, node: PubsubNode, rsm: RsmRequest): Awaitable<Found> {
    // XEP-0059 §2.7
    if (rsm.max === 0) return { items: [], page: { count: node.items } };
    const isPaged = Object.values(rsm).some((part) => part !== undefined);
    return after(this.#slice(set, node, rsm), (slice) =>
      after(set.list(node, slice), (items) => {
        const fits = fitting(items);
        const page = slice.backwards ? fits.toReversed() : fits;
        if (!isPaged && page.length === node.items) return { items: page };
        const [first] = page;
        if (!first) return { items: page, page: bounds(page, node) };
        return after(set.position(node, first), (index) => ({
          items: page,
          page: { ...bounds(page, node), index },
        }));
      }),
    );
  }

  #slice(set: NodeSet, node: PubsubNode, { max, after: start, before, index }: RsmRequest): Awaitable<Slice> {
    const limit = Math.min(max ?? PAGE_ITEMS, PAGE_ITEMS);
    const backwards = before !== undefined;
    const id = start ?? before;
    if (!id) return { backwards, limit, offset: index };
    return after(set.item(node, id), (item) => {
      // XEP-0059 §2.2
      if (!item) throw new StanzaError("item-not-found");
      return { backwards, limit, [backwards ? "before" : "after"]: item.seq };
    });
  }
}

/** As many as one answer may have. */
function fitting(items: readonly Item[]): readonly Item[] {
  let length = 0;
  const end = items.findIndex((item, index) => {
    length += item.payload.length;
    return index > 0 && length > PAGE_LENGTH;
  });
  return end < 0 ? items : items.slice(0, end);
}

function bounds(page: readonly Item[], { items }: PubsubNode): RsmPage {
  return { first: page[0]?.id, last: page.at(-1)?.id, count: items };
}
