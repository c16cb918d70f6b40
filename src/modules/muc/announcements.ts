import { type Awaitable, after } from "../../util/awaitable.ts";
import { el } from "../../xml/element.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import { message, type Stanza } from "../../xmpp/stanza.ts";
import type { Context } from "./context.ts";
import type { Room } from "./room.ts";
import type { RoomArchive } from "./room-archive.ts";

/** What rooms themselves say to everybody, because somebody in charge wants it. */
export class Announcements {
  readonly #context: Context;
  readonly #archive: RoomArchive | undefined;

  constructor(context: Context, archive: RoomArchive | undefined) {
    this.#context = context;
    this.#archive = archive;
  }

  /** Kept like what occupants say. @throws StanzaError when it is too long. */
  announce(room: Room, text: string): Awaitable<void> {
    const { host, config, delivery } = this.#context;
    const header = { type: "groupchat", id: host.random.id(), from: room.jid };
    const announcement = message(header, el("body", {}, text));
    if (announcement.size > config.message) throw new StanzaError("policy-violation", "the text is too long");
    const kept: Awaitable<Stanza> = this.#archive?.keepOwn(room, room.jid, announcement) ?? announcement;
    return after(kept, (stanza) => {
      room.history.add(room.jid, { at: host.clock.now(), stanza, isMarked: false });
      return delivery.toAll(room, stanza);
    });
  }
}
