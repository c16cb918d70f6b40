import type { Clock } from "../../util/clock.ts";
import { Lru } from "../../util/lru.ts";
import { TokenBucket } from "../../util/token-bucket.ts";
import type { Jid } from "../../xmpp/jid.ts";

/** Accounts whose rate is remembered. */
const KNOWN_ACCOUNTS = 10_000;

/** How often each account may publish, or change something else. */
export class ChangeRates {
  readonly #perMinute: number;
  readonly #clock: Clock;
  readonly #buckets = new Lru<string, TokenBucket>(KNOWN_ACCOUNTS);

  /** Infinity: no limit. */
  constructor(perMinute: number, clock: Clock) {
    this.#perMinute = perMinute;
    this.#clock = clock;
  }

  tryTake(account: Jid): boolean {
    if (!Number.isFinite(this.#perMinute)) return true;
    const key = account.toString();
    const now = this.#clock.now();
    let bucket = this.#buckets.get(key);
    if (!bucket) {
      bucket = new TokenBucket(this.#perMinute / 60, this.#perMinute, now);
      this.#buckets.set(key, bucket);
    }
    return bucket.tryTake(1, now);
  }
}
