import fc from "fast-check";
import { expect, test } from "vitest";
import { layoutOf } from "../../../src/store/layout.ts";
import { compareText, SortedRows } from "../../../src/store/sorted-rows.ts";

const layout = layoutOf<{ name: string; id: number }>({
  name: "rows",
  version: 1,
  columns: { name: "text", id: "int" },
  key: ["name", "id"],
});

test("compareText agrees with the bytes of UTF-8", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary" }),
      fc.string({ unit: "binary" }),
      fc.string({ unit: "binary" }),
      (start, a, b) => {
        const expected = Buffer.compare(Buffer.from(start + a), Buffer.from(start + b));
        expect(Math.sign(compareText(start + a, start + b))).toBe(expected);
      },
    ),
    { numRuns: 1000 },
  );
});

test("thousands of rows stay in order over many blocks", () => {
  const rows = new SortedRows(layout.key);
  const all = Array.from({ length: 5000 }, (_, n) => [n % 2 === 0 ? "even" : "odd", (n * 7919) % 5000]);
  for (const row of all) rows.add(row);
  const start = rows.position([], "before");
  const end = rows.position([], "behind");
  const sorted = all.toSorted(([a, x], [b, y]) => (a === b ? Number(x) - Number(y) : a === "even" ? -1 : 1));

  expect(rows.count(start, end)).toBe(5000);
  expect(rows.slice(start, end, false, 5000)).toEqual(sorted);
  expect(rows.slice(start, end, true, 700)).toEqual(sorted.toReversed().slice(0, 700));
  expect(rows.slice(rows.position(["even"], "behind"), end, false, 700)).toEqual(sorted.slice(2500, 3200));
  expect(rows.find(["odd", Number(all[4321]?.[1])])).toEqual(all[4321]);
  expect(rows.find(["odd", 5000])).toBeUndefined();

  for (const row of all) if (Number(row[1]) >= 10) rows.remove(row);
  const left = rows.slice(rows.position([], "before"), rows.position([], "behind"), false, 100);
  expect(left).toEqual(sorted.filter(([, id]) => Number(id) < 10));
  for (const row of left) rows.remove(row);
  expect(rows.count(rows.position([], "before"), rows.position([], "behind"))).toBe(0);
});
