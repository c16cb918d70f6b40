import type { IqRequest } from "../../routing/iq-table.ts";
import { type Awaitable, after, all, each } from "../../util/awaitable.ts";
import { type Element, el } from "../../xml/element.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { type Actor, actorIn, mayList } from "./actor.ts";
import type { AffiliationChange, AffiliationChanges } from "./affiliation-changes.ts";
import type { Context } from "./context.ts";
import { readJid } from "./foreign.ts";
import type { Invitations } from "./invitations.ts";
import type { Occupant } from "./occupant.ts";
import type { News } from "./presences.ts";
import { readText } from "./read-text.ts";
import type { RoleChanges } from "./role-changes.ts";
import type { Room } from "./room.ts";
import { type Affiliation, isAdministrative, isAffiliation, isRole, type Role } from "./standing.ts";

interface RoleChange {
  readonly target: Occupant;
  readonly role: Role;
  readonly reason?: string | undefined;
}

type Change = RoleChange | AffiliationChange;

/** XEP-0045 §8, §9, §10.3 to §10.8: `muc#admin`, the lists of roles and affiliations. */
export class AdminQueries {
  readonly #context: Context;
  readonly #roles: RoleChanges;
  readonly #affiliations: AffiliationChanges;
  readonly #invitations: Invitations;

  constructor(
    context: Context,
    roles: RoleChanges,
    affiliations: AffiliationChanges,
    invitations: Invitations,
  ) {
    this.#context = context;
    this.#roles = roles;
    this.#affiliations = affiliations;
    this.#invitations = invitations;
  }

  /** One list: by the role or the affiliation of the only item. */
  list(room: Room, { from, payload }: IqRequest): Element {
    const [item, ...more] = payload.getChildren("item", ns.MUC_ADMIN);
    if (!item || more.length > 0) throw new StanzaError("bad-request", "one item names the list");
    const { role, affiliation } = item.attrs as Record<string, string | undefined>;
    const actor = actorIn(this.#context.host, room, from);
    if (
      affiliation !== undefined &&
      role === undefined &&
      isAffiliation(affiliation) &&
      affiliation !== "none"
    ) {
      if (!mayList(room, actor, affiliation)) throw new StanzaError("forbidden");
      return el("query", { xmlns: ns.MUC_ADMIN }, ...affiliationItems(room, affiliation));
    }
    if (role !== undefined && affiliation === undefined && isRole(role) && role !== "none") {
      // §8.5, §9.8: voice is the business of moderators, moderators are that of admins.
      if (actor.role !== "moderator") throw new StanzaError("forbidden");
      if (role === "moderator" && !isAdministrative(actor.affiliation)) throw new StanzaError("forbidden");
      return el("query", { xmlns: ns.MUC_ADMIN }, ...roleItems(room, role));
    }
    throw new StanzaError("bad-request", "no such list");
  }

  /** §9.2: all of the changes or none. Who goes hears of it first, then the actor, then the others (§8.2). */
  change(room: Room, { from, payload, stanza }: IqRequest): Awaitable<"answered"> {
    const { host } = this.#context;
    const actor = actorIn(host, room, from);
    // §8, §9: whoever may change nothing does not learn by the answer who is there.
    if (actor.role !== "moderator" && !isAdministrative(actor.affiliation))
      throw new StanzaError("forbidden");
    const items = payload.getChildren("item", ns.MUC_ADMIN);
    if (items.length === 0) throw new StanzaError("bad-request", "there are no changes");
    const most = this.#context.config.changes;
    if (items.length > most) throw new StanzaError("policy-violation", `at most ${most} changes at a time`);
    const changes = items.map((item) => this.#read(room, item));
    for (const change of changes) this.#check(room, actor, change);
    const ofAffiliations = changes.filter((change) => "address" in change);
    if (ofAffiliations.length > 0) this.#affiliations.checkAll(room, ofAffiliations);
    const admitted = ofAffiliations.filter((change) => isAdmission(room, change));
    const told: Awaitable<() => Awaitable<void>>[] = changes.map((change) =>
      this.#apply(room, actor, change),
    );
    return after(all(told), (tell) => {
      void host.route(stanza.result());
      const announced = each(tell, (each) => each());
      const invited = each(admitted, ({ address, reason }) =>
        this.#invitations.send(room, address, { inviter: actor.user, reason }),
      );
      return after(announced, () => after(invited, () => "answered" as const));
    });
  }

  /** §17.4, rules 4 to 6: a role by nickname, an affiliation by address. */
  #read(room: Room, item: Element): Change {
    const { role, affiliation, nick, jid } = item.attrs as Record<string, string | undefined>;
    const reason = readText(item, "reason", this.#context.config.text);
    if (role !== undefined && affiliation !== undefined)
      throw new StanzaError("bad-request", "a role or an affiliation");
    if (role !== undefined) {
      if (!isRole(role) || nick === undefined) throw new StanzaError("bad-request", "a role has a nickname");
      const target = room.occupants.get(nick);
      if (!target) throw new StanzaError("item-not-found", "nobody has this nickname");
      return { target, role, reason };
    }
    if (!isAffiliation(affiliation)) throw new StanzaError("bad-request", "a role or an affiliation");
    if (jid === undefined) {
      const target = room.occupants.get(nick ?? "");
      if (!target) throw new StanzaError(nick === undefined ? "bad-request" : "item-not-found");
      return { address: target.user, affiliation, reason };
    }
    const address = this.#readAddress(room, jid);
    return { address, affiliation, nick: affiliation === "none" ? undefined : nick, reason };
  }

  /** §10.3: of a full JID the bare one; an occupant JID of the room stands for who that is. */
  #readAddress(room: Room, text: string): Jid {
    const address = readJid(text);
    if (!address) throw new StanzaError("jid-malformed");
    if (!address.bare.equals(room.jid)) return address.bare;
    const occupant = room.occupants.get(address.resource);
    if (!occupant) throw new StanzaError("item-not-found");
    return occupant.user;
  }

  #check(room: Room, actor: Actor, change: Change): void {
    if ("target" in change) this.#roles.check(room, actor, change.target, change.role);
    else this.#affiliations.check(room, actor, change);
  }

