import type { Host } from "../../core/host.ts";
import type { Awaitable } from "../../util/awaitable.ts";
import type { Jid } from "../../xmpp/jid.ts";
import type { RosterService } from "../roster/roster-service.ts";
import type { CurrentPresence } from "./current-presence.ts";
import type { DirectedPresence } from "./directed-presence.ts";

/** What the parts of the presence module share. */
export interface Context {
  readonly host: Host;
  readonly rosters: RosterService;
  readonly directed: DirectedPresence;
  readonly current: CurrentPresence;
  /** Whether there is such a user here, registered or not. */
  exists(user: Jid): Awaitable<boolean>;
}
