import type { Stanza } from "../xmpp/stanza.ts";
import type { Unacked } from "./management.ts";

/** Messages to a client that acknowledges nothing, until they have left the process. */
export class Outgoing {
  /** `end`: how much its transport had been given with it. */
  #messages: (Unacked & { readonly end: number })[] = [];

  push(stanza: Stanza, at: number, end: number): void {
    this.#messages.push({ stanza, at, end });
  }

  get messages(): readonly Unacked[] {
    return this.#messages;
  }

  /** Forgets what lies within the first `sent` of what the transport was given. */
  left(sent: number): void {
    if (this.#messages.length === 0) return;
    const first = this.#messages.findIndex(({ end }) => end > sent);
    if (first < 0) this.#messages = [];
    else if (first > 0) this.#messages.splice(0, first);
  }

  /** Takes out what somebody else answers for. */
  withdraw(isWithdrawn: (stanza: Stanza) => boolean): void {
    this.#messages = this.#messages.filter(({ stanza }) => !isWithdrawn(stanza));
  }

  drain(): readonly Unacked[] {
    const drained = this.#messages;
    this.#messages = [];
    return drained;
  }
}
