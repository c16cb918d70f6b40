import type { Position, Tail } from "./archive-row.ts";
import type { PackedRows } from "./packed-rows.ts";
import type { Packer } from "./packer.ts";

/** What one turn archived. */
export class Lot {
  /** Undefined while there may come more. */
  rows: PackedRows | undefined;
  /** Rows that went where they belong before the lot was written to the journal, which need not have them. */
  #moved: Set<number> | undefined;

  /** `rows`: those of one that is in the journal. */
  constructor(rows?: PackedRows) {
    this.rows = rows;
    this.#moved = rows ? undefined : new Set();
  }

  move(place: number, packer: Packer): void {
    packer.take(this.rows as PackedRows, place);
    this.#moved?.add(place);
  }

  /** They did not get where they belong. */
  returnMoved(): void {
    this.#moved?.clear();
  }

  /** What the journal is to have; undefined for nothing. */
  written(packer: Packer): PackedRows | undefined {
    const rows = this.rows as PackedRows;
    const moved = this.#moved;
    this.#moved = undefined;
    if (!moved || moved.size === 0) return rows;
    for (let place = 0; place < rows.count; place++) if (!moved.has(place)) packer.add(rows.row(place));
    return packer.count > 0 ? packer.pack() : undefined;
  }
}

/** What waits for one archive: places in lots, so that a message that waits is nothing of its own in memory. */
export class Waiting {
  /** Bytes of the messages. */
  size = 0;
  /** Where the archive ends with them. */
  readonly end: Tail = { id: 0, number: 0, offset: 0 };
  readonly #lots: Lot[] = [];
  readonly #places: number[] = [];

  get count(): number {
    return this.#places.length;
  }

  /** The lot of the last message. */
  get lot(): Lot | undefined {
    return this.#lots.at(-1);
  }

  /** A message of `size` bytes that has the place `place` in `lot`. */
  add(lot: Lot, place: number, { id, number, offset }: Position, size: number): void {
    this.#lots.push(lot);
    this.#places.push(place);
    this.size += size;
    this.end.id = id;
    this.end.number = number + 1;
    this.end.offset = offset + size;
  }

  /** Hands all of it to `packer`. Its lots are closed. */
  moveTo(packer: Packer): void {
    for (let index = 0; index < this.#places.length; index++)
      (this.#lots[index] as Lot).move(this.#places[index] as number, packer);
  }
}
