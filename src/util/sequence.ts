import type { Clock } from "./clock.ts";

/** Numbers for rows in the order of their making: they grow, also across restarts, and say about when. */
export interface Sequence {
  /** Greater than every number before it; at most 1,000 a millisecond stay in step with the clock. */
  next(): number;
}

export function createSequence(clock: Clock): Sequence {
  let last = 0;
  return {
    next() {
      last = Math.max(last + 1, clock.now() * 1000);
      return last;
    },
  };
}
