import type { Column } from "../../store/store.ts";

/** One message of one archive. */
export interface ArchiveRow {
  /** The address of the archive. */
  owner: string;
  /** Its place in the archive, and its time: see `timeOf`. */
  id: number;
  /** The bare JID of the other side. */
  with: string;
  /** How many messages came before it in this archive, those deleted since included. */
  number: number;
  /** How many bytes they had. */
  offset: number;
  /** Of the id that its author gave it, see `labelOf`. */
  label: number | null;
  /** The message as XML. */
  stanza: string;
}

export const ARCHIVE_COLUMNS = {
  owner: "text",
  id: "int",
  with: "text",
  number: "int",
  offset: "int",
  label: "int?",
  stanza: "text",
} as const satisfies Record<keyof ArchiveRow, Column>;

const MICROSECONDS = 1000;

/** When the message with this id was archived; milliseconds since the epoch. */
export function timeOf(id: number): number {
  return Math.floor(id / MICROSECONDS);
}

/** The smallest id of that time. Ids are safe integers, and so is this for times that no id has. */
export function firstIdAt(time: number): number {
  return Math.min(Math.max(time * MICROSECONDS, 0), Number.MAX_SAFE_INTEGER);
}

/** Authors choose their ids, and long ones: an index of hashes is a quarter as large. 32-bit FNV-1a; null without an id. */
export function labelOf(id: string | undefined): number | null {
  if (id === undefined) return null;
  let hash = 0x811c9dc5;
  for (let index = 0; index < id.length; index++) {
    hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
