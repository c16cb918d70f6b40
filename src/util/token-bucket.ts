/** A rate with room for bursts: what exceeds it is delayed, never dropped. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #at: number;

  /** @param perSecond tokens that come back each second; @param burst tokens that may be saved up. */
  constructor(perSecond: number, burst: number, now: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#tokens = burst;
    this.#at = now;
  }

  /** Takes `amount`; returns for how many milliseconds to take no more. */
  take(amount: number, now: number): number {
    this.#earn(now);
    this.#tokens -= amount;
    return this.#tokens >= 0 ? 0 : Math.ceil((-this.#tokens / this.#perSecond) * 1000);
  }

  /** Takes `amount` if it is there; whether it was. */
  tryTake(amount: number, now: number): boolean {
    this.#earn(now);
    if (this.#tokens < amount) return false;
    this.#tokens -= amount;
    return true;
  }

  /** A clock that was set back takes nothing away. */
  #earn(now: number): void {
    const passed = Math.max(0, now - this.#at);
    this.#tokens = Math.min(this.#burst, this.#tokens + (passed / 1000) * this.#perSecond);
    this.#at = now;
  }
}