  #apply(room: Room, actor: Actor, change: Change): Awaitable<() => Awaitable<void>> {
    const news: News = { reason: change.reason, actor: actor.occupant?.nick };
    if ("target" in change) {
      // An earlier change of the same request may have sent it away.
      const isThere = change.target.seats.length > 0;
      return isThere ? this.#roles.apply(room, change.target, change.role, news) : () => undefined;
    }
    return this.#affiliations.apply(room, change, news);
  }
}

/** §9.5: somebody who is not there becomes a member of a members-only room. */
function isAdmission(room: Room, { address, affiliation }: AffiliationChange): boolean {
  return (
    room.options.membersOnly &&
    affiliation === "member" &&
    address.local !== "" &&
    room.affiliationOf(address) === "none" &&
    room.occupantsOf(address).length === 0
  );
}

/** §17.4, rule 6: never the role; the nickname is the reserved one, or the one in use. */
function affiliationItems(room: Room, affiliation: Affiliation): Element[] {
  const nicks = new Map<string, string>();
  if (affiliation !== "outcast") {
    for (const { user, nick } of room.occupants.values()) nicks.set(user.toString(), nick);
  }
  return room.affiliations.with(affiliation).map(([jid, { nick, reason }]) => {
    const item = el("item", { affiliation, jid, nick: nick || nicks.get(jid) });
    if (reason) item.cnode(el("reason", {}, reason));
    return item;
  });
}

/** §17.4, rule 5 */
function roleItems(room: Room, role: Role): Element[] {
  const items = [...room.occupants.values()].filter((occupant) => occupant.role === role);
  return items.map(({ user, nick, first }) =>
    el("item", { affiliation: room.affiliationOf(user), role, nick, jid: first.jid.toString() }),
  );
}
