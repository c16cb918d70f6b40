import Database from "better-sqlite3";
import { toStoreError } from "./sqlite-error.ts";
import { prepareFile } from "./sqlite-file.ts";
import { StoreError } from "./store.ts";

/**
 * Keeps other servers from the store `path`, by a lock of the operating system on a file beside it: it ends with the
 * process, however that ends, and needs no place of limited length as a socket does. Waits up to `timeout` milliseconds
 * for another one to let go; the event loop waits along.
 * @returns what lets go of it.
 * @throws StoreError when another one has it.
 */
export function lockStore(path: string, timeout: number): () => void {
  const file = `${path}.lock`;
  prepareFile(file);
  const db = new Database(file, { timeout });
  try {
    // Nothing is ever written, so the file stays empty.
    db.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    db.close();
    if (!(error instanceof Database.SqliteError) || !error.code.startsWith("SQLITE_BUSY")) {
      throw toStoreError(file, error);
    }
    throw new StoreError(
      `store ${path}: another server is running on it; stop that one, or name another file`,
    );
  }
  return () => void db.close();
}
