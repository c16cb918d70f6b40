import { type Awaitable, after } from "../../util/awaitable.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import type { Stanza } from "../../xmpp/stanza.ts";
import type { Attendance } from "./attendance.ts";
import type { Context } from "./context.ts";
import { errorAlone } from "./foreign.ts";
import { broadcast, spoken } from "./groupchat.ts";
import type { Invitations } from "./invitations.ts";
import type { Occupant } from "./occupant.ts";
import { sendPrivately } from "./private-messages.ts";
import type { RoleChanges } from "./role-changes.ts";
import type { Room } from "./room.ts";
import { changeSubject, isSubjectChange } from "./subject.ts";
import { VoiceRequests } from "./voice-requests.ts";

/** XEP-0045 §7.4, §7.5, §7.8, §8.6, §17.2: what messages to a room's addresses are. */
export class Messages {
  readonly #context: Context;
  readonly #attendance: Attendance;
  readonly #invitations: Invitations;
  readonly #voice: VoiceRequests;

  constructor(context: Context, attendance: Attendance, invitations: Invitations, roles: RoleChanges) {
    this.#context = context;
    this.#attendance = attendance;
    this.#invitations = invitations;
    this.#voice = new VoiceRequests(context, roles);
  }

  receive(stanza: Stanza): Awaitable<void> {
    const to = stanza.to as Jid;
    if (to.local === "") throw new StanzaError("service-unavailable");
    return after(this.#context.rooms.find(to), (room) => {
      if (stanza.type === "error") return this.#returned(room, to.resource, stanza);
      // §17.2, rule 3
      if (!room) throw new StanzaError("item-not-found");
      if (room.isLocked && !room.occupantOf(stanza.from as Jid)) throw new StanzaError("item-not-found");
      return to.resource === "" ? this.#toRoom(room, stanza) : this.#toOccupant(room, to.resource, stanza);
    });
  }

  /** §18.1.2. What came of a private message, which is marked (§7.5), is told to the one who sent it: what went wrong, and no more. */
  #returned(room: Room | undefined, nick: string, error: Stanza): Awaitable<void> {
    const { delivery, config } = this.#context;
    const culprit = room?.occupantOf(error.from as Jid);
    const sender = error.has("x", ns.MUC_USER) ? room?.occupants.get(nick) : undefined;
    const told =
      room && culprit && sender && error.size <= config.message
        ? delivery.toOccupant(sender, spoken(room, culprit, errorAlone(error)))
        : undefined;
    return after(told, () => this.#attendance.bounced(room, error));
  }

  #toRoom(room: Room, stanza: Stanza): Awaitable<void> {
    if (stanza.type === "groupchat") {
      const occupant = this.#senderIn(room, stanza);
      return isSubjectChange(stanza)
        ? changeSubject(this.#context, room, occupant, stanza)
        : broadcast(this.#context, room, occupant, stanza);
    }
    // §7.8.2: "normal", explicitly or not.
    if (stanza.type === undefined || stanza.type === "normal") {
      const x = stanza.child("x", ns.MUC_USER);
      if (x?.getChild("decline", ns.MUC_USER)) return this.#invitations.decline(room, stanza, x);
      if (x?.getChild("invite", ns.MUC_USER)) {
        return this.#invitations.invite(room, this.#senderIn(room, stanza), stanza, x);
      }
      const form = stanza.child("x", ns.DATA_FORMS);
      if (form) return this.#voice.receive(room, this.#senderIn(room, stanza), form);
    }
    // §17.2, rule 1
    throw new StanzaError("bad-request", "a message to the room is of type groupchat");
  }

  #toOccupant(room: Room, nick: string, stanza: Stanza): Awaitable<void> {
    const sender = this.#senderIn(room, stanza);
    // §7.5
    if (stanza.type === "groupchat") throw new StanzaError("bad-request");
    return sendPrivately(this.#context, room, sender, nick, stanza);
  }

  /** §7.4, §7.5: only those who are there may speak, and not too fast. */
  #senderIn(room: Room, { from }: Stanza): Occupant {
    const occupant = room.occupantOf(from as Jid);
    if (!occupant) throw new StanzaError("not-acceptable", "you are not in the room", { type: "cancel" });
    this.#context.pace.countMessage(room, occupant);
    return occupant;
  }
}
