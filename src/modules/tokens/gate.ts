import type { Clock } from "../../util/clock.ts";
import { networkOf } from "../../util/ip-network.ts";
import { Lru } from "../../util/lru.ts";
import { TokenBucket } from "../../util/token-bucket.ts";
import type { TokenInfo } from "./token-store.ts";

/** RFC 6750 §2.1; the scheme in any case (RFC 9110 §11.1). */
const BEARER = /^bearer +([A-Za-z0-9._~+/-]+=*) *$/i;

/** Networks and tokens whose requests are counted. */
const TRACKED = 10_000;

export interface GateLimits {
  /** Requests with one token. */
  readonly perMinute: number;
  /** Requests from one network with a token that is none. */
  readonly wrongPerMinute: number;
}

export type Admission =
  | { readonly outcome: "good"; readonly token: TokenInfo }
  /** No token was shown, or one that is not good. */
  | { readonly outcome: "missing" | "wrong" }
  /** Come back in so many seconds. */
  | { readonly outcome: "limited"; readonly retryAfter: number };

/** Who comes in with a token, how often, and who may try how often. */
export class Gate {
  readonly #clock: Clock;
  readonly #limits: GateLimits;
  readonly #check: (token: string) => Promise<TokenInfo | undefined>;
  readonly #used = new Lru<string, TokenBucket>(TRACKED);
  readonly #wrong = new Lru<string, TokenBucket>(TRACKED);

  constructor(clock: Clock, limits: GateLimits, check: (token: string) => Promise<TokenInfo | undefined>) {
    this.#clock = clock;
    this.#limits = limits;
    this.#check = check;
  }

  /** @param authorization the header of that name. @param remote the peer's address. */
  async admit(authorization: string | undefined, remote: string): Promise<Admission> {
    const shown = BEARER.exec(authorization ?? "")?.[1];
    if (shown === undefined) return { outcome: authorization === undefined ? "missing" : "wrong" };
    const network = networkOf(remote);
    const tries = this.#bucket(this.#wrong, network, this.#limits.wrongPerMinute);
    // Looked at before the token, so that who guesses too often does not even learn of a hit.
    if (!tries.tryTake(1, this.#clock.now())) return limited(this.#limits.wrongPerMinute);
    // Those who come at the same time with a good one do not get in each other's way.
    tries.take(-1, this.#clock.now());
    const token = await this.#check(shown);
    if (!token) {
      tries.take(1, this.#clock.now());
      return { outcome: "wrong" };
    }
    const uses = this.#bucket(this.#used, token.id, this.#limits.perMinute);
    if (!uses.tryTake(1, this.#clock.now())) return limited(this.#limits.perMinute);
    return { outcome: "good", token };
  }

  #bucket(buckets: Lru<string, TokenBucket>, key: string, perMinute: number): TokenBucket {
    const bucket = buckets.get(key) ?? new TokenBucket(perMinute / 60, perMinute, this.#clock.now());
    buckets.set(key, bucket);
    return bucket;
  }
}

function limited(perMinute: number): Admission {
  return { outcome: "limited", retryAfter: Math.max(1, Math.ceil(60 / perMinute)) };
}
