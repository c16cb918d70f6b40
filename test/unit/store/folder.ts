import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

/** Makes a folder for a test file's databases, which goes with the file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "jackdaw-store-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
