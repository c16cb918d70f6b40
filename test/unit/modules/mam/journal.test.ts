import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { Archive } from "../../../../src/modules/mam/archive.ts";
import { type ArchiveRow, labelOf } from "../../../../src/modules/mam/archive-row.ts";
import { FULL_COUNT } from "../../../../src/modules/mam/journal.ts";
import { PackedRows } from "../../../../src/modules/mam/packed-rows.ts";
import { Packer } from "../../../../src/modules/mam/packer.ts";
import { createMemoryStore } from "../../../../src/store/memory.ts";
import { openSqliteStore } from "../../../../src/store/sqlite.ts";
import { type Store, StoreError, type Table } from "../../../../src/store/store.ts";
import { silentLogger } from "../../../../src/util/logger.ts";
import { el } from "../../../../src/xml/element.ts";
import { parseStanza } from "../../../../src/xmpp/parse-stanza.ts";
import { message } from "../../../../src/xmpp/stanza.ts";
import { temporaryFolder } from "../../store/folder.ts";
import { archiveHost } from "./archive-host.ts";

const folder = temporaryFolder();
let files = 0;

const ALICE = "alice@localhost";
const BOB = "bob@localhost";
const says = (text: string) => message({}, el("body", {}, text));

async function openArchive(store: Store) {
  const said: string[] = [];
  const log = { ...silentLogger, error: (text: string) => void said.push(text) };
  const host = archiveHost(store, { log });
  const { tables } = host;
  return {
    archive: await Archive.open(host),
    tables,
    /** Errors in the log. */
    said,
    /** The same rows after a restart. */
    async reopen() {
      await store.commit();
      return Archive.open(host);
    },
    /** How many messages wait, or are to be cleared away, and how many are where they belong. */
    async sizes() {
      await store.commit();
      const journal = (await tables.get("archive_journal")?.list()) as { rows: Buffer }[];
      const archived = (await tables.get("archive")?.list()) as { rows: Buffer }[];
      return [journal, archived].map(
        (packs) => packs.flatMap(({ rows }) => PackedRows.readPadded(rows).rows()).length,
      );
    },
    ends: async () => (await tables.get("archive_ends")?.list()) ?? [],
  };
}

async function texts(archive: Archive, owner = ALICE): Promise<(string | undefined)[]> {
  const found: (string | undefined)[] = [];
  for await (const { stanza } of archive.rows({ owner }, false)) found.push(parseStanza(stanza).text("body"));
  return found;
}

