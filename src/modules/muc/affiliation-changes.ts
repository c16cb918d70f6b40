import { type Awaitable, after, each, together } from "../../util/awaitable.ts";
import { el } from "../../xml/element.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { message } from "../../xmpp/stanza.ts";
import type { Actor } from "./actor.ts";
import type { VersionStep } from "./affiliation-log.ts";
import { mavElement } from "./affiliation-versions.ts";
import type { Affiliate } from "./affiliations.ts";
import type { Context } from "./context.ts";
import { checkNick } from "./nicknames.ts";
import type { Occupant } from "./occupant.ts";
import type { News } from "./presences.ts";
import type { Removal } from "./removal.ts";
import type { RoleChanges } from "./role-changes.ts";
import type { Room } from "./room.ts";
import type { PresentRole } from "./room-options.ts";
import { type Affiliation, compareAffiliations, isAdministrative } from "./standing.ts";

/** What becomes of somebody's affiliation. */
export interface AffiliationChange {
  /** A bare JID, or a domain for all of its users. */
  readonly address: Jid;
  readonly affiliation: Affiliation;
  /** The nickname that is reserved from now on; "" for none, undefined for that of before. */
  readonly nick?: string | undefined;
  readonly reason?: string | undefined;
}

/** XEP-0045 §5.2.2, §9, §10.3 to §10.8: affiliations are granted and revoked. */
export class AffiliationChanges {
  readonly #context: Context;
  readonly #removal: Removal;
  readonly #roles: RoleChanges;

  constructor(context: Context, removal: Removal, roles: RoleChanges) {
    this.#context = context;
    this.#removal = removal;
    this.#roles = roles;
  }

  /** @throws StanzaError when this actor may not do that to them. */
  check(room: Room, actor: Actor, change: AffiliationChange): void {
    const { address, affiliation, nick } = change;
    const before = room.affiliations.get(address.toString())?.affiliation ?? "none";
    if (!isAdministrative(actor.affiliation)) throw new StanzaError("forbidden");
    if (affiliation === "outcast") {
      // §9.1: neither oneself nor those above, and of admins only owners dispose.
      if (address.equals(actor.user)) throw new StanzaError("conflict");
      if (before === "admin" && actor.affiliation !== "owner") throw new StanzaError("not-allowed");
      if (compareAffiliations(before, actor.affiliation) > 0) throw new StanzaError("not-allowed");
    }
    // §10.3 to §10.8: owners and admins are made and unmade by owners.
    const isOwners = isAdministrative(affiliation) || isAdministrative(before);
    if (isOwners && actor.affiliation !== "owner") throw new StanzaError("forbidden");
    if (isAdministrative(affiliation) && address.local === "") {
      throw new StanzaError("not-acceptable", "a whole domain cannot be this");
    }
    if (nick) this.#checkReserved(room, address, nick);
  }

  /** §10.4, §10.5: what would leave the room without owner, or with too many affiliations, is refused as a whole. */
  checkAll(room: Room, changes: readonly AffiliationChange[]): void {
    let { owners, size } = room.affiliations;
    const seen = new Set<string>();
    for (const { address, affiliation } of changes) {
      const key = address.toString();
      if (seen.has(key)) throw new StanzaError("bad-request", "somebody is named twice");
      seen.add(key);
      const before = room.affiliations.get(key)?.affiliation;
      if (before === "owner") owners--;
      if (affiliation === "owner") owners++;
      if (before) size--;
      if (affiliation !== "none") size++;
    }
    if (owners < 1) throw new StanzaError("conflict", "a room needs an owner");
    if (size > this.#context.config.affiliations && size > room.affiliations.size) {
      throw new StanzaError("resource-constraint", "too many affiliations");
    }
  }

