import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Store, StoreError, type Table } from "../../src/store/store.ts";
import type { Awaitable } from "../../src/util/awaitable.ts";
import { type Note, noteRow, noteSpec, type Thing, thing, thingSpec } from "./store-tables.ts";

/** What every store driver does. `open` makes a new, empty store. */
export function storeContract(driver: string, open: () => Awaitable<Store>): void {
  describe(`${driver}: the store contract`, () => {
    let store: Store;
    let things: Table<Thing>;
    let notes: Table<Note>;

    beforeEach(async () => {
      store = await open();
      things = await store.table(thingSpec);
      notes = await store.table(noteSpec);
    });
    afterEach(() => store.close());

    const ids = async (range: Parameters<Table<Note>["list"]>[0]) =>
      (await notes.list(range)).map(({ owner, id }) => `${owner}${id}`);

    async function fill(...rows: Note[]): Promise<void> {
      for (const row of rows) await notes.put(row);
    }

    describe("a row", () => {
      test("comes back as it was put", async () => {
        const row = thing({
          id: "ä\u{1f600}\0z",
          size: Number.MAX_SAFE_INTEGER,
          data: Buffer.from([0, 255]),
        });
        await things.put(row);
        expect(await things.get({ id: row.id })).toEqual(row);
        expect(await things.list()).toEqual([row]);
      });

      test.each([
        ["nulls", { label: null, rank: null, extra: null, more: null }],
        [
          "empty values",
          { label: "", rank: 0, data: Buffer.alloc(0), extra: Buffer.alloc(0), json: "", more: {} },
        ],
        ["negative numbers", { size: Number.MIN_SAFE_INTEGER, rank: -1 }],
        ["JSON null", { json: null }],
        ["nested JSON", { json: { a: [1, "x", { b: null }], "\ud800": 1.5 }, more: [true] }],
      ])("may hold %s", async (_what, values) => {
        const row = thing(values);
        await things.put(row);
        expect(await things.get({ id: row.id })).toEqual(row);
      });

      test("is undefined when there is none", async () => {
        expect(await things.get({ id: "none" })).toBeUndefined();
      });

      test("replaces the one with the same key, in the indexes too", async () => {
        await fill(noteRow("a", 1, "old"), noteRow("a", 1, "new"));
        expect(await notes.list()).toEqual([noteRow("a", 1, "new")]);
        expect(await notes.list({ index: "by_peer", where: { owner: "a", peer: "old" } })).toEqual([]);
        expect(await notes.count({ index: "by_peer", where: { owner: "a", peer: "new" } })).toBe(1);
      });

      test("is a copy on the way in and on the way out", async () => {
        const row = thing({ data: Buffer.from("abc"), json: { list: [1] } });
        await things.put(row);
        row.data.fill(0);
        (row.json as { list: number[] }).list.push(2);
        const read = await things.get({ id: row.id });
        read?.data.fill(1);
        expect(await things.get({ id: row.id })).toEqual(
          thing({ data: Buffer.from("abc"), json: { list: [1] } }),
        );
      });

      test.each<[string, Record<string, unknown>, string]>([
        ["text for a number", { size: "1" }, "things.size"],
        ["a fraction", { size: 1.5 }, "things.size"],
        ["an unsafe integer", { size: 2 ** 53 }, "things.size"],
        ["null where it may not be", { data: null }, "things.data"],
        ["undefined", { label: undefined }, "things.label"],
        ["a lone surrogate", { id: "\ud800" }, "things.id"],
        ["an array of numbers for a blob", { data: [1] }, "things.data"],
        ["a function as JSON", { json: () => 1 }, "things.json"],
        ["a column that is not there", { colour: "red" }, "colour"],
      ])("with %s is refused and not written", async (_what, values, named) => {
        const row = { ...thing({}), ...values } as Thing;
        await expect(async () => things.put(row)).rejects.toThrow(TypeError);
        await expect(async () => things.put(row)).rejects.toThrow(named);
        expect(store.dirty).toBe(false);
        expect(await things.count()).toBe(0);
      });
    });

    describe("a list", () => {
      beforeEach(() =>
        fill(
          noteRow("b", 1, "x"),
          noteRow("a", 10, "y"),
          noteRow("a", 2, null),
          noteRow("a", 3, "x"),
          noteRow("a", 4, "x"),
          noteRow("A", 5, "z"),
          noteRow("a", -1, "é"),
        ),
      );

      test.each<[string, Parameters<Table<Note>["list"]>[0], string[]]>([
        ["all", undefined, ["A5", "a-1", "a2", "a3", "a4", "a10", "b1"]],
        ["all, from the end", { reverse: true, limit: 2 }, ["b1", "a10"]],
        ["of one owner", { where: { owner: "a" } }, ["a-1", "a2", "a3", "a4", "a10"]],
        ["of nobody", { where: { owner: "" } }, []],
        ["of one key", { where: { owner: "a", id: 4 } }, ["a4"]],
        ["after", { where: { owner: "a" }, after: 3 }, ["a4", "a10"]],
        ["before", { where: { owner: "a" }, before: 3 }, ["a-1", "a2"]],
        ["between", { where: { owner: "a" }, after: 2, before: 10 }, ["a3", "a4"]],
        ["between, crossed", { where: { owner: "a" }, after: 10, before: 2 }, []],
        ["between, at one place", { where: { owner: "a" }, after: 3, before: 3 }, []],
        ["after one that is not there", { where: { owner: "a" }, after: 5 }, ["a10"]],
        ["the first page", { where: { owner: "a" }, limit: 2 }, ["a-1", "a2"]],
        ["the last page", { where: { owner: "a" }, limit: 2, reverse: true }, ["a10", "a4"]],
        ["the page before", { where: { owner: "a" }, before: 4, limit: 2, reverse: true }, ["a3", "a2"]],
        ["no rows", { limit: 0 }, []],
        ["what follows others", { where: { owner: "a" }, offset: 2, limit: 1 }, ["a3"]],
        [
          "all that precedes others",
          { where: { owner: "a" }, offset: 2, reverse: true },
          ["a3", "a2", "a-1"],
        ],
        ["owners behind", { after: "a" }, ["b1"]],
        ["owners in front", { before: "a" }, ["A5"]],
        ["by index", { index: "by_peer", where: { owner: "a" } }, ["a2", "a3", "a4", "a10", "a-1"]],
        ["by index, reversed", { index: "by_peer", reverse: true, limit: 4 }, ["b1", "a-1", "a10", "a4"]],
        ["by index, equal peers", { index: "by_peer", where: { owner: "a", peer: "x" } }, ["a3", "a4"]],
        ["by index, peer null", { index: "by_peer", where: { owner: "a", peer: null } }, ["a2"]],
        ["by index, peers behind", { index: "by_peer", where: { owner: "a" }, after: "x" }, ["a10", "a-1"]],
        ["by index, never null", { index: "by_peer", where: { owner: "a" }, before: "y" }, ["a3", "a4"]],
        [
          "by index, on into the key",
          { index: "by_peer", where: { owner: "a", peer: "x" }, after: 3 },
          ["a4"],
        ],
        ["by an index of one column", { index: "by_id", after: 2, before: 5 }, ["a3", "a4"]],
      ])("%s", async (_what, range, expected) => {
        expect(await ids(range)).toEqual(expected);
        expect(await notes.count(range)).toBe(expected.length);
      });

      test.each<[string, Record<string, unknown>]>([
        ["a gap in where", { where: { id: 1 } }],
        ["a column outside the key", { where: { owner: "a", peer: "x" } }],
        ["an unknown column", { where: { nobody: 1 } }],
        ["an undefined value", { where: { owner: undefined } }],
        ["a value of another type", { where: { owner: 1 } }],
        ["an unknown index", { index: "none" }],
        ["a bound of another type", { where: { owner: "a" }, after: "1" }],
        ["null as a bound", { index: "by_peer", where: { owner: "a" }, after: null }],
        ["a bound with no column left", { where: { owner: "a", id: 1 }, after: 1 }],
        ["a negative limit", { limit: -1 }],
        ["a broken limit", { limit: 0.5 }],
        ["a negative offset", { offset: -1 }],
      ])("refuses %s", async (_what, range) => {
        await expect(async () => notes.list(range)).rejects.toThrow(TypeError);
        await expect(async () => notes.count(range)).rejects.toThrow(TypeError);
      });

      test("orders text by UTF-8 bytes, where UTF-16 would not", async () => {
        const names = [
          "\u{10ffff}",
          "\u{1f600}b",
          "\u{1f600}",
          "\uffff",
          "\ue000",
          "中",
          "é",
          "e\u0301",
          "z",
          "Z",
          "",
          "\0",
        ];
        for (const id of names) await things.put(thing({ id, label: id }));
        const expected = names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
        expect((await things.list()).map(({ id }) => id)).toEqual(expected);
        expect((await things.list({ index: "byLabel" })).map(({ id }) => id)).toEqual(expected);
        expect((await things.list({ after: "\uffff" })).map(({ id }) => id)).toEqual(expected.slice(-3));
        expect(await things.count({ before: "\u{1f600}" })).toBe(9);
      });
    });

    describe("get", () => {
      test.each<[string, Record<string, unknown>]>([
        ["half a key", { owner: "a" }],
        ["more than the key", { owner: "a", id: 1, peer: "x" }],
        ["no key", {}],
        ["an undefined part", { owner: "a", id: undefined }],
      ])("refuses %s", async (_what, key) => {
        await expect(async () => notes.get(key)).rejects.toThrow(TypeError);
      });
    });

    describe("delete", () => {
      beforeEach(async () => {
        await fill(noteRow("a", 1, "x"), noteRow("a", 2, null), noteRow("a", 3, "x"), noteRow("b", 1, "x"));
        await store.commit();
      });

      test.each<[string, Partial<Note>, number, string[]]>([
        ["one row", { owner: "a", id: 2 }, 1, ["a1", "a3", "b1"]],
        ["a leading part of the key", { owner: "a" }, 3, ["b1"]],
        ["any columns", { peer: "x", id: 1 }, 2, ["a2", "a3"]],
        ["null", { peer: null }, 1, ["a1", "a3", "b1"]],
        ["nothing", { owner: "c" }, 0, ["a1", "a2", "a3", "b1"]],
      ])("%s", async (_what, where, count, left) => {
        expect(await notes.delete(where)).toBe(count);
        expect(await ids({})).toEqual(left);
        expect(await notes.count({ index: "by_id" })).toBe(left.length);
        expect(store.dirty).toBe(count > 0);
      });

      test.each<[string, Record<string, unknown>]>([
        ["without a column", {}],
        ["where a value is undefined", { owner: undefined }],
        ["where a column is unknown", { nobody: "a" }],
      ])("is refused %s", async (_what, where) => {
        await expect(async () => notes.delete(where)).rejects.toThrow(TypeError);
        expect(await notes.count()).toBe(4);
      });

      test("does not compare blobs or JSON", async () => {
        await expect(async () => things.delete({ json: 1 })).rejects.toThrow(TypeError);
        await expect(async () => things.delete({ data: Buffer.alloc(0) })).rejects.toThrow(TypeError);
      });
    });

    describe("a turn", () => {
      let calls: number;
      beforeEach(() => {
        calls = 0;
        store.onDirty = () => {
          calls++;
        };
      });

      test("is announced once, with the first write after a commit or rollback", async () => {
        expect([store.dirty, calls]).toEqual([false, 0]);
        await fill(noteRow("a", 1), noteRow("a", 2));
        await notes.delete({ owner: "a", id: 1 });
        expect([store.dirty, calls]).toEqual([true, 1]);
        await store.commit();
        await store.commit();
        expect([store.dirty, calls]).toEqual([false, 1]);
        await notes.delete({ owner: "a" });
        expect([store.dirty, calls]).toEqual([true, 2]);
        await store.rollback();
        expect([store.dirty, calls]).toEqual([false, 2]);
        await things.put(thing({}));
        expect([store.dirty, calls]).toEqual([true, 3]);
      });

      test("does not begin with a read, nor with a delete that finds nothing", async () => {
        await notes.list();
        await notes.count();
        await notes.get({ owner: "a", id: 1 });
        expect(await notes.delete({ owner: "a" })).toBe(0);
        expect([store.dirty, calls]).toEqual([false, 0]);
      });

      test("that is rolled back leaves every table and index as before", async () => {
        await fill(noteRow("a", 1, "x"), noteRow("a", 2, "y"), noteRow("b", 1, "x"));
        await things.put(thing({ id: "t", size: 1 }));
        await store.commit();

        await notes.put(noteRow("a", 1, "changed"));
        await notes.put(noteRow("a", 1, "again"));
        await notes.put(noteRow("c", 1, "new"));
        await notes.delete({ owner: "b" });
        await notes.put(noteRow("b", 1, "back"));
        await things.delete({ id: "t" });
        await store.rollback();

        expect(await notes.list()).toEqual([
          noteRow("a", 1, "x"),
          noteRow("a", 2, "y"),
          noteRow("b", 1, "x"),
        ]);
        expect(await ids({ index: "by_peer" })).toEqual(["a1", "a2", "b1"]);
        expect(await things.list()).toEqual([thing({ id: "t", size: 1 })]);
      });

      test("that is committed outlives a later rollback", async () => {
        await notes.put(noteRow("a", 1));
        await store.commit();
        await store.rollback();
        expect(await ids({})).toEqual(["a1"]);
      });

      test("is committed before a table is opened", async () => {
        await notes.put(noteRow("a", 1));
        await store.table({ ...noteSpec, name: "late" });
        expect(store.dirty).toBe(false);
        await store.rollback();
        expect(await ids({})).toEqual(["a1"]);
      });
    });

    describe("a late write", () => {
      let told: string[];
      const late = (what: string, write: () => Awaitable<void> = () => notes.put(noteRow(what, 1))) => ({
        write() {
          told.push(`${what} writes`);
          return write();
        },
        undone: () => void told.push(`${what} is undone`),
      });
      beforeEach(() => {
        told = [];
      });

      test("is something to commit, is made with the commit, and once", async () => {
        let calls = 0;
        store.onDirty = () => {
          calls++;
        };
        await store.beforeCommit(late("a"));
        await store.beforeCommit(late("b"));
        expect([store.dirty, calls, await notes.count()]).toEqual([true, 1, 0]);
        await notes.put(noteRow("c", 1));
        await store.commit();
        expect([store.dirty, calls, await ids({})]).toEqual([false, 1, ["a1", "b1", "c1"]]);
        await notes.put(noteRow("d", 1));
        await store.commit();
        await store.rollback();
        expect([told, await ids({})]).toEqual([
          ["a writes", "b writes"],
          ["a1", "b1", "c1", "d1"],
        ]);
      });

      test("is not made when the turn is undone", async () => {
        await store.beforeCommit(late("a"));
        await store.rollback();
        expect(store.dirty).toBe(false);
        await store.commit();
        expect([told, await notes.count()]).toEqual([["a is undone"], 0]);
      });

      test("that throws fails the commit, and all that was written with it is undone", async () => {
        await notes.put(noteRow("c", 1));
        await store.beforeCommit(late("a"));
        await store.beforeCommit(
          late("b", () => {
            throw new StoreError("no");
          }),
        );
        await store.beforeCommit(late("d"));
        await expect(async () => store.commit()).rejects.toThrow(new StoreError("no"));
        expect([store.dirty, await notes.count()]).toEqual([false, 0]);
        expect(told).toEqual(["a writes", "b writes", "d is undone"]);
      });
    });

    test("a synchronous driver makes no promise", async () => {
      expect(notes.put(noteRow("a", 1))).toBeUndefined();
      expect(notes.count()).toBe(1);
      expect(store.commit()).toBeUndefined();
    });

    test("a table is opened once", async () => {
      await expect(async () => store.table(noteSpec)).rejects.toThrow("already open");
    });

    test.each<[string, Record<string, unknown>]>([
      ["a name with a capital", { name: "Notes" }],
      ["a reserved name", { name: "jackdaw_tables" }],
      ["a quote in a name", { name: 'x"' }],
      ["a quote in a column", { columns: { ...noteSpec.columns, 'a"': "text" } }],
      ["columns that differ in case", { columns: { ...noteSpec.columns, OWNER: "text" } }],
      ["an unknown type", { columns: { ...noteSpec.columns, peer: "real" } }],
      ["no key", { key: [] }],
      ["a nullable key", { key: ["peer"] }],
      ["an unknown key", { key: ["nobody"] }],
      ["an index on JSON", { columns: { ...noteSpec.columns, peer: "json" } }],
      ["an index without a column", { indexes: { none: [] } }],
      ["version 0", { version: 0 }],
      ["version 2 without a way there", { version: 2 }],
    ])("a table with %s is refused", async (_what, change) => {
      const spec = { ...noteSpec, name: "other", ...change } as typeof noteSpec;
      await expect(async () => store.table(spec)).rejects.toThrow(TypeError);
    });

    describe("what is written apart", () => {
      test("is durable at once, and no part of a turn", async () => {
        await store.apart(() => void notes.put(noteRow("a", 1)));
        expect(store.dirty).toBe(false);
        await store.rollback();
        expect(await ids({})).toEqual(["a1"]);
      });

      test("is all undone where some of it cannot be written, and nothing else is told of that", async () => {
        let failures = 0;
        store.onFailed = () => {
          failures++;
        };
        await fill(noteRow("a", 1));
        await store.commit();
        const failing = async () =>
          store.apart(() => {
            void notes.put(noteRow("a", 2));
            throw new StoreError("no room");
          });
        await expect(failing).rejects.toThrow("no room");
        expect([store.dirty, failures]).toEqual([false, 0]);
        expect(await ids({})).toEqual(["a1"]);
        await fill(noteRow("a", 3));
        await store.commit();
        expect(await ids({})).toEqual(["a1", "a3"]);
      });

      test("is refused in the midst of a turn", async () => {
        await fill(noteRow("a", 1));
        await expect(async () => store.apart(() => void notes.put(noteRow("a", 2)))).rejects.toThrow(
          TypeError,
        );
        await store.commit();
        expect(await ids({})).toEqual(["a1"]);
      });
    });

    test("a closed store refuses everything but another close", async () => {
      await notes.put(noteRow("a", 1));
      await store.close();
      await store.close();
      expect(store.dirty).toBe(false);
      const uses: (() => Awaitable<unknown>)[] = [
        () => notes.get({ owner: "a", id: 1 }),
        () => notes.put(noteRow("a", 2)),
        () => notes.delete({ owner: "a" }),
        () => notes.list(),
        () => notes.count(),
        () => store.commit(),
        () => store.rollback(),
        () => store.apart(() => {}),
        () => store.table({ ...noteSpec, name: "more" }),
      ];
      for (const use of uses) await expect(async () => use()).rejects.toThrow(StoreError);
    });
  });
}
