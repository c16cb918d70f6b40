import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Archive } from "../../../../src/modules/mam/archive.ts";
import { createMemoryStore } from "../../../../src/store/memory.ts";
import { openSqliteStore } from "../../../../src/store/sqlite.ts";
import type { Store, Table, TableSpec } from "../../../../src/store/store.ts";
import { VirtualClock } from "../../../../src/testing/virtual-clock.ts";
import { silentLogger } from "../../../../src/util/logger.ts";
import { el } from "../../../../src/xml/element.ts";
import { parseStanza } from "../../../../src/xmpp/parse-stanza.ts";
import { message } from "../../../../src/xmpp/stanza.ts";
import { temporaryFolder } from "../../store/folder.ts";

const folder = temporaryFolder();
let files = 0;

const ALICE = "alice@localhost";
const BOB = "bob@localhost";
const says = (text: string) => message({}, el("body", {}, text));

async function openArchive(store: Store) {
  const tables = new Map<string, Table<object>>();
  const host = {
    domain: "localhost",
    log: silentLogger,
    clock: new VirtualClock(),
    table: async <R extends object>(spec: TableSpec<R>) => {
      if (!tables.has(spec.name)) tables.set(spec.name, (await store.table(spec)) as Table<object>);
      return tables.get(spec.name) as never;
    },
  };
  const rows = async (name: string) => (await tables.get(name)?.count()) ?? 0;
  return {
    archive: await Archive.open(host),
    /** The same rows after a restart. */
    reopen: () => Archive.open(host),
    /** How many messages wait, or are to be cleared away, and how many are where they belong. */
    sizes: async () => [await rows("archive_journal"), await rows("archive")],
  };
}

async function texts(archive: Archive, owner = ALICE): Promise<(string | undefined)[]> {
  const found: (string | undefined)[] = [];
  for await (const { stanza } of archive.rows({ owner }, false, 10_000))
    found.push(parseStanza(stanza).text("body"));
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
      () => archive.count({ owner: ALICE, with: BOB }, 9),
      () => archive.trim(ALICE, { messages: 99, bytes: 1e9, since: 0 }),
      () => archive.alike({ owner: ALICE, with: BOB }, "m").next(),
    ]) {
      const [, before] = await sizes();
      await archive.append(ALICE, BOB, says("more"));
      await ask();
      expect((await sizes())[1]).toBe((before as number) + 1);
    }
  });

  test("250 of one archive do not wait any longer, and neither does a long one behind others", async () => {
    const { archive, sizes } = await openArchive(open());
    for (let n = 0; n < 249; n++) await archive.append(ALICE, BOB, says(String(n)));
    expect(await sizes()).toEqual([249, 0]);
    await archive.append(ALICE, BOB, says("249"));
    expect(await sizes()).toEqual([250, 250]);
    await archive.append(ALICE, BOB, says("250"));
    await archive.append(ALICE, BOB, says("x".repeat(5000)));
    expect(await sizes()).toEqual([251, 252]);
    expect((await texts(archive)).slice(0, 251)).toEqual(
      Array.from({ length: 251 }, (_each, n) => String(n)),
    );
  });

  test("what waits outlives a restart, once", async () => {
    const { archive, reopen, sizes } = await openArchive(open());
    for (const text of ["1", "2"]) await archive.append(ALICE, BOB, says(text));
    await archive.last({ owner: ALICE });
    await archive.append(ALICE, BOB, says("3"));
    const again = await reopen();
    await again.append(ALICE, BOB, says("4"));
    expect(await texts(again)).toEqual(["1", "2", "3", "4"]);
    expect(await sizes()).toEqual([4, 4]);
  });

  test("what was replaced or deleted meanwhile does not come back with a restart", async () => {
    const { archive, reopen } = await openArchive(open());
    for (const text of ["1", "2"]) await archive.append(ALICE, BOB, says(text));
    await archive.append(BOB, ALICE, says("1"));
    const first = await archive.first({ owner: ALICE });
    if (first) await archive.replace(first, says("gone").toString());
    await archive.remove(BOB);
    const again = await reopen();
    expect(await texts(again)).toEqual(["gone", "2"]);
    expect(await texts(again, BOB)).toEqual([]);
  });

  test("a journal that is full empties itself", async () => {
    const { archive, sizes, reopen } = await openArchive(open());
    for (let n = 0; n < 8010; n++) await archive.append(`user${n % 50}@localhost`, BOB, says(String(n)));
    await expect.poll(async () => (await sizes())[0]).toBeLessThanOrEqual(10);
    expect((await sizes())[1]).toBeGreaterThanOrEqual(8000);
    const again = await reopen();
    expect((await texts(again, "user7@localhost")).length).toBe(161);
    expect(await texts(again, "user9@localhost")).toEqual(
      Array.from({ length: 161 }, (_each, n) => String(n * 50 + 9)).filter((text) => Number(text) < 8010),
    );
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
    for (let n = 0; n < 8000; n++) await archive.append(`user${n % 50}@localhost`, BOB, says(String(n)));
    await store.commit();
    for (let turns = 0; turns < 120; turns++) {
      await new Promise(setImmediate);
      if (turns % 3 === 0) {
        await store.rollback();
        archive.forget();
      } else await store.commit();
    }
    for (let user = 0; user < 50; user++)
      expect((await texts(archive, `user${user}@localhost`)).length).toBe(160);
  });
});
