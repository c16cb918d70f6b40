import {
  type LateWrite,
  type Range,
  type Store,
  StoreError,
  type Table,
  type TableSpec,
} from "../../store/store.ts";
import { type Awaitable, after } from "../../util/awaitable.ts";
import type { Seam, StoreFault } from "./seams.ts";

const SIMULATED = "simulated fault of the store";

/** Whether an error is what a fault of the store brought about. */
export function isSimulated(message: string): boolean {
  return message.includes(SIMULATED);
}

/** A store that fails as the contract of `Store` lets it. */
export class FaultyStore implements Store {
  readonly #inner: Store;
  readonly #faults: Seam<StoreFault>;
  /** Why everything fails until the turn ends. */
  #lost: StoreError | undefined;
  /** Whether what is written is no part of a turn. */
  #isApart = false;

  constructor(inner: Store, faults: Seam<StoreFault>) {
    this.#inner = inner;
    this.#faults = faults;
  }

  get dirty(): boolean {
    return this.#lost !== undefined || this.#inner.dirty;
  }

  get rowsWritten(): number {
    return this.#inner.rowsWritten ?? 0;
  }

  get onDirty(): () => void {
    return this.#inner.onDirty;
  }

  set onDirty(listener: () => void) {
    this.#inner.onDirty = listener;
  }

  get onFailed(): () => void {
    return this.#inner.onFailed;
  }

  set onFailed(listener: () => void) {
    this.#inner.onFailed = listener;
  }

  table<R extends object>(spec: TableSpec<R>): Awaitable<Table<R>> {
    return after(this.#inner.table(spec), (table) => {
      const faulty: Table<R> = {
        get: (key: Partial<R>) => this.#read(() => table.get(key)),
        list: (range?: Range<R>) => this.#read(() => table.list(range)),
        count: (range?: Range<R>) => this.#read(() => table.count(range)),
        put: (row: R) => this.#write(() => table.put(row)),
        delete: (where: Partial<R>) => this.#write(() => table.delete(where)),
      };
      return faulty;
    });
  }

  beforeCommit(late: LateWrite): Awaitable<void> {
    return this.#write(() => this.#inner.beforeCommit(late));
  }

  commit(): Awaitable<void> {
    const lost = this.#lost;
    this.#lost = undefined;
    if (lost) throw lost;
    if (!this.#inner.dirty) return this.#commit();
    for (const { commits } of this.#faults.all) {
      const trouble = commits?.();
      if (typeof trouble === "string") {
        void this.#inner.rollback();
        throw failure(trouble);
      }
      if (trouble) return trouble.then(() => this.#commit());
    }
    return this.#commit();
  }

  rollback(): Awaitable<void> {
    this.#lost = undefined;
    return this.#inner.rollback();
  }

  apart(write: () => void): Awaitable<void> {
    for (const { commits } of this.#faults.all) {
      const trouble = commits?.();
      if (typeof trouble === "string") throw failure(trouble);
      if (trouble) return trouble.then(() => this.#inner.apart(write));
    }
    this.#isApart = true;
    try {
      return this.#inner.apart(write);
    } finally {
      this.#isApart = false;
    }
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  #commit(): Awaitable<void> {
    try {
      return this.#inner.commit();
    } finally {
      // A late write that failed took the turn along.
      this.#lost = undefined;
    }
  }

  #read<T>(work: () => T): T {
    if (this.#lost) throw this.#lost;
    return work();
  }

  #write<T>(work: () => T): T {
    if (this.#lost) throw this.#lost;
    for (const { writes } of this.#faults.all) {
      const trouble = writes?.();
      if (trouble !== undefined) throw this.#refuse(trouble);
    }
    return work();
  }

  #refuse(trouble: string): StoreError {
    const error = failure(trouble);
    if (this.#isApart) return error;
    if (this.#inner.dirty) {
      this.#lost = error;
      void this.#inner.rollback();
    } else {
      this.onFailed();
    }
    return error;
  }
}

function failure(trouble: string): StoreError {
  return new StoreError(`${trouble} (${SIMULATED})`);
}
