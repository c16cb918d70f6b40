import type { Awaitable } from "../../util/awaitable.ts";
import { el } from "../../xml/element.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import { ns } from "../../xmpp/ns.ts";
import type { Stanza } from "../../xmpp/stanza.ts";
import type { Context } from "./context.ts";
import { isMarked } from "./foreign.ts";
import { spoken } from "./groupchat.ts";
import type { Occupant } from "./occupant.ts";
import type { Room } from "./room.ts";

/** XEP-0045 §7.5: from one occupant to another; all clients of the other get it (§7.2.9). @throws StanzaError */
export function sendPrivately(
  { delivery, config }: Context,
  room: Room,
  sender: Occupant,
  nick: string,
  stanza: Stanza,
): Awaitable<void> {
  const recipient = room.occupants.get(nick);
  if (!recipient) throw new StanzaError("item-not-found");
  if (!maySend(room, sender, recipient)) throw new StanzaError("forbidden");
  if (stanza.size > config.message) throw new StanzaError("policy-violation", "the message is too large");
  const message = spoken(room, sender, stanza).append(el("x", { xmlns: ns.MUC_USER }));
  return delivery.whisper(recipient, message, isMarked(message));
}

/** §15.5.3, `allowpm`. */
function maySend({ options }: Room, sender: Occupant, recipient: Occupant): boolean {
  switch (options.privateMessages) {
    case "anyone":
      return true;
    case "participants":
      // Whoever has no voice can still turn to those who may grant it.
      return sender.role !== "visitor" || recipient.role === "moderator";
    case "moderators":
      return sender.role === "moderator";
    case "none":
      return false;
  }
}
