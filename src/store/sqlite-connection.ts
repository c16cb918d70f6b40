import type Database from "better-sqlite3";
import { toStoreError } from "./sqlite-error.ts";
import { StoreError } from "./store.ts";

export type Statement = Database.Statement<unknown[], unknown>;

/**
 * - `clean`: nothing to commit, no transaction open;
 * - `dirty`: a transaction is open and holds writes;
 * - `failed`: a write failed and took those before it along; only `commit` and `rollback` lead on;
 * - `closed`.
 */
type State = "clean" | "dirty" | "failed" | "closed";

interface ConnectionEvents {
  /** A transaction began. */
  dirty(): void;
  /** The write that would have begun one failed. */
  failed(): void;
}

/** The database file, and the transaction that begins with the first write after a commit. */
export class SqliteConnection {
  readonly path: string;
  readonly db: Database.Database;
  /** Since it was opened, those included that were undone. */
  rowsWritten = 0;
  readonly #events: ConnectionEvents;
  readonly #begin: Statement;
  readonly #commit: Statement;
  #state: State = "clean";
  #failure: unknown;

  constructor(path: string, db: Database.Database, events: ConnectionEvents) {
    this.path = path;
    this.db = db;
    this.#events = events;
    // Takes the right to write at once: a deferred transaction could lose it to another process half-way.
    this.#begin = db.prepare("BEGIN IMMEDIATE");
    this.#commit = db.prepare("COMMIT");
  }

  get dirty(): boolean {
    return this.#state === "dirty" || this.#state === "failed";
  }

  prepare(text: string): Statement {
    this.check();
    try {
      return this.db.prepare(text);
    } catch (error) {
      throw toStoreError(this.path, error);
    }
  }

  first(statement: Statement, parameters: readonly unknown[]): unknown {
    this.check();
    try {
      return statement.get(parameters);
    } catch (error) {
      throw this.#readFailed(error);
    }
  }

  all(statement: Statement, parameters: readonly unknown[]): unknown[] {
    this.check();
    try {
      return statement.all(parameters);
    } catch (error) {
      throw this.#readFailed(error);
    }
  }

  /** Runs a write in the open transaction, or begins one; returns how many rows it changed. */
  run(statement: Statement, parameters: readonly unknown[]): number {
    this.check();
    const isFirst = this.#state === "clean";
    let changes: number;
    try {
      if (isFirst) this.#begin.run();
      changes = statement.run(parameters).changes;
    } catch (error) {
      throw this.#writeFailed(error, isFirst);
    }
    if (isFirst) {
      this.#state = "dirty";
      this.#events.dirty();
    }
    this.rowsWritten += changes;
    return changes;
  }

  commit(): void {
    if (this.#state === "failed") {
      this.#state = "clean";
      throw this.#undone();
    }
    this.check();
    if (this.#state === "clean") return;
    this.#state = "clean";
    try {
      this.#commit.run();
    } catch (error) {
      this.#abandon();
      throw toStoreError(this.path, error);
    }
  }

  rollback(): void {
    if (this.#state === "failed") this.#state = "clean";
    this.check();
    if (this.#state === "clean") return;
    this.#state = "clean";
    this.#abandon();
  }

  /** Runs `write`, of which each write is done by `run`, in a transaction that no event tells of. Nothing may be uncommitted. */
  apart(write: () => void): void {
    this.check();
    if (this.#state === "dirty") throw new TypeError("a turn is open");
    this.alone(() => {
      this.#state = "dirty";
      try {
        write();
        this.check();
      } finally {
        this.#state = "clean";
      }
    });
  }

  /** Runs `work` in a transaction of its own. Nothing may be uncommitted. */
  alone<T>(work: () => T): T {
    this.check();
    try {
      this.#begin.run();
      const result = work();
      this.#commit.run();
      return result;
    } catch (error) {
      this.#abandon();
      throw toStoreError(this.path, error);
    }
  }

  /** Whoever is the last to close moves the write-ahead log into the file. */
  close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#abandon();
    try {
      this.db.close();
    } catch (error) {
      throw toStoreError(this.path, error);
    }
  }

  /** Throws unless the store can be read and written. */
  check(): void {
    if (this.#state === "closed") throw new StoreError(`store ${this.path}: it is closed`);
    if (this.#state === "failed") throw this.#undone();
  }

  #readFailed(error: unknown): unknown {
    // Some errors make SQLite end the transaction by itself: then the writes before are gone.
    if (this.#state === "dirty" && !this.db.inTransaction) return this.#writeFailed(error, false);
    return toStoreError(this.path, error);
  }

  #writeFailed(error: unknown, isFirst: boolean): unknown {
    this.#abandon();
    this.#failure = toStoreError(this.path, error);
    if (isFirst) this.#events.failed();
    else this.#state = "failed";
    return this.#failure;
  }

  #undone(): StoreError {
    const reason = this.#failure instanceof Error ? this.#failure.message : String(this.#failure);
    return new StoreError(`${reason}; all that was written with it is undone`, { cause: this.#failure });
  }

  #abandon(): void {
    if (this.db.inTransaction) this.db.exec("ROLLBACK");
  }
}
