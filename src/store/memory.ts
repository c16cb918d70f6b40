import { layoutOf } from "./layout.ts";
import { MemoryTable } from "./memory-table.ts";
import type { Row } from "./sorted-rows.ts";
import { type Store, StoreError, type Table, type TableSpec } from "./store.ts";

/** What a store in memory held at one time, by table. Taking one costs little: rows are shared, and never change. */
export type MemoryImage = ReadonlyMap<string, readonly Row[]>;

/** Keeps everything in memory, for tests and trials: what it holds ends with the process. Never makes a promise. */
export interface MemoryStore extends Store {
  /** What it holds now, committed or not. */
  image(): MemoryImage;
}

/** `image`: what it holds from the start; its tables have to be of the same versions. */
export function createMemoryStore(image: MemoryImage = new Map()): MemoryStore {
  return new StoreInMemory(image);
}

class StoreInMemory implements MemoryStore {
  onDirty = () => {};
  /** Never called: memory does not fail. */
  onFailed = () => {};
  rowsWritten = 0;
  readonly #image: MemoryImage;
  readonly #tables = new Map<string, { readonly rows: readonly Row[] }>();
  /** How to undo the writes since the last commit, oldest first. */
  #undo: (() => void)[] = [];
  #closed = false;

  constructor(image: MemoryImage) {
    this.#image = image;
  }

  get dirty(): boolean {
    return this.#undo.length > 0;
  }

  table<R extends object>(spec: TableSpec<R>): Table<R> {
    this.#check();
    const layout = layoutOf(spec);
    if (this.#tables.has(layout.name)) throw new TypeError(`table ${layout.name} is already open`);
    this.commit();
    const journal = {
      check: () => this.#check(),
      wrote: (undo: () => void) => {
        this.rowsWritten++;
        if (this.#undo.push(undo) === 1) this.onDirty();
      },
    };
    const table = new MemoryTable<R>(layout, journal, this.#image.get(layout.name));
    this.#tables.set(layout.name, table);
    return table;
  }

  image(): MemoryImage {
    return new Map([...this.#tables].map(([name, { rows }]) => [name, rows]));
  }

  commit(): void {
    this.#check();
    this.#undo = [];
  }

  rollback(): void {
    this.#check();
    for (const undo of this.#undo.reverse()) undo();
    this.#undo = [];
  }

  async close(): Promise<void> {
    if (!this.#closed) this.rollback();
    this.#closed = true;
  }

  #check(): void {
    if (this.#closed) throw new StoreError("the store in memory is closed");
  }
}
