import fc from "fast-check";
import { expect, test } from "vitest";
import type { ArchiveRow } from "../../../../src/modules/mam/archive-row.ts";
import { packRows, unpackRows } from "../../../../src/modules/mam/packed-rows.ts";

const text = fc.string({ unit: "grapheme" });
const int = fc.maxSafeNat();
const row: fc.Arbitrary<ArchiveRow> = fc.record({
  owner: text,
  id: int,
  with: text,
  number: int,
  offset: int,
  label: fc.option(fc.integer({ min: 0, max: 2 ** 32 - 1 })),
  // Often the same as the one before it.
  stanza: fc.oneof(text, fc.constantFrom("", "<message/>", "\n")),
});

test("any rows come back as they were", () => {
  fc.assert(
    fc.property(fc.array(row), (rows) => {
      expect(unpackRows(packRows(rows))).toEqual(rows);
    }),
  );
});

test("neighbours with the same message share it", () => {
  const one = { owner: "a", id: 1, with: "b", number: 0, offset: 0, label: null, stanza: "x".repeat(1000) };
  expect(packRows([one, { ...one, owner: "b", with: "a" }]).length).toBeLessThan(1200);
});
