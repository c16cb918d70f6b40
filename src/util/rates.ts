import type { Clock } from "./clock.ts";
import { Lru } from "./lru.ts";
import { TokenBucket } from "./token-bucket.ts";

/** Names whose rate is remembered. */
const KNOWN_NAMES = 10_000;

/** How often each of many may do something, with room for a minute's worth at once. */
export class Rates {
  readonly #perMinute: number;
  readonly #clock: Clock;
  readonly #buckets = new Lru<string, TokenBucket>(KNOWN_NAMES);

  /** `perMinute`: Infinity for no limit. */
  constructor(perMinute: number, clock: Clock) {
    this.#perMinute = perMinute;
    this.#clock = clock;
  }

  /** Whether `name` may do it now; if so, it counts. */
  tryTake(name: string): boolean {
    if (!Number.isFinite(this.#perMinute)) return true;
    const now = this.#clock.now();
    let bucket = this.#buckets.get(name);
    if (!bucket) {
      bucket = new TokenBucket(this.#perMinute / 60, this.#perMinute, now);
      this.#buckets.set(name, bucket);
    }
    return bucket.tryTake(1, now);
  }
}
