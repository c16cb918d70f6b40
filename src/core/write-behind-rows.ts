import { StoreError, type Table } from "../store/store.ts";
import { type Awaitable, after } from "../util/awaitable.ts";
import type { Host } from "./host.ts";

/** How long a row may be known in memory alone. */
const WRITE_INTERVAL_MS = 5_000;

/** Rows that wait while the store refuses them; of more than that the oldest are given up. */
const MAX_WAITING = 100_000;

/**
 * Rows of a table that nobody is promised, such as when somebody was last seen, so that nobody need wait for the disk on their
 * account, or suffer where it is full. They are known at once, in the store within seconds, and at the end of the server.
 */
export class WriteBehindRows<R extends { user: string }> {
  readonly #host: Host;
  readonly #table: Table<R>;
  readonly #waiting = new Map<string, R>();
  #isStopping = false;
  /** Whether the store refused the last time. */
  #isFailing = false;

  /** @param table its key is `user`. */
  constructor(host: Host, table: Table<R>) {
    this.#host = host;
    this.#table = table;
    host.every(WRITE_INTERVAL_MS, () => this.#write());
    host.hook("server:stopping", "observe", () => {
      // Sessions still end after this, and the last turn takes with it what that writes.
      this.#isStopping = true;
      return this.#write();
    });
  }

  get(user: string): Awaitable<R | undefined> {
    return this.#waiting.get(user) ?? this.#table.get({ user } as Partial<R>);
  }

  put(row: R): Awaitable<void> {
    if (this.#isStopping) return this.#table.put(row);
    this.#waiting.set(row.user, row);
    if (this.#waiting.size > MAX_WAITING) this.#waiting.delete(this.#waiting.keys().next().value as string);
  }

  delete(user: string): Awaitable<void> {
    this.#waiting.delete(user);
    return after(this.#table.delete({ user } as Partial<R>), () => undefined);
  }

  async #write(): Promise<void> {
    if (this.#waiting.size === 0) return;
    let rows: readonly R[] = [];
    try {
      await this.#host.apart(() => {
        rows = [...this.#waiting.values()];
        for (const row of rows) void this.#table.put(row);
      });
      this.#isFailing = false;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      // Once, and not every few seconds for as long as the disk is full.
      if (!this.#isFailing) this.#host.log.error("rows wait to be written", { error: error.message });
      this.#isFailing = true;
      return;
    }
    // Another one may have taken a row's place meanwhile.
    for (const row of rows) if (this.#waiting.get(row.user) === row) this.#waiting.delete(row.user);
  }
}
