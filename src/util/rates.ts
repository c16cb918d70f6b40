import type { Clock } from "./clock.ts";
import { Lru } from "./lru.ts";
import { TokenBucket } from "./token-bucket.ts";

/** Names whose rate is remembered. */
const KNOWN_NAMES = 10_000;

const MINUTE_MS = 60_000;

/** How often each of many may do something, with room for what a whole period allows at once. */
export class Rates {
  readonly #most: number;
  readonly #perSecond: number;
  readonly #clock: Clock;
  readonly #buckets = new Lru<string, TokenBucket>(KNOWN_NAMES);

  /** `most` in each `period` of milliseconds; Infinity for no limit. */
  constructor(most: number, clock: Clock, period = MINUTE_MS) {
    this.#most = most;
    this.#perSecond = most / (period / 1000);
    this.#clock = clock;
  }

  /** Whether `name` may do it now; if so, it counts. */
  tryTake(name: string): boolean {
    if (!Number.isFinite(this.#most)) return true;
    const now = this.#clock.now();
    let bucket = this.#buckets.get(name);
    if (!bucket) {
      bucket = new TokenBucket(this.#perSecond, this.#most, now);
      this.#buckets.set(name, bucket);
    }
    return bucket.tryTake(1, now);
  }
}
