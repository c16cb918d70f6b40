import { type Awaitable, each, together } from "../../util/awaitable.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import type { Actor } from "./actor.ts";
import type { Context } from "./context.ts";
import type { Occupant } from "./occupant.ts";
import type { News } from "./presences.ts";
import type { Removal } from "./removal.ts";
import type { Room } from "./room.ts";
import { compareAffiliations, compareRoles, isAdministrative, type Role } from "./standing.ts";

/** XEP-0045 §5.1.3, §8.2 to §8.5, §9.6 to §9.8: roles are granted and revoked. */
export class RoleChanges {
  readonly #context: Context;
  readonly #removal: Removal;

  constructor(context: Context, removal: Removal) {
    this.#context = context;
    this.#removal = removal;
  }

  /** @throws StanzaError forbidden to those who may not do such things, not-allowed where the other is above that. */
  check(room: Room, actor: Actor, target: Occupant, role: Role): void {
    if (actor.role !== "moderator") throw new StanzaError("forbidden");
    const rank = room.affiliationOf(target.user);
    const isAdmin = isAdministrative(actor.affiliation);
    if (role === "moderator") {
      // §9.6
      if (!isAdmin) throw new StanzaError("forbidden");
      return;
    }
    const isRevocation = role !== "none" && compareRoles(role, target.role) < 0;
    // §8.4, §9.7: an admin's or owner's voice and moderator status are nobody's to take.
    if (isRevocation && isAdministrative(rank)) throw new StanzaError("not-allowed");
    // §8.2, §8.4: nobody acts against those above them; nor takes the voice of their equals, unless both are nobody special.
    const difference = compareAffiliations(rank, actor.affiliation);
    if (difference > 0) throw new StanzaError("not-allowed");
    if (role === "visitor" && difference === 0 && rank !== "none") throw new StanzaError("not-allowed");
    // §5.1.3: moderators are kicked, and lose their status, by admins and owners.
    const isOther = target !== actor.occupant;
    if (target.role === "moderator" && isOther && !isAdmin) throw new StanzaError("not-allowed");
  }

  /** Does it; those who hear of it after the actor do so by what is returned (§8.2). */
  apply(room: Room, target: Occupant, role: Role, news: News): () => Awaitable<void> {
    if (role === "none") return this.#removal.expel(room, target, { ...news, codes: [307] });
    return () => each(concerned(room, target, role), (each) => this.change(room, each, role, news));
  }

  grantVoice(room: Room, visitor: Occupant, by: Occupant): Awaitable<void> {
    return this.apply(room, visitor, "participant", { actor: by.nick })();
  }

  /** The occupant has another role, or affiliation, from now on; to those who may no longer see it, it is gone. */
  change(room: Room, occupant: Occupant, role: Exclude<Role, "none">, news: News): Awaitable<void> {
    // It may have left while the change was written down.
    if (occupant.seats.length === 0) return undefined;
    const { presences, store } = this.#context;
    const wasShown = room.shows(occupant.role);
    const sawAddresses = room.seesAddresses(occupant);
    occupant.role = role;
    room.noteVoice(occupant);
    const saved = store.saveAcquaintancesIfKept(room);
    const gone = { occupant, affiliation: room.affiliationOf(occupant.user), seat: occupant.first };
    const others =
      wasShown && !room.shows(role)
        ? presences.announceGone(room, gone, news, true)
        : presences.announce(room, occupant, news);
    const own = each(occupant.seats, (seat) => presences.announceSelf(room, seat, news));
    // §8: moderators know who is who.
    const known =
      room.seesAddresses(occupant) && !sawAddresses
        ? each(occupant.seats, (seat) => presences.showAll(room, seat))
        : undefined;
    return together(saved, others, own, known);
  }
}

/** Voice is an account's: whoever loses it would go on under another nickname that is in the room as well. */
function concerned(room: Room, target: Occupant, role: Role): readonly Occupant[] {
  const isVoice = role === "visitor" || target.role === "visitor";
  if (!isVoice || role === "moderator") return [target];
  const others = room
    .occupantsOf(target.user)
    .filter((each) => each.role !== "moderator" && each.role !== role);
  return [target, ...others.filter((each) => each !== target)];
}
