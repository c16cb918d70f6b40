import type { Jid } from "../xmpp/jid.ts";
import type { Session } from "./session.ts";

interface Account {
  readonly sessions: Session[];
  /** Sorted copy, made when asked for and dropped when a presence changes. */
  available: readonly Session[] | undefined;
}

const NONE: readonly Session[] = [];

/** Who is bound at a domain. */
export class Sessions {
  readonly #accounts = new Map<string, Account>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(full: Jid): Session | undefined {
    const account = this.#accounts.get(full.bare.toString());
    if (!account) return undefined;
    for (const session of account.sessions) if (session.jid.resource === full.resource) return session;
    return undefined;
  }

  /** Every bound resource, oldest first. */
  of(bare: Jid): readonly Session[] {
    return this.#accounts.get(bare.toString())?.sessions ?? NONE;
  }

  /** Those that sent presence, highest priority first (RFC 6121 §4.7.2.3). */
  available(bare: Jid): readonly Session[] {
    const account = this.#accounts.get(bare.toString());
    if (!account) return NONE;
    account.available ??= account.sessions
      .filter((session) => session.presence !== undefined)
      .sort((a, b) => b.priority - a.priority);
    return account.available;
  }

  *all(): Iterable<Session> {
    for (const { sessions } of this.#accounts.values()) yield* sessions;
  }

  add(session: Session): void {
    const key = session.jid.bare.toString();
    const account = this.#accounts.get(key);
    if (account) account.sessions.push(session);
    else this.#accounts.set(key, { sessions: [session], available: undefined });
    this.#size++;
  }

  delete(session: Session): void {
    const key = session.jid.bare.toString();
    const account = this.#accounts.get(key);
    const index = account?.sessions.indexOf(session) ?? -1;
    if (!account || index < 0) return;
    account.sessions.splice(index, 1);
    account.available = undefined;
    this.#size--;
    if (account.sessions.length === 0) this.#accounts.delete(key);
  }

  presenceChanged(session: Session): void {
    const account = this.#accounts.get(session.jid.bare.toString());
    if (account) account.available = undefined;
  }
}
