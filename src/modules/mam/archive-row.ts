import type { Column } from "../../store/store.ts";
import type { Stanza } from "../../xmpp/stanza.ts";

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
  /** By which it is found when its author names it, see `labelOf`; null when it has no id. */
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

/** Messages of an archive whose labels lie together in the index: those that come one after the other change few pages. */
const BLOCK = 1024;
const HASHES = 2 ** 32;

/** In which block of its archive a message is. */
export function blockOf({ number }: Pick<ArchiveRow, "number">): number {
  return Math.floor(number / BLOCK);
}

/** What messages in this block are found by to which their authors gave this id: it, as a hash (32-bit FNV-1a). */
export function labelOf(block: number, id: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < id.length; index++) {
    hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193);
  }
  return block * HASHES + (hash >>> 0);
}

/** null without an id. */
export function labelFor(number: number, { id }: Pick<Stanza, "id">): number | null {
  return id === undefined ? null : labelOf(blockOf({ number }), id);
}
