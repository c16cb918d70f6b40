import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Archive } from "../../../../src/modules/mam/archive.ts";
import { type ArchiveRow, firstIdAt, timeOf } from "../../../../src/modules/mam/archive-row.ts";
import type { Slice } from "../../../../src/modules/mam/segments.ts";
import { createMemoryStore } from "../../../../src/store/memory.ts";
import { openSqliteStore } from "../../../../src/store/sqlite.ts";
import type { Store } from "../../../../src/store/store.ts";
import { VirtualClock } from "../../../../src/testing/virtual-clock.ts";
import { el } from "../../../../src/xml/element.ts";
import { parseStanza } from "../../../../src/xmpp/parse-stanza.ts";
import { message } from "../../../../src/xmpp/stanza.ts";
import { temporaryFolder } from "../../store/folder.ts";
import { archiveHost } from "./archive-host.ts";

const folder = temporaryFolder();
let files = 0;

const ALICE = "alice@localhost";
const BOB = "bob@localhost";
const CAROL = "carol@localhost";
const ALL = { messages: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY, since: 0 };

async function openArchive(store: Store, clock = new VirtualClock()) {
  const host = archiveHost(store, { clock });
  return {
    archive: await Archive.open(host),
    async reopen(time = clock) {
      await store.commit();
      return Archive.open({ ...host, clock: time });
    },
    clock,
  };
}

const says = (text: string, id?: string) => message({ id }, el("body", {}, text));
const textOf = ({ stanza }: ArchiveRow) => parseStanza(stanza).text("body");

async function collect(rows: AsyncIterable<ArchiveRow>): Promise<(string | undefined)[]> {
  const texts: (string | undefined)[] = [];
  for await (const row of rows) texts.push(textOf(row));
  return texts;
}

const inOrder = (archive: Archive, owner = ALICE) => collect(archive.rows({ owner }, false));

