/** A body that comes in pieces, in one piece of memory: a hundred bytes for each of a peer's pieces may be more than it sends. */
export class Collected {
  /** Longer than what is in it, once there is more than one piece. */
  #memory: Buffer<ArrayBufferLike> = Buffer.alloc(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(piece: Uint8Array): void {
    const length = this.#length + piece.length;
    if (this.#length === 0) {
      this.#memory = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    } else {
      if (length > this.#memory.length) this.#grow(length);
      this.#memory.set(piece, this.#length);
    }
    this.#length = length;
  }

  bytes(): Buffer<ArrayBufferLike> {
    return this.#memory.subarray(0, this.#length);
  }

  #grow(length: number): void {
    const memory = Buffer.allocUnsafe(Math.max(length, 2 * this.#memory.length));
    memory.set(this.bytes());
    this.#memory = memory;
  }
}
