/** XEP-0059: Result Set Management, version 1.0.0, https://xmpp.org/extensions/xep-0059.html */
import { type Element, el } from "../xml/element.ts";
import { StanzaError } from "./errors.ts";
import { ns } from "./ns.ts";

/** Which page of the results somebody wants. Without `after`, `before` and `index`: the first. */
export interface RsmRequest {
  /** How many items at most; 0: none, only their number (§2.7). */
  readonly max?: number | undefined;
  /** The page that follows the item with this id (§2.2). */
  readonly after?: string | undefined;
  /** The page that ends before the item with this id (§2.3); "" the last page (§2.5). */
  readonly before?: string | undefined;
  /** The page that starts with the item at this position, from 0 (§2.6). */
  readonly index?: number | undefined;
}

/** What a page is of its result set. */
export interface RsmPage {
  /** Ids of the first and the last item of the page; absent when it is empty. */
  readonly first?: string | undefined;
  readonly last?: string | undefined;
  /** The position of the first item in the whole set, from 0. */
  readonly index?: number | undefined;
  /** How many items the whole set has. */
  readonly count?: number | undefined;
}

/** The `<set/>` among the children of `parent`; {} without one. @throws StanzaError bad-request */
export function readRsm(parent: Element): RsmRequest {
  const set = parent.getChild("set", ns.RSM);
  if (!set) return {};
  const request = {
    max: readNumber(set, "max"),
    // §2.2: without an id, before the first item.
    after: textOf(set, "after") || undefined,
    before: textOf(set, "before"),
    index: readNumber(set, "index"),
  };
  // §2.6: an index is for those who know no id.
  if (request.index !== undefined && (request.after !== undefined || request.before !== undefined)) {
    throw new StanzaError("bad-request", "a page starts at an index, or is next to an item");
  }
  return request;
}

/**
 * The page of a list that is at hand, and what it is of the list. `idOf` gives each item an id that no other has; a page has
 * `most` items at most, whatever is asked for.
 * @throws StanzaError item-not-found for the id of an item that is not there (§2.4).
 */
export function pageOf<T>(
  items: readonly T[],
  idOf: (item: T) => string,
  request: RsmRequest,
  most: number,
): { readonly items: readonly T[]; readonly page: RsmPage } {
  const place = (id: string) => {
    const found = items.findIndex((item) => idOf(item) === id);
    if (found < 0) throw new StanzaError("item-not-found", "there is no such item");
    return found;
  };
  const { after, before, index = 0 } = request;
  const max = Math.min(request.max ?? most, most);
  const start = after === undefined ? index : place(after) + 1;
  // §2.5: an empty one asks for the last page.
  const end = before ? place(before) : items.length;
  const page =
    before === undefined ? items.slice(start, start + max) : items.slice(Math.max(start, end - max), end);
  const [first, last] = [page[0], page.at(-1)];
  if (first === undefined || last === undefined) return { items: page, page: { count: items.length } };
  const position = before === undefined ? start : Math.max(start, end - max);
  return {
    items: page,
    page: { first: idOf(first), last: idOf(last), index: position, count: items.length },
  };
}

/** The `<set/>` of an answer. */
export function rsmElement({ first, last, index, count }: RsmPage): Element {
  const set = el("set", { xmlns: ns.RSM });
  if (first !== undefined) set.cnode(el("first", { index: index?.toString() }, first));
  if (last !== undefined) set.cnode(el("last", {}, last));
  if (count !== undefined) set.cnode(el("count", {}, String(count)));
  return set;
}

function textOf(set: Element, name: string): string | undefined {
  return set.getChild(name, ns.RSM)?.getText();
}

/** Not negative, however large: §2.1 leaves it to the answer to have fewer items. */
function readNumber(set: Element, name: string): number | undefined {
  const text = textOf(set, name)?.trim();
  if (text === undefined) return undefined;
  if (!/^\+?\d+$/.test(text)) throw new StanzaError("bad-request", `<${name}/> is not a number`);
  return Math.min(Number(text), Number.MAX_SAFE_INTEGER);
}
