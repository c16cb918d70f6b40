import fc from "fast-check";
import { expect, test } from "vitest";
import { formatDuration, parseDuration } from "../../../src/util/duration.ts";

test.each([
  ["500ms", 500],
  ["30s", 30_000],
  ["15m", 900_000],
  ["1.5h", 5_400_000],
  ["30d", 2_592_000_000],
  ["2 w", 1_209_600_000],
  ["off", 0],
  [" 1s ", 1000],
])("%s is %i milliseconds", (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(["", "30", "s", "-1s", "1y", "1e3s", "30S", "1s 2s", "99999999999999w", "Off"])(
  "%j is no duration",
  (text) => {
    expect(parseDuration(text)).toBeUndefined();
  },
);

test("what is written is read back, in the largest unit that fits", () => {
  expect(formatDuration(90_000)).toBe("90s");
  expect(formatDuration(86_400_000)).toBe("1d");
  expect(formatDuration(1001)).toBe("1001ms");
  fc.assert(fc.property(fc.nat(), (ms) => parseDuration(formatDuration(ms)) === ms));
});
