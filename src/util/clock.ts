/** Time, injected: tests turn it by hand, the server uses the system's. */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs `task` once, `ms` milliseconds from now. Does not keep the process alive. */
  after(ms: number, task: () => void): Timer;
  /** Runs `task` every `ms` milliseconds until cancelled. Does not keep the process alive. */
  every(ms: number, task: () => void): Timer;
  /** Runs `task` at the end of this turn of the event loop. */
  immediate(task: () => void): void;
}

/** A time limit that ran out: an IQ that nobody answered, a peer that went quiet. */
export class TimeoutError extends Error {
  override readonly name = "TimeoutError";
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms).unref();
    return { cancel: () => clearTimeout(timer) };
  },
  every(ms, task) {
    const timer = setInterval(task, ms).unref();
    return { cancel: () => clearInterval(timer) };
  },
  immediate: (task) => void setImmediate(task),
};
