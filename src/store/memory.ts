import { LateWrites } from "./late-writes.ts";
import { type Layout, layoutOf } from "./layout.ts";
import { MemoryTable } from "./memory-table.ts";
import type { Row } from "./sorted-rows.ts";
import { type LateWrite, type Store, StoreError, type Table, type TableSpec } from "./store.ts";

/** What a store in memory held at one time, by table. Taking one costs little: rows are shared, and never change. */
export type MemoryImage = ReadonlyMap<string, { readonly layout: Layout; readonly rows: readonly Row[] }>;

/** Keeps everything in memory, for tests and trials: what it holds ends with the process. Never makes a promise. */
export interface MemoryStore extends Store {
  /** What it holds now, committed or not. */
  image(): MemoryImage;
  /** All rows of a table as they are now, whether it is open yet or was brought along; of one that nobody knows none. */
  rows<R extends object>(name: string): R[];
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
  readonly #tables = new Map<string, MemoryTable<never>>();
  /** How to undo the writes since the last commit, oldest first. */
  #undo: (() => void)[] = [];
  readonly #late = new LateWrites();
  #closed = false;

  constructor(image: MemoryImage) {
    this.#image = image;
  }

  get dirty(): boolean {
    return this.#undo.length > 0 || !this.#late.isEmpty;
  }

  table<R extends object>(spec: TableSpec<R>): Table<R> {
    this.#check();
    const layout = layoutOf(spec);
    if (this.#tables.has(layout.name)) throw new TypeError(`table ${layout.name} is already open`);
    this.commit();
    const table = this.#open<R>(layout, this.#image.get(layout.name)?.rows);
    this.#tables.set(layout.name, table as MemoryTable<never>);
    return table;
  }

  image(): MemoryImage {
    this.#late.write();
    const open = [...this.#tables].map(([name, { layout, rows }]) => [name, { layout, rows }] as const);
    return new Map([...this.#image, ...open]);
  }

  rows<R extends object>(name: string): R[] {
    this.#late.write();
    const open = this.#tables.get(name) as MemoryTable<R> | undefined;
    const kept = this.#image.get(name);
    return (open ?? (kept && this.#open<R>(kept.layout, kept.rows)))?.list() ?? [];
  }

  #open<R extends object>(layout: Layout, rows: readonly Row[] | undefined): MemoryTable<R> {
    const journal = {
      check: () => this.#check(),
      wrote: (undo: () => void) => {
        this.rowsWritten++;
        if (this.#undo.push(undo) === 1 && this.#late.isEmpty) this.onDirty();
      },
    };
    return new MemoryTable<R>(layout, journal, rows);
  }

  beforeCommit(late: LateWrite): void {
    this.#check();
    const isFirst = !this.dirty;
    this.#late.add(late);
    if (isFirst) this.onDirty();
  }

  commit(): void {
    this.#check();
    try {
      this.#late.write();
    } catch (error) {
      this.rollback();
      throw error;
    }
    this.#undo = [];
  }

  apart(write: () => void): void {
    if (this.dirty) throw new TypeError("a turn is open");
    try {
      write();
      this.commit();
    } catch (error) {
      this.rollback();
      throw error;
    }
  }

  rollback(): void {
    this.#check();
    this.#late.undo();
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
