import type { Timer } from "../util/clock.ts";
import { millisecondsOf, type TestClock } from "./test-clock.ts";

interface Alarm {
  at: number;
  readonly every: number | undefined;
  readonly task: () => void;
}

/** Where virtual time begins: a date like any other, the same in every test. */
const START = Date.UTC(2025, 0, 1, 12);

/** Time that stands still until `advance` moves it; `immediate` alone is real. */
export class VirtualClock implements TestClock {
  settle: TestClock["settle"] = () => new Promise(setImmediate);
  skew = () => 0;
  readonly #alarms = new Set<Alarm>();
  #now = START;
  #immediates = 0;
  /** Settles when time stands still: turns come one after the other. */
  #turning: Promise<void> = Promise.resolve();
  /** A turn of time ends where time is set to something else. */
  #resets = 0;

  now(): number {
    return this.#now + this.skew();
  }

  after(ms: number, task: () => void): Timer {
    return this.#set({ at: this.#now + Math.max(0, ms), every: undefined, task });
  }

  every(ms: number, task: () => void): Timer {
    return this.#set({ at: this.#now + ms, every: ms, task });
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

  async advance(duration: number | string): Promise<void> {
    const ms = millisecondsOf(duration);
    if (!Number.isFinite(ms)) throw new TypeError("time cannot be turned to its end");
    const turned = this.#turning.then(() => this.#turn(ms));
    this.#turning = turned.catch(() => {});
    return turned;
  }

  async #turn(ms: number): Promise<void> {
    await this.settle("start");
    const resets = this.#resets;
    const until = this.#now + ms;
    for (let next = this.#next(until); next; next = this.#next(until)) {
      this.#now = Math.max(this.#now, next.at);
      if (next.every === undefined) this.#alarms.delete(next);
      else next.at += next.every;
      next.task();
      await this.settle("task");
      if (resets !== this.#resets) return;
    }
    this.#now = until;
  }

  /** It is `now` again, and nothing is due: whoever waited is gone. */
  reset(now: number): void {
    this.#alarms.clear();
    this.#resets++;
    this.#now = now;
  }

  #set(alarm: Alarm): Timer {
    this.#alarms.add(alarm);
    return { cancel: () => void this.#alarms.delete(alarm) };
  }

  /** The first that is due; of several at one time the one that was set first. */
  #next(until: number): Alarm | undefined {
    let first: Alarm | undefined;
    for (const alarm of this.#alarms) {
      if (alarm.at <= until && (!first || alarm.at < first.at)) first = alarm;
    }
    return first;
  }
}
