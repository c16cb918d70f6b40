import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeFolder } from "../../../src/util/folder.ts";

let base: string;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "jackdaw-folder-"));
});
afterEach(() => rmSync(base, { recursive: true }));

test("makes those above it as well, with the mode", () => {
  const path = join(base, "a", "b", "c");
  makeFolder(path, 0o700);
  for (const made of [path, join(base, "a")]) expect(statSync(made).mode & 0o777).toBe(0o700);
});

test("is content with one that is there, or a link to it", () => {
  mkdirSync(join(base, "there"));
  symlinkSync(join(base, "there"), join(base, "link"));
  makeFolder(join(base, "there"));
  makeFolder(join(base, "link", "below"));
  expect(existsSync(join(base, "there", "below"))).toBe(true);
});

describe("says what is in the way", () => {
  test("a file", () => {
    writeFileSync(join(base, "file"), "");
    expect(() => makeFolder(join(base, "file"))).toThrow("EEXIST");
    expect(() => makeFolder(join(base, "file", "below"))).toThrow("ENOTDIR");
  });

  test("a link to nowhere", () => {
    symlinkSync(join(base, "nowhere"), join(base, "link"));
    expect(() => makeFolder(join(base, "link"))).toThrow("EEXIST");
  });

  // In a process of its own, which can be ended: what goes on for ever cannot be here.
  test.runIf(existsSync("/proc/self"))("a folder that takes none", () => {
    const start = `
      import { createServer } from "./src/index.ts";
      await createServer({ domain: "localhost", store: { sqlite: "/proc/nowhere/store.db" } })
        .catch((error) => console.log(error.message));`;
    const { stdout, error } = spawnSync(process.execPath, ["--input-type=module", "-e", start], {
      cwd: join(import.meta.dirname, "../../.."),
      encoding: "utf8",
      timeout: 20_000,
    });
    expect(error).toBeUndefined();
    expect(stdout).toContain("/proc/nowhere cannot be made (ENOENT)");
  });
});
