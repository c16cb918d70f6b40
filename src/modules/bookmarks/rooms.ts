import { childElements, clone, type Element, el, serialize } from "../../xml/element.ts";
import { readFragment } from "../../xml/fragment.ts";
import { Jid, JidError } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import type { Pep } from "../pep/pep-service.ts";

/** XEP-0402 §4.3: nobody else sees them. */
const OPTIONS = {
  persist_items: "true",
  max_items: "max",
  send_last_published_item: "never",
  access_model: "whitelist",
};

/** Rooms that are read for one list. */
const MAX_ROOMS = 10_000;

/** The bookmarks of users in PEP. */
export class Rooms {
  readonly #pep: Pep;

  constructor(nodes: Pep) {
    this.#pep = nodes;
  }

  /** By the address of the room; undefined where they are not kept for their owner alone. */
  async list(user: Jid): Promise<ReadonlyMap<string, Element> | undefined> {
    const node = await this.#pep.node(user, ns.BOOKMARKS);
    if (!node) return new Map();
    if (node.accessModel !== "whitelist") return undefined;
    const items = [...(await node.items(MAX_ROOMS))].reverse();
    return new Map(
      items.flatMap(({ id, payload }) => {
        const [conference] = payload === "" ? [] : readFragment(`<x>${payload}</x>`).children;
        return conference?.is("conference", ns.BOOKMARKS) ? [[id, conference] as const] : [];
      }),
    );
  }

  /** Whether there are any, or were. */
  async exist(user: Jid): Promise<boolean> {
    return (await this.#pep.node(user, ns.BOOKMARKS)) !== undefined;
  }

  /**
   * §6.1.2: publishes the rooms of an old list that are new or changed, and retracts those that it lacks if it is
   * complete. Returns what is no room. @throws StanzaError
   */
  async take(user: Jid, old: Element, { isComplete } = { isComplete: true }): Promise<Element> {
    const known = await this.list(user);
    if (!known) return old;
    const wanted = roomsIn(old);
    const isNew = !(await this.exist(user));
    for (const [jid, conference] of wanted) {
      const before = known.get(jid);
      if (before && !isComplete) continue;
      const after = nativeOf(conference, before);
      if (before && serialize(nativeOf(oldOf(jid, before), before)) === serialize(after)) continue;
      await this.#pep.publish(user, ns.BOOKMARKS, jid, after, isNew ? OPTIONS : undefined);
    }
    for (const jid of known.keys()) {
      if (isComplete && !wanted.has(jid)) await this.#pep.retract(user, ns.BOOKMARKS, jid);
    }
    return el("storage", { xmlns: ns.OLD_BOOKMARKS }, ...othersIn(old).map((child) => clone(child)));
  }
}

export function isOldList(piece: Element): boolean {
  return piece.is("storage", ns.OLD_BOOKMARKS);
}

/** The conferences of an old list by their addresses; of several with the same one the last. */
export function roomsIn(old: Element): ReadonlyMap<string, Element> {
  return new Map(
    childElements(old).flatMap((child) => {
      const address = addressOf(child);
      return address === undefined ? [] : [[address, child] as const];
    }),
  );
}

/** What is no room, such as URLs. */
export function othersIn(old: Element): readonly Element[] {
  return childElements(old).filter((child) => addressOf(child) === undefined);
}

/** Of an element that is a room. */
function addressOf(element: Element): string | undefined {
  if (element.getName() !== "conference" || typeof element.attrs.jid !== "string") return undefined;
  try {
    return Jid.parse(element.attrs.jid).bare.toString();
  } catch (error) {
    if (error instanceof JidError) return undefined;
    throw error;
  }
}

export function withRooms(old: Element, list: ReadonlyMap<string, Element>): Element {
  // Rooms that could not get into PEP are here still.
  const rest = childElements(old).filter((child) => !list.has(addressOf(child) ?? ""));
  const conferences = [...list].map(([jid, conference]) => oldOf(jid, conference));
  return el("storage", { xmlns: ns.OLD_BOOKMARKS }, ...conferences, ...rest.map((child) => clone(child)));
}

/** §6.1.1. What is in `<extensions/>` was beside the nickname before. */
function oldOf(jid: string, native: Element): Element {
  const { name, autojoin } = native.attrs as Record<string, string | undefined>;
  const extensions = native.getChild("extensions", ns.BOOKMARKS);
  return el(
    "conference",
    { jid, name, autojoin: isTrue(autojoin) ? "true" : undefined },
    ...texts(native, ns.BOOKMARKS),
    ...(extensions ? childElements(extensions).map((child) => clone(child)) : []),
  );
}

/** §2. Extensions that an old client does not know of, and so leaves out, stay (§2: they are to be preserved). */
function nativeOf(old: Element, before: Element | undefined): Element {
  const { name, autojoin } = old.attrs as Record<string, string | undefined>;
  const foreign = childElements(old).filter(
    (child) => child.getNS() !== ns.OLD_BOOKMARKS && child.attrs.xmlns,
  );
  const kept = before?.getChild("extensions", ns.BOOKMARKS);
  const extensions = foreign.length > 0 ? foreign : kept ? childElements(kept) : [];
  return el(
    "conference",
    { xmlns: ns.BOOKMARKS, name, autojoin: isTrue(autojoin) ? "true" : undefined },
    ...texts(old, undefined),
    ...(extensions.length > 0 ? [el("extensions", {}, ...extensions.map((child) => clone(child)))] : []),
  );
}

function texts(conference: Element, namespace: string | undefined): Element[] {
  return (["nick", "password"] as const).flatMap((name) => {
    const text = conference.getChild(name, namespace)?.getText();
    return text ? [el(name, {}, text)] : [];
  });
}

function isTrue(value: string | undefined): boolean {
  return value === "true" || value === "1";
}
