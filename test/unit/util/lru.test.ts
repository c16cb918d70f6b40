import fc from "fast-check";
import { expect, test } from "vitest";
import { Lru } from "../../../src/util/lru.ts";

test("what was set is found, the latest value first", () => {
  const lru = new Lru<string, number>(4);
  lru.set("a", 1);
  lru.set("a", 2);
  expect(lru.get("a")).toBe(2);
  expect(lru.get("b")).toBeUndefined();
});

test("a value in use outlives any number of others", () => {
  const lru = new Lru<number, string>(10);
  lru.set(0, "used");
  for (let key = 1; key < 1000; key++) {
    lru.set(key, "passing");
    expect(lru.get(0)).toBe("used");
  }
});

test("what nobody asks for is forgotten", () => {
  const lru = new Lru<number, string>(10);
  for (let key = 0; key < 1000; key++) lru.set(key, "passing");
  const kept = Array.from({ length: 1000 }, (_, key) => key).filter((key) => lru.delete(key));
  expect(kept.length).toBeLessThanOrEqual(10);
  expect(kept.slice(-5)).toEqual([995, 996, 997, 998, 999]);
});

test("a deleted value is gone from both generations", () => {
  const lru = new Lru<string, number>(4);
  lru.set("a", 1);
  lru.set("b", 1);
  lru.set("c", 1); // "a" is of the old generation now
  lru.set("a", 2);
  expect(lru.delete("a")).toBe(true);
  expect(lru.get("a")).toBeUndefined();
  expect(lru.delete("a")).toBe(false);
});

test("a limit that holds nothing is refused", () => {
  expect(() => new Lru(1)).toThrow(RangeError);
  expect(() => new Lru(Number.NaN)).toThrow(RangeError);
});

test("it never answers with anything but the latest value", () => {
  const operation = fc.tuple(fc.constantFrom("get", "set", "delete"), fc.nat(6), fc.nat());
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 8 }), fc.array(operation), (limit, operations) => {
      const lru = new Lru<number, number>(limit);
      const truth = new Map<number, number>();
      const stale: number[] = [];
      for (const [kind, key, value] of operations) {
        if (kind === "set") {
          lru.set(key, value);
          truth.set(key, value);
        } else if (kind === "delete") {
          lru.delete(key);
          truth.delete(key);
        } else {
          const found = lru.get(key);
          if (found !== undefined && found !== truth.get(key)) stale.push(found);
        }
      }
      expect(stale).toEqual([]);
    }),
  );
});
