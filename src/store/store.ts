import type { Awaitable } from "../util/awaitable.ts";

/** `json` holds any JSON value; `blob` a Buffer; `int` a safe integer. A nullable column holds `null` as well. */
export type Column = "text" | "int" | "blob" | "json" | "text?" | "int?" | "blob?" | "json?";

export interface TableSpec<R> {
  /** `[a-z_]+`, unique in the store. */
  readonly name: string;
  /** Grows by one with each change of the columns; see `migrate`. Starts at 1. */
  readonly version: number;
  readonly columns: { readonly [K in keyof R]-?: Column };
  /** Columns of the primary key, most significant first. */
  readonly key: readonly (keyof R & string)[];
  readonly indexes?: Readonly<Record<string, readonly (keyof R & string)[]>>;
  /** Turns a row of an older version into one of this version. Needed when `version` > 1. */
  readonly migrate?: (row: Record<string, unknown>, from: number) => R;
}

export interface Range<R> {
  /** Equality on a leading part of the key, or of the index that is named. */
  readonly where?: Partial<R>;
  readonly index?: string;
  /** Exclusive bounds on the first key (index) column that `where` leaves open. */
  readonly after?: string | number;
  readonly before?: string | number;
  readonly reverse?: boolean;
  readonly limit?: number;
}

/**
 * Ordered records with declared indexes: the one shape every driver offers. Reads see all writes made before
 * them, committed or not. Writes of a turn become durable together in `Store.commit`, or none of them does.
 */
export interface Table<R> {
  get(key: Partial<R>): Awaitable<R | undefined>;
  /** Inserts, or replaces the row with the same key. */
  put(row: R): Awaitable<void>;
  /** Deletes all rows that equal `where` in every column given; returns how many. Never all rows by accident: `where` names at least one column. */
  delete(where: Partial<R>): Awaitable<number>;
  /** Rows in the order of the key, or of the index. */
  list(range?: Range<R>): Awaitable<R[]>;
  count(range?: Range<R>): Awaitable<number>;
}

export interface Store {
  /** Opens (creates, migrates) a table. Once per name. */
  table<R extends object>(spec: TableSpec<R>): Awaitable<Table<R>>;
  /** Makes everything written since the last commit durable, all or nothing. Called once per turn, before anything is flushed. */
  commit(): Awaitable<void>;
  /** Forgets everything written since the last commit. */
  rollback(): Awaitable<void>;
  /** Whether there are writes that `commit` would make durable. */
  readonly dirty: boolean;
  /** Called when something was first written after a commit, so that somebody ends the turn. */
  onDirty: () => void;
  close(): Promise<void>;
}

/** The store cannot do its work: locked, read-only, full, corrupt, or made by a newer server. The message says which and where. */
export class StoreError extends Error {
  override readonly name = "StoreError";
}
