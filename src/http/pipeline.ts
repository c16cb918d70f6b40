/** Requests of one connection that are answered at a time: BOSH needs one more than it holds (XEP-0124 §11). */
const MOST_AT_ONCE = 16;

/** Requests of one connection that wait for their turn. */
const MOST_WAITING = 128;

/** RFC 9112 §9.3.2: whoever sends requests without waiting for the answers gets them, but not all at the same time. */
export class Pipeline {
  /** Requests that are being answered. */
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  /** Requests without an answer. */
  get unanswered(): number {
    return this.#running + this.#waiting.length;
  }

  /** Calls `begin`, now or when others are `done`. False: too many wait already. */
  add(begin: () => void): boolean {
    if (this.#running < MOST_AT_ONCE) {
      this.#running++;
      begin();
      return true;
    }
    if (this.#waiting.length >= MOST_WAITING) return false;
    this.#waiting.push(begin);
    return true;
  }

  /** One of those that began has its answer. */
  done(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#running--;
  }

  /** Nobody is there any more to be answered. */
  clear(): void {
    this.#waiting.length = 0;
  }
}
