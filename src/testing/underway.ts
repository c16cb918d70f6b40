/**
 * What a test began and may not wait for, such as a user who is made: one thing after the other, in the order in which they
 * were begun. Whatever depends on it waits for `done`.
 */
export class Underway {
  #last: Promise<void> | undefined;

  /** Settles when all that was begun is done, well or not; undefined when it is. */
  get done(): Promise<void> | undefined {
    return this.#last;
  }

  /** Begins it now, or when all that was begun before is done. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last ? this.#last.then(work) : work();
    const end = () => {
      if (this.#last === settled) this.#last = undefined;
    };
    const settled: Promise<void> = result.then(end, end);
    this.#last = settled;
    return result;
  }
}
