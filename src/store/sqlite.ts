import { resolve } from "node:path";
import Database from "better-sqlite3";
import { type Logger, silentLogger } from "../util/logger.ts";
import { LateWrites } from "./late-writes.ts";
import { layoutOf } from "./layout.ts";
import { fitTable } from "./migrate.ts";
import { SqliteConnection } from "./sqlite-connection.ts";
import { toStoreError } from "./sqlite-error.ts";
import { claimFile, prepareFile } from "./sqlite-file.ts";
import { SqliteTable } from "./sqlite-table.ts";
import { type LateWrite, type Store, StoreError, type Table, type TableSpec } from "./store.ts";
import { lockStore } from "./store-lock.ts";

export interface SqliteOptions {
  /** The file. It and its folder are made if they are missing, for this user alone. */
  readonly path: string;
  /** `full` (the default) outlives a power cut; `normal` may lose the last turns then, but nothing in a mere crash. */
  readonly synchronous?: "full" | "normal";
  /** Milliseconds to wait for another process that writes; the event loop waits along. Default 5000. */
  readonly busyTimeout?: number;
  /** The file grows no larger: writes beyond that fail as on a full disk. Bytes. Default: what the disk holds. */
  readonly maxBytes?: number;
  /** Nobody else may have the file open with this option. Default: false. */
  readonly exclusive?: boolean;
  readonly logger?: Logger;
}

/** Milliseconds. */
const BUSY_TIMEOUT = 5000;
/** Pages (4 KiB) in the write-ahead log at which a commit moves them into the file. */
const CHECKPOINT_PAGES = 1000;
/** Bytes that the write-ahead log keeps when one large turn made it longer. */
const LOG_LIMIT = 8 * 1024 * 1024;

/** Keeps everything in one SQLite file. Never makes a promise. Throws a StoreError if the file cannot be used. */
export function openSqliteStore(options: SqliteOptions): Store {
  return new SqliteStore(options);
}

class SqliteStore implements Store {
  onDirty = () => {};
  onFailed = () => {};
  readonly #connection: SqliteConnection;
  readonly #logger: Logger;
  readonly #names = new Set<string>();
  readonly #late = new LateWrites();
  readonly #unlock: () => void;

  constructor({ path, synchronous, busyTimeout = BUSY_TIMEOUT, maxBytes, exclusive, logger }: SqliteOptions) {
    const file = resolve(path);
    this.#logger = logger ?? silentLogger;
    const mode = prepareFile(file);
    if (mode & 0o077) {
      this.#logger.warn("the store can be read by other users of this machine", {
        path: file,
        mode: (mode & 0o777).toString(8),
      });
    }
    // Before the file is opened: a newer server would change tables under a running one.
    this.#unlock = exclusive ? lockStore(file, busyTimeout) : () => {};
    try {
      this.#connection = this.#open(file, synchronous, busyTimeout, maxBytes);
    } catch (error) {
      this.#unlock();
      throw error;
    }
  }

  #open(
    file: string,
    synchronous: SqliteOptions["synchronous"],
    busyTimeout: number,
    maxBytes: number | undefined,
  ): SqliteConnection {
    const db = openDatabase(file, busyTimeout);
    const connection = new SqliteConnection(file, db, {
      dirty: () => {
        if (this.#late.isEmpty) this.onDirty();
      },
      failed: () => this.onFailed(),
    });
    try {
      // Before any setting, since a file that is not ours must stay as it is.
      connection.alone(() => claimFile(db, file));
      configure(db, file, synchronous ?? "full", maxBytes);
    } catch (error) {
      connection.close();
      throw toStoreError(file, error);
    }
    return connection;
  }

  get dirty(): boolean {
    return this.#connection.dirty || !this.#late.isEmpty;
  }

  get rowsWritten(): number {
    return this.#connection.rowsWritten;
  }

  table<R extends object>(spec: TableSpec<R>): Table<R> {
    const { db, path } = this.#connection;
    const layout = layoutOf(spec);
    if (this.#names.has(layout.name)) throw new TypeError(`table ${layout.name} is already open`);
    this.commit();
    const migration = this.#connection.alone(() => fitTable(db, path, layout, spec));
    if (migration) {
      this.#logger.info("table migrated", { table: layout.name, to: layout.version, ...migration });
    }
    const table = new SqliteTable<R>(layout, this.#connection);
    this.#names.add(layout.name);
    return table;
  }

  beforeCommit(late: LateWrite): void {
    this.#connection.check();
    const isFirst = !this.dirty;
    this.#late.add(late);
    if (isFirst) this.onDirty();
  }

  commit(): void {
    try {
      this.#late.write();
    } catch (error) {
      this.rollback();
      throw error;
    }
    this.#connection.commit();
  }

  rollback(): void {
    this.#late.undo();
    this.#connection.rollback();
  }

  apart(write: () => void): void {
    if (this.dirty) throw new TypeError("a turn is open");
    this.#connection.apart(write);
  }

  async close(): Promise<void> {
    this.#late.undo();
    try {
      this.#connection.close();
    } finally {
      this.#unlock();
    }
  }
}

function openDatabase(path: string, timeout: number): Database.Database {
  try {
    return new Database(path, { timeout });
  } catch (error) {
    throw toStoreError(path, error);
  }
}

function configure(
  db: Database.Database,
  path: string,
  synchronous: "full" | "normal",
  maxBytes: number | undefined,
): void {
  const mode = db.pragma("journal_mode = WAL", { simple: true });
  if (mode !== "wal") {
    throw new StoreError(
      `store ${path}: this file system lacks the shared memory that a write-ahead log needs; name a place on a local disk`,
    );
  }
  db.pragma(`synchronous = ${synchronous}`);
  db.pragma("foreign_keys = ON");
  db.pragma("trusted_schema = OFF");
  db.pragma("cell_size_check = ON");
  db.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  db.pragma(`journal_size_limit = ${LOG_LIMIT}`);
  if (maxBytes !== undefined) {
    const pageSize = db.pragma("page_size", { simple: true }) as number;
    db.pragma(`max_page_count = ${Math.max(1, Math.floor(maxBytes / pageSize))}`);
  }
}
