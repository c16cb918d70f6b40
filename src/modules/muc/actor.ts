import type { Host } from "../../core/host.ts";
import type { Jid } from "../../xmpp/jid.ts";
import type { Occupant } from "./occupant.ts";
import type { Room } from "./room.ts";
import { type Affiliation, compareRoles, isAdministrative, type Role } from "./standing.ts";

/** Who wants something done in a room, by bare JID (XEP-0045 §8). */
export interface Actor {
  readonly user: Jid;
  /** The server's administrators have the powers of owners everywhere. */
  readonly affiliation: Affiliation;
  /** The highest of all that the account is in the room. */
  readonly role: Role;
  /** As whom others see it; undefined when it is not there. */
  readonly occupant: Occupant | undefined;
}

export function actorIn(host: Pick<Host, "isAdmin">, room: Room, client: Jid): Actor {
  const user = client.bare;
  const isAdmin = host.isAdmin(user);
  const present = room.occupantsOf(user).sort((a, b) => compareRoles(b.role, a.role));
  return {
    user,
    affiliation: isAdmin ? "owner" : room.affiliationOf(user),
    role: isAdmin ? "moderator" : (present[0]?.role ?? "none"),
    occupant: room.occupantOf(client) ?? present[0],
  };
}

/** Whether they may know everybody who has this affiliation. */
export function mayList(room: Room, actor: Actor, affiliation: Affiliation): boolean {
  const isOpen = room.options.whois === "anyone";
  const { role } = actor;
  // §10.5, §10.8: of those above only owners know, where addresses are not everybody's to know.
  return (
    actor.affiliation === "owner" ||
    (isAdministrative(actor.affiliation) && (isOpen || !isAdministrative(affiliation))) ||
    // §9.5: members know each other.
    (isOpen &&
      affiliation !== "outcast" &&
      (actor.affiliation === "member" || (role !== "none" && room.options.memberList.includes(role))))
  );
}
