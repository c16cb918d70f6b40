import type { Host } from "../../core/host.ts";
import type { Jid } from "../../xmpp/jid.ts";
import type { Occupant } from "./occupant.ts";
import type { Room } from "./room.ts";
import { type Affiliation, compareRoles, type Role } from "./standing.ts";

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
