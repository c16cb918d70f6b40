/** XEP-0124 "Broken Connections": the last answers, which may have been lost on their way, by the ids of their requests. */
export class AnswerLog {
  readonly #answers = new Map<number, string>();
  readonly #size: number;

  /** @param size how many are kept: as many as there may be requests at a time. */
  constructor(size: number) {
    this.#size = size;
  }

  get(rid: number): string | undefined {
    return this.#answers.get(rid);
  }

  add(rid: number, body: string): void {
    this.#answers.set(rid, body);
    for (const old of this.#answers.keys()) {
      if (this.#answers.size <= this.#size) return;
      this.#answers.delete(old);
    }
  }

  /** The client has all up to this one. */
  acknowledge(rid: number): void {
    for (const answered of this.#answers.keys()) if (answered <= rid) this.#answers.delete(answered);
  }
}
