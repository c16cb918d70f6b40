import type { Awaitable } from "../util/awaitable.ts";
import type { Jid } from "../xmpp/jid.ts";

/** The part of the accounts that administration needs. All addresses are bare. */
interface AdminAccounts {
  /** Throws StanzaError: `conflict` if it exists, `not-acceptable` if the password is refused. */
  create(user: Jid, password: string): Promise<void>;
  /** Throws StanzaError: `item-not-found`, `not-acceptable`. */
  setPassword(user: Jid, password: string): Promise<void>;
  exists(user: Jid): Awaitable<boolean>;
  /** A page in ascending order, behind the address `after`. */
  list(domain: string, page: { after?: string; limit: number }): Awaitable<readonly Jid[]>;
}

/** What administration works on: a running server, or its store alone. */
export interface AdminContext {
  readonly domains: readonly string[];
  readonly accounts: AdminAccounts;
  /** Ends the user's sessions and removes the account with everything that belongs to it. Whether there was one. */
  removeAccount(user: Jid): Awaitable<boolean>;
  /** How many sessions there are: of one user, or of all. */
  sessions(user?: Jid): number;
  /** Makes durable what was done. Nothing is reported as done before. */
  commit(): Awaitable<void>;
}
