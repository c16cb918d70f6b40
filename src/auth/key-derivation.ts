import { pbkdf2 } from "node:crypto";
import { digestLength, digestName, type ScramHash } from "./scram-keys.ts";

/** Derivations under way at once. They take Node's four pool threads, which files and DNS need as well. */
const MAX_CONCURRENT_DERIVATIONS = 2;

/** Derivations that may wait for a thread: about half a second of work at 10,000 rounds. */
const MAX_WAITING_DERIVATIONS = 256;

/** More passwords arrive than can be hashed; try again later. */
export class BusyError extends Error {
  override readonly name = "BusyError";
}

/** PBKDF2 on the thread pool, never on the event loop, and never more of it than the limits allow. */
export class KeyDerivation {
  readonly #concurrent: number;
  readonly #queue: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(concurrent = MAX_CONCURRENT_DERIVATIONS, queue = MAX_WAITING_DERIVATIONS) {
    this.#concurrent = concurrent;
    this.#queue = queue;
  }

  /**
   * RFC 5802 §2.2: Hi(str, salt, i), which is PBKDF2 with an output as long as the hash's. `password` is prepared.
   * @throws {BusyError} when the queue is full.
   */
  async derive(hash: ScramHash, password: string, salt: Buffer, iterations: number): Promise<Buffer> {
    await this.#enter();
    try {
      return await run(hash, password, salt, iterations);
    } finally {
      this.#leave();
    }
  }

  #enter(): Promise<void> | undefined {
    if (this.#running < this.#concurrent) {
      this.#running++;
      return undefined;
    }
    if (this.#waiting.length >= this.#queue) throw new BusyError("too many passwords to hash");
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Hands the thread to the next in line, or gives it back. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#running--;
  }
}

function run(hash: ScramHash, password: string, salt: Buffer, iterations: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    pbkdf2(password, salt, iterations, digestLength(hash), digestName(hash), (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });
}
