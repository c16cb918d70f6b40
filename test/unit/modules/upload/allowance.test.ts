import { expect, test } from "vitest";
import { spend, unspend, waitFor } from "../../../../src/modules/upload/allowance.ts";

const allowance = { most: 100, per: 1000 };

test("what is spent comes back in its time", () => {
  expect(spend(80, 0, allowance, 5000)).toBe(5800);
  expect(spend(10, 5800, allowance, 5300)).toBe(5900);
});

test("what is too much may be spent after just the wait that is told", () => {
  const backAt = spend(80, 0, allowance, 0);
  expect(waitFor(20, backAt, allowance, 0)).toBe(0);
  expect(waitFor(50, backAt, allowance, 0)).toBe(300);
  expect(waitFor(50, backAt, allowance, 299)).toBe(1);
  expect(waitFor(50, backAt, allowance, 300)).toBe(0);
  expect(waitFor(100, backAt, allowance, 0)).toBe(800);
});

test("what is not used is there again", () => {
  expect(unspend(80, spend(80, 0, allowance, 5000), allowance)).toBe(5000);
});

test("no limit never waits", () => {
  const endless = { most: Number.POSITIVE_INFINITY, per: 1000 };
  expect(spend(80, 0, endless, 5000)).toBe(5000);
  expect(waitFor(1e15, 5000, endless, 5000)).toBe(0);
});

test("neither a smaller allowance nor a clock put back makes anybody wait longer than for all of it", () => {
  expect(waitFor(100, 1_000_000, allowance, 0)).toBe(1000);
});
