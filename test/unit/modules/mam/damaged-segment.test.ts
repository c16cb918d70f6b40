import { describe, expect, test } from "vitest";
import { Archive } from "../../../../src/modules/mam/archive.ts";
import { createMemoryStore } from "../../../../src/store/memory.ts";
import { silentLogger } from "../../../../src/util/logger.ts";
import { el } from "../../../../src/xml/element.ts";
import { parseStanza } from "../../../../src/xmpp/parse-stanza.ts";
import { message } from "../../../../src/xmpp/stanza.ts";
import { archiveHost } from "./archive-host.ts";

const ALICE = "alice@localhost";
const BOB = "bob@localhost";
const SEGMENT = 128;

/** Three segments of an archive and the beginning of a fourth, of which one is damaged. */
async function damaged(which: number) {
  const said: string[] = [];
  const store = createMemoryStore();
  const host = archiveHost(store, { log: { ...silentLogger, error: (text) => void said.push(text) } });
  const archive = await Archive.open(host);
  const write = async (from: number, to: number) => {
    for (let n = from; n < to; n++) await archive.append(ALICE, BOB, message({}, el("body", {}, String(n))));
    await archive.last({ owner: ALICE });
    await store.commit();
  };
  for (let n = 0; n < 4; n++) await write(n * SEGMENT, n === 3 ? n * SEGMENT + 5 : (n + 1) * SEGMENT);
  const table = host.tables.get("archive");
  const segments = (await table?.list()) as { id: number; rows: Buffer }[];
  const segment = segments.at(which) as { id: number; rows: Buffer };
  await table?.put({ ...segment, rows: segment.rows.subarray(0, -9) });
  await store.commit();
  return { archive: await Archive.open(host), said, table, segment };
}

async function texts(archive: Archive, slice: object = {}): Promise<number[]> {
  const found: number[] = [];
  for await (const { stanza } of archive.rows({ owner: ALICE, ...slice }, false))
    found.push(Number(parseStanza(stanza).text("body")));
  return found;
}

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_each, n) => from + n);

describe("a damaged part of an archive", () => {
  test.each([0, 1, 2])("is left out and said, and the rest is shown (segment %i)", async (which) => {
    const { archive, said } = await damaged(which);
    const all = numbers(0, 3 * SEGMENT + 5);
    const rest = all.filter((n) => Math.floor(n / SEGMENT) !== which);
    expect(await texts(archive)).toEqual(rest);
    expect(await texts(archive, { with: BOB })).toEqual(rest);
    expect(await archive.first({ owner: ALICE })).toBeDefined();
    expect(said).toContainEqual(expect.stringMatching("left out"));
  });

  test("at the end stays as it is, and what comes goes behind it", async () => {
    const { archive, table, segment } = await damaged(-1);
    expect((await archive.last({ owner: ALICE }))?.number).toBe(3 * SEGMENT - 1);
    await archive.append(ALICE, BOB, message({}, el("body", {}, "1000")));
    expect(await texts(archive)).toEqual([...numbers(0, 3 * SEGMENT), 1000]);
    expect(await table?.get({ owner: ALICE, id: segment.id })).toBeDefined();
  });

  test.each([0, 1, -1])("goes when its time has come, and with the archive (segment %i)", async (which) => {
    const { archive, table } = await damaged(which);
    await archive.trim(ALICE, { messages: 3, bytes: 1e9, since: 0 });
    expect(await texts(archive)).toEqual(which === -1 ? [] : numbers(3 * SEGMENT + 2, 3 * SEGMENT + 5));
    await archive.remove(ALICE);
    expect(await table?.list()).toEqual([]);
    const owners: string[] = [];
    for await (const owner of archive.owners()) owners.push(owner);
    expect(owners).toEqual([]);
  });
});
