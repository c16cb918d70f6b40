/** So much in so many milliseconds, which comes back little by little. */
export interface Allowance {
  readonly most: number;
  readonly per: number;
}

/**
 * When all of an allowance is back of which `amount` is spent now and the rest was back at `backAt`. That one time is all
 * there is to remember; milliseconds since the epoch.
 */
export function spend(amount: number, backAt: number, allowance: Allowance, now: number): number {
  // No further than the whole of it, whatever the allowance, or the clock, was before.
  return Math.min(Math.max(backAt, now), now + allowance.per) + costOf(amount, allowance);
}

/** When all is back if `amount` of what was spent is not used. */
export function unspend(amount: number, backAt: number, allowance: Allowance): number {
  return backAt - costOf(amount, allowance);
}

/** Milliseconds until `amount`, which is no more than the whole of it, may be spent: 0 when at once. */
export function waitFor(amount: number, backAt: number, allowance: Allowance, now: number): number {
  return Math.max(0, spend(amount, backAt, allowance, now) - now - allowance.per);
}

function costOf(amount: number, { most, per }: Allowance): number {
  return Math.ceil((amount / most) * per);
}