describe.each([
  ["memory", createMemoryStore],
  ["sqlite", () => openSqliteStore({ path: join(folder, `${++files}.sqlite`) })],
])("in %s", (_, open) => {
  test("ids grow, also when the clock goes back, and across a restart then", async () => {
    const { archive, reopen, clock } = await openArchive(open());
    const first = await archive.append(ALICE, BOB, says("1"));
    expect(timeOf(first)).toBe(clock.now());
    await clock.advance(5000);
    const second = await archive.append(ALICE, BOB, says("2"));
    expect(timeOf(second)).toBe(clock.now());
    const again = await reopen(new VirtualClock());
    const third = await again.append(ALICE, BOB, says("3"));
    expect(third).toBeGreaterThan(second);
    expect(await inOrder(again)).toEqual(["1", "2", "3"]);
    // Its time stands still rather than going back.
    expect(timeOf(third)).toBe(timeOf(second));
  });

  test("many messages at once keep their order", async () => {
    const { archive } = await openArchive(open());
    const texts = Array.from({ length: 200 }, (_, n) => String(n));
    const written = texts.map(async (text) => archive.append(ALICE, BOB, says(text)));
    expect(new Set(await Promise.all(written)).size).toBe(200);
    expect(await inOrder(archive)).toEqual(texts);
  });

  test("an archive, and a conversation in it, is read from either end between bounds", async () => {
    const { archive } = await openArchive(open());
    const ids: number[] = [];
    for (let n = 0; n < 60; n++)
      ids.push(await archive.append(ALICE, n % 2 === 0 ? BOB : CAROL, says(String(n))));
    await archive.append(BOB, ALICE, says("other"));
    const numbers = (from: number, to: number, step: number) =>
      Array.from({ length: Math.ceil((to - from) / step) }, (_, n) => String(from + n * step));
    const bounds = { after: ids[1] as number, before: ids[58] as number };
    expect(await collect(archive.rows({ owner: ALICE }, false))).toEqual(numbers(0, 60, 1));
    const reversed = await collect(archive.rows({ owner: ALICE, ...bounds }, true));
    expect(reversed.reverse()).toEqual(numbers(2, 58, 1));
    const conversation = { owner: ALICE, with: CAROL, ...bounds };
    expect(await collect(archive.rows(conversation, false))).toEqual(numbers(3, 58, 2));
  });

  test("sizes are told without looking at what lies between, also after the beginning was cut off", async () => {
    const { archive, reopen } = await openArchive(open());
    const ids: number[] = [];
    for (let n = 0; n < 20; n++)
      ids.push(await archive.append(ALICE, n < 15 ? BOB : CAROL, says("ä".repeat(5))));
    expect(await archive.count({ owner: ALICE })).toBe(20);
    expect(await archive.count({ owner: ALICE, after: ids[4] as number, before: ids[9] as number })).toBe(4);
    expect(await archive.count({ owner: ALICE, with: BOB })).toBe(15);
    expect(await archive.count({ owner: "nobody" })).toBe(0);
    expect(await archive.trim(ALICE, { ...ALL, messages: 12 })).toBe(8);
    expect(await archive.count({ owner: ALICE })).toBe(12);
    const size = Buffer.byteLength(says("ä".repeat(5)).toString());
    const again = await reopen();
    await again.append(ALICE, BOB, says("ä".repeat(5)));
    expect(await again.trim(ALICE, { ...ALL, bytes: 6 * size - 1 })).toBe(8);
    expect(await again.count({ owner: ALICE })).toBe(5);
    expect(await again.trim(ALICE, { ...ALL, bytes: 5 * size })).toBe(0);
  });

  test("the message at each place is found, in an archive and in a conversation, also when the beginning is gone", async () => {
    const { archive, clock } = await openArchive(open());
    for (let n = 0; n < 40; n++) {
      await archive.append(ALICE, n % 4 === 0 ? BOB : CAROL, says(String(n)));
      await clock.advance(n % 3 === 0 ? 0 : 10 ** (n % 9));
    }
    await archive.append(BOB, ALICE, says("other"));
    await archive.trim(ALICE, { ...ALL, messages: 37 });
    const textAt = async (slice: Slice, index: number) => {
      const row = await archive.at(slice, index);
      return row && textOf(row);
    };
    for (let index = 0; index < 37; index++) {
      expect(await textAt({ owner: ALICE }, index)).toBe(String(index + 3));
    }
    for (let index = 0; index < 9; index++) {
      expect(await textAt({ owner: ALICE, with: BOB }, index)).toBe(String(4 * index + 4));
    }
    const { id } = (await archive.at({ owner: ALICE }, 5)) as ArchiveRow;
    expect(await textAt({ owner: ALICE, after: id }, 0)).toBe("9");
    expect(await textAt({ owner: ALICE, with: BOB, after: id }, 1)).toBe("16");
    for (const slice of [{ owner: ALICE, after: id, before: id + 1 }, { owner: "nobody" }])
      expect(await archive.at(slice, 0)).toBeUndefined();
    expect(await archive.at({ owner: ALICE }, 37)).toBeUndefined();
    expect(await archive.at({ owner: ALICE, with: BOB }, 9)).toBeUndefined();
  });

  test("a conversation is counted however much of its beginning is gone", async () => {
    const { archive } = await openArchive(open());
    for (let n = 0; n < 400; n++) {
      await archive.append(ALICE, n % 3 === 0 ? BOB : CAROL, says(String(n)));
      if (n === 50) await archive.last({ owner: ALICE });
    }
    for (const left of [399, 390, 280, 272, 271, 144, 20, 3]) {
      await archive.trim(ALICE, { ...ALL, messages: left });
      const numbers = Array.from({ length: left }, (_each, n) => 400 - left + n).filter((n) => n % 3 === 0);
      const bobs = { owner: ALICE, with: BOB };
      expect(await archive.count(bobs)).toBe(numbers.length);
      for (const index of [0, Math.floor(numbers.length / 2), numbers.length - 1]) {
        expect(textOf((await archive.at(bobs, index)) as ArchiveRow)).toBe(String(numbers[index]));
      }
    }
  });

  test("messages are found by the id that their author gave them, the last one first", async () => {
    const { archive } = await openArchive(open());
    await archive.append(ALICE, BOB, says("1", "same"));
    // Far from each other.
    for (let n = 0; n < 2100; n++) await archive.append(ALICE, BOB, says("x", `x${n}`));
    await archive.append(ALICE, BOB, says("2", "same"));
    await archive.append(ALICE, CAROL, says("3", "same"));
    await archive.append(ALICE, BOB, says("4", "other"));
    const last = await archive.append(ALICE, BOB, says("5"));
    const alike = (slice: Slice, id: string) => collect(archive.alike(slice, id));
    expect(await alike({ owner: ALICE, with: BOB }, "same")).toEqual(["2", "1"]);
    expect(await alike({ owner: ALICE, with: BOB, before: last }, "other")).toEqual(["4"]);
    expect(await alike({ owner: ALICE, with: BOB }, "none")).toEqual([]);
    expect(await alike({ owner: BOB, with: ALICE }, "same")).toEqual([]);
  });

  test("only the oldest go, in whatever way there are too many, and only from this archive", async () => {
    const { archive, clock } = await openArchive(open());
    for (let n = 0; n < 120; n++) {
      await archive.append(ALICE, BOB, says(String(n)));
      await archive.append(BOB, ALICE, says(String(n)));
      await clock.advance(1000);
    }
    expect(await archive.trim(ALICE, ALL)).toBe(0);
    expect(await archive.trim(ALICE, { ...ALL, since: clock.now() - 10_000 })).toBe(110);
    expect((await inOrder(archive)).slice(0, 2)).toEqual(["110", "111"]);
    expect(await archive.trim("nobody", ALL)).toBe(0);
    await archive.remove(ALICE);
    expect(await inOrder(archive)).toEqual([]);
    expect(await inOrder(archive, BOB)).toHaveLength(120);
    await archive.append(ALICE, BOB, says("new"));
    expect(await archive.count({ owner: ALICE })).toBe(1);
  });

  test("every archive has an owner, told once", async () => {
    const { archive } = await openArchive(open());
    for (const owner of [CAROL, ALICE, BOB, ALICE]) await archive.append(owner, BOB, says("x"));
    const owners: string[] = [];
    for await (const owner of archive.owners()) owners.push(owner);
    expect(owners).toEqual([ALICE, BOB, CAROL]);
  });

  test("an archive that grows is looked at every thousand messages", async () => {
    const { archive } = await openArchive(open());
    const grown: string[] = [];
    archive.onGrown = (owner) => void grown.push(owner);
    for (let n = 0; n < 2500; n++) await archive.append(ALICE, BOB, says("x"));
    expect(grown).toEqual([ALICE, ALICE]);
  });

  test("what was lost with its turn is not counted on", async () => {
    const store = open();
    const { archive } = await openArchive(store);
    await archive.append(ALICE, BOB, says("kept"));
    await store.commit();
    await archive.append(ALICE, BOB, says("lost"));
    await store.rollback();
    archive.forget();
    await archive.append(ALICE, BOB, says("next"));
    expect(await archive.count({ owner: ALICE })).toBe(2);
    expect(await inOrder(archive)).toEqual(["kept", "next"]);
  });
});

test("times that no message has are within what a store can compare", () => {
  for (const time of [-8.64e15, -1, 8.64e15]) expect(Number.isSafeInteger(firstIdAt(time))).toBe(true);
});

test("an archive of the first version is taken along, and its messages are found by their ids", async () => {
  const path = join(folder, "old.sqlite");
  const old = openSqliteStore({ path });
  const table = await old.table({
    name: "archive",
    version: 1,
    columns: { owner: "text", id: "int", with: "text", number: "int", offset: "int", stanza: "text" },
    key: ["owner", "id"],
    indexes: { with: ["owner", "with"] },
  });
  const stanza = says("kept", "m1").toString();
  await table.put({ owner: ALICE, id: 1, with: BOB, number: 0, offset: 0, stanza });
  await old.commit();
  await old.close();
  const store = openSqliteStore({ path });
  const { archive } = await openArchive(store);
  expect(await collect(archive.alike({ owner: ALICE, with: BOB }, "m1"))).toEqual(["kept"]);
  await store.close();
});