describe.each([
  ["memory", createMemoryStore],
  ["sqlite", () => openSqliteStore({ path: join(folder, `${++files}.sqlite`) })],
])("in %s", (_, open) => {
  test("a message waits until its archive is read, whatever is asked of it", async () => {
    const { archive, sizes } = await openArchive(open());
    const id = await archive.append(ALICE, BOB, says("1"));
    await archive.append(BOB, ALICE, says("1"));
    expect(await sizes()).toEqual([2, 0]);
    expect((await archive.get(ALICE, id))?.number).toBe(0);
    expect(await sizes()).toEqual([2, 1]);
    for (const ask of [
      () => archive.first({ owner: ALICE }),
      () => archive.last({ owner: ALICE }),
      () => archive.at({ owner: ALICE, with: BOB }, 0),
      () => archive.count({ owner: ALICE, with: BOB }),
      () => archive.trim(ALICE, { messages: 99, bytes: 1e9, since: 0 }),
      () => archive.alike({ owner: ALICE, with: BOB }, "m").next(),
    ]) {
      const [, before] = await sizes();
      await archive.append(ALICE, BOB, says("more"));
      await ask();
      expect((await sizes())[1]).toBe((before as number) + 1);
    }
  });

  test("128 of one archive do not wait any longer, and neither does a long one behind others", async () => {
    const { archive, sizes } = await openArchive(open());
    for (let n = 0; n < 127; n++) await archive.append(ALICE, BOB, says(String(n)));
    expect(await sizes()).toEqual([127, 0]);
    await archive.append(ALICE, BOB, says("127"));
    expect(await sizes()).toEqual([127, 128]);
    await archive.append(ALICE, BOB, says("128"));
    await archive.append(ALICE, BOB, says("x".repeat(20_000)));
    expect(await sizes()).toEqual([127, 130]);
    expect((await texts(archive)).slice(0, 129)).toEqual(
      Array.from({ length: 129 }, (_each, n) => String(n)),
    );
  });

  test("what waits outlives a restart, once", async () => {
    const store = open();
    const { archive, reopen, sizes } = await openArchive(store);
    for (const text of ["1", "2"]) await archive.append(ALICE, BOB, says(text));
    await store.commit();
    await archive.last({ owner: ALICE });
    await archive.append(ALICE, BOB, says("3"));
    const again = await reopen();
    await again.append(ALICE, BOB, says("4"));
    expect(await texts(again)).toEqual(["1", "2", "3", "4"]);
    expect(await sizes()).toEqual([3, 4]);
  });

  test("what was replaced or deleted meanwhile does not come back with a restart", async () => {
    const store = open();
    const { archive, reopen } = await openArchive(store);
    for (const text of ["1", "2"]) await archive.append(ALICE, BOB, says(text));
    await archive.append(BOB, ALICE, says("1"));
    await store.commit();
    const first = await archive.first({ owner: ALICE });
    if (first) await archive.replace(first, says("gone").toString());
    await archive.remove(BOB);
    const again = await reopen();
    expect(await texts(again)).toEqual(["gone", "2"]);
    expect(await texts(again, BOB)).toEqual([]);
  });

  test("what was deleted after it was moved does not come back, and neither does the end of its archive", async () => {
    const store = open();
    const { archive, reopen, sizes, ends } = await openArchive(store);
    for (let n = 0; n < 50; n++) await archive.append(ALICE, BOB, says(String(n)));
    await archive.append(BOB, ALICE, says("1"));
    await store.commit();
    expect(await archive.trim(ALICE, { messages: 0, bytes: 0, since: 0 })).toBe(50);
    const again = await reopen();
    expect(await texts(again)).toEqual([]);
    // Its numbers go on.
    const id = await again.append(ALICE, BOB, says("50"));
    expect((await again.get(ALICE, id))?.number).toBe(50);
    await again.remove(ALICE);
    expect(await sizes()).toEqual([0, 1]);
    expect(await ends()).toMatchObject([{ owner: BOB }]);
  });

  test("all of a turn is one row, which keeps once what several got", async () => {
    const store = open();
    const { archive, sizes } = await openArchive(store);
    const before = store.rowsWritten as number;
    for (let n = 0; n < 20; n++) {
      const message = says(`${n} ${"x".repeat(1000)}`);
      await archive.append(ALICE, BOB, message);
      await archive.append(BOB, ALICE, message);
    }
    expect(await sizes()).toEqual([40, 0]);
    expect((store.rowsWritten as number) - before).toBe(1);
  });

  test("what is archived in a turn of which another write fails is kept when the turn goes on", async () => {
    const store = open();
    const { archive, reopen } = await openArchive(store);
    await archive.append(ALICE, BOB, says("kept"));
    // As `Store.onFailed` has it.
    archive.forget();
    await archive.append(ALICE, BOB, says("next"));
    expect(await texts(archive)).toEqual(["kept", "next"]);
    expect(await texts(await reopen())).toEqual(["kept", "next"]);
  });

  test.each(["put", "list"] as const)(
    "what cannot be moved waits, in memory and in the journal (%s fails)",
    async (call) => {
      const store = open();
      const { archive, tables, reopen } = await openArchive(store);
      await archive.append(ALICE, BOB, says("1"));
      await store.commit();
      await archive.append(ALICE, BOB, says("2"));
      const table = tables.get(call === "put" ? "archive" : "archive_conversations") as Table<object>;
      const fails = () => {
        // As `Store.onFailed` has it.
        if (call === "put") archive.forget();
        throw new StoreError("full");
      };
      vi.spyOn(table, call).mockImplementationOnce(fails);
      await expect(archive.last({ owner: ALICE })).rejects.toThrow("full");
      await store.commit();
      for await (const _owner of archive.owners());
      expect(await texts(archive)).toEqual(["1", "2"]);
      vi.spyOn(table, call).mockImplementationOnce(fails);
      await archive.append(ALICE, BOB, says("3"));
      await expect(archive.last({ owner: ALICE })).rejects.toThrow("full");
      expect(await texts(await reopen())).toEqual(["1", "2", "3"]);
    },
  );

  test("a message that cannot be archived leaves no gap", async () => {
    const store = open();
    const { archive, tables } = await openArchive(store);
    await archive.append(ALICE, BOB, says("1"));
    const table = tables.get("archive_conversations") as Table<object>;
    vi.spyOn(table, "list").mockImplementationOnce(() => {
      throw new StoreError("locked");
    });
    await expect(async () => archive.append(ALICE, BOB, says("x".repeat(20_000)))).rejects.toThrow("locked");
    await expect(async () => archive.append(ALICE, BOB, says("\ud800"))).rejects.toThrow(TypeError);
    await archive.append(ALICE, BOB, says("2"));
    expect(await texts(archive)).toEqual(["1", "2"]);
    expect((await archive.at({ owner: ALICE }, 1))?.number).toBe(1);
    expect(await archive.count({ owner: ALICE })).toBe(2);
  });

  test("what was deleted does not come back when writes are lost while its archive is removed", async () => {
    const store = open();
    const { archive, reopen } = await openArchive(store);
    for (let n = 0; n < 100; n++) {
      await archive.append(n % 2 === 0 ? ALICE : BOB, BOB, says(String(n)));
      await store.commit();
    }
    let isOver = false;
    const removed = archive.remove(ALICE).finally(() => {
      isOver = true;
    });
    removed.catch(() => undefined);
    for (let turns = 0; !isOver; turns++) {
      await new Promise(setImmediate);
      if (turns === 4) {
        await store.rollback();
        archive.forget();
      } else await store.commit();
    }
    await expect(removed).rejects.toThrow("lost");
    const again = await reopen();
    expect(await texts(again)).toEqual([]);
    await again.remove(ALICE);
    const third = await reopen();
    expect(await texts(third)).toEqual([]);
    expect((await texts(third, BOB)).length).toBe(50);
  });

  test("a journal that is full empties itself", async () => {
    const { archive, sizes, reopen } = await openArchive(open());
    const all = FULL_COUNT + 10;
    for (let n = 0; n < all; n++) await archive.append(`user${n % 50}@localhost`, BOB, says(String(n)));
    await expect.poll(async () => (await sizes())[0]).toBeLessThanOrEqual(10);
    expect((await sizes())[1]).toBeGreaterThanOrEqual(FULL_COUNT);
    const again = await reopen();
    for (const user of [7, 9, 49]) {
      const numbers = Array.from({ length: all }, (_each, n) => n).filter((n) => n % 50 === user);
      expect(await texts(again, `user${user}@localhost`)).toEqual(numbers.map(String));
    }
  });

  test("a row of which nothing waits is written over, also after a restart, and nothing of it comes back", async () => {
    const store = open();
    const { archive, tables, reopen } = await openArchive(store);
    const rows = async () =>
      (await tables.get("archive_journal")?.list()) as { slot: number; turn: number }[];
    for (const text of ["1", "2", "3"]) {
      await archive.append(ALICE, BOB, says(text));
      await archive.append(BOB, ALICE, says(text));
      await store.commit();
    }
    expect(await texts(archive)).toEqual(["1", "2", "3"]);
    // Of which nothing waits for Alice; in the first row nothing for Bob, either.
    await archive.append(BOB, ALICE, says("4"));
    await store.commit();
    await archive.last({ owner: BOB });
    const again = await reopen();
    for (const text of ["5", "6"]) {
      await again.append(BOB, ALICE, says(text));
      await store.commit();
    }
    expect((await rows()).map(({ slot }) => slot)).toEqual([0, 1, 2, 3]);
    expect((await rows()).map(({ turn }) => turn).sort((a, b) => a - b)).toEqual([0, 1, 4, 5]);
    const third = await reopen();
    expect(await texts(third)).toEqual(["1", "2", "3"]);
    expect(await texts(third, BOB)).toEqual(["1", "2", "3", "4", "5", "6"]);
  });

  test("the journal takes no more room when it is emptied again and again, and none when it is cleared", async () => {
    const store = open();
    const { archive, tables } = await openArchive(store);
    const rows = async () => (await tables.get("archive_journal")?.list())?.length ?? 0;
    // It is full after so many, and as many come while it empties itself.
    const turns = FULL_COUNT / 100;
    for (let turn = 0; turn < 4 * turns; turn++) {
      for (let n = 0; n < 100; n++) await archive.append(`user${n % 50}@localhost`, BOB, says(`${turn}`));
      await store.commit();
      await new Promise(setImmediate);
    }
    expect(await rows()).toBeLessThan(2.1 * turns);
    for await (const owner of archive.owners()) expect((await texts(archive, owner)).length).toBe(8 * turns);
    await store.commit();
    expect(await rows()).toBe(0);
  });

  test("what was moved in a turn that is lost waits again", async () => {
    const store = open();
    const { archive, sizes } = await openArchive(store);
    await archive.append(ALICE, BOB, says("kept"));
    await store.commit();
    await archive.last({ owner: ALICE });
    await archive.append(ALICE, BOB, says("lost"));
    await store.rollback();
    archive.forget();
    expect(await sizes()).toEqual([1, 0]);
    await archive.append(ALICE, BOB, says("next"));
    expect(await texts(archive)).toEqual(["kept", "next"]);
  });

  test("nothing is lost when that happens while a full journal empties itself", async () => {
    const store = open();
    const { archive } = await openArchive(store);
    for (let n = 0; n < FULL_COUNT; n++)
      await archive.append(`user${n % 50}@localhost`, BOB, says(String(n)));
    await store.commit();
    for (let turns = 0; turns < FULL_COUNT / 60; turns++) {
      await new Promise(setImmediate);
      if (turns % 3 === 0) {
        await store.rollback();
        archive.forget();
      } else await store.commit();
    }
    for (let user = 0; user < 50; user++)
      expect((await texts(archive, `user${user}@localhost`)).length).toBe(FULL_COUNT / 50);
  });
});

