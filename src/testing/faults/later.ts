import type { Clock, Timer } from "../../util/clock.ts";

/** What faults do later, all of which can be given up. */
export class Later {
  readonly #clock: Clock;
  readonly #timers = new Set<Timer>();
  readonly #waiting = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  run(ms: number, task: () => void): void {
    const timer = this.#clock.after(ms, () => {
      this.#timers.delete(timer);
      task();
    });
    this.#timers.add(timer);
  }

  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const go = () => {
        this.#waiting.delete(go);
        resolve();
      };
      this.#waiting.add(go);
      this.run(ms, go);
    });
  }

  /** No task is run any more, and nobody waits any longer. */
  clear(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    for (const go of this.#waiting) go();
  }
}
