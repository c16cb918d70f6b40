import { type Awaitable, isPromise } from "../util/awaitable.ts";
import type { Clock } from "../util/clock.ts";
import type { Logger } from "../util/logger.ts";

/** Output that waits for the end of the turn. */
export interface Outbox {
  flush(): void;
  /** The turn's writes are lost: what is queued may claim things that did not happen, so it is not sent. */
  abandon(reason: Error): void;
}

interface Committable {
  commit(): Awaitable<void>;
  rollback(): Awaitable<void>;
  onDirty: () => void;
}

/**
 * Ends each turn of the event loop: first everything written is committed, then everything said is flushed, so
 * nobody hears of what is not durable. Outboxes hold one string each and are flushed with one write.
 */
export class Turn {
  /** Called after writes were lost, so that caches of the store are dropped. */
  onLost: () => void = () => {};
  readonly #store: Committable;
  readonly #clock: Clock;
  readonly #log: Logger;
  #waiting: Outbox[] = [];
  #scheduled = false;
  #committing = false;

  constructor(store: Committable, clock: Clock, log: Logger) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    store.onDirty = () => this.schedule();
  }

  /** Puts `outbox` on the list of this turn; the caller does so once per turn. */
  add(outbox: Outbox): void {
    this.#waiting.push(outbox);
    this.schedule();
  }

  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#clock.immediate(this.#end);
  }

  readonly #end = (): void => {
    if (this.#committing) return;
    this.#scheduled = false;
    const outboxes = this.#waiting;
    this.#waiting = [];
    try {
      const committed = this.#store.commit();
      if (!isPromise(committed)) return flush(outboxes);
      this.#committing = true;
      committed.then(
        () => this.#settle(() => flush(outboxes)),
        (error: Error) => this.#settle(() => this.#lose(outboxes, error)),
      );
    } catch (error) {
      this.#lose(outboxes, error as Error);
    }
  };

  #settle(then: () => void): void {
    this.#committing = false;
    then();
    if (this.#scheduled) this.#end();
  }

  #lose(outboxes: Outbox[], error: Error): void {
    this.#log.error("writes could not be committed; the streams concerned are closed", {
      error: error.message,
    });
    this.onLost();
    for (const outbox of outboxes) outbox.abandon(error);
  }
}

function flush(outboxes: Outbox[]): void {
  for (const outbox of outboxes) outbox.flush();
}
