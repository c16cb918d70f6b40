import type { Awaitable } from "../util/awaitable.ts";

/**
 * `text` is any well-formed string; `int` a safe integer; `blob` a Buffer; `json` any JSON value.
 * A nullable column holds `null` as well; `undefined` is never a value.
 */
export type Column = "text" | "int" | "blob" | "json" | "text?" | "int?" | "blob?" | "json?";

/** A spec that cannot work is refused with a TypeError when the table is opened. */
export interface TableSpec<R> {
  /** `[a-z_]+`, unique in the store, not starting with `jackdaw_` or `sqlite_`. */
  readonly name: string;
  /** Grows by one with each change of the columns or the key; see `migrate`. Starts at 1. Indexes may change freely. */
  readonly version: number;
  /** Names of letters, digits and `_`; no two differ in case alone. */
  readonly columns: { readonly [K in keyof R]-?: Column };
  /** Columns of the primary key, most significant first: `text` or `int`. */
  readonly key: readonly (keyof R & string)[];
  /**
   * Rows are longer than about 1 KB, mostly: what finds one by its key then looks at none of the others. A table keeps what
   * this was when it was made.
   */
  readonly longRows?: boolean;
  /** Columns of each index, most significant first: `text` or `int`, nullable or not. */
  readonly indexes?: Readonly<Record<string, readonly (keyof R & string)[]>>;
  /** Turns a row of an older version into one of this version. This or `regroup` is needed when `version` > 1. */
  readonly migrate?: (row: Record<string, unknown>, from: number) => R;
  /** Turns all rows of an older version, which come in the order of their key, into those of this one, whatever their number. */
  readonly regroup?: (rows: Iterable<Record<string, unknown>>, from: number) => Iterable<R>;
}

/**
 * A run of neighbouring rows. Text is ordered by its UTF-8 bytes, which is the order of code points; `null` comes
 * first. Rows that are equal in all columns of an index are ordered by the columns of the key that it lacks;
 * those count as columns of the index here.
 */
export interface Range<R> {
  /** Equality on a leading part of the key, or of the index that is named. */
  readonly where?: Partial<R>;
  readonly index?: string;
  /** Exclusive bounds on the first key (index) column that `where` leaves open. A bound never matches `null`. */
  readonly after?: string | number;
  readonly before?: string | number;
  readonly reverse?: boolean;
  /** Rows left out first; each costs a look at the index. */
  readonly offset?: number;
  readonly limit?: number;
}

/**
 * Ordered records with declared indexes: the one shape every driver offers. Reads see all writes made before
 * them, committed or not. Writes of a turn become durable together in `Store.commit`, or none of them does.
 *
 * Rows are copied both ways: changing one afterwards changes nothing in the store. A row, key or range that
 * does not fit the table is a TypeError and changes nothing. Every call can throw a StoreError; when a write
 * does so after others of the same turn, all of them are undone, and everything throws until `Store.commit`
 * (which then throws too) or `Store.rollback` ends the turn.
 */
export interface Table<R> {
  /** `key` names exactly the columns of the key. */
  get(key: Partial<R>): Awaitable<R | undefined>;
  /** Inserts, or replaces the row with the same key. `row` has every column of the table and no other. */
  put(row: R): Awaitable<void>;
  /**
   * Deletes all rows that equal `where` in every column given (`text` and `int` columns only); returns how many.
   * Never all rows by accident: `where` names at least one column. Finding none is not a write.
   */
  delete(where: Partial<R>): Awaitable<number>;
  /** Rows in the order of the key, or of the index. */
  list(range?: Range<R>): Awaitable<R[]>;
  /** How many rows `list` would return. */
  count(range?: Range<R>): Awaitable<number>;
}

/** Writes that are put off to the end of their turn, so that all that comes until then is one row. */
export interface LateWrite {
  /** Makes them, right before the commit; waits for nothing but the store. */
  write(): Awaitable<void>;
  /** Called in its place when the turn is undone. */
  undone(): void;
}

export interface Store {
  /**
   * Opens (creates, migrates) a table. Once per name. Commits first what was written before.
   * Throws a StoreError, and changes nothing, if the table is of a newer version or cannot be migrated.
   */
  table<R extends object>(spec: TableSpec<R>): Awaitable<Table<R>>;
  /**
   * Makes everything written since the last commit durable, all or nothing. Called once per turn, before anything is
   * flushed. Throws a StoreError when that failed: then all of it is undone, as after `rollback`.
   */
  commit(): Awaitable<void>;
  /** Lets `late` write at the end of this turn: from now on there is something to commit. What it throws fails the commit. */
  beforeCommit(late: LateWrite): Awaitable<void>;
  /** Forgets everything written since the last commit. */
  rollback(): Awaitable<void>;
  /**
   * Makes what `write` writes, without waiting in between, durable at once and by itself: where that fails nothing else is
   * undone, nobody is told of a failure, and the turn goes on. Only where nothing waits for `commit`.
   * Throws a StoreError when it failed: then all of it is undone.
   */
  apart(write: () => void): Awaitable<void>;
  /** Whether there are writes that `commit` would make durable. */
  readonly dirty: boolean;
  /** Rows written and deleted since it was opened, those included that were undone. For metrics. */
  readonly rowsWritten?: number;
  /** Called once when something was first written after a commit or rollback, so that somebody ends the turn. */
  onDirty: () => void;
  /**
   * Called when a write failed that was the first after a commit or rollback: nothing is undone with it and the turn goes
   * on, but what memory made of it does not hold.
   */
  onFailed: () => void;
  /** Forgets what was not committed and lets go of the file. Any use afterwards, but another `close`, is a StoreError. */
  close(): Promise<void>;
}

/** The store cannot do its work: locked, read-only, full, corrupt, or made by a newer server. The message says which and where. */
export class StoreError extends Error {
  override readonly name = "StoreError";
}
