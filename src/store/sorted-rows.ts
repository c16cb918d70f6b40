import type { Cell, Ordering } from "./layout.ts";

export type Row = readonly Cell[];

/** A place between two rows. */
export interface Position {
  readonly block: number;
  readonly offset: number;
}

/** Above this a block is halved: small enough to shift cheaply, large enough that a million rows need few blocks. */
const BLOCK_LIMIT = 512;

/** Rows in one order: found in O(log n), added and removed in that and the shift of one block. */
export class SortedRows {
  readonly #places: readonly number[];
  readonly #blocks: Row[][] = [];

  constructor(ordering: Ordering) {
    this.#places = ordering.columns.map((column) => column.position);
  }

  /** No row that is equal in this order may be there. */
  add(row: Row): void {
    const { block, offset } = this.#placeOf(row);
    // Past the last block, the row joins its end.
    const index = Math.min(block, Math.max(0, this.#blocks.length - 1));
    const rows = this.#blocks[index];
    if (!rows) {
      this.#blocks.push([row]);
      return;
    }
    rows.splice(index < block ? rows.length : offset, 0, row);
    if (rows.length > BLOCK_LIMIT) this.#blocks.splice(index + 1, 0, rows.splice(rows.length >> 1));
  }

  /** The row must be there. */
  remove(row: Row): void {
    const { block, offset } = this.#placeOf(row);
    const rows = this.#blocks[block];
    rows?.splice(offset, 1);
    if (rows?.length === 0) this.#blocks.splice(block, 1);
  }

  /** The row that begins with these values in this order, if `values` is as long as the order. */
  find(values: readonly Cell[]): Row | undefined {
    const { block, offset } = this.position(values, "before");
    const row = this.#blocks[block]?.[offset];
    return row && this.#compare(row, values) === 0 ? row : undefined;
  }

  /** The place before, or behind, all rows that begin with these values. */
  position(values: readonly Cell[], side: "before" | "behind"): Position {
    const least = side === "before" ? 0 : 1;
    const block = firstIndex(this.#blocks.length, (index) => {
      const last = this.#blocks[index]?.at(-1);
      return last !== undefined && this.#compare(last, values) >= least;
    });
    const rows = this.#blocks[block] ?? [];
    const offset = firstIndex(rows.length, (index) => {
      const row = rows[index];
      return row !== undefined && this.#compare(row, values) >= least;
    });
    return { block, offset };
  }

  /** Rows between two places, at most `limit`, from the far end if `reverse`. */
  slice(from: Position, to: Position, reverse: boolean, limit: number): Row[] {
    const result: Row[] = [];
    const parts = this.#parts(from, to);
    if (reverse) parts.reverse();
    for (const [rows, start, end] of parts) {
      const wanted = limit - result.length;
      if (wanted <= 0) break;
      if (!reverse) {
        result.push(...rows.slice(start, Math.min(end, start + wanted)));
      } else {
        result.push(...rows.slice(Math.max(start, end - wanted), end).reverse());
      }
    }
    return result;
  }

  count(from: Position, to: Position): number {
    return this.#parts(from, to).reduce((sum, [, start, end]) => sum + end - start, 0);
  }

  #parts(from: Position, to: Position): [rows: Row[], start: number, end: number][] {
    const parts: [Row[], number, number][] = [];
    for (let block = from.block; block <= to.block; block++) {
      const rows = this.#blocks[block];
      if (!rows) break;
      const start = block === from.block ? from.offset : 0;
      const end = block === to.block ? to.offset : rows.length;
      if (start < end) parts.push([rows, start, end]);
    }
    return parts;
  }

  #placeOf(row: Row): Position {
    return this.position(
      this.#places.map((place) => row[place] as Cell),
      "before",
    );
  }

  #compare(row: Row, values: readonly Cell[]): number {
    for (let i = 0; i < values.length; i++) {
      const order = compareCells(row[this.#places[i] as number] as Cell, values[i] as Cell);
      if (order !== 0) return order;
    }
    return 0;
  }
}

/** The first index in [0, length) that passes; all behind it pass too. `length` if none does. */
function firstIndex(length: number, passes: (index: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (passes(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Both of one column, so of one type; `null` first. */
function compareCells(a: Cell, b: Cell): number {
  if (a === b) return 0; // most often the same owner: cheaper than letter by letter
  if (typeof a === "string" && typeof b === "string") return compareText(a, b);
  if (typeof a === "number" && typeof b === "number") return a - b;
  return (a === null ? 0 : 1) - (b === null ? 0 : 1);
}

/** The order of UTF-8 bytes, which is that of code points: only surrogates stand elsewhere in UTF-16. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    const aboveX = isSurrogate(x);
    return aboveX === isSurrogate(y) ? x - y : aboveX ? 1 : -1;
  }
  return a.length - b.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}
