import Database from "better-sqlite3";
import { StoreError } from "./store.ts";

/** What went wrong and what helps, by the primary part of SQLite's result code. */
const ADVICE: readonly [prefix: string, advice: string][] = [
  ["SQLITE_BUSY", "it is locked by another process; stop that one, or let it finish, and try again"],
  ["SQLITE_LOCKED", "it is locked by another process; stop that one, or let it finish, and try again"],
  [
    "SQLITE_READONLY",
    "it cannot be written; give the server's user write permission on the file and on its folder, and see that the disk is not mounted read-only",
  ],
  ["SQLITE_FULL", "the disk, or the size the store may have, is full; free or grant more space"],
  ["SQLITE_IOERR", "reading or writing failed; look at the free space and the health of the disk"],
  ["SQLITE_CANTOPEN", "it cannot be opened; look at the permissions of the file and its folder"],
  ["SQLITE_PERM", "it cannot be opened; look at the permissions of the file and its folder"],
  [
    "SQLITE_NOTADB",
    "it is no database of Jackdaw, or damaged; move the file away, or put a backup in its place",
  ],
  ["SQLITE_CORRUPT", "the file is damaged; move it away, and put a backup in its place"],
];

/** A StoreError that names the file and what to do. One that is already a StoreError, and any bug, stays what it is. */
export function toStoreError(path: string, error: unknown): unknown {
  if (!(error instanceof Database.SqliteError)) return error;
  const { code, message } = error;
  const advice = ADVICE.find(([prefix]) => code === prefix || code.startsWith(`${prefix}_`))?.[1];
  return new StoreError(`store ${path}: ${advice ?? "the database refuses"} (${code}: ${message})`, {
    cause: error,
  });
}