  /** Does it, all checked. Whoever has to go does so at once; the others hear of it by what is returned (§9.1). */
  apply(room: Room, change: AffiliationChange, news: News): Awaitable<() => Awaitable<void>> {
    const { address, affiliation } = change;
    const key = address.toString();
    const before = room.affiliations.get(key);
    room.affiliations.set(key, entryAfter(before, change));
    const rank = before?.affiliation ?? "none";
    const step =
      rank === affiliation ? undefined : { since: room.log.version, until: this.#context.host.random.id() };
    return after(this.#save(room, change, step?.until), () => {
      const affected = this.#affected(room, address);
      // §5.2.2 of XEP-0463: what is said first of somebody tells of the step; what a domain is, no presence tells.
      const isPresent = affected.length > 0 && address.local !== "";
      const told = affected.map((occupant, index) =>
        this.#changeOccupant(room, occupant, rank, {
          ...news,
          step: isPresent && index === 0 ? step : undefined,
        }),
      );
      return () =>
        together(
          each(told, (tell) => tell()),
          step && !isPresent ? this.#tellOfAbsent(room, address, affiliation, step) : undefined,
        );
    });
  }

  /** `version`: that of the changed lists; undefined where they are as before. */
  #save(
    room: Room,
    { address, affiliation }: AffiliationChange,
    version: string | undefined,
  ): Awaitable<unknown> {
    const { store } = this.#context;
    const key = address.toString();
    const saved = store.saveAffiliationIfKept(room, key);
    if (version === undefined) return saved;
    const forgotten = room.log.add({ version, address: key, affiliation });
    return together(saved, store.logIfKept(room, forgotten));
  }

  /** §7.8.2: somebody who was invited to a members-only room is a member. */
  admit(room: Room, user: Jid): Awaitable<void> {
    const change = { address: user, affiliation: "member" as const };
    this.checkAll(room, [change]);
    return after(this.apply(room, change, {}), (tell) => tell());
  }

  #affected(room: Room, address: Jid): Occupant[] {
    if (address.local !== "") return room.occupantsOf(address);
    const isOfDomain = ({ user }: Occupant) =>
      user.domain === address.domain && !room.affiliations.get(user.toString());
    return [...room.occupants.values()].filter(isOfDomain);
  }

  #changeOccupant(room: Room, occupant: Occupant, before: Affiliation, news: News): () => Awaitable<void> {
    const affiliation = room.affiliationOf(occupant.user);
    if (affiliation === "outcast") return this.#removal.expel(room, occupant, { ...news, codes: [301] });
    // §9.4: one stanza tells of both.
    if (affiliation === "none" && room.options.membersOnly) {
      return this.#removal.expel(room, occupant, { ...news, codes: [321] });
    }
    const role = roleAfter(room, occupant.role, before, affiliation);
    return () => this.#roles.change(room, occupant, role, news);
  }

  /** §10.3: to those who may know addresses. */
  #tellOfAbsent(room: Room, address: Jid, affiliation: Affiliation, step: VersionStep): Awaitable<void> {
    const { delivery, host } = this.#context;
    const item = el("item", { affiliation, jid: address.toString(), role: "none" });
    const x = el("x", { xmlns: ns.MUC_USER }, mavElement(step), item);
    const notice = message({ from: room.jid, id: host.random.id() }, x);
    return each(room.seats.values(), (seat) =>
      room.seesAddresses(seat.occupant) ? delivery.send(seat, notice) : undefined,
    );
  }

  #checkReserved(room: Room, address: Jid, nick: string): void {
    checkNick(nick, this.#context.config.nick);
    if (address.local === "") throw new StanzaError("not-acceptable", "a domain has no nickname");
    const holder = room.affiliations.holderOf(nick);
    if (holder !== undefined && holder !== address.toString()) throw new StanzaError("conflict");
  }
}

/** §9.1: of outcasts the reason is kept, and no nickname. */
function entryAfter(before: Affiliate | undefined, change: AffiliationChange): Affiliate | undefined {
  const { affiliation, nick = before?.nick ?? "", reason = "" } = change;
  if (affiliation === "none") return undefined;
  return affiliation === "outcast" ? { affiliation, nick: "", reason } : { affiliation, nick, reason: "" };
}

/** §5.1.3: what a new affiliation makes of a role. */
function roleAfter(
  room: Room,
  role: PresentRole,
  before: Affiliation,
  affiliation: Affiliation,
): PresentRole {
  if (isAdministrative(affiliation)) return "moderator";
  if (isAdministrative(before)) return room.roleFor(affiliation);
  return affiliation === "member" && role === "visitor" ? "participant" : role;
}
