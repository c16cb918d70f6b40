/**
 * Slows down the guessing of passwords.
 *
 * Nobody is ever refused, only kept waiting, and never for long enough that a client gives up: a lock that an
 * attacker can turn is worse than none. Failures count twice:
 *
 * - by address, steeply: this is what stops one machine that guesses;
 * - by account, gently, against guesses from many addresses. That wait is all that a stranger can do to the owner
 *   from elsewhere, so its limit is low, and it does not apply at addresses where the owner has logged in before.
 *
 * Success forgets no failure, or an attacker would log in to an account of their own between guesses and be rid of
 * the count, and each login of the owner's phone would reset it for everybody. Time forgets them, by half in each
 * `HALF_LIFE`. What cannot be stopped like this is a network of many addresses that tries each a few times.
 */
import type { Clock } from "../util/clock.ts";
import { networkOf } from "../util/ip-network.ts";
import { Lru } from "../util/lru.ts";

/** In this time half of the failures are forgotten. Milliseconds. */
const HALF_LIFE = 10 * 60_000;

/** Addresses, accounts, and accounts with known addresses that are remembered, each. */
const TRACKED = 10_000;

/** Known addresses of one account: those of its latest logins. */
const KNOWN_ADDRESSES = 8;

/** Failures are free up to a number, then each doubles the wait from `step` up to `limit`, in milliseconds. */
interface BackOff {
  readonly free: number;
  readonly step: number;
  readonly limit: number;
}

/** Free failures for a household or an office behind one address; clients give up after about 30 seconds. */
const ADDRESS = { free: 5, limit: 15_000 };
const ACCOUNT: BackOff = { free: 10, step: 250, limit: 3_000 };

/** The first wait of an address. */
const DEFAULT_STEP = 500;

/** A count of n that is a few seconds old is still n. */
const ROUNDING = 0.5;

interface Failures {
  readonly count: number;
  /** When it was so many. */
  readonly at: number;
}

/**
 * How a stream uses it: it waits for the `delay` of the address before it looks at what it got; when an exchange has
 * failed, `failed`; then, whatever the outcome, it waits for the rest of `delay` before it answers; when it answers
 * with success, `succeeded`. An answer that came at once only if it was good would
 * tell an impatient attacker enough. Guesses that run side by side see each other's failures, so they wait as well.
 *
 * `user` is the bare JID as text, where it is known; an empty `address` (an in-process stream) is not counted.
 */
export class Throttle {
  readonly #clock: Clock;
  readonly #address: BackOff;
  readonly #addresses = new Lru<string, Failures>(TRACKED);
  readonly #accounts = new Lru<string, Failures>(TRACKED);
  readonly #known = new Lru<string, readonly string[]>(TRACKED);

  /** @param step milliseconds that an address waits first, once its free failures are used up. */
  constructor(clock: Clock, step = DEFAULT_STEP) {
    this.#clock = clock;
    this.#address = { ...ADDRESS, step };
  }

  /** Milliseconds to wait before the answer. */
  delay(user: string | undefined, address: string): number {
    const network = networkOf(address);
    const byAddress = wait(this.#address, this.#count(this.#addresses, network));
    if (user === undefined || this.#known.get(user)?.includes(network)) return byAddress;
    return Math.max(byAddress, wait(ACCOUNT, this.#count(this.#accounts, user)));
  }

  failed(user: string | undefined, address: string): void {
    if (address !== "") this.#add(this.#addresses, networkOf(address));
    if (user !== undefined) this.#add(this.#accounts, user);
  }

  /** Makes the address one of the account's own. */
  succeeded(user: string | undefined, address: string): void {
    if (user === undefined || address === "") return;
    const network = networkOf(address);
    const others = (this.#known.get(user) ?? []).filter((known) => known !== network);
    this.#known.set(user, [network, ...others].slice(0, KNOWN_ADDRESSES));
  }

  #count(counts: Lru<string, Failures>, key: string): number {
    const failures = counts.get(key);
    return failures ? failures.count * 2 ** ((failures.at - this.#clock.now()) / HALF_LIFE) : 0;
  }

  #add(counts: Lru<string, Failures>, key: string): void {
    counts.set(key, { count: this.#count(counts, key) + 1, at: this.#clock.now() });
  }
}

function wait({ free, step, limit }: BackOff, count: number): number {
  const beyond = Math.floor(count + ROUNDING) - free;
  return beyond <= 0 ? 0 : Math.min(limit, step * 2 ** (beyond - 1));
}
