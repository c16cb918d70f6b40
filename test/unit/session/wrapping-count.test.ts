/** XEP-0198 §4: behind 2^32-1 the value of "h" SHALL be reset to zero. */
import { expect, test } from "vitest";
import { countBetween, countOn } from "../../../src/session/wrapping-count.ts";

const LARGEST = 2 ** 32 - 1;

test("behind the largest count comes 0", () => {
  expect(countOn(0)).toBe(1);
  expect(countOn(LARGEST - 1)).toBe(LARGEST);
  expect(countOn(LARGEST)).toBe(0);
});

test.each([
  [0, 0, 0],
  [5, 8, 3],
  [LARGEST, 0, 1],
  [LARGEST - 2, 4, 7],
  [0, LARGEST, LARGEST],
  [LARGEST, LARGEST, 0],
])("from %i to %i there are %i", (earlier, later, between) => {
  expect(countBetween(earlier, later)).toBe(between);
});

test("from any count on, so many steps are so many stanzas", () => {
  for (const first of [0, LARGEST - 3, LARGEST]) {
    let count = first;
    for (let steps = 1; steps <= 10; steps++) {
      count = countOn(count);
      expect(countBetween(first, count)).toBe(steps);
    }
  }
});
