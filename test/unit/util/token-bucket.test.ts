import { expect, test } from "vitest";
import { TokenBucket } from "../../../src/util/token-bucket.ts";

test("earns what time brings, up to its burst", () => {
  const bucket = new TokenBucket(10, 5, 0);
  expect(bucket.tryTake(5, 0)).toBe(true);
  expect(bucket.tryTake(1, 99)).toBe(false);
  expect(bucket.tryTake(1, 100)).toBe(true);
  expect(bucket.tryTake(6, 60_000)).toBe(false);
});

test("says how long to take no more", () => {
  const bucket = new TokenBucket(10, 5, 0);
  expect(bucket.take(5, 0)).toBe(0);
  expect(bucket.take(10, 0)).toBe(1000);
});

test("goes on when the clock is set back by an hour", () => {
  const bucket = new TokenBucket(10, 5, 3_600_000);
  expect(bucket.tryTake(5, 3_600_000)).toBe(true);
  expect(bucket.tryTake(1, 0)).toBe(false);
  expect(bucket.tryTake(1, 100)).toBe(true);
});
