import type { Awaitable } from "../util/awaitable.ts";

/** One thing at a time for each key, in the order of asking; keys that are free cost nothing. */
export class KeyedMutex {
  readonly #tails = new Map<string, Promise<unknown>>();

  run<T>(key: string, work: () => Awaitable<T>): Promise<T> {
    const before = this.#tails.get(key);
    const result = before ? before.then(work, work) : Promise.resolve().then(work);
    this.#tails.set(key, result);
    const clean = () => {
      if (this.#tails.get(key) === result) this.#tails.delete(key);
    };
    result.then(clean, clean);
    return result;
  }
}
