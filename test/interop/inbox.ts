import { PATIENCE_MS } from "./programs.ts";

/** What a foreign client received, for tests that wait for one thing after another. */
export class Inbox<T> {
  readonly #items: T[] = [];
  #wake: () => void = () => {};

  add(item: T): void {
    this.#items.push(item);
    this.#wake();
  }

  /** Takes out the first item that is wanted, as soon as it is there. @throws Error with all items when it does not come. */
  async take(isWanted: (item: T) => boolean): Promise<T> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const index = this.#items.findIndex(isWanted);
      if (index >= 0) return this.#items.splice(index, 1)[0] as T;
      if (!(await this.#more(deadline - Date.now()))) {
        throw new Error(
          `did not receive ${String(isWanted)}\ngot only\n${this.#items.map(String).join("\n")}`,
        );
      }
    }
  }

  #more(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }
}
