import { type Awaitable, each } from "../../util/awaitable.ts";
import { type Element } from "../../xml/element.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import { form, readBoolean, readForm } from "../../xmpp/forms.ts";
import { ns } from "../../xmpp/ns.ts";
import { message } from "../../xmpp/stanza.ts";
import type { Context } from "./context.ts";
import type { Occupant } from "./occupant.ts";
import type { RoleChanges } from "./role-changes.ts";
import type { Room } from "./room.ts";

const INSTRUCTIONS =
  'To approve this request for voice, select the "Grant voice to this person?" checkbox and click OK. ' +
  "To skip this request, click the cancel button.";

/** XEP-0045 §7.13, §8.6: visitors ask for voice, moderators grant it. */
export class VoiceRequests {
  readonly #context: Context;
  readonly #roles: RoleChanges;

  constructor(context: Context, roles: RoleChanges) {
    this.#context = context;
    this.#roles = roles;
  }

  /** @throws StanzaError bad-request for another form. */
  receive(room: Room, sender: Occupant, x: Element): Awaitable<void> {
    const { type, formType, values } = readForm(x);
    if (type === "cancel") return undefined;
    if (type !== "submit" || formType !== ns.MUC_REQUEST) throw new StanzaError("bad-request");
    const first = (name: string) => values.get(name)?.[0];
    if (first("muc#role") !== "participant")
      throw new StanzaError("bad-request", "only voice can be asked for");
    const allow = first("muc#request_allow");
    if (allow === undefined) return this.#ask(room, sender);
    // §8: none but moderators.
    if (sender.role !== "moderator") throw new StanzaError("forbidden");
    if (!readBoolean(allow)) return undefined;
    const visitor = room.occupants.get(first("muc#roomnick") ?? "");
    const jid = first("muc#jid");
    // Somebody else may have the nickname by now.
    const isThat =
      visitor && (jid === undefined || visitor.seats.some((seat) => seat.jid.toString() === jid));
    if (!isThat) throw new StanzaError("item-not-found");
    return visitor.role === "visitor" ? this.#roles.grantVoice(room, visitor, sender) : undefined;
  }

  #ask(room: Room, visitor: Occupant): Awaitable<void> {
    const { host, config, delivery } = this.#context;
    if (visitor.role !== "visitor") throw new StanzaError("not-allowed", "you have voice");
    const now = host.clock.now();
    if (now - visitor.askedAt < config.voiceRequests) {
      throw new StanzaError("resource-constraint", "you have asked for voice already");
    }
    visitor.askedAt = now;
    const request = message({ from: room.jid, id: host.random.id() }, approvalForm(visitor));
    return each(room.occupants.values(), (occupant) =>
      occupant.role === "moderator" ? delivery.toOccupant(occupant, request) : undefined,
    );
  }
}

/** §8.6 */
function approvalForm(visitor: Occupant): Element {
  return form({
    type: "form",
    title: "Voice request",
    instructions: INSTRUCTIONS,
    formType: ns.MUC_REQUEST,
    fields: [
      {
        name: "muc#role",
        type: "list-single",
        label: "Requested role",
        value: "participant",
        options: [{ value: "participant" }],
      },
      { name: "muc#jid", type: "jid-single", label: "User ID", value: visitor.first.jid.toString() },
      { name: "muc#roomnick", type: "text-single", label: "Room nickname", value: visitor.nick },
      { name: "muc#request_allow", type: "boolean", label: "Grant voice to this person?", value: false },
    ],
  });
}
