import { defineService } from "../../core/module.ts";
import type { Awaitable } from "../../util/awaitable.ts";
import type { Jid } from "../../xmpp/jid.ts";
import type { Room } from "./room.ts";

/** The rooms of a domain, for those who look at them. */
export interface RoomsService {
  /** The addresses of its group chat services. */
  readonly domains: readonly string[];
  /** A room that exists, by its bare JID; it may be locked. */
  find(room: Jid): Awaitable<Room | undefined>;
}

export const roomsService = defineService<RoomsService>("rooms");
