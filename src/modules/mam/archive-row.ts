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
  /** By which it is found when its author names it: see `labelOf`. null when it has no id. */
  label: number | null;
  /** The message as XML. */
  stanza: string;
}

const MICROSECONDS = 1000;

/** When the message with this id was archived; milliseconds since the epoch. */
export function timeOf(id: number): number {
  return Math.floor(id / MICROSECONDS);
}

/** The smallest id of that time. Ids are safe integers, and so is this for times that no id has. */
export function firstIdAt(time: number): number {
  return Math.min(Math.max(time * MICROSECONDS, 0), Number.MAX_SAFE_INTEGER);
}

/** What messages are found by to which their authors gave this id: it, as a hash (32-bit FNV-1a). */
export function labelOf(id: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < id.length; index++) {
    hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

/** null without an id. */
export function labelFor({ id }: Pick<Stanza, "id">): number | null {
  return id === undefined ? null : labelOf(id);
}

/** A label that an older version wrote, which had more bits in front once. */
export function narrow(label: number | null): number | null {
  return label === null ? null : label >>> 0;
}

/** The end of an archive: what the next message continues. */
export interface Tail {
  id: number;
  number: number;
  offset: number;
}

/** Of an archive in which there never was anything. */
export const START: Tail = { id: 0, number: 0, offset: 0 };

/** Where a message is in its archive. */
export type Position = Readonly<Pick<ArchiveRow, "id" | "number" | "offset">>;

/** `size` is that of the message at this position; bytes. */
export function tailBehind({ id, number, offset }: Position, size: number): Tail {
  return { id, number: number + 1, offset: offset + size };
}
