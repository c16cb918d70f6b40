import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { makeFolder } from "../util/folder.ts";

/** Where a server keeps what does not fit into rows: beside its store, and no longer than that. */
export class DataFolder {
  readonly #storeFile: string | undefined;
  #temporary: Promise<string> | undefined;

  /** @param storeFile undefined when the store is in memory. */
  constructor(storeFile: string | undefined) {
    this.#storeFile = storeFile;
  }

  /**
   * The folder `path`, made when it is missing: relative to the folder of the store's file, or in a temporary one, which
   * even a path that is absolute does not leave.
   */
  async open(path: string): Promise<string> {
    const base = this.#storeFile === undefined ? await this.#makeTemporary() : dirname(this.#storeFile);
    const folder = this.#storeFile === undefined ? join(base, path) : resolve(base, path);
    makeFolder(folder, 0o700);
    return folder;
  }

  /** What was temporary goes. */
  async close(): Promise<void> {
    if (this.#temporary) await rm(await this.#temporary, { recursive: true, force: true });
  }

  #makeTemporary(): Promise<string> {
    this.#temporary ??= mkdtemp(join(tmpdir(), "jackdaw-"));
    return this.#temporary;
  }
}