/** Of the second version: a row for each message. */
const OLD_COLUMNS = {
  owner: "text",
  id: "int",
  with: "text",
  number: "int",
  offset: "int",
  label: "int?",
  stanza: "text",
} as const;

const PACK = Packer.pack([
  { owner: ALICE, id: 9, with: BOB, number: 0, offset: 0, label: null, stanza: "<message/>" },
]).bytes;

describe.each([
  ["something else", Buffer.from("garbage, and more of it")],
  ["nothing", Buffer.alloc(0)],
  ["half a message", PACK.subarray(0, -3)],
  ["more than its rows", Buffer.concat([PACK, PACK])],
])("a row of the journal that has %s", (_, rows) => {
  test("is left out and said, and costs no other", async () => {
    const store = createMemoryStore();
    const { archive, reopen, tables, said } = await openArchive(store);
    for (const text of ["1", "2", "3"]) {
      await archive.append(ALICE, BOB, says(text));
      await store.commit();
    }
    await tables.get("archive_journal")?.put({ host: "localhost", slot: 1, turn: 1, rows });
    const again = await reopen();
    await again.append(ALICE, BOB, says("4"));
    expect(await texts(again)).toEqual(["1", "3", "4"]);
    expect(said).toEqual([expect.stringMatching("left out")]);
    // Neither is written over, and the damaged one is not deleted.
    for await (const _owner of again.owners());
    const third = await reopen();
    expect(await texts(third)).toEqual(["1", "3", "4"]);
    expect(await tables.get("archive_journal")?.get({ host: "localhost", slot: 1 })).toBeDefined();
  });
});

