/** What the store costs, with rows like an archive's. Prints one JSON line for each figure. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMemoryStore } from "../../src/store/memory.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { Store, TableSpec } from "../../src/store/store.ts";

interface Archived {
  owner: string;
  id: string;
  peer: string;
  at: number;
  stanza: string;
}

const spec: TableSpec<Archived> = {
  name: "archive",
  version: 1,
  columns: { owner: "text", id: "text", peer: "text", at: "int", stanza: "text" },
  key: ["owner", "id"],
  indexes: { by_peer: ["owner", "peer"] },
};

const OWNERS = 50;
const PEERS = 20;
const ROWS = 20_000;
const STANZA = "x".repeat(400);

function archived(n: number): Archived {
  return {
    owner: `user${n % OWNERS}@example.org`,
    id: String(n).padStart(12, "0"),
    peer: `peer${Math.floor(n / OWNERS) % PEERS}@example.net`,
    at: 1_700_000_000_000 + n,
    stanza: STANZA,
  };
}

/** Microseconds that one of `count` calls took on average. */
async function each(count: number, work: (n: number) => unknown): Promise<number> {
  const start = performance.now();
  for (let n = 0; n < count; n++) await work(n);
  return ((performance.now() - start) * 1000) / count;
}

function print(name: string, value: number): void {
  console.log(JSON.stringify({ name, unit: "µs", value: Number(value.toFixed(2)) }));
}

async function measure(driver: string, store: Store): Promise<void> {
  const table = await store.table(spec);
  let next = 0;
  const put = () => table.put(archived(next++));
  await each(1000, put);
  await store.commit();

  const alone = await each(1000, async () => {
    await put();
    await store.commit();
  });
  print(`store.${driver}.put.alone`, alone);

  const batch = await each(ROWS / 32, async () => {
    for (let n = 0; n < 32; n++) await put();
    await store.commit();
  });
  print(`store.${driver}.put.32-per-commit`, batch / 32);

  const key = (n: number) => {
    const { owner, id } = archived((n * 7919) % ROWS);
    return { owner, id };
  };
  await each(2000, (n) => table.get(key(n)));
  print(`store.${driver}.get`, await each(20_000, (n) => table.get(key(n))));

  const page = (n: number) =>
    table.list({ where: { owner: key(n).owner }, before: key(ROWS - 1 - n).id, reverse: true, limit: 50 });
  await each(200, page);
  print(`store.${driver}.list-50`, await each(2000, page));

  const peerPage = (n: number) =>
    table.list({ index: "by_peer", where: { owner: key(n).owner, peer: archived(n * 50).peer }, limit: 50 });
  await each(200, peerPage);
  print(`store.${driver}.list-by-index`, await each(2000, peerPage));

  const where = (n: number) => ({ owner: archived(n).owner, id: archived(n).id });
  const removal = await each(100, async (turn) => {
    for (let n = 0; n < 32; n++) await table.delete(where(turn * 32 + n));
    await store.commit();
  });
  print(`store.${driver}.delete.32-per-commit`, removal / 32);
  await store.close();
}

const folder = mkdtempSync(join(tmpdir(), "jackdaw-bench-"));
try {
  await measure("memory", createMemoryStore());
  await measure("sqlite-full", openSqliteStore({ path: join(folder, "full.db") }));
  await measure("sqlite-normal", openSqliteStore({ path: join(folder, "normal.db"), synchronous: "normal" }));
} finally {
  rmSync(folder, { recursive: true });
}
