import type { AccountStatus, Accounts } from "../auth/accounts.ts";
import { anonymous as guests } from "../auth/anonymous.ts";
import type { Sessions } from "../session/sessions.ts";
import type { SessionStream } from "../stream/stream-host.ts";
import { StanzaError, StreamError } from "../xmpp/errors.ts";
import { type Jid, JidError } from "../xmpp/jid.ts";

export interface AdmissionLimits {
  readonly resourcesPerAccount: number;
  readonly resourceConflict: "replace" | "refuse";
}

export const DISABLED = "the account is disabled";
export const REMOVED = "the account was removed";

/** Who may bind a resource in a domain (RFC 6120 §7.6, §7.7). */
export class Admission {
  readonly #accounts: Accounts;
  readonly #sessions: Sessions;
  readonly #limits: AdmissionLimits;
  /** Accounts that are being removed: nobody may come in and stay. */
  readonly #leaving = new Set<string>();

  constructor(accounts: Accounts, sessions: Sessions, limits: AdmissionLimits) {
    this.#accounts = accounts;
    this.#sessions = sessions;
    this.#limits = limits;
  }

  /** Whether that is a stream of somebody without an account (XEP-0175). */
  isGuest({ mechanism }: SessionStream): boolean {
    return mechanism === guests.name;
  }

  /**
   * Lets `jid` in on that stream, whose account has that status; whoever has the resource has to go where that is the rule.
   * @throws StreamError for one who may not be here, StanzaError when there is no room.
   */
  admit(stream: SessionStream, jid: Jid, status: AccountStatus | undefined): void {
    const user = jid.bare;
    // Who has the name by now may be somebody else.
    const isGone =
      !this.isGuest(stream) &&
      (status === undefined || this.#accounts.wasRemovedSince(user, stream.authenticatedAsOf));
    if (isGone || this.#leaving.has(user.toString())) throw new StreamError("not-authorized", REMOVED);
    if (status === "disabled") throw new StreamError("not-authorized", DISABLED);
    const conflicting = this.#sessions.get(jid);
    if (conflicting) {
      // One that only waits to be resumed is no connected resource.
      if (conflicting.attached && this.#limits.resourceConflict === "refuse")
        throw new StanzaError("conflict");
      conflicting.close("conflict", "replaced by a new connection");
    }
    this.#makeRoom(user);
  }

  /** Sessions that wait to be resumed (XEP-0198 §5) give way, the one that was away longest first. @throws StanzaError */
  #makeRoom(user: Jid): void {
    const sessions = this.#sessions.of(user);
    if (sessions.length < this.#limits.resourcesPerAccount) return;
    const [longestAway] = sessions
      .filter(({ attached }) => !attached)
      .sort((a, b) => a.lastActive - b.lastActive);
    if (!longestAway) throw new StanzaError("resource-constraint", "too many resources are connected");
    longestAway.close("resource-constraint", "made room for a new connection");
  }

  /** Lets nobody in to the account of `user` until `work` is done. */
  async closed<T>(user: Jid, work: () => Promise<T>): Promise<T> {
    const key = user.bare.toString();
    this.#leaving.add(key);
    try {
      return await work();
    } finally {
      this.#leaving.delete(key);
    }
  }
}

/** @throws StanzaError when the resource is not one (RFC 6120 §7.7.2.1). */
export function withResource(user: Jid, resource: string): Jid {
  try {
    return user.withResource(resource);
  } catch (error) {
    if (error instanceof JidError) throw new StanzaError("bad-request", "not a valid resource");
    throw error;
  }
}
