import type { IqRequest } from "../../routing/iq-table.ts";
import { type Awaitable, after, together } from "../../util/awaitable.ts";
import { type Element, el } from "../../xml/element.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import { form, readForm } from "../../xmpp/forms.ts";
import { type Jid, JidError } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { checkNickIsFree } from "./admission.ts";
import type { AffiliationChanges } from "./affiliation-changes.ts";
import type { Context } from "./context.ts";
import { checkNick } from "./nicknames.ts";
import type { Room } from "./room.ts";

/** XEP-0045 §7.10: users reserve a nickname, and become members with it where the room is open. */
export class Registration {
  readonly #context: Context;
  readonly #affiliations: AffiliationChanges;

  constructor(context: Context, affiliations: AffiliationChanges) {
    this.#context = context;
    this.#affiliations = affiliations;
  }

  get(room: Room, { from }: IqRequest): Element {
    this.#checkMayRegister(room, from.bare);
    const nick = reservedNick(room, from);
    const query = el("query", { xmlns: ns.REGISTER });
    if (nick !== "")
      query
        .cnode(el("registered"))
        .up()
        .cnode(el("username", {}, nick));
    query.cnode(
      form({
        type: "form",
        title: "Registration with the room",
        formType: ns.MUC_REGISTER,
        fields: [
          {
            name: "muc#register_roomnick",
            type: "text-single",
            label: "Nickname",
            required: true,
            value: nick,
          },
        ],
      }),
    );
    return query;
  }

  /** Takes effect at once; there is nobody to ask. */
  set(room: Room, { from, payload, stanza }: IqRequest): Awaitable<"answered"> {
    const { host } = this.#context;
    if (payload.getChild("remove", ns.REGISTER)) return this.#remove(room, from.bare, stanza.result());
    this.#checkMayRegister(room, from.bare);
    const nick = this.#readNick(room, payload);
    checkNickIsFree(room, nick, from.bare);
    const address = from.bare;
    const entry = room.affiliations.get(address.toString());
    const change = { address, affiliation: entry?.affiliation ?? ("member" as const), nick };
    this.#affiliations.checkAll(room, [change]);
    return after(this.#affiliations.apply(room, change, {}), (tell) => {
      void host.route(stanza.result());
      // §7.10: the others hear of a new member.
      return after(entry ? undefined : tell(), () => "answered" as const);
    });
  }

  /** XEP-0077 §3.2: what registration gave is given back. */
  #remove(
    room: Room,
    address: Jid,
    result: ReturnType<IqRequest["stanza"]["result"]>,
  ): Awaitable<"answered"> {
    const { host, store } = this.#context;
    const entry = room.affiliations.get(address.toString());
    if (!entry || entry.affiliation === "outcast") throw new StanzaError("registration-required");
    const affiliation = entry.affiliation === "member" ? ("none" as const) : entry.affiliation;
    return after(this.#affiliations.apply(room, { address, affiliation, nick: "" }, {}), (tell) => {
      void host.route(result);
      room.keepSilent(address);
      const told = affiliation === "none" ? tell() : undefined;
      return after(together(store.saveAcquaintancesIfKept(room), told), () => "answered" as const);
    });
  }

  /**
   * §7.10. @throws StanzaError not-allowed; a members-only room does not take in whoever comes, nor does one with a password
   * (members read its archive), and a member has voice, which is a moderator's to give.
   */
  #checkMayRegister(room: Room, user: Jid): void {
    const affiliation = room.affiliationOf(user);
    if (affiliation === "outcast") throw new StanzaError("forbidden");
    if (affiliation !== "none") return;
    const { membersOnly, registration, password } = room.options;
    if (membersOnly || !registration) throw new StanzaError("not-allowed");
    if (password !== "" && room.occupantsOf(user).length === 0) {
      throw new StanzaError("not-allowed", "enter the room first");
    }
    if (!room.hasVoice(user, this.#context.host.clock.now())) {
      throw new StanzaError("not-allowed", "you have no voice");
    }
  }

  #readNick(room: Room, query: Element): string {
    const x = query.getChild("x", ns.DATA_FORMS);
    if (!x) throw new StanzaError("bad-request", "there is no form");
    const { type, formType, values } = readForm(x);
    if (type !== "submit" || (formType !== undefined && formType !== ns.MUC_REGISTER))
      throw new StanzaError("bad-request", "this is another form");
    const nick = values.get("muc#register_roomnick")?.[0] ?? "";
    if (nick === "") throw new StanzaError("bad-request", "a nickname is missing");
    checkNick(nick, this.#context.config.nick);
    return preparedNick(room, nick);
  }
}

/** §17.1: as it is in an occupant JID. @throws StanzaError jid-malformed */
function preparedNick(room: Room, nick: string): string {
  try {
    return room.jid.withResource(nick).resource;
  } catch (error) {
    if (error instanceof JidError) throw new StanzaError("jid-malformed");
    throw error;
  }
}

/** §7.12: "" for none. */
export function reservedNick(room: Room, user: Jid): string {
  return room.affiliations.get(user.bare.toString())?.nick ?? "";
}
