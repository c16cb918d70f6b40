import type { Session } from "../session/session.ts";
import type { Stanza } from "../xmpp/stanza.ts";

/** A message with everybody who got it, as it is or as a copy. */
interface Held {
  readonly message: Stanza;
  readonly sessions: Set<Session>;
  /** Somebody who should have got it did not. */
  isGivenBack: boolean;
  /** Somebody keeps it for the account, or its sender has heard of it. */
  isLeft: boolean;
}

/**
 * Which sessions have a message, as long as it may come to be delivered again: when another session ends without it
 * (XEP-0198 §4), nobody gets it twice.
 */
export class Holders {
  /** By the message, by its copies, and by what it became on its second way. */
  readonly #held = new WeakMap<Stanza, Held>();

  /** These get the message, or have read it elsewhere. */
  add(message: Stanza, sessions: readonly Session[]): void {
    const held = this.#heldBy(message);
    for (const session of sessions) held.sessions.add(session);
  }

  /** `session` gets a copy (XEP-0280). */
  addCopy(message: Stanza, copy: Stanza, session: Session): void {
    const held = this.#heldBy(message);
    held.sessions.add(session);
    this.#held.set(copy, held);
  }

  /** Whether the client of `session` has the message, be it from an earlier session of the same resource. */
  has(message: Stanza, { jid }: Session): boolean {
    const sessions = this.#held.get(message)?.sessions ?? [];
    for (const holder of sessions) if (holder.jid.equals(jid)) return true;
    return false;
  }

  /** `session` ended before its client had what this is, or is a copy of. */
  lost(stanza: Stanza, session: Session): void {
    this.#held.get(stanza)?.sessions.delete(session);
  }

  /** The message that this is, or is a copy of. */
  original(stanza: Stanza): Stanza {
    return this.#held.get(stanza)?.message ?? stanza;
  }

  /** Somebody did not get the message; it goes on as `again`. Whoever has a copy answers for it from now on. */
  giveBack(message: Stanza, again: Stanza): void {
    const held = this.#heldBy(message);
    held.isGivenBack = true;
    this.#held.set(again, held);
  }

  /** Whether this is a copy of a message that somebody else did not get. */
  isHeir(copy: Stanza): boolean {
    const held = this.#held.get(copy);
    return held !== undefined && held.message !== copy && held.isGivenBack;
  }

  /** Nobody takes the message: from now on it is none of the sessions' business. */
  leave(message: Stanza): void {
    this.#heldBy(message).isLeft = true;
  }

  isLeft(message: Stanza): boolean {
    return this.#held.get(message)?.isLeft ?? false;
  }

  #heldBy(message: Stanza): Held {
    let held = this.#held.get(message);
    if (!held) {
      held = { message, sessions: new Set(), isGivenBack: false, isLeft: false };
      this.#held.set(message, held);
    }
    return held;
  }
}
