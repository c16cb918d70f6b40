import { type Awaitable, isPromise } from "../util/awaitable.ts";
import type { Clock } from "../util/clock.ts";
import type { Logger } from "../util/logger.ts";

/** Output that waits for the end of the turn. */
export interface Outbox {
  flush(): void;
  /** The turn's writes are lost: what is queued may claim things that did not happen, so it is not sent. */
  abandon(reason: Error): void;
}

/** Somebody whose stanza was dealt with. */
interface Heard {
  destroy(reason: Error): void;
}

interface Committable {
  readonly dirty: boolean;
  commit(): Awaitable<void>;
  apart(write: () => void): Awaitable<void>;
  onDirty: () => void;
  onFailed: () => void;
}

/**
 * Ends each turn of the event loop: first everything written is committed, then everything said is flushed, so
 * nobody hears of what is not durable. Outboxes hold one string each and are flushed with one write.
 */
export class Turn {
  /** Called after a write failed or was lost, so that caches of the store are dropped. */
  onLost: () => void = () => {};
  /** Called after each commit that made something durable, with how long it took in seconds. */
  onCommitted: (seconds: number) => void = () => {};
  /** When the store last made something durable; milliseconds since the epoch, 0 for never. */
  writtenAt = 0;
  /** When it last failed to. */
  failedAt = 0;
  readonly #store: Committable;
  readonly #clock: Clock;
  readonly #log: Logger;
  #waiting: Outbox[] = [];
  #heard = new Set<Heard>();
  #scheduled = false;
  #hasLookedAgain = false;
  #committing = false;
  #stopped = false;

  constructor(store: Committable, clock: Clock, log: Logger) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    store.onDirty = () => this.schedule();
    store.onFailed = () => this.onLost();
  }

  /** Puts `outbox` on the list of this turn; the caller does so once per turn. */
  add(outbox: Outbox): void {
    if (this.#stopped) return outbox.abandon(new Error("the server is closed"));
    this.#waiting.push(outbox);
    this.schedule();
  }

  /**
   * What `peer` sent is dealt with in this turn. If that is lost it is cut off, for without an answer to hold back nothing
   * else would tell it.
   */
  hear(peer: Heard): void {
    if (this.#stopped) return;
    this.#heard.add(peer);
    this.schedule();
  }

  /**
   * Settles when everything written so far is durable. Whoever commits in the middle of a turn goes this way: a commit
   * that failed behind the turn's back would let it say what is undone. @throws StoreError when it is lost.
   */
  commit(): Promise<void> {
    return new Promise((flush, abandon) => this.add({ flush, abandon }));
  }

  /**
   * Lets `write` write, behind a turn, what nobody is told of and no turn depends on, and settles when that is durable.
   * @throws StoreError when it is not; nothing else is lost then.
   */
  async apart(write: () => void): Promise<void> {
    do await this.commit();
    while (this.#store.dirty);
    await this.#store.apart(write);
  }

  /** The store is about to close: from now on nothing is committed, and nothing said. */
  stop(): void {
    this.#stopped = true;
    const outboxes = this.#waiting;
    this.#waiting = [];
    for (const outbox of outboxes) outbox.abandon(new Error("the server is closed"));
  }

  schedule(): void {
    if (this.#scheduled || this.#stopped) return;
    this.#scheduled = true;
    this.#clock.immediate(this.#end);
  }

  readonly #end = (): void => {
    if (this.#committing || this.#stopped) return;
    if (this.#shouldLookAgain()) return this.#clock.immediate(this.#end);
    this.#scheduled = false;
    const outboxes = this.#waiting;
    this.#waiting = [];
    const heard = this.#heard;
    if (heard.size > 0) this.#heard = new Set();
    this.#commit(outboxes, heard);
  };

  /**
   * A commit costs as much as ten messages. Where several peers were heard more of them have sent something meanwhile, most
   * likely: the turn takes that in as well, once.
   */
  #shouldLookAgain(): boolean {
    this.#hasLookedAgain = !this.#hasLookedAgain && this.#heard.size > 1 && this.#store.dirty;
    return this.#hasLookedAgain;
  }

  #commit(outboxes: readonly Outbox[], heard: Iterable<Heard>): void {
    try {
      const began = this.#store.dirty ? performance.now() : undefined;
      const committed = this.#store.commit();
      if (!isPromise(committed)) return this.#committed(outboxes, began);
      this.#committing = true;
      committed.then(
        () => this.#settle(() => this.#committed(outboxes, began)),
        (error: Error) => this.#settle(() => this.#lose(outboxes, heard, error)),
      );
    } catch (error) {
      this.#lose(outboxes, heard, error as Error);
    }
  }

  #committed(outboxes: readonly Outbox[], began: number | undefined): void {
    if (began !== undefined) {
      this.writtenAt = this.#clock.now();
      this.onCommitted((performance.now() - began) / 1000);
    }
    for (const outbox of outboxes) outbox.flush();
  }

  #settle(then: () => void): void {
    this.#committing = false;
    then();
    if (this.#scheduled) this.#end();
  }

  #lose(outboxes: readonly Outbox[], heard: Iterable<Heard>, error: Error): void {
    this.failedAt = this.#clock.now();
    this.#log.error("writes could not be committed; the streams concerned are closed", {
      error: error.message,
    });
    this.onLost();
    const isBetweenTurns = this.#waiting.length === 0 && !this.#store.dirty;
    for (const outbox of outboxes) outbox.abandon(error);
    for (const peer of heard) peer.destroy(error);
    // What the ends of those streams wrote is a turn of its own. It fails as well, most likely, and must not take along
    // those who are told of the ends.
    if (isBetweenTurns && this.#store.dirty) this.#commit([], []);
  }
}
