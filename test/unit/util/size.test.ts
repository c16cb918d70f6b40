import fc from "fast-check";
import { expect, test } from "vitest";
import { formatSize, parseSize } from "../../../src/util/size.ts";

test.each([
  ["512 B", 512],
  ["10 KB", 10_000],
  ["10KiB", 10_240],
  ["1.5 MB", 1_500_000],
  ["1 MiB", 1_048_576],
  ["2 gb", 2_000_000_000],
  ["0 B", 0],
])("%s is %i bytes", (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

test.each(["", "10", "MB", "-1 KB", "1 XB", "1 KBit", "off", "9999999 TB"])("%j is no size", (text) => {
  expect(parseSize(text)).toBeUndefined();
});

test("what is written is read back, in the largest unit that fits", () => {
  expect(formatSize(256_000)).toBe("256 KB");
  expect(formatSize(1_048_576)).toBe("1 MiB");
  expect(formatSize(1001)).toBe("1001 B");
  fc.assert(fc.property(fc.nat(), (bytes) => parseSize(formatSize(bytes)) === bytes));
});
