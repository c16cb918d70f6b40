import type { Host } from "../../core/host.ts";
import { clone, type Element, el, serialize } from "../../xml/element.ts";
import { readFragment } from "../../xml/fragment.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import type { Pep } from "../pep/pep-service.ts";
import { isOldList, othersIn, type Rooms, withRooms } from "./rooms.ts";

/** XEP-0048 §3, XEP-0223 §3: one item that its owner alone sees. */
const OPTIONS = {
  persist_items: "true",
  max_items: "1",
  send_last_published_item: "never",
  access_model: "whitelist",
};
const ITEM = "current";

/**
 * XEP-0402 §6.2: clients between the old and the new keep all bookmarks in one item in PEP. It follows the bookmarks, and
 * what such a client publishes there goes into them.
 */
export class ListInPep {
  readonly #host: Host;
  readonly #pep: Pep;
  readonly #rooms: Rooms;
  /** Whose list is to be written at the end of what happens now. */
  readonly #due = new Map<string, Jid>();
  /** Whose list is being written: that is nobody's wish. */
  readonly #writing = new Set<string>();

  constructor(host: Host, nodes: Pep, rooms: Rooms) {
    this.#host = host;
    this.#pep = nodes;
    this.#rooms = rooms;
  }

  listen(): void {
    const host = this.#host;
    host.hook("pubsub:published", "observe", async ({ service, node, payload }) => {
      if (node === ns.BOOKMARKS) this.#follow(service);
      if (node === ns.OLD_BOOKMARKS && !this.#writing.has(service.toString())) {
        await this.#take(service, payload, true);
      }
    });
    host.hook("pubsub:retracted", "observe", ({ service, node }) => {
      if (node === ns.BOOKMARKS) this.#follow(service);
      return undefined;
    });
    host.hook("user:deleted", "observe", ({ user }) => {
      this.#due.delete(user.toString());
    });
  }

  /** A list from before there were bookmarks of the new kind. */
  async migrate(user: Jid): Promise<void> {
    if (await this.#rooms.exist(user)) return;
    const last = await (await this.#pep.node(user, ns.OLD_BOOKMARKS))?.last();
    if (last) await this.#take(user, last.payload, false);
  }

  async #take(user: Jid, payload: string, isComplete: boolean): Promise<void> {
    const list = listIn(payload);
    const node = await this.#pep.node(user, ns.OLD_BOOKMARKS);
    // What others may see stays apart from what they may not.
    if (!list || node?.accessModel !== "whitelist") return;
    try {
      await this.#rooms.take(user, list, { isComplete });
    } catch (error) {
      this.#host.log.warn("bookmarks were not taken over", {
        user: user.toString(),
        error: (error as Error).message,
      });
    }
  }

  /** Many bookmarks may change at once: the list is written when they have. */
  #follow(user: Jid): void {
    const key = user.toString();
    if (this.#due.has(key)) return;
    this.#due.set(key, user);
    this.#host.clock.immediate(() => {
      if (!this.#due.delete(key)) return;
      this.#write(user).catch((error: unknown) =>
        this.#host.log.error("the list of bookmarks was not written", { error: String(error) }),
      );
    });
  }

  async #write(user: Jid): Promise<void> {
    const node = await this.#pep.node(user, ns.OLD_BOOKMARKS);
    const list = await this.#rooms.list(user);
    if (!list || (node && node.accessModel !== "whitelist")) return;
    const last = await node?.last();
    const before = last && listIn(last.payload);
    const others = before ? othersIn(before).map((child) => clone(child)) : [];
    const after = withRooms(el("storage", { xmlns: ns.OLD_BOOKMARKS }, ...others), list);
    if (last && serialize(after) === last.payload) return;
    const key = user.toString();
    this.#writing.add(key);
    try {
      await this.#pep.publish(user, ns.OLD_BOOKMARKS, last?.id ?? ITEM, after, node ? undefined : OPTIONS);
    } finally {
      this.#writing.delete(key);
    }
  }
}

function listIn(payload: string): Element | undefined {
  const [list] = payload === "" ? [] : readFragment(`<x>${payload}</x>`).children;
  return list && isOldList(list) ? list : undefined;
}
