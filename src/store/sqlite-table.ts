import type { Layout } from "./layout.ts";
import { keyCells, planRange, type RangePlan, whereCells } from "./range.ts";
import { decodeJson, encodeRow } from "./row.ts";
import * as sql from "./sql.ts";
import type { SqliteConnection, Statement } from "./sqlite-connection.ts";
import type { Range, Table } from "./store.ts";

/** A table of the file. Its statements are prepared once for each shape of call. */
export class SqliteTable<R extends object> implements Table<R> {
  readonly #layout: Layout;
  readonly #connection: SqliteConnection;
  readonly #jsonColumns: readonly string[];
  readonly #get: Statement;
  readonly #put: Statement;
  readonly #others = new Map<string, Statement>();

  constructor(layout: Layout, connection: SqliteConnection) {
    this.#layout = layout;
    this.#connection = connection;
    this.#jsonColumns = layout.columns.filter(({ type }) => type === "json").map(({ name }) => name);
    this.#get = connection.prepare(sql.getRow(layout));
    this.#put = connection.prepare(sql.putRow(layout));
  }

  get(key: Partial<R>): R | undefined {
    const row = this.#connection.first(this.#get, keyCells(this.#layout, key));
    return row === undefined ? undefined : this.#decode(row);
  }

  put(row: R): void {
    this.#connection.run(this.#put, encodeRow(this.#layout, row));
  }

  delete(where: Partial<R>): number {
    const cells = whereCells(this.#layout, where);
    const columns = [...cells.keys()];
    const values = [...cells.values()];
    const shape = columns.map(({ position }) => position).join();
    if (!this.#connection.dirty) {
      const has = this.#statement(`has:${shape}`, () => sql.hasRows(this.#layout, columns));
      if (this.#connection.first(has, values) === undefined) return 0;
    }
    const statement = this.#statement(`delete:${shape}`, () => sql.deleteRows(this.#layout, columns));
    return this.#connection.run(statement, values);
  }

  list(range: Range<R> = {}): R[] {
    const plan = planRange(this.#layout, range);
    const rows = this.#connection.all(this.#ranged("list", plan, sql.listRows), sql.rangeParameters(plan));
    if (this.#jsonColumns.length > 0) for (const row of rows) this.#decode(row);
    return rows as R[];
  }

  count(range: Range<R> = {}): number {
    const plan = planRange(this.#layout, range);
    const statement = this.#ranged("count", plan, sql.countRows);
    return (this.#connection.first(statement, sql.rangeParameters(plan)) as { n: number }).n;
  }

  #ranged(verb: string, plan: RangePlan, text: (layout: Layout, plan: RangePlan) => string): Statement {
    return this.#statement(`${verb}:${sql.rangeShape(plan)}`, () => text(this.#layout, plan));
  }

  #statement(shape: string, text: () => string): Statement {
    let statement = this.#others.get(shape);
    if (!statement) {
      statement = this.#connection.prepare(text());
      this.#others.set(shape, statement);
    }
    return statement;
  }

  /** In place: the object is the driver's own and new. */
  #decode(row: unknown): R {
    const values = row as Record<string, unknown>;
    for (const name of this.#jsonColumns) values[name] = decodeJson(values[name]);
    return row as R;
  }
}
