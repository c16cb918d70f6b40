const SLOTS = 2048;
const GUESSES = 512;
/** Longer strings are decoded afresh each time. */
const LONGEST = 64;

/**
 * Strings by their bytes, so that what is read again and again is neither decoded nor allocated again. Forgetful:
 * a string has two possible places, and a new one takes the place of an old one, so a peer with
 * ever new names costs time and no memory.
 */
class Names {
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
    const string = internalized(source.toString("utf8", start, end));
    this.#victim ^= 1;
    const slot = this.#strings[home] === undefined ? home : home ^ this.#victim;
    this.#strings[slot] = string;
    this.#lengths[slot] = end - start;
    this.#bytes.set(source.subarray(start, end), slot * LONGEST);
    return string;
  }
}

/** The same string as V8 keeps it for property names: as a key, and in comparisons, it is found by its address. */
function internalized(string: string): string {
  return Object.keys({ [string]: 0 })[0] as string;
}

/**
 * For each element name the namespace declared with it last, since it will be declared with it again. That spares
 * a declaration its check, its hash and its search: some 0.1 µs of 0.2 each.
 */
class Guesses {
  readonly #strings = Array.from<string>({ length: GUESSES }).fill("");
  readonly #lengths = new Uint8Array(GUESSES);
  readonly #bytes = new Uint8Array(GUESSES * LONGEST);

  /** @returns the length of what was last remembered for `hash` if `source` has it at `start` and `quote` behind it, or -1. */
  match(hash: number, source: Buffer, start: number, end: number, quote: number): number {
    const slot = hash & (GUESSES - 1);
    const length = this.#lengths[slot] as number;
    if (length === 0 || start + length >= end || source[start + length] !== quote) return -1;
    const bytes = this.#bytes;
    const from = slot * LONGEST;
    for (let index = 0; index < length; index++) if (bytes[from + index] !== source[start + index]) return -1;
    return length;
  }

  /** What `match` has matched. */
  get(hash: number): string {
    return this.#strings[hash & (GUESSES - 1)] as string;
  }

  /** Remembers a valid attribute value that means what it says. */
  put(hash: number, source: Buffer, start: number, end: number, string: string): void {
    // A quote in it could be the end of the value next time.
    if (end - start > LONGEST || string.includes('"') || string.includes("'")) return;
    const slot = hash & (GUESSES - 1);
    this.#strings[slot] = string;
    this.#lengths[slot] = end - start;
    this.#bytes.set(source.subarray(start, end), slot * LONGEST);
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
export const guesses = new Guesses();
