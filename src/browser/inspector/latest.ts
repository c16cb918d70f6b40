import type { Sighting } from "./sighting.ts";

/** What a page keeps, so that it can be left open. */
export const MOST = 1_000;

/** Characters of XML, all together. */
const MOST_TEXT = 10_000_000;

/** As many of the last ones as are kept; at least one. */
export function latest<T extends Sighting>(all: readonly T[]): readonly T[] {
  let start = Math.max(0, all.length - MOST);
  let text = 0;
  for (let index = all.length - 1; index >= start; index--) {
    text += all[index]?.xml.length ?? 0;
    if (text > MOST_TEXT) start = Math.min(index + 1, all.length - 1);
  }
  return start === 0 ? all : all.slice(start);
}
