import { readFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { beforeEach, expect, test } from "vitest";
import { openSqliteStore } from "../../../src/store/sqlite.ts";
import { type Store, StoreError, type TableSpec } from "../../../src/store/store.ts";
import { runFixture } from "./child.ts";
import { temporaryFolder } from "./folder.ts";
import { ENTRIES, type EntryOne, type EntryThree, entryOne, entryThree } from "./versions.ts";

const folder = temporaryFolder();
let files = 0;
let path: string;

beforeEach(async () => {
  path = join(folder, `${files++}.db`);
  await withStore(async (store) => {
    const table = await store.table(entryOne);
    for (const row of ENTRIES) await table.put(row);
    await store.commit();
  });
});

async function withStore<T>(use: (store: Store) => Promise<T>): Promise<T> {
  const store = openSqliteStore({ path, synchronous: "normal" });
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

const readAs = <R extends object>(spec: TableSpec<R>) =>
  withStore(async (store) => (await store.table(spec)).list());

function versionInFile(): unknown {
  const db = new Database(path, { readonly: true });
  const version = db.prepare("SELECT version FROM jackdaw_tables").pluck().all();
  db.close();
  return version;
}

test("rows of version 1 are rows of version 3 when a server of that version opens them", async () => {
  const expected = ENTRIES.map(
    ({ id, tags }): EntryThree => ({ group: id % 3, id: String(id), tags, seen: null }),
  );
  const byGroup = expected.toSorted((a, b) => a.group - b.group || (a.id < b.id ? -1 : 1));
  expect(await readAs(entryThree)).toEqual(byGroup);
  expect(versionInFile()).toEqual([3]);
  expect(await readAs(entryThree)).toEqual(byGroup); // and only once

  await withStore(async (store) => {
    const table = await store.table(entryThree);
    expect(await table.count({ index: "by_seen", where: { seen: null } })).toBe(ENTRIES.length);
    expect(await table.get({ group: 1, id: "1" })).toEqual(expected[1]);
  });
});

test("rows of an older version may become fewer, and all stay where that fails", async () => {
  interface Summary {
    id: string;
    ids: string;
  }
  const summaries = (fail: boolean): TableSpec<Summary> => ({
    name: entryOne.name,
    version: 2,
    columns: { id: "text", ids: "text" },
    key: ["id"],
    *regroup(rows, from) {
      const ids = [];
      for (const { id } of rows) ids.push(id);
      yield { id: `all of ${from}`, ids: ids.join() };
      if (fail) throw new Error("no more");
    },
  });
  await expect(readAs(summaries(true))).rejects.toThrow(/stays as it was: no more/);
  expect(await readAs(entryOne)).toHaveLength(ENTRIES.length);
  const ids = ENTRIES.map(({ id }) => id).toSorted((a, b) => a - b);
  expect(await readAs(summaries(false))).toEqual([{ id: "all of 1", ids: ids.join() }]);
});

test("an older server refuses a newer table and leaves it as it is", async () => {
  await readAs(entryThree);
  const before = readFileSync(path);
  await expect(readAs(entryOne)).rejects.toThrow(StoreError);
  await expect(readAs(entryOne)).rejects.toThrow(
    `store ${path}: table entries has version 3, this server knows 1; start the newer server`,
  );
  expect(readFileSync(path).equals(before)).toBe(true);
});

test.each<[string, (row: Record<string, unknown>) => unknown, string]>([
  ["throws", () => JSON.parse("{"), "JSON"],
  [
    "makes a row that does not fit",
    (row) => ({ ...row, group: "x" }),
    "entries.group: expected a safe integer",
  ],
  ["makes one key of two rows", () => ({ group: 1, id: "1", tags: [], seen: null }), "UNIQUE"],
])("a migration that %s leaves the old table", async (_what, migrate, reason) => {
  const broken = { ...entryThree, migrate: migrate as (row: Record<string, unknown>) => EntryThree };
  await expect(readAs(broken)).rejects.toThrow(StoreError);
  await expect(readAs(broken)).rejects.toThrow("cannot be migrated from version 1 to 3, and stays as it was");
  await expect(readAs(broken)).rejects.toThrow(reason);
  expect(await readAs(entryOne)).toEqual(ENTRIES);
});

test("a store whose migration failed goes on with its other tables", async () => {
  await withStore(async (store) => {
    const broken = { ...entryThree, migrate: () => JSON.parse("{") as EntryThree };
    await expect(async () => store.table(broken)).rejects.toThrow(StoreError);
    const other = await store.table<EntryOne>({ ...entryOne, name: "other" });
    await other.put({ id: 1, tags: [] });
    await store.commit();
    expect(await other.count()).toBe(1);
  });
});

test("a crash in the middle of a migration leaves the old table", async () => {
  const child = runFixture(new URL("./migrate-and-die.ts", import.meta.url), [path]);
  expect(await child.exit).toBe("SIGKILL");
  expect(child.lines).toEqual(["migrating"]);
  expect(versionInFile()).toEqual([1]);
  expect(await readAs(entryOne)).toEqual(ENTRIES);
});

test("other columns without another version are refused", async () => {
  const changed = { ...entryOne, columns: { ...entryOne.columns, tags: "text" as const } };
  await expect(readAs(changed)).rejects.toThrow("a change of columns needs a new version");
  expect(await readAs(entryOne)).toEqual(ENTRIES);
});

test("indexes follow the specification without another version", async () => {
  const indexes = () => {
    const db = new Database(path, { readonly: true });
    const names = db.prepare("SELECT name, sql FROM sqlite_master WHERE sql LIKE 'CREATE INDEX%' ORDER BY 1");
    const found = names.all() as { name: string; sql: string }[];
    db.close();
    return found.map(({ name, sql }) => `${name} ${sql.slice(sql.indexOf("("))}`);
  };
  const wide = { ...noteLike, indexes: { one: ["b"], two: ["a", "b"] } } as const;
  await readAs<Pair>(wide);
  expect(indexes()).toEqual(['pairs.one ("b", "a")', 'pairs.two ("a", "b")']);
  await readAs<Pair>({ ...wide, indexes: { one: ["a"], three: ["b"] } });
  expect(indexes()).toEqual(['pairs.one ("a")', 'pairs.three ("b", "a")']);
});

interface Pair {
  a: string;
  b: number;
}
const noteLike = { name: "pairs", version: 1, columns: { a: "text", b: "int" }, key: ["a"] } as const;
