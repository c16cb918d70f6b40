import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { openSqliteStore } from "../../../src/store/sqlite.ts";
import { StoreError } from "../../../src/store/store.ts";
import { type Logger, silentLogger } from "../../../src/util/logger.ts";
import { noteRow, noteSpec, thing, thingSpec } from "../../contract/store-tables.ts";
import { runFixture } from "./child.ts";
import { temporaryFolder } from "./folder.ts";

const folder = temporaryFolder();
let files = 0;
let path: string;
beforeEach(() => {
  path = join(folder, `${files++}.db`);
});

/** The message of the StoreError that `work` must throw. */
async function messageOf(work: () => unknown): Promise<string> {
  const error: unknown = await Promise.resolve()
    .then(work)
    .catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(StoreError);
  return (error as StoreError).message;
}

function raw<T>(use: (db: Database.Database) => T): T {
  const db = new Database(path);
  try {
    return use(db);
  } finally {
    db.close();
  }
}

async function fill(count: number): Promise<void> {
  const store = openSqliteStore({ path, synchronous: "normal" });
  const things = await store.table(thingSpec);
  for (let n = 0; n < count; n++) await things.put(thing({ id: String(n), data: Buffer.alloc(1000, n) }));
  await store.commit();
  await store.close();
}

describe("the file", () => {
  test("is for its owner alone, as is a folder made for it", async () => {
    path = join(folder, "new", "deep", "store.db");
    const store = openSqliteStore({ path });
    const things = await store.table(thingSpec);
    await things.put(thing({}));
    await store.commit();
    const modes = [path, `${path}-wal`, `${path}-shm`, join(folder, "new"), join(folder, "new", "deep")];
    expect(modes.map((place) => (statSync(place).mode & 0o777).toString(8))).toEqual([
      "600",
      "600",
      "600",
      "700",
      "700",
    ]);
    await store.close();
  });

  test("that others can read is a warning, and is left as it is", async () => {
    writeFileSync(path, "", { mode: 0o644 });
    const warn = vi.fn<Logger["warn"]>();
    await openSqliteStore({ path, logger: { ...silentLogger, warn } }).close();
    expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining("read by other users"), {
      path,
      mode: "644",
    });
    expect(statSync(path).mode & 0o777).toBe(0o644);
  });

  test("keeps what was committed, and not what was not", async () => {
    const store = openSqliteStore({ path });
    const notes = await store.table(noteSpec);
    await notes.put(noteRow("a", 1));
    await store.commit();
    await notes.put(noteRow("a", 2));
    await store.close();
    expect(existsSync(`${path}-wal`)).toBe(false);

    const again = openSqliteStore({ path });
    expect(await (await again.table(noteSpec)).list()).toEqual([noteRow("a", 1)]);
    await again.close();
  });

  test.each([
    ["by default", {}, "full"],
    ["when told so", { synchronous: "normal" }, "normal"],
  ] as const)("is synced %s, behind a write-ahead log", async (_what, options, expected) => {
    const pragma = vi.spyOn(Database.prototype, "pragma");
    await openSqliteStore({ path, ...options }).close();
    expect(pragma.mock.calls.flat()).toContain(`synchronous = ${expected}`);
    pragma.mockRestore();
    expect(raw((db) => db.pragma("journal_mode", { simple: true }))).toBe("wal");
  });

  test("has a write-ahead log that stays bounded", async () => {
    const store = openSqliteStore({ path, synchronous: "normal" });
    const things = await store.table(thingSpec);
    for (let turn = 0; turn < 60; turn++) {
      // Other bytes each time: pages that stay the same are not written.
      await things.put(thing({ id: String(turn % 4), data: Buffer.alloc(500_000, turn) }));
      await store.commit();
    }
    expect(statSync(`${path}-wal`).size).toBeLessThan(8 * 1024 * 1024);
    expect(statSync(path).size).toBeLessThan(6_000_000);
    await store.close();
  });
});

