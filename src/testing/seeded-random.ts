import { createHash } from "node:crypto";
import type { Random } from "../util/random.ts";

/** Numbers that look random and are the same for the same seed. For tests alone: they can be guessed. */
export class SeededRandom implements Random {
  readonly #ids: "seq" | "random";
  #state: number;
  #count = 0;

  /** `seq`: identifiers are `1`, `2` … */
  constructor(seed: number, ids: "seq" | "random" = "random") {
    this.#state = seed >>> 0;
    this.#ids = ids;
  }

  /** The same for the same text. */
  static of(text: string): SeededRandom {
    return new SeededRandom(createHash("sha256").update(text).digest().readUInt32LE());
  }

  /** 0 to 1, without 1. The generator is Mulberry32. */
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => Math.floor(this.fraction() * 256)));
  }

  id(): string {
    return this.#ids === "seq" ? String(++this.#count) : this.bytes(16).toString("base64url");
  }

  /** What `restore` takes. */
  get state(): readonly [state: number, count: number] {
    return [this.#state, this.#count];
  }

  restore([state, count]: readonly [state: number, count: number]): void {
    this.#state = state;
    this.#count = count;
  }
}
