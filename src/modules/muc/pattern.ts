/** Wildcards in one pattern. */
const MAX_WILDCARDS = 4;
const MAX_LENGTH = 200;

/** An address with `*` for any number of characters: `spam*@*`, `*@*.example.org`. Without an @ it is a domain, with all its users. */
export class Pattern {
  readonly #parts: readonly [string, ...string[]];

  /** `text`: as `readPattern` returns it. */
  constructor(text: string) {
    this.#parts = text.split("*") as [string, ...string[]];
  }

  /** In a time that grows with the length of both, and no faster. `address`: a bare JID. */
  fits(address: string): boolean {
    const [head, ...others] = this.#parts;
    const tail = others.pop();
    if (tail === undefined) return address === head;
    if (!address.startsWith(head)) return false;
    let at = head.length;
    for (const part of others) {
      const found = address.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return address.length - tail.length >= at && address.endsWith(tail);
  }
}

/** What somebody wrote as a pattern, as it is kept; undefined for what is none. */
export function readPattern(text: string): string | undefined {
  const lower = text.trim().toLowerCase();
  const pattern = lower.includes("@") ? lower : `*@${lower}`;
  const isPattern =
    lower !== "" &&
    pattern.length <= MAX_LENGTH &&
    pattern.split("*").length - 1 <= MAX_WILDCARDS &&
    /^[^@\s/]+@[^@\s/]+$/u.test(pattern);
  return isPattern ? pattern : undefined;
}
