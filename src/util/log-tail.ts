import type { Logger } from "./logger.ts";

/** A line of the log that is still remembered. */
export interface LogLine {
  /** Grows by one with each line. */
  readonly number: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly level: "info" | "warn" | "error";
  readonly message: string;
  /** What goes with it, that of the logger's parents included. */
  readonly data: object;
}

/** The last lines of a log, for those who look at a running server. Those for debugging are not among them. */
export class LogTail {
  readonly #lines: LogLine[] = [];
  readonly #limit: number;
  readonly #now: () => number;
  #next = 1;

  constructor(limit: number, now: () => number) {
    this.#limit = limit;
    this.#now = now;
  }

  /** The lines behind number `after`, the oldest first. */
  since(after: number): readonly LogLine[] {
    return this.#lines.filter(({ number }) => number > after);
  }

  /** A logger that remembers what it passes on to `logger`. */
  of(logger: Logger, bindings: object = {}): Logger {
    const pass =
      (level: LogLine["level"]) =>
      (message: string, data: object = {}) => {
        this.#keep(level, message, { ...bindings, ...data });
        logger[level](message, data);
      };
    return {
      debug: (message, data) => logger.debug(message, data),
      info: pass("info"),
      warn: pass("warn"),
      error: pass("error"),
      child: (more) => this.of(logger.child(more), { ...bindings, ...more }),
    };
  }

  #keep(level: LogLine["level"], message: string, data: object): void {
    this.#lines.push({ number: this.#next++, at: this.#now(), level, message, data });
    if (this.#lines.length > this.#limit) this.#lines.shift();
  }
}
