import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openSqliteStore } from "../../../src/store/sqlite.ts";
import type { Store } from "../../../src/store/store.ts";
import { noteRow, noteSpec } from "../../contract/store-tables.ts";
import { temporaryFolder } from "./folder.ts";

const folder = temporaryFolder();

function openAlone(path: string): Store {
  return openSqliteStore({ path, exclusive: true, busyTimeout: 0 });
}

test("of two that want a file alone the second one is refused", async () => {
  const path = join(folder, "a.db");
  const first = openAlone(path);
  expect(() => openAlone(path)).toThrow(
    `store ${path}: another server is running on it; stop that one, or name another file`,
  );
  // Others, such as a program that makes a backup, may read it.
  await openSqliteStore({ path }).close();
  await (await first.table(noteSpec)).put(noteRow("a", 1));
  await first.commit();
  await first.close();
  await first.close();
  const second = openAlone(path);
  expect(await (await second.table(noteSpec)).count()).toBe(1);
  await second.close();
});

test("who cannot open the file does not keep others from it", async () => {
  const path = join(folder, "b.db");
  writeFileSync(path, "no database ".repeat(100), { mode: 0o600 });
  expect(() => openAlone(path)).toThrow("it is no database of Jackdaw");
  rmSync(path);
  await openAlone(path).close();
});