test("a journal that could not be read is read by whoever comes next", async () => {
  const store = createMemoryStore();
  const { archive, reopen, tables } = await openArchive(store);
  await archive.append(ALICE, BOB, says("1"));
  await store.commit();
  const journal = tables.get("archive_journal") as Table<object>;
  const list = vi.spyOn(journal, "list").mockImplementationOnce(() => {
    throw new Error("locked");
  });
  const again = await reopen();
  await expect(async () => again.append(ALICE, BOB, says("2"))).rejects.toThrow("locked");
  await again.append(ALICE, BOB, says("3"));
  expect(await texts(again)).toEqual(["1", "3"]);
  expect(list).toHaveBeenCalledTimes(2);
});

test("what waited in a journal of the first version is taken along", async () => {
  const path = join(folder, "old.sqlite");
  const old = openSqliteStore({ path });
  const journal = await old.table({
    name: "archive_journal",
    version: 1,
    columns: { host: "text", part: "int", ...OLD_COLUMNS },
    key: ["host", "part", "id", "owner"],
  });
  const archived = await old.table<ArchiveRow>({
    name: "archive",
    version: 2,
    columns: OLD_COLUMNS,
    key: ["owner", "id"],
    indexes: { with: ["owner", "with"], label: ["owner", "label"] },
    migrate: (row) => row as unknown as ArchiveRow,
  });
  const row = (owner: string, number: number) => ({
    owner,
    id: number + 1,
    with: BOB,
    number,
    offset: 0,
    // In the second version with the number of a block in front.
    label: number % 7 === 0 ? null : 7 * 2 ** 32 + labelOf(`m${number}`),
    stanza: message({ id: `m${number}` }, el("body", {}, String(number))).toString(),
  });
  for (let number = 0; number < 600; number++) {
    const part = Math.floor(number / 300);
    await journal.put({ host: "localhost", part, ...row(ALICE, number) });
    await journal.put({ host: "localhost", part, ...row(BOB, number) });
    await journal.put({ host: "elsewhere", part, ...row("alice@elsewhere", number) });
    if (number < 400) await archived.put(row(ALICE, number));
  }
  await old.commit();
  await old.close();
  const store = openSqliteStore({ path });
  const { archive } = await openArchive(store);
  const all = Array.from({ length: 600 }, (_each, number) => String(number));
  expect(await texts(archive)).toEqual(all);
  for (const conversation of [
    { owner: ALICE, with: BOB },
    { owner: BOB, with: BOB },
  ]) {
    expect(await archive.count(conversation)).toBe(600);
    expect((await archive.at(conversation, 399))?.number).toBe(399);
  }
  for (const number of [12, 599]) {
    const { value } = await archive.alike({ owner: ALICE, with: BOB }, `m${number}`).next();
    expect(value?.number).toBe(number);
  }
  await archive.append(BOB, ALICE, says("600"));
  expect(await texts(archive, BOB)).toEqual([...all, "600"]);
  expect(await texts(archive, "alice@elsewhere")).toEqual([]);
  await store.close();
});

