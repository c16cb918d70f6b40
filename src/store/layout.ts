import type { TableSpec } from "./store.ts";

/** What a column holds in a driver: `json` as its text. */
export type Cell = string | number | Buffer | null;

export interface ColumnLayout {
  readonly name: string;
  readonly type: "text" | "int" | "blob" | "json";
  readonly nullable: boolean;
  /** Its place in an encoded row. */
  readonly position: number;
  /** `table.column`, for messages. */
  readonly label: string;
}

/** The total order of the rows by the key or by an index: its columns, then those of the key that it lacks. */
export interface Ordering {
  /** Undefined for the key. */
  readonly index: string | undefined;
  readonly columns: readonly ColumnLayout[];
}

/** A table specification, checked and in the form that drivers work with. */
export interface Layout {
  readonly name: string;
  readonly version: number;
  readonly longRows: boolean;
  readonly columns: readonly ColumnLayout[];
  readonly byName: ReadonlyMap<string, ColumnLayout>;
  readonly key: Ordering;
  readonly indexes: ReadonlyMap<string, Ordering>;
}

const TABLE_NAME = /^(?!sqlite_|jackdaw_)[a-z_]+$/;
const COLUMN_NAME = /^[A-Za-z][A-Za-z0-9_]*$/;
const COLUMN_TYPE = /^(text|int|blob|json)(\?)?$/;

/** Throws a TypeError that says what in `spec` cannot work. */
export function layoutOf<R extends object>(spec: TableSpec<R>): Layout {
  const { name, version, longRows = false } = spec;
  if (!TABLE_NAME.test(name)) throw new TypeError(`table "${name}": a name is [a-z_]+ and not reserved`);
  if (!Number.isSafeInteger(version) || version < 1) fail(name, "the version is an integer from 1");
  if (version > 1 && !spec.migrate && !spec.regroup) fail(name, `version ${version} needs migrate`);

  const columns = Object.entries<string>(spec.columns).map(([column, type], position) =>
    columnOf(name, column, type, position),
  );
  refuseTwins(
    name,
    columns.map((column) => column.name),
  );
  const byName = new Map(columns.map((column) => [column.name, column]));

  const keyColumns = orderable(name, "the key", spec.key, byName);
  if (keyColumns.some((column) => column.nullable)) fail(name, "a column of the key cannot be nullable");
  const indexes = new Map<string, Ordering>();
  refuseTwins(name, Object.keys(spec.indexes ?? {}));
  for (const [index, names] of Object.entries<readonly string[]>(spec.indexes ?? {})) {
    if (!COLUMN_NAME.test(index)) fail(name, `index "${index}": a name is letters, digits and _`);
    const leading = orderable(name, `index ${index}`, names, byName);
    const rest = keyColumns.filter((column) => !leading.includes(column));
    indexes.set(index, { index, columns: [...leading, ...rest] });
  }
  const key = { index: undefined, columns: keyColumns };
  return { name, version, longRows, columns, byName, key, indexes };
}

function columnOf(table: string, name: string, type: string, position: number): ColumnLayout {
  if (!COLUMN_NAME.test(name)) fail(table, `column "${name}": a name is letters, digits and _`);
  const match = COLUMN_TYPE.exec(type);
  if (!match) fail(table, `column ${name}: "${type}" is no type`);
  return {
    name,
    type: match[1] as ColumnLayout["type"],
    nullable: match[2] !== undefined,
    position,
    label: `${table}.${name}`,
  };
}

function orderable(
  table: string,
  what: string,
  names: readonly string[],
  byName: ReadonlyMap<string, ColumnLayout>,
): ColumnLayout[] {
  if (names.length === 0) fail(table, `${what} has no column`);
  if (new Set(names).size < names.length) fail(table, `${what} names a column twice`);
  return names.map((name) => {
    const column = byName.get(name);
    if (!column) fail(table, `${what} names the unknown column ${name}`);
    if (column.type !== "text" && column.type !== "int") fail(table, `${what} cannot order by ${name}`);
    return column;
  });
}

/** SQL identifiers do not know case. */
function refuseTwins(table: string, names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name.toLowerCase())) fail(table, `${name} is there twice, but for its case`);
    seen.add(name.toLowerCase());
  }
}

function fail(table: string, reason: string): never {
  throw new TypeError(`table ${table}: ${reason}`);
}
