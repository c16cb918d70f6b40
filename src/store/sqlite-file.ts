import { accessSync, closeSync, constants, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type Database from "better-sqlite3";
import { makeFolder } from "../util/folder.ts";
import { CREATE_REGISTER } from "./migrate.ts";
import { StoreError } from "./store.ts";

/** "JKDW": says in the file's header whose it is. */
const APPLICATION_ID = 0x4a4b4457;
/** Grows when older servers must not touch the file any more. */
const FORMAT = 1;

/**
 * Makes the file (0600) and its folder (0700) if they are missing, and sees that both can be written; returns
 * the file's mode. Does not open an existing file: closing it again would end the locks that another
 * connection of this process has on it (fcntl(2)).
 */
export function prepareFile(path: string): number {
  const folder = dirname(path);
  try {
    makeFolder(folder, 0o700);
  } catch (error) {
    throw fileError(path, error, `its folder ${folder} cannot be made`);
  }
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw fileError(path, error, "the file cannot be made");
  }
  const stat = statSync(path);
  if (stat.isDirectory()) throw new StoreError(`store ${path}: it is a folder; name a file in it`);
  for (const place of [path, folder]) {
    try {
      // The write-ahead log is a second file beside it, so the folder counts too.
      accessSync(place, constants.R_OK | constants.W_OK);
    } catch (error) {
      throw fileError(path, error, `${place} cannot be read and written by this user`);
    }
  }
  return stat.mode;
}

function fileError(path: string, error: unknown, what: string): StoreError {
  return new StoreError(
    `store ${path}: ${what} (${codeOf(error)}); look at its owner and permissions, or name another place`,
    {
      cause: error,
    },
  );
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

/**
 * Marks a new file as ours; refuses one that is not, or of a newer format. Within a transaction of the caller,
 * which rolls back if this throws.
 */
export function claimFile(db: Database.Database, path: string): void {
  const owner = db.pragma("application_id", { simple: true }) as number;
  const format = db.pragma("user_version", { simple: true }) as number;
  const { n } = db.prepare("SELECT count(*) AS n FROM sqlite_master").get() as { n: number };
  if (owner === 0 && format === 0 && n === 0) {
    db.pragma(`application_id = ${APPLICATION_ID}`);
    db.pragma(`user_version = ${FORMAT}`);
    db.exec(CREATE_REGISTER);
  } else if (owner !== APPLICATION_ID) {
    throw new StoreError(`store ${path}: it is the database of another program; name another file`);
  } else if (format > FORMAT) {
    throw new StoreError(
      `store ${path}: its format is ${format}, this server knows ${FORMAT}; start the newer server, or restore a backup from before`,
    );
  }
}
