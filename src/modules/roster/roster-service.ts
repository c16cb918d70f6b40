import type { Session } from "../../session/session.ts";
import type { Awaitable } from "../../util/awaitable.ts";
import type { Jid } from "../../xmpp/jid.ts";
import type { ContactList } from "./contact-list.ts";
import type { RosterItem } from "./roster-item.ts";

/** What the roster offers to other modules. Users and contacts are bare JIDs; of a user who does not exist it is empty. */
export interface RosterService {
  /** The roster itself; what is done to it directly is pushed to nobody. At once while the user has a session. */
  of(user: Jid): Awaitable<ContactList>;
  item(user: Jid, contact: Jid): Awaitable<RosterItem | undefined>;
  /** Whether `contact` sees the presence of `user` (RFC 6121 §3). */
  isSubscribed(user: Jid, contact: Jid): Awaitable<boolean>;
  /** Who sees the presence of `user`. */
  contactsWithPresence(user: Jid): Awaitable<readonly Jid[]>;
  /**
   * Writes the item and pushes it to the user's interested resources. The contact hears of nothing.
   * @throws StanzaError `resource-constraint` when the roster is full.
   */
  put(user: Jid, item: RosterItem): Awaitable<void>;
  /** Resources that asked for the roster (§2.2): they are told of changes. */
  interested(user: Jid): readonly Session[];
}

/** What there was between a user and a contact when the user's side of it went. */
export interface EndedContact {
  readonly user: Jid;
  readonly contact: Jid;
  /** The item that is gone; undefined when the contact was not in the roster. */
  readonly item: RosterItem | undefined;
  /** Whether a request of the contact waited for an answer. */
  readonly requested: boolean;
}

declare module "../../routing/hooks.ts" {
  interface Hooks {
    /** A contact was removed from a roster, or the roster with its user (RFC 6121 §2.5.2). */
    "roster:removed": EndedContact;
  }
}
