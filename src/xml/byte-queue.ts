const NOTHING = Buffer.alloc(0);
/** Of a buffer that grows. */
const SMALLEST = 256;
/** An own buffer of more than this is given up when most of it is behind `start`. */
const SPACIOUS = 4096;

/**
 * Bytes from `start` to `end` of `source`: a chunk in place, or an own copy of what was left of one and what came
 * after. Bytes once here never change, though they move to another `source`.
 */
export class ByteQueue {
  source: Buffer = NOTHING;
  start = 0;
  end = 0;
  #isOwn = false;

  get length(): number {
    return this.end - this.start;
  }

  append(chunk: Buffer): void {
    if (chunk.length === 0) return;
    if (this.start === this.end) {
      this.source = chunk;
      this.start = 0;
      this.end = chunk.length;
      this.#isOwn = false;
      return;
    }
    // At least doubling: a byte is moved a constant number of times, on average, however small the chunks.
    const { length } = this;
    if (!this.#isOwn || this.end + chunk.length > this.source.length)
      this.#move(Math.max(length + chunk.length, length * 2));
    chunk.copy(this.source, this.end);
    this.end += chunk.length;
  }

  clear(): void {
    this.source = NOTHING;
    this.start = this.end = 0;
    this.#isOwn = false;
  }

  /** Lets go of the chunk, and of room without use, when nothing more can be read for now. */
  settle(): void {
    const { length } = this;
    if (length === 0) this.clear();
    else if (!this.#isOwn) this.#move(length);
    else if (this.source.length > SPACIOUS && this.source.length > 4 * length) this.#move(length * 2);
  }

  #move(room: number): void {
    // Not from the pool: a few bytes of a stalled peer would keep a whole slab of it.
    const moved = Buffer.allocUnsafeSlow(Math.max(room, SMALLEST));
    this.source.copy(moved, 0, this.start, this.end);
    this.end -= this.start;
    this.start = 0;
    this.source = moved;
    this.#isOwn = true;
  }
}
