import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { DataFolder } from "../../../src/core/data-folder.ts";

function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), "jackdaw-test-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

test("is beside the store's file, and stays", async () => {
  const base = temporaryFolder();
  const data = new DataFolder(join(base, "db.sqlite"));
  const folder = await data.open("uploads/a");
  await data.close();
  expect(folder).toBe(join(base, "uploads", "a"));
  expect(existsSync(folder)).toBe(true);
});

test("is where an absolute path says", async () => {
  const base = temporaryFolder();
  expect(await new DataFolder("/nowhere/db.sqlite").open(join(base, "x"))).toBe(join(base, "x"));
});

test("of a store in memory is temporary, whatever the path", async () => {
  const base = temporaryFolder();
  const data = new DataFolder(undefined);
  const [one, other] = [await data.open("uploads"), await data.open(join(base, "x"))];
  expect(existsSync(one)).toBe(true);
  expect(existsSync(join(base, "x"))).toBe(false);
  await data.close();
  expect([one, other].some(existsSync)).toBe(false);
});
