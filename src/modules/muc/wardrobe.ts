import type { Hooks } from "../../routing/hooks.ts";
import { type Awaitable, after, each, together } from "../../util/awaitable.ts";
import { el } from "../../xml/element.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { message } from "../../xmpp/stanza.ts";
import type { Context } from "./context.ts";
import type { Hat } from "./hats.ts";
import { statusElement } from "./presences.ts";
import type { Room } from "./room.ts";

/** XEP-0317 §3: hats are made and destroyed, put on and taken off, and everybody sees it. */
export class Wardrobe {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  /** §2 */
  describe({ room, features, fields }: Hooks["muc:described"]): void {
    features.push(ns.HATS);
    const value = room.hats.hash();
    if (value !== undefined) {
      fields.push({ name: "hats#hash", type: "text-single", label: "Hats hash", value });
    }
  }

  /** §3.2: a new hat, or other looks of one. @throws StanzaError */
  put(room: Room, hat: Hat): Awaitable<void> {
    const { config, store } = this.#context;
    const { hats } = room;
    if (!hats.get(hat.uri) && hats.size >= config.hats) {
      throw new StanzaError("resource-constraint", `the room has ${config.hats} hats already`);
    }
    hats.put(hat);
    const saved = room.isKept ? store.hats.put(room.jid.toString(), hat) : undefined;
    return after(saved, () => together(this.#notify(room), this.#show(room, hats.wearers(hat.uri))));
  }

  /** §3.3: it is taken from everybody. @throws StanzaError item-not-found */
  destroy(room: Room, uri: string): Awaitable<void> {
    const { hats, jid } = room;
    if (!hats.get(uri)) throw new StanzaError("item-not-found", "there is no such hat");
    const wearers = hats.wearers(uri);
    hats.delete(uri);
    const saved = room.isKept ? this.#context.store.hats.delete(jid.toString(), uri, wearers) : undefined;
    return after(saved, () => together(this.#notify(room), this.#show(room, wearers)));
  }

  /** §3.5. @throws StanzaError */
  assign(room: Room, user: Jid, uri: string): Awaitable<void> {
    const { config, store } = this.#context;
    if (!room.hats.get(uri)) throw new StanzaError("item-not-found", "there is no such hat");
    if (room.hats.wearings >= config.hatsWorn) {
      throw new StanzaError("resource-constraint", "too many hats are worn in the room");
    }
    const key = user.toString();
    room.hats.putOn(key, uri);
    const saved = room.isKept ? store.hats.putOn(room.jid.toString(), key, uri) : undefined;
    return after(saved, () => this.#show(room, [key]));
  }

  /** §3.6. @throws StanzaError item-not-found when it is not worn. */
  unassign(room: Room, user: Jid, uri: string): Awaitable<void> {
    const key = user.toString();
    if (!room.hats.takeOff(key, uri)) throw new StanzaError("item-not-found", "the hat is not worn");
    const { store } = this.#context;
    const saved = room.isKept ? store.hats.takeOff(room.jid.toString(), key, uri) : undefined;
    return after(saved, () => this.#show(room, [key]));
  }

  /** Whoever has the address next is somebody else. */
  forgetUser(user: Jid): Awaitable<void> {
    const { store, rooms, service } = this.#context;
    return after(store.hats.roomsOf(user), (stored) => {
      const active = [...rooms.active].map(({ jid }) => jid.toString());
      const ours = new Set([...stored, ...active].filter((room) => room.endsWith(`@${service.domain}`)));
      return each(ours, (address) =>
        after(rooms.find(Jid.parse(address)), (room) => {
          if (!room) return undefined;
          return each(room.hats.of(user), ({ uri }) => this.unassign(room, user, uri));
        }),
      );
    });
  }

  /** §3.2: the list is another one. */
  #notify(room: Room): Awaitable<void> {
    const { host, delivery } = this.#context;
    const x = el("x", { xmlns: ns.MUC_USER }, statusElement(104));
    return delivery.toAll(room, message({ from: room.jid, type: "groupchat", id: host.random.id() }, x));
  }

  #show(room: Room, users: readonly string[]): Awaitable<void> {
    if (users.length === 0) return undefined;
    const { presences } = this.#context;
    const concerned = new Set(users);
    const occupants = [...room.occupants.values()].filter(({ user }) => concerned.has(user.toString()));
    return each(occupants, (occupant) => {
      occupant.changed();
      return presences.update(room, occupant);
    });
  }
}
