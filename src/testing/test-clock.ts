import { type Clock, systemClock, type Timer } from "../util/clock.ts";
import { parseDuration } from "../util/duration.ts";

/** A clock that tells whether work is under way, and that a test may be able to turn. */
export interface TestClock extends Clock {
  /** Awaited before time moves (`start`) and after each task: lets the work that is under way come to its end. */
  settle: (when: "start" | "task") => Promise<unknown>;
  /** Milliseconds that it is fast: what it says is that much later, and nothing else is. */
  skew: () => number;
  /** Tasks of `immediate` that are still to run. */
  readonly immediates: number;
  /**
   * Moves time by milliseconds, or by a duration such as `"10m"`, and runs what comes due meanwhile, in the order of its
   * time. Begun while it is under way already, it goes on from where that ends.
   * @throws Error when the clock is the system's, TypeError when it is no duration.
   */
  advance(duration: number | string): Promise<void>;
}

/** Milliseconds. @throws TypeError when it is no duration. */
export function millisecondsOf(duration: number | string): number {
  const ms = typeof duration === "number" ? duration : parseDuration(duration);
  if (ms === undefined || !(ms >= 0)) throw new TypeError(`not a duration like "10m": ${duration}`);
  return ms;
}

/** The system's time, which nobody can turn. */
export class RealClock implements TestClock {
  settle: TestClock["settle"] = () => new Promise(setImmediate);
  skew = () => 0;
  #immediates = 0;

  now(): number {
    return systemClock.now() + this.skew();
  }

  after(ms: number, task: () => void): Timer {
    return systemClock.after(ms, task);
  }

  every(ms: number, task: () => void): Timer {
    return systemClock.every(ms, task);
  }

  immediate(task: () => void): void {
    this.#immediates++;
    setImmediate(() => {
      this.#immediates--;
      task();
    });
  }

  get immediates(): number {
    return this.#immediates;
  }

  async advance(): Promise<never> {
    throw new Error('the clock is the system\'s: start the server with clock: "virtual" to turn it');
  }
}
