import type { Stanza } from "../xmpp/stanza.ts";
import { countBetween, countOn } from "./wrapping-count.ts";

/** What the server allows of stream management; sizes in characters, times in milliseconds. */
export interface ManagementLimits {
  /** How long a session outlives its stream; 0: not at all. */
  readonly resumeTime: number;
  /** Stanzas sent and not acknowledged, although there was time to; a session with more of them ends. */
  readonly unackedStanzas: number;
  readonly unackedBytes: number;
  /** Stanzas after which the client is asked for an acknowledgement at once … */
  readonly requestAfter: number;
  /** … and the time after which it is asked if there are fewer. */
  readonly requestDelay: number;
  /** Where clients should come back to, `host:port`; "" for anywhere (XEP-0198 §3). */
  readonly location: string;
}

/** The time that a client has to acknowledge a stanza, before it matters how many follow. */
const ACKNOWLEDGEMENT_TIME_MS = 60_000;

/** A stanza that the client did not acknowledge, and when it was sent; milliseconds since the epoch. */
export interface Unacked {
  readonly stanza: Stanza;
  readonly at: number;
}

/** XEP-0198: what a session and its client have acknowledged to each other. */
export class Management {
  readonly limits: ManagementLimits;
  /** The secret to resume with; undefined when the session ends with its stream. */
  readonly resumeId: string | undefined;
  /** How long this session outlives its stream; milliseconds. */
  readonly resumeTime: number;
  #handled = 0;
  #sent = 0;
  #queue: Unacked[] = [];
  #bytes = 0;
  /** Stanzas that ever were in the queue. */
  #pushed = 0;
  /** Those who wait until the client has the first `pushed` stanzas. */
  #waiters: { readonly pushed: number; readonly settle: (acknowledged: boolean) => void }[] = [];
  #requestedAt = 0;
  #askedAt: number | undefined;
  #resumedAt = Number.NEGATIVE_INFINITY;

  constructor(limits: ManagementLimits, resumeId: string | undefined, resumeTime: number) {
    this.limits = limits;
    this.resumeId = resumeId;
    this.resumeTime = resumeTime;
  }

  /** Stanzas of the client that were handled: the `h` of our acknowledgements. */
  get handled(): number {
    return this.#handled;
  }

  /** Stanzas sent to the client. */
  get sent(): number {
    return this.#sent;
  }

  get unacked(): readonly Unacked[] {
    return this.#queue;
  }

  /** Who enters large rooms is sent thousands of stanzas at once, and can acknowledge none of them before they are out. */
  isOverfull(now: number): boolean {
    const { unackedStanzas, unackedBytes } = this.limits;
    const [oldest] = this.#queue;
    const isLate =
      oldest !== undefined && now - Math.max(oldest.at, this.#resumedAt) >= ACKNOWLEDGEMENT_TIME_MS;
    return this.#bytes > unackedBytes || (isLate && this.#queue.length > unackedStanzas);
  }

  /** Whether so many stanzas went out since the last request that the client should be asked now. */
  get isRequestDue(): boolean {
    return countBetween(this.#requestedAt, this.#sent) >= this.limits.requestAfter;
  }

  requested(): void {
    this.#requestedAt = this.#sent;
  }

  /** When the client got the first request for an acknowledgement since it last had acknowledged all; milliseconds since the epoch. */
  get askedAt(): number | undefined {
    return this.#askedAt;
  }

  /** A request is on its way to the client. */
  asked(at: number): void {
    if (this.#queue.length > 0) this.#askedAt ??= at;
  }

  /** The client is on another stream, where it has to be asked anew, and has its time to acknowledge once more. */
  resumed(at: number): void {
    this.#askedAt = undefined;
    this.#resumedAt = at;
  }

  /** A stanza of the client was handled. */
  count(): void {
    this.#handled = countOn(this.#handled);
  }

  push(stanza: Stanza, at: number): void {
    this.#sent = countOn(this.#sent);
    this.#queue.push({ stanza, at });
    this.#pushed++;
    this.#bytes += stanza.size;
  }

  /** Forgets what the client has; false when it claims more than was sent (§6). Less than it claimed before says nothing. */
  acknowledge(handled: number): boolean {
    const unacked = countBetween(handled, this.#sent);
    const acked = this.#queue.length - unacked;
    if (acked < 0) return unacked <= this.#pushed;
    for (const { stanza } of this.#queue.splice(0, acked)) this.#bytes -= stanza.size;
    if (this.#queue.length === 0) this.#askedAt = undefined;
    const settled = this.#pushed - this.#queue.length;
    while (this.#waiters[0] && this.#waiters[0].pushed <= settled) this.#waiters.shift()?.settle(true);
    return true;
  }

  /** Settles when the client has acknowledged all that was sent so far: true, or false when the session ended first. */
  acknowledged(): Promise<boolean> {
    if (this.#queue.length === 0) return Promise.resolve(true);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#waiters.push({ pushed: this.#pushed, settle: resolve });
    return promise;
  }

  /** Takes out of what was never acknowledged what somebody else answers for, when the session ends. */
  withdraw(isWithdrawn: (stanza: Stanza) => boolean): ReadonlySet<Stanza> {
    const withdrawn = new Set(this.#queue.map(({ stanza }) => stanza).filter(isWithdrawn));
    this.#queue = this.#queue.filter(({ stanza }) => !withdrawn.has(stanza));
    for (const stanza of withdrawn) this.#bytes -= stanza.size;
    return withdrawn;
  }

  /** What was never acknowledged, taken out when the session ends. */
  drain(): readonly Unacked[] {
    const drained = this.#queue;
    this.#queue = [];
    this.#bytes = 0;
    for (const { settle } of this.#waiters.splice(0)) settle(false);
    return drained;
  }
}
