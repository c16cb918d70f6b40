import type { Cell, ColumnLayout, Layout, Ordering } from "./layout.ts";
import { encodeOperand } from "./row.ts";
import type { Range } from "./store.ts";

/** A range, checked against the table. */
export interface RangePlan {
  readonly ordering: Ordering;
  /** Values of the leading columns of the ordering. */
  readonly equals: readonly Cell[];
  /** The column after those, which the bounds are about. */
  readonly open: ColumnLayout | undefined;
  readonly after: Cell | undefined;
  readonly before: Cell | undefined;
  readonly reverse: boolean;
  readonly offset: number | undefined;
  readonly limit: number | undefined;
}

/** Throws a TypeError if the range is not one of neighbouring rows. */
export function planRange<R>(layout: Layout, range: Range<R>): RangePlan {
  const ordering = range.index === undefined ? layout.key : layout.indexes.get(range.index);
  if (!ordering) throw new TypeError(`table ${layout.name}: no index ${range.index}`);
  const { offset, limit } = range;
  for (const [name, number] of Object.entries({ offset, limit })) {
    if (number !== undefined && !(Number.isSafeInteger(number) && number >= 0)) {
      throw new TypeError(`table ${layout.name}: ${name} is an integer from 0`);
    }
  }
  const equals = leadingCells(layout, ordering, range.where ?? {});
  const open = ordering.columns[equals.length];
  return {
    ordering,
    equals,
    open,
    after: boundCell(layout, open, range.after),
    before: boundCell(layout, open, range.before),
    reverse: range.reverse ?? false,
    offset,
    limit,
  };
}

/** The values of a whole key. */
export function keyCells(layout: Layout, key: object): Cell[] {
  const cells = leadingCells(layout, layout.key, key);
  if (cells.length < layout.key.columns.length) {
    throw new TypeError(`table ${layout.name}: the key is incomplete`);
  }
  return cells;
}

/** The columns that `where` names, with their values. Throws a TypeError if there are none. */
export function whereCells(layout: Layout, where: object): Map<ColumnLayout, Cell> {
  const cells = new Map<ColumnLayout, Cell>();
  for (const [name, value] of Object.entries(where)) {
    const column = layout.byName.get(name);
    if (!column) throw new TypeError(`table ${layout.name}: no column ${name}`);
    cells.set(column, encodeOperand(column, value));
  }
  if (cells.size === 0) throw new TypeError(`table ${layout.name}: where names no column`);
  return cells;
}

function leadingCells(layout: Layout, ordering: Ordering, where: object): Cell[] {
  const length = Object.keys(where).length;
  const cells: Cell[] = [];
  for (const column of ordering.columns) {
    if (cells.length === length) break;
    // As many names as leading columns, and each of these is named: so no other is.
    if (!Object.hasOwn(where, column.name)) break;
    cells.push(encodeOperand(column, (where as Record<string, unknown>)[column.name]));
  }
  if (cells.length < length) {
    throw new TypeError(
      `table ${layout.name}: where names other columns than the first of ${ordering.index ?? "the key"}`,
    );
  }
  return cells;
}

function boundCell(layout: Layout, open: ColumnLayout | undefined, value: unknown): Cell | undefined {
  if (value === undefined) return undefined;
  if (!open) throw new TypeError(`table ${layout.name}: where leaves no column open for a bound`);
  if (value === null) throw new TypeError(`${open.label}: null is no bound`);
  return encodeOperand(open, value);
}