describe("a file that is not ours", () => {
  test("or is of a newer format is refused and left as it is", async () => {
    await fill(1);
    raw((db) => db.pragma("user_version = 7"));
    const before = readFileSync(path);
    const message = await messageOf(() => openSqliteStore({ path }));
    expect(message).toContain(`${path}: its format is 7, this server knows 1`);
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test.each([
    ["without a mark", 0],
    ["with a mark of its own", 4711],
  ])("but another program's, %s", async (_what, mark) => {
    raw((db) => db.exec(`CREATE TABLE t (a); PRAGMA application_id = ${mark}`));
    const before = readFileSync(path);
    expect(await messageOf(() => openSqliteStore({ path }))).toContain(
      `${path}: it is the database of another program`,
    );
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test("but garbage", async () => {
    writeFileSync(path, "All work and no play makes Jack a dull boy. ".repeat(500));
    const before = readFileSync(path);
    expect(await messageOf(() => openSqliteStore({ path }))).toMatch(
      /\.db: it is no database of Jackdaw, or damaged; move/,
    );
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test("but a folder", async () => {
    mkdirSync(path);
    expect(await messageOf(() => openSqliteStore({ path }))).toContain(`${path}: it is a folder`);
  });
});

describe("a damaged file", () => {
  test("that was cut short is refused", async () => {
    await fill(100);
    truncateSync(path, 20_000);
    expect(await messageOf(() => openSqliteStore({ path }))).toContain(
      `${path}: the file is damaged; move it away`,
    );
  });

  test("is found when a damaged page is read", async () => {
    await fill(100);
    const bytes = readFileSync(path);
    bytes.fill(0xa5, 4 * 4096);
    writeFileSync(path, bytes);
    const use = async () => {
      const store = openSqliteStore({ path });
      try {
        await (await store.table(thingSpec)).list();
      } finally {
        await store.close();
      }
    };
    expect(await messageOf(use)).toContain(`${path}: the file is damaged`);
  });
});

describe("a place that cannot be used", () => {
  test("because its folder cannot be made", async () => {
    writeFileSync(path, "");
    const below = join(path, "below", "store.db");
    expect(await messageOf(() => openSqliteStore({ path: below }))).toContain(
      `${below}: its folder ${join(path, "below")} cannot be made (ENOTDIR)`,
    );
  });

  test.skipIf(process.platform === "win32").each([
    ["file", 0o444, 0o777, /\.db: .*\.db cannot be read and written by this user \(EACCES\)/],
    ["folder", 0o666, 0o555, /\.db: .* cannot be read and written by this user \(EACCES\)/],
  ])("because the %s is read-only", async (_what, fileMode, folderMode, expected) => {
    chmodSync(folder, 0o755);
    const inner = join(folder, `mode-${folderMode}`);
    mkdirSync(inner);
    path = join(inner, "store.db");
    await fill(1);
    chmodSync(path, fileMode);
    chmodSync(inner, folderMode);
    const child = runFixture(new URL("./open-store.ts", import.meta.url), [path], { unprivileged: true });
    await child.exit;
    chmodSync(inner, 0o755);
    expect(child.lines).toEqual([expect.stringMatching(/^StoreError: store /)]);
    expect(child.lines[0]).toMatch(expected);
  });
});

describe("another process that writes", () => {
  test("for longer than the limit is an error at the start", async () => {
    await fill(1);
    const other = new Database(path);
    other.exec("BEGIN IMMEDIATE");
    const message = await messageOf(() => openSqliteStore({ path, busyTimeout: 20 }));
    other.close();
    expect(message).toContain(`${path}: it is locked by another process; stop that one`);
  });

  test("fails the write that would begin a turn, and nothing else", async () => {
    const store = openSqliteStore({ path, busyTimeout: 20 });
    const notes = await store.table(noteSpec);
    const other = new Database(path);
    other.exec("BEGIN IMMEDIATE");
    expect(await messageOf(() => notes.put(noteRow("a", 1)))).toContain(`${path}: it is locked`);
    expect(store.dirty).toBe(false);
    expect(await notes.count()).toBe(0);
    other.exec("COMMIT");
    other.close();
    await notes.put(noteRow("a", 1));
    await store.commit();
    expect(await notes.count()).toBe(1);
    await store.close();
  });
});

describe("a full disk", () => {
  const big = (id: string) => thing({ id, data: Buffer.alloc(300_000) });

  test("fails the turn as a whole, then leaves the store usable", async () => {
    const store = openSqliteStore({ path, maxBytes: 1_000_000 });
    const things = await store.table(thingSpec);
    const notes = await store.table(noteSpec);
    await things.put(big("kept"));
    await store.commit();

    let announced = 0;
    store.onDirty = () => {
      announced++;
    };
    await notes.put(noteRow("a", 1));
    await things.put(big("second"));
    const full = `${path}: the disk, or the size the store may have, is full`;
    expect(
      await messageOf(async () => things.put({ ...big("third"), extra: Buffer.alloc(300_000) })),
    ).toContain(full);

    // What came before is gone too, so nobody may go on as if it were not.
    expect(store.dirty).toBe(true);
    expect(await messageOf(() => notes.put(noteRow("a", 2)))).toContain(
      "all that was written with it is undone",
    );
    expect(await messageOf(() => notes.list())).toContain(full);
    expect(await messageOf(() => store.commit())).toContain(full);

    expect(store.dirty).toBe(false);
    expect((await things.list()).map(({ id }) => id)).toEqual(["kept"]);
    expect(await notes.list()).toEqual([]);
    await notes.put(noteRow("a", 3));
    await store.commit();
    expect(announced).toBe(2);
    await store.close();
    const again = openSqliteStore({ path });
    expect(await (await again.table(noteSpec)).list()).toEqual([noteRow("a", 3)]);
    await again.close();
  });

  test("is over for a turn that was rolled back", async () => {
    const store = openSqliteStore({ path, maxBytes: 1_000_000 });
    const things = await store.table(thingSpec);
    await things.put(big("a"));
    await messageOf(async () => things.put({ ...big("b"), extra: Buffer.alloc(900_000) }));
    await store.rollback();
    expect([store.dirty, await things.count()]).toEqual([false, 0]);
    await things.put(big("a"));
    await store.commit();
    await store.close();
  });

  test("fails what is written apart, and nothing else", async () => {
    const store = openSqliteStore({ path, maxBytes: 200_000 });
    const things = await store.table(thingSpec);
    store.onFailed = vi.fn<() => void>();
    const write = () => store.apart(() => void things.put(big("a")));
    expect(await messageOf(write)).toContain("is full");
    expect(store.dirty).toBe(false);
    expect(store.onFailed).not.toHaveBeenCalled();
    await things.put(thing({ id: "small" }));
    await store.commit();
    expect(await things.count()).toBe(1);
    await store.close();
  });

  test("fails a first write alone, and does not begin a turn", async () => {
    const store = openSqliteStore({ path, maxBytes: 200_000 });
    const things = await store.table(thingSpec);
    store.onDirty = vi.fn<() => void>();
    await messageOf(() => things.put(big("a")));
    expect(store.dirty).toBe(false);
    expect(store.onDirty).not.toHaveBeenCalled();
    expect(await things.count()).toBe(0);
    await store.commit();
    await store.close();
  });
});
