import type { IqRequest } from "../../routing/iq-table.ts";
import { type Awaitable, after, all, each, together } from "../../util/awaitable.ts";
import { type Element, el } from "../../xml/element.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import { readForm } from "../../xmpp/forms.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { message } from "../../xmpp/stanza.ts";
import { type Actor, actorIn } from "./actor.ts";
import type { AffiliationChange, AffiliationChanges } from "./affiliation-changes.ts";
import { configForm, readConfig, type Submission } from "./config-form.ts";
import type { Context } from "./context.ts";
import { readJid } from "./foreign.ts";
import { readText } from "./invitations.ts";
import { statusElement } from "./presences.ts";
import type { Removal } from "./removal.ts";
import type { RoleChanges } from "./role-changes.ts";
import type { Room } from "./room.ts";
import type { RoomOptions } from "./room-options.ts";

/** XEP-0045 §10: `muc#owner`, what a room is and its end. */
export class OwnerQueries {
  readonly #context: Context;
  readonly #removal: Removal;
  readonly #roles: RoleChanges;
  readonly #affiliations: AffiliationChanges;

  constructor(context: Context, removal: Removal, roles: RoleChanges, affiliations: AffiliationChanges) {
    this.#context = context;
    this.#removal = removal;
    this.#roles = roles;
    this.#affiliations = affiliations;
  }

  /** §10.1.3, §10.2 */
  get(room: Room, { from }: IqRequest): Element {
    this.#checkOwner(room, from);
    return el("query", { xmlns: ns.MUC_OWNER }, configForm(room, this.#context.config));
  }

  set(room: Room, request: IqRequest): Awaitable<"answered" | undefined> {
    const { from, payload } = request;
    const actor = this.#checkOwner(room, from);
    const destroy = payload.getChild("destroy", ns.MUC_OWNER);
    if (destroy) return after(this.#destroy(room, destroy), () => undefined);
    const x = payload.getChild("x", ns.DATA_FORMS);
    if (!x) throw new StanzaError("bad-request", "neither a form nor the end of the room");
    const form = readForm(x);
    // §10.1.3, §10.2: to give up a new room is to destroy it; with another one all stays as it was.
    if (form.type === "cancel") {
      return room.isLocked ? after(this.#removal.destroy(room), () => undefined) : undefined;
    }
    if (form.type !== "submit") throw new StanzaError("bad-request", "the form is not submitted");
    // §10.1.2: an empty form takes the defaults.
    if (form.formType !== ns.MUC_CONFIG && (form.formType !== undefined || form.values.size > 0)) {
      throw new StanzaError("bad-request", "this is another form");
    }
    return this.#configure(room, actor, request, readConfig(room, form, this.#context.config));
  }

  #checkOwner(room: Room, client: Jid): Actor {
    const actor = actorIn(this.#context.host, room, client);
    if (actor.affiliation !== "owner") throw new StanzaError("forbidden");
    return actor;
  }

  #configure(room: Room, actor: Actor, { stanza }: IqRequest, submission: Submission): Awaitable<"answered"> {
    const { host } = this.#context;
    const changes = listChanges(room, submission);
    this.#affiliations.checkAll(room, changes);
    const before = room.options;
    const wasKept = room.isKept;
    const wasLocked = room.isLocked;
    room.options = submission.options;
    room.isLocked = false;
    return after(this.#keep(room, wasKept), () => {
      const news = { actor: actor.occupant?.nick };
      const changed = changes.map((change) => this.#affiliations.apply(room, change, news));
      return after(all(changed), (tell) => {
        void host.route(stanza.result());
        const told = each(tell, (each) => each());
        return after(together(told, this.#adapt(room, before, wasLocked)), () => "answered" as const);
      });
    });
  }

  /** A room that becomes persistent is written down, one that is no longer is forgotten by the store. */
  #keep(room: Room, wasKept: boolean): Awaitable<unknown> {
    const { store, host } = this.#context;
    if (!room.isKept) {
      return wasKept ? after(store.remove(room), () => host.emit("muc:unkept", { room })) : undefined;
    }
    return wasKept ? store.save(room) : store.saveAll(room);
  }

  /** What occupants notice of new options. */
  #adapt(room: Room, before: RoomOptions, wasLocked: boolean): Awaitable<void> {
    const { options } = room;
    const removed = options.membersOnly && !before.membersOnly ? this.#removeOthers(room) : undefined;
    const voices = before.moderated && !options.moderated ? this.#giveVoice(room) : undefined;
    const shown = this.#showOthers(room, before);
    const notified = wasLocked ? undefined : this.#notify(room, before);
    return together(removed, voices, shown, notified);
  }

  /** §10.2: 322 tells why. */
  #removeOthers(room: Room): Awaitable<void> {
    const others = [...room.occupants.values()].filter(({ user }) => room.affiliationOf(user) === "none");
    return each(others, (occupant) => this.#removal.expel(room, occupant, { codes: [322] })());
  }

  /** §5.1.1: where nobody needs voice, nobody is without it. */
  #giveVoice(room: Room): Awaitable<void> {
    room.forgetVoices();
    const visitors = [...room.occupants.values()].filter(({ role }) => role === "visitor");
    return each(visitors, (visitor) => this.#roles.change(room, visitor, "participant", {}));
  }

  /** §15.5.3, `presencebroadcast`: occupants come into view, or vanish from it. */
  #showOthers(room: Room, { presenceBroadcast: before }: RoomOptions): Awaitable<void> {
    const { presences } = this.#context;
    return each(room.occupants.values(), (occupant) => {
      const wasShown = before.includes(occupant.role);
      if (wasShown === room.shows(occupant.role)) return undefined;
      if (!wasShown) return presences.announce(room, occupant);
      const affiliation = room.affiliationOf(occupant.user);
      return presences.announceGone(room, { occupant, affiliation, seat: occupant.first }, {}, true);
    });
  }

  /** §10.2.1: what concerns privacy has codes of its own. */
  #notify(room: Room, before: RoomOptions): Awaitable<void> {
    const { host, delivery } = this.#context;
    const { logging, whois } = room.options;
    const codes: number[] = [];
    if (logging !== before.logging) codes.push(logging ? 170 : 171);
    if (whois !== before.whois) codes.push(whois === "anyone" ? 172 : 173);
    if (hasOtherChange(before, room.options)) codes.push(104);
    if (codes.length === 0) return undefined;
    const x = el("x", { xmlns: ns.MUC_USER }, ...codes.map(statusElement));
    const header = { from: room.jid, type: "groupchat", id: host.random.id() };
    return delivery.toAll(room, message(header, x));
  }

  /** §10.9 */
  #destroy(room: Room, destroy: Element): Awaitable<void> {
    const { text } = this.#context.config;
    const venue: unknown = destroy.attrs.jid;
    if (venue !== undefined && venue !== "" && !readJid(venue)) throw new StanzaError("jid-malformed");
    return this.#removal.destroy(room, {
      jid: (venue as string | undefined) || undefined,
      reason: readText(destroy, "reason", text),
      password: readText(destroy, "password", text),
    });
  }
}

