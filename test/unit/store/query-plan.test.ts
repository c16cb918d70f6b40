import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { layoutOf } from "../../../src/store/layout.ts";
import { planRange, whereCells } from "../../../src/store/range.ts";
import * as sql from "../../../src/store/sql.ts";
import { openSqliteStore } from "../../../src/store/sqlite.ts";
import type { Range } from "../../../src/store/store.ts";
import { type Note, noteSpec } from "../../contract/store-tables.ts";
import { temporaryFolder } from "./folder.ts";

const path = join(temporaryFolder(), "plan.db");
const layout = layoutOf(noteSpec);
let db: Database.Database;

beforeAll(async () => {
  const store = openSqliteStore({ path });
  await store.table(noteSpec);
  await store.table({ ...noteSpec, name: "long", longRows: true });
  await store.close();
  db = new Database(path, { readonly: true });
});
afterAll(() => void db.close());

function explain(text: string, parameters: readonly unknown[]): string {
  const steps = db.prepare(`EXPLAIN QUERY PLAN ${text}`).all(parameters) as { detail: string }[];
  return steps.map(({ detail }) => detail).join("; ");
}

test.each<[string, Range<Note>, string]>([
  ["everything", {}, "SCAN notes"],
  ["everything, from the end", { reverse: true, limit: 1 }, "SCAN notes"],
  ["a part of the key", { where: { owner: "a" } }, "SEARCH notes USING PRIMARY KEY (owner=?)"],
  [
    "a page before a row",
    { where: { owner: "a" }, before: 9, reverse: true, limit: 50 },
    "SEARCH notes USING PRIMARY KEY (owner=? AND id<?)",
  ],
  [
    "between two rows",
    { where: { owner: "a" }, after: 1, before: 9 },
    "SEARCH notes USING PRIMARY KEY (owner=? AND id>? AND id<?)",
  ],
  ["a bound alone", { after: "a" }, "SEARCH notes USING PRIMARY KEY (owner>?)"],
  ["an index", { index: "by_id" }, "SCAN notes USING INDEX notes.by_id"],
  [
    "an index and null",
    { index: "by_peer", where: { owner: "a", peer: null } },
    "SEARCH notes USING COVERING INDEX notes.by_peer (owner=? AND peer=?)",
  ],
  [
    "an index and a bound on a nullable column",
    { index: "by_peer", where: { owner: "a" }, before: "x", reverse: true, limit: 2 },
    "SEARCH notes USING COVERING INDEX notes.by_peer (owner=? AND peer<?)",
  ],
  [
    "an index, on into the key",
    { index: "by_peer", where: { owner: "a", peer: "x" }, after: 1 },
    "SEARCH notes USING COVERING INDEX notes.by_peer (owner=? AND peer=? AND id>?)",
  ],
])("a list of %s walks the key or index in order, without sorting", (_what, range, expected) => {
  const plan = planRange(layout, range);
  expect(explain(sql.listRows(layout, plan), sql.rangeParameters(plan))).toBe(expected);
});

test.each<[Range<Note>, RegExp]>([
  [{ where: { owner: "a" } }, /^SEARCH notes USING .*\(owner=\?\)$/],
  [{ where: { owner: "a" }, after: 1 }, /^SEARCH notes USING PRIMARY KEY \(owner=\? AND id>\?\)$/],
  [{ where: { owner: "a" }, limit: 1 }, /SEARCH notes USING .*\(owner=\?\)/],
  [{ index: "by_id", where: { id: 1 } }, /^SEARCH notes USING COVERING INDEX notes\.by_id \(id=\?\)$/],
])("a count of %o searches", (range, expected) => {
  const plan = planRange(layout, range);
  expect(explain(sql.countRows(layout, plan), sql.rangeParameters(plan))).toMatch(expected);
});

test.each<[Partial<Note>, RegExp]>([
  [{ owner: "a" }, /^SEARCH notes USING (PRIMARY KEY|COVERING INDEX notes\.by_peer) \(owner=\?\)$/],
  [{ id: 1 }, /^SEARCH notes USING (COVERING )?INDEX notes\.by_id \(id=\?\)$/],
  [
    { peer: "x", owner: "a" },
    /^SEARCH notes USING (COVERING )?INDEX notes\.by_peer \(owner=\? AND peer=\?\)$/,
  ],
])("a delete where %o searches", (where, expected) => {
  const cells = whereCells(layout, where);
  expect(explain(sql.deleteRows(layout, [...cells.keys()]), [...cells.values()])).toMatch(expected);
  expect(explain(sql.hasRows(layout, [...cells.keys()]), [...cells.values()])).toMatch(expected);
});

test("a get goes straight to the key", () => {
  expect(explain(sql.getRow(layout), ["a", 1])).toBe("SEARCH notes USING PRIMARY KEY (owner=? AND id=?)");
});

test.each<Range<Note>>([
  { where: { owner: "a" }, after: 1, before: 9, offset: 2, limit: 3 },
  { index: "by_peer", where: { owner: "a", peer: null }, reverse: true, limit: 1 },
])("a list of %o stays prepared, whatever is looked for: SQLite sees no bare parameter", (range) => {
  const plan = planRange(layout, range);
  for (const text of [sql.listRows(layout, plan), sql.countRows(layout, plan)]) {
    expect(text.match(/\+\?/g)).toHaveLength(sql.rangeParameters(plan).length);
    expect(text).not.toMatch(/[^+]\?/);
  }
});

test.each<[string, Range<Note>, string]>([
  ["a row", { where: { owner: "a", id: 1 } }, "(owner=? AND id=?)"],
  ["the last of a part", { where: { owner: "a" }, reverse: true, limit: 1 }, "(owner=?)"],
  ["a page", { where: { owner: "a" }, after: 1, limit: 50 }, "(owner=? AND id>?)"],
])(
  "long rows: %s is found by an index of keys, not among the rows, and needs no sorting",
  (_, range, columns) => {
    const long = layoutOf({ ...noteSpec, name: "long", longRows: true });
    const plan = planRange(long, range);
    expect(explain(sql.listRows(long, plan), sql.rangeParameters(plan))).toBe(
      `SEARCH long USING INDEX sqlite_autoindex_long_1 ${columns}`,
    );
  },
);