test("what was packed as text is taken along, and what was damaged stays so", async () => {
  const path = join(folder, "text.sqlite");
  const old = openSqliteStore({ path });
  const journal = await old.table({
    name: "archive_journal",
    version: 2,
    columns: { host: "text", turn: "int", rows: "text" },
    key: ["host", "turn"],
    migrate: (row) => row as { host: string; turn: number; rows: string },
  });
  const archived = await old.table({
    name: "archive",
    version: 3,
    columns: { owner: "text", id: "int", number: "int", offset: "int", rows: "text" },
    key: ["owner", "id"],
    migrate: (row) => row as { owner: string; id: number; number: number; offset: number; rows: string },
  });
  /** As version 3 of the table had it. */
  const packed = (first: number, ...texts: readonly string[]) => {
    const messages = texts.map((text, index) =>
      message({ id: `m${first + index}` }, el("body", {}, text)).toString(),
    );
    let end = 0;
    const rows = messages.map((stanza, index) => {
      const start = end;
      end += stanza.length;
      return [0, index, 1, first + index - 1, 0, labelOf(`m${first + index}`) | 0, start, end];
    });
    return `${JSON.stringify({ names: [ALICE, BOB], first, rows })}\n${messages.join("")}`;
  };
  const segment = (first: number, rows: string) => ({
    owner: ALICE,
    id: first,
    number: first - 1,
    offset: 0,
    rows,
  });
  await archived.put(segment(1, packed(1, "1", "zwei: ü", "3")));
  await archived.put(segment(4, packed(4, "4", "5").slice(0, -5)));
  await archived.put(segment(6, packed(6, "6 🐦")));
  await journal.put({ host: "localhost", turn: 0, rows: packed(6, "6 🐦", "7", "8") });
  await journal.put({ host: "localhost", turn: 1, rows: "damaged" });
  await journal.put({ host: "localhost", turn: 2, rows: packed(9, "9") });
  await old.commit();
  await old.close();
  const store = openSqliteStore({ path });
  const { archive, said } = await openArchive(store);
  await archive.append(ALICE, BOB, says("10"));
  expect(await texts(archive)).toEqual(["1", "zwei: ü", "3", "6 🐦", "7", "8", "9", "10"]);
  expect((await archive.alike({ owner: ALICE, with: BOB }, "m2").next()).value?.number).toBe(1);
  expect(said).toContainEqual(expect.stringMatching("row of the journal is damaged"));
  expect(said).toContainEqual(expect.stringMatching("its row is damaged"));
  await store.close();
});