/** §10.2: who is an admin or owner from now on, and who no longer; those become members. */
function listChanges(room: Room, { owners, admins }: Submission): readonly AffiliationChange[] {
  const wanted = new Map<string, AffiliationChange>();
  const grant = (affiliation: "owner" | "admin", list: readonly Jid[] = []) => {
    for (const address of list) {
      if (room.affiliations.get(address.toString())?.affiliation !== affiliation) {
        wanted.set(address.toString(), { address, affiliation });
      }
    }
  };
  const revoke = (affiliation: "owner" | "admin", list: readonly Jid[] | undefined) => {
    if (!list) return;
    for (const [key] of room.affiliations.with(affiliation)) {
      if (list.some((address) => address.toString() === key) || wanted.has(key)) continue;
      const address = readJid(key);
      if (address) wanted.set(key, { address, affiliation: "member" });
    }
  };
  // Whoever stands in both lists is an owner.
  const onlyAdmins = admins?.filter((admin) => !isOwner(room, owners, admin));
  grant("admin", onlyAdmins);
  grant("owner", owners);
  revoke("admin", admins);
  revoke("owner", owners);
  return [...wanted.values()];
}

function isOwner(room: Room, owners: readonly Jid[] | undefined, user: Jid): boolean {
  if (owners) return owners.some((owner) => owner.equals(user));
  return room.affiliations.get(user.toString())?.affiliation === "owner";
}

function hasOtherChange(before: RoomOptions, after: RoomOptions): boolean {
  const keys = Object.keys(after) as (keyof RoomOptions)[];
  return keys.some(
    (key) => key !== "logging" && key !== "whois" && String(after[key]) !== String(before[key]),
  );
}
