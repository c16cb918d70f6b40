import type { LateWrite } from "./store.ts";

/** The late writes of a turn, for drivers that never make a promise. */
export class LateWrites {
  #waiting: LateWrite[] = [];
  #isWriting = false;

  /** Whether there are none, nor any that are being made. */
  get isEmpty(): boolean {
    return this.#waiting.length === 0 && !this.#isWriting;
  }

  add(late: LateWrite): void {
    this.#waiting.push(late);
  }

  /** What is added meanwhile is written as well. */
  write(): void {
    if (this.#waiting.length === 0) return;
    this.#isWriting = true;
    try {
      for (let late = this.#waiting.shift(); late; late = this.#waiting.shift()) void late.write();
    } finally {
      this.#isWriting = false;
    }
  }

  undo(): void {
    const undone = this.#waiting;
    this.#waiting = [];
    for (const late of undone) late.undone();
  }
}
