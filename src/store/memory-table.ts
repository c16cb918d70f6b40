import type { Cell, Layout, Ordering } from "./layout.ts";
import { keyCells, planRange, type RangePlan, whereCells } from "./range.ts";
import { decodeJson, encodeRow } from "./row.ts";
import { type Position, type Row, SortedRows } from "./sorted-rows.ts";
import type { Range, Table } from "./store.ts";

/** What a table in memory needs of its store. */
export interface MemoryJournal {
  /** Throws a StoreError after `close`. */
  check(): void;
  /** Takes note of a write and how to undo it. */
  wrote(undo: () => void): void;
}

export class MemoryTable<R extends object> implements Table<R> {
  readonly layout: Layout;
  readonly #journal: MemoryJournal;
  readonly #key: SortedRows;
  /** The rows again, in the order of each index. */
  readonly #indexes: ReadonlyMap<string, SortedRows>;

  constructor(layout: Layout, journal: MemoryJournal, rows: readonly Row[] = []) {
    this.layout = layout;
    this.#journal = journal;
    this.#key = new SortedRows(layout.key);
    this.#indexes = new Map([...layout.indexes].map(([name, order]) => [name, new SortedRows(order)]));
    for (const row of rows) this.#replace(undefined, row);
  }

  /** All rows as they are, which nobody changes any more. */
  get rows(): readonly Row[] {
    const span = [this.#key.position([], "before"), this.#key.position([], "behind")] as const;
    return this.#key.slice(...span, false, Number.POSITIVE_INFINITY);
  }

  get(key: Partial<R>): R | undefined {
    this.#journal.check();
    const row = this.#key.find(keyCells(this.layout, key));
    return row && this.#decode(row);
  }

  put(row: R): void {
    this.#journal.check();
    const next = encodeRow(this.layout, row).map(copy);
    const key = this.layout.key.columns.map((column) => next[column.position] as Cell);
    const old = this.#key.find(key);
    this.#replace(old, next);
    this.#journal.wrote(() => this.#replace(next, old));
  }

  delete(where: Partial<R>): number {
    this.#journal.check();
    const wanted = [...whereCells(this.layout, where)];
    const { ordering, equals } = this.#narrowest(
      new Map(wanted.map(([column, cell]) => [column.name, cell])),
    );
    const found = this.#sorted(ordering)
      .slice(...this.#span({ ordering, equals }), false, Number.POSITIVE_INFINITY)
      .filter((row) => wanted.every(([column, cell]) => row[column.position] === cell));
    for (const row of found) {
      this.#replace(row, undefined);
      this.#journal.wrote(() => this.#replace(undefined, row));
    }
    return found.length;
  }

  list(range: Range<R> = {}): R[] {
    this.#journal.check();
    const plan = planRange(this.layout, range);
    const { offset = 0, limit = Number.POSITIVE_INFINITY } = plan;
    const rows = this.#sorted(plan.ordering).slice(...this.#span(plan), plan.reverse, offset + limit);
    return rows.slice(offset).map((row) => this.#decode(row));
  }

  count(range: Range<R> = {}): number {
    this.#journal.check();
    const plan = planRange(this.layout, range);
    const all = this.#sorted(plan.ordering).count(...this.#span(plan));
    return Math.min(Math.max(all - (plan.offset ?? 0), 0), plan.limit ?? all);
  }

  #sorted(ordering: Ordering): SortedRows {
    return (ordering.index !== undefined && this.#indexes.get(ordering.index)) || this.#key;
  }

  #span(plan: Pick<RangePlan, "ordering" | "equals"> & Partial<RangePlan>): [from: Position, to: Position] {
    const { equals, after, before } = plan;
    const rows = this.#sorted(plan.ordering);
    // A bound from above leaves out `null`, which stands at the bottom.
    const floor = after ?? (before !== undefined && plan.open?.nullable ? null : undefined);
    return [
      floor === undefined ? rows.position(equals, "before") : rows.position([...equals, floor], "behind"),
      before === undefined ? rows.position(equals, "behind") : rows.position([...equals, before], "before"),
    ];
  }

  /** The order in which the rows wanted lie closest together. */
  #narrowest(wanted: ReadonlyMap<string, Cell>): Pick<RangePlan, "ordering" | "equals"> {
    let best = { ordering: this.layout.key, equals: leading(this.layout.key, wanted) };
    for (const ordering of this.layout.indexes.values()) {
      const equals = leading(ordering, wanted);
      if (equals.length > best.equals.length) best = { ordering, equals };
    }
    return best;
  }

  #replace(old: Row | undefined, next: Row | undefined): void {
    for (const rows of [this.#key, ...this.#indexes.values()]) {
      if (old) rows.remove(old);
      if (next) rows.add(next);
    }
  }

  #decode(row: Row): R {
    const result: Record<string, unknown> = {};
    for (const column of this.layout.columns) {
      const cell = row[column.position] as Cell;
      result[column.name] = column.type === "json" ? decodeJson(cell) : copy(cell);
    }
    return result as R;
  }
}

function leading(ordering: Ordering, wanted: ReadonlyMap<string, Cell>): Cell[] {
  const cells: Cell[] = [];
  for (const column of ordering.columns) {
    const cell = wanted.get(column.name);
    if (cell === undefined) break;
    cells.push(cell);
  }
  return cells;
}

function copy(cell: Cell): Cell {
  return Buffer.isBuffer(cell) ? Buffer.from(cell) : cell;
}
