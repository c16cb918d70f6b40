import { layoutOf } from "./layout.ts";
import { MemoryTable } from "./memory-table.ts";
import { type Store, StoreError, type Table, type TableSpec } from "./store.ts";

/** Keeps everything in memory, for tests and trials: what it holds ends with the process. Never makes a promise. */
export function createMemoryStore(): Store {
  return new MemoryStore();
}

class MemoryStore implements Store {
  onDirty = () => {};
  /** Never called: memory does not fail. */
  onFailed = () => {};
  rowsWritten = 0;
  readonly #names = new Set<string>();
  /** How to undo the writes since the last commit, oldest first. */
  #undo: (() => void)[] = [];
  #closed = false;

  get dirty(): boolean {
    return this.#undo.length > 0;
  }

  table<R extends object>(spec: TableSpec<R>): Table<R> {
    this.#check();
    const layout = layoutOf(spec);
    if (this.#names.has(layout.name)) throw new TypeError(`table ${layout.name} is already open`);
    this.commit();
    this.#names.add(layout.name);
    return new MemoryTable<R>(layout, {
      check: () => this.#check(),
      wrote: (undo) => {
        this.rowsWritten++;
        if (this.#undo.push(undo) === 1) this.onDirty();
      },
    });
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
