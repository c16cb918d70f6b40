import type { Hooks } from "../../routing/hooks.ts";
import { type Awaitable, each } from "../../util/awaitable.ts";
import { Lru } from "../../util/lru.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import type { Stanza } from "../../xmpp/stanza.ts";
import type { PushService } from "../push/push.ts";
import type { Context } from "./context.ts";
import { readJid } from "./foreign.ts";
import type { Occupant } from "./occupant.ts";
import type { Room } from "./room.ts";

/** Users of whom it is known when they were woken last. */
const KNOWN_WOKEN = 10_000;
/** Characters of a message that are looked at. */
const LOOKED_AT = 2000;
const LOOKED_AT_CHILDREN = 50;
/** Members whom one message wakes. */
const MOST_MENTIONED = 10;

/** What is no part of a nickname that is one word. */
const BETWEEN_WORDS = /[^\p{L}\p{M}\p{N}_.-]+/u;
const AROUND_WORD = /^[.-]+|[.-]+$/g;

/** XEP-0357 for rooms: members who are mentioned while they are away are told by their push services. */
export class Mentions {
  readonly #context: Context;
  readonly #push: PushService;
  readonly #woken = new Lru<string, number>(KNOWN_WOKEN);

  constructor(context: Context, push: PushService) {
    this.#context = context;
    this.#push = push;
  }

  noteMessage({ room, occupant, stanza }: Hooks["muc:message"]): Awaitable<void> {
    const body = stanza.text("body");
    if (body === undefined) return undefined;
    const away = new Map<string, Jid>();
    for (const user of this.#mentioned(room, stanza, body.slice(0, LOOKED_AT))) {
      if (away.size === MOST_MENTIONED) break;
      if (this.#isAway(room, occupant, user)) away.set(user.toString(), user);
    }
    return each(away.values(), (user) => this.#wake(room, user, stanza));
  }

  /** By nickname, by a reference (XEP-0372 §3.2), or by address. */
  *#mentioned(room: Room, stanza: Stanza, body: string): Iterable<Jid> {
    const isReferring = stanza.has("reference", ns.REFERENCE);
    for (const child of isReferring ? stanza.payload.slice(0, LOOKED_AT_CHILDREN) : []) {
      const uri: unknown = child.is("reference", ns.REFERENCE) ? child.attrs.uri : undefined;
      const user = typeof uri === "string" ? userOf(uri) : undefined;
      if (user) yield user;
    }
    for (const [uri] of body.matchAll(/xmpp:[^\s<>"')]+/g)) {
      const user = userOf(uri);
      if (user) yield user;
    }
    for (const part of new Set(body.split(BETWEEN_WORDS))) {
      const word = part.replace(AROUND_WORD, "");
      if (word === "") continue;
      const holder = readJid(room.affiliations.holderOf(word) ?? room.known.holderOf(word));
      if (holder) yield holder;
    }
  }

  /** A user of this domain who belongs to the room and is not there. */
  #isAway(room: Room, speaker: Occupant, user: Jid): boolean {
    const affiliation = room.affiliations.get(user.toString())?.affiliation;
    if (affiliation === undefined || affiliation === "outcast") return false;
    if (user.domain !== this.#context.host.domain || user.equals(speaker.user)) return false;
    return room.occupantsOf(user).length === 0;
  }

  #wake(room: Room, user: Jid, stanza: Stanza): Awaitable<void> {
    const { host, config } = this.#context;
    const key = `${room.jid.toString()} ${user.toString()}`;
    const now = host.clock.now();
    if (now - (this.#woken.get(key) ?? Number.NEGATIVE_INFINITY) < config.mentionPushes) return undefined;
    this.#woken.set(key, now);
    return this.#push.wake(user, stanza);
  }
}

function userOf(uri: string): Jid | undefined {
  if (!uri.startsWith("xmpp:")) return undefined;
  const [address = ""] = uri.slice("xmpp:".length).split(/[?#]/);
  const jid = readJid(address.replace(/[.,;:!]+$/, ""));
  return jid && jid.local !== "" ? jid.bare : undefined;
}
