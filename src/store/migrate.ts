import type Database from "better-sqlite3";
import { type ColumnLayout, type Layout, layoutOf } from "./layout.ts";
import { decodeJson, encodeRow } from "./row.ts";
import * as sql from "./sql.ts";
import { type Column, StoreError, type TableSpec } from "./store.ts";

/** Rows that are in memory at once while a table is rebuilt. */
const BATCH = 500;

/** What the file remembers of a table: enough to read its rows without the program that made it. */
interface Shape {
  readonly columns: Record<string, Column>;
  readonly key: string[];
}

/** How many rows `fitTable` took along, and from which version. */
export interface Migration {
  readonly from: number;
  readonly rows: number;
}

export const CREATE_REGISTER =
  "CREATE TABLE jackdaw_tables (name TEXT PRIMARY KEY, version INTEGER NOT NULL, shape TEXT NOT NULL) STRICT, WITHOUT ROWID";

/**
 * Creates the table, or rebuilds it from an older version; makes its indexes those of the specification.
 * Within a transaction of the caller, which rolls back if this throws.
 */
export function fitTable<R extends object>(
  db: Database.Database,
  path: string,
  layout: Layout,
  spec: Pick<TableSpec<R>, "migrate" | "regroup">,
): Migration | undefined {
  const { name, version } = layout;
  const known = db.prepare("SELECT version, shape FROM jackdaw_tables WHERE name = ?").get(name) as
    | { version: number; shape: string }
    | undefined;
  const shape = shapeOf(layout);
  let migration: Migration | undefined;
  if (known === undefined) {
    db.exec(sql.createTable(layout));
  } else if (known.version > version) {
    throw new StoreError(
      `store ${path}: table ${name} has version ${known.version}, this server knows ${version}; start the newer server, or restore a backup from before`,
    );
  } else if (known.version === version && known.shape !== shape) {
    throw new StoreError(
      `store ${path}: table ${name} version ${version} has other columns in the file; a change of columns needs a new version`,
    );
  } else if (known.version < version) {
    migration = rebuild(db, path, layout, known, regrouping(spec));
  }
  if (known?.version !== version) {
    db.prepare("INSERT OR REPLACE INTO jackdaw_tables (name, version, shape) VALUES (?, ?, ?)").run(
      name,
      version,
      shape,
    );
  }
  fitIndexes(db, layout);
  return migration;
}

type Regroup<R> = NonNullable<TableSpec<R>["regroup"]>;

function regrouping<R>({ migrate, regroup }: Pick<TableSpec<R>, "migrate" | "regroup">): Regroup<R> {
  if (regroup) return regroup;
  return function* (rows, from) {
    for (const row of rows) if (migrate) yield migrate(row, from);
  };
}

function rebuild<R extends object>(
  db: Database.Database,
  path: string,
  layout: Layout,
  known: { version: number; shape: string },
  regroup: Regroup<R>,
): Migration {
  const { name, version } = layout;
  const { columns, key } = JSON.parse(known.shape) as Shape;
  const old = layoutOf({ name, version: 1, columns, key });
  const oldName = `${name}.old`;
  db.exec(`ALTER TABLE ${sql.quote(name)} RENAME TO ${sql.quote(oldName)}`);
  db.exec(sql.createTable(layout));
  const insert = db.prepare(sql.insertRow(layout));
  let count = 0;
  try {
    for (const row of regroup(oldRows(db, oldName, old), known.version)) {
      insert.run(encodeRow(layout, row));
      count++;
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StoreError(
      `store ${path}: table ${name} cannot be migrated from version ${known.version} to ${version}, and stays as it was: ${reason}`,
      { cause: error },
    );
  }
  db.exec(`DROP TABLE ${sql.quote(oldName)}`);
  return { from: known.version, rows: count };
}

/** All rows, a batch at a time: SQLite lets nobody write while a query is half read. */
function* oldRows(db: Database.Database, name: string, layout: Layout): Generator<Record<string, unknown>> {
  const key = layout.key.columns;
  const names = key.map((column) => sql.quote(column.name)).join(", ");
  const columns = layout.columns.map((column) => sql.quote(column.name)).join(", ");
  const select = `SELECT ${columns} FROM ${sql.quote(name)}`;
  const end = `ORDER BY ${names} LIMIT ${BATCH}`;
  const next = db.prepare(`${select} WHERE (${names}) > (${key.map(() => "?").join(", ")}) ${end}`);
  let rows = db.prepare(`${select} ${end}`).all() as Record<string, unknown>[];
  for (let last = rows.at(-1); last !== undefined; last = rows.at(-1)) {
    const place = key.map((column) => last?.[column.name]);
    for (const row of rows) yield decode(layout.columns, row);
    rows = rows.length < BATCH ? [] : (next.all(place) as Record<string, unknown>[]);
  }
}

function decode(columns: readonly ColumnLayout[], row: Record<string, unknown>): Record<string, unknown> {
  for (const { name, type } of columns) if (type === "json") row[name] = decodeJson(row[name]);
  return row;
}

/** Indexes hold nothing of their own, so they follow the specification without a new version. */
function fitIndexes(db: Database.Database, layout: Layout): void {
  const wanted = new Map(
    [...layout.indexes.values()].map((order) => [
      sql.indexName(layout, order),
      sql.createIndex(layout, order),
    ]),
  );
  const existing = db
    .prepare("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL")
    .all(layout.name) as { name: string; sql: string }[];
  for (const index of existing) {
    if (wanted.get(index.name) === index.sql) wanted.delete(index.name);
    else db.exec(`DROP INDEX ${sql.quote(index.name)}`);
  }
  for (const create of wanted.values()) db.exec(create);
}

function shapeOf(layout: Layout): string {
  const columns = layout.columns.map(
    ({ name, type, nullable }) => [name, nullable ? `${type}?` : type] as const,
  );
  columns.sort(([a], [b]) => (a < b ? -1 : 1));
  const key = layout.key.columns.map(({ name }) => name);
  return JSON.stringify({ columns: Object.fromEntries(columns), key });
}
