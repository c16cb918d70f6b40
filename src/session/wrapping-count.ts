/** XEP-0198 §4: counts of stanzas are unsigned integers of 32 bits; behind the largest comes 0. */
const MODULUS = 2 ** 32;

export function countOn(count: number): number {
  return (count + 1) % MODULUS;
}

/** How many stanzas lie between two counts, of which `later` may have wrapped around. */
export function countBetween(earlier: number, later: number): number {
  return (later - earlier + MODULUS) % MODULUS;
}
