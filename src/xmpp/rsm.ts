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
  return {
    max: readNumber(set, "max"),
    // §2.2: without an id, before the first item.
    after: textOf(set, "after") || undefined,
    before: textOf(set, "before"),
    index: readNumber(set, "index"),
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

/** XML Schema's `xs:int`, of which the negative ones make no sense here. */
function readNumber(set: Element, name: string): number | undefined {
  const text = textOf(set, name)?.trim();
  if (text === undefined) return undefined;
  if (!/^\+?\d{1,10}$/.test(text)) throw new StanzaError("bad-request", `<${name}/> is not a number`);
  return Number(text);
}
