/**
 * A bounded cache in two generations: when the young one is full it becomes the old one, and what the old one held is
 * forgotten unless it was asked for meanwhile. Holds at most `limit` entries, and always the `limit / 2` used last;
 * a hit costs one or two map look-ups and no list is kept in order.
 */
export class Lru<K, V extends NonNullable<unknown>> {
  readonly #half: number;
  #young = new Map<K, V>();
  #old = new Map<K, V>();

  /** `limit` is a number of entries, at least 2. */
  constructor(limit: number) {
    if (!(limit >= 2)) throw new RangeError(`an LRU of ${limit} entries`);
    this.#half = Math.floor(limit / 2);
  }

  get(key: K): V | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: K, value: V): void {
    if (this.#young.size >= this.#half) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    // The old generation may keep a value for the key: it is found second and goes first.
    this.#young.set(key, value);
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
  }

  delete(key: K): boolean {
    const young = this.#young.delete(key);
    return this.#old.delete(key) || young;
  }
}
