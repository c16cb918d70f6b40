const SLOTS = 2048;
/** Longer strings are decoded afresh each time. */
const LONGEST = 64;

/**
 * Strings by their bytes, so that what is read again and again is neither decoded nor allocated again. Forgetful:
 * a string has two possible places, and a new one takes the place of an old one, so a peer with
 * ever new names costs time and no memory.
 */
export class Names {
  readonly #strings = Array.from<string | undefined>({ length: SLOTS });
  readonly #lengths = new Uint8Array(SLOTS);
  readonly #bytes = new Uint8Array(SLOTS * LONGEST);
  #victim = 0;

  /** The string whose UTF-8 is `source` from `start` to `end`, whose hash is `hash`: the same function for all of a table. */
  get(source: Buffer, start: number, end: number, hash: number): string {
    const length = end - start;
    if (length === 0) return "";
    if (length > LONGEST) return source.toString("utf8", start, end);
    const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
    if (this.#holds(slot, source, start, length)) return this.#strings[slot] as string;
    if (this.#holds(slot ^ 1, source, start, length)) return this.#strings[slot ^ 1] as string;
    return this.#put(slot, source, start, end);
  }

  #holds(slot: number, source: Buffer, start: number, length: number): boolean {
    if (this.#lengths[slot] !== length) return false;
    const bytes = this.#bytes;
    const from = slot * LONGEST;
    for (let index = 0; index < length; index++)
      if (bytes[from + index] !== source[start + index]) return false;
    return true;
  }

  #put(home: number, source: Buffer, start: number, end: number): string {
    const string = source.toString("utf8", start, end);
    this.#victim ^= 1;
    const slot = this.#strings[home] === undefined ? home : home ^ this.#victim;
    this.#strings[slot] = string;
    this.#lengths[slot] = end - start;
    this.#bytes.set(source.subarray(start, end), slot * LONGEST);
    return string;
  }
}

/** The hash that `Names.get` wants: h = 31 h + byte, modulo 2^32. */
export function hashOf(source: Buffer, start: number, end: number): number {
  let hash = 0;
  for (let position = start; position < end; position++)
    hash = (Math.imul(hash, 31) + (source[position] as number)) | 0;
  return hash;
}

/**
 * A hash for longer strings, of their length and at most 16 of their bytes. That many strings may share it only costs
 * time: two of them at most are remembered.
 */
export function hashOfEnds(source: Buffer, start: number, end: number): number {
  const length = end - start;
  if (length <= 2 * ENDS) return hashOf(source, start, end);
  let hash = length;
  for (let position = start; position < start + ENDS; position++)
    hash = (Math.imul(hash, 31) + (source[position] as number)) | 0;
  for (let position = end - ENDS; position < end; position++)
    hash = (Math.imul(hash, 31) + (source[position] as number)) | 0;
  return hash;
}

const ENDS = 8;

/** Names of elements and attributes, and prefixes, by `hashOf`. */
export const names = new Names();
/** Namespaces, by `hashOfEnds`. */
export const uris = new Names();
/** Values of `to`, `from`, `type`, by `hashOfEnds`: apart, so that many addresses do not drive out the vocabulary. */
export const values = new Names();
