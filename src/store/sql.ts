import type { ColumnLayout, Layout, Ordering } from "./layout.ts";
import type { RangePlan } from "./range.ts";

/*
 * Statement texts. Names come from a checked layout, values only ever as parameters.
 *
 * A table is WITHOUT ROWID: rows lie in the order of the key, so that a range of them is a run of pages, and
 * one tree less is written per row. Not so one with long rows: to compare its key with that of a row SQLite would read the
 * whole row, and a row that is replaced by one of the same length can stay where it is. An index lists the rest of the key
 * as well, so its order is total and the same as in every other driver. Text columns compare as bytes (BINARY, SQLite's
 * default).
 *
 * What is looked for is written `+?`. A bare parameter beside ORDER BY or LIMIT lets SQLite look at its value for a better
 * plan, and prepare the statement anew each time that it is another one: that costs five times as much as to run it.
 */

const SQL_TYPE = { text: "TEXT", int: "INTEGER", blob: "BLOB", json: "TEXT" } as const;

export function createTable(layout: Layout): string {
  const columns = layout.columns.map(
    ({ name, type, nullable }) => `${quote(name)} ${SQL_TYPE[type]}${nullable ? "" : " NOT NULL"}`,
  );
  const key = `PRIMARY KEY (${names(layout.key.columns)})`;
  const options = layout.longRows ? "STRICT" : "STRICT, WITHOUT ROWID";
  return `CREATE TABLE ${quote(layout.name)} (${[...columns, key].join(", ")}) ${options}`;
}

/** The name in the file of a table's index: a dot is in no table's name, so two never meet. */
export function indexName(layout: Layout, ordering: Ordering): string {
  return `${layout.name}.${ordering.index}`;
}

export function createIndex(layout: Layout, ordering: Ordering): string {
  const name = quote(indexName(layout, ordering));
  return `CREATE INDEX ${name} ON ${quote(layout.name)} (${names(ordering.columns)})`;
}

export function insertRow(layout: Layout): string {
  const values = layout.columns.map(() => "?").join(", ");
  return `INSERT INTO ${quote(layout.name)} (${names(layout.columns)}) VALUES (${values})`;
}

export function putRow(layout: Layout): string {
  const key = layout.key.columns;
  const others = layout.columns.filter((column) => !key.includes(column));
  const sets = others.map(({ name }) => `${quote(name)} = excluded.${quote(name)}`).join(", ");
  const action = others.length > 0 ? `UPDATE SET ${sets}` : "NOTHING";
  return `${insertRow(layout)} ON CONFLICT (${names(key)}) DO ${action}`;
}

export function getRow(layout: Layout): string {
  return `SELECT ${names(layout.columns)} FROM ${quote(layout.name)} WHERE ${all(layout.key.columns.map(equal))}`;
}

/** Parameters: the values of `columns`. */
export function deleteRows(layout: Layout, columns: readonly ColumnLayout[]): string {
  return `DELETE FROM ${quote(layout.name)} WHERE ${all(columns.map(equal))}`;
}

/** Whether `deleteRows` would find any. */
export function hasRows(layout: Layout, columns: readonly ColumnLayout[]): string {
  return `SELECT 1 FROM ${quote(layout.name)} WHERE ${all(columns.map(equal))} LIMIT 1`;
}

/** Parameters of this and `countRows`: see `rangeParameters`. */
export function listRows(layout: Layout, plan: RangePlan): string {
  const direction = plan.reverse ? " DESC" : "";
  const order = plan.ordering.columns.map(({ name }) => quote(name) + direction).join(", ");
  return `SELECT ${names(layout.columns)} ${source(layout, plan)} ORDER BY ${order}${limit(plan)}`;
}

export function countRows(layout: Layout, plan: RangePlan): string {
  if (plan.limit === undefined && plan.offset === undefined)
    return `SELECT count(*) AS n ${source(layout, plan)}`;
  return `SELECT count(*) AS n FROM (SELECT 1 ${source(layout, plan)}${limit(plan)})`;
}

export function rangeParameters({ equals, after, before, offset, limit }: RangePlan): unknown[] {
  const most = offset === undefined ? limit : (limit ?? NO_LIMIT);
  return [...equals, after, before, most, offset].filter((value) => value !== undefined);
}

/** Plans of one shape have one statement. */
export function rangeShape({ ordering, equals, after, before, reverse, offset, limit }: RangePlan): string {
  const flags = [
    after !== undefined,
    before !== undefined,
    reverse,
    offset !== undefined,
    limit !== undefined,
  ]
    .map(Number)
    .join("");
  return `${equals.length}:${flags}:${ordering.index ?? ""}`;
}

function source(layout: Layout, { ordering, equals, open, after, before }: RangePlan): string {
  const terms = ordering.columns.slice(0, equals.length).map(equal);
  if (open && after !== undefined) terms.push(`${quote(open.name)} > +?`);
  if (open && before !== undefined) terms.push(`${quote(open.name)} < +?`);
  const by = ordering.index === undefined ? "" : ` INDEXED BY ${quote(indexName(layout, ordering))}`;
  const where = terms.length > 0 ? ` WHERE ${all(terms)}` : "";
  return `FROM ${quote(layout.name)}${by}${where}`;
}

/** SQLite knows no offset without a limit. */
const NO_LIMIT = -1;

function limit({ offset, limit: most }: RangePlan): string {
  if (offset !== undefined) return " LIMIT +? OFFSET +?";
  return most === undefined ? "" : " LIMIT +?";
}

function equal({ name, nullable }: ColumnLayout): string {
  return `${quote(name)} ${nullable ? "IS" : "="} +?`;
}

function all(terms: readonly string[]): string {
  return terms.join(" AND ");
}

function names(columns: readonly ColumnLayout[]): string {
  return columns.map(({ name }) => quote(name)).join(", ");
}

/** `name` has no quote: see the patterns in layout.ts. */
export function quote(name: string): string {
  return `"${name}"`;
}
