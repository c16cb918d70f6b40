import { parseStanza } from "../../xmpp/parse-stanza.ts";
import { type ArchiveRow, labelFor, narrow } from "./archive-row.ts";
import { PART, type PackedRows } from "./packed-rows.ts";
import { repacked } from "./packed-text.ts";
import { Packer } from "./packer.ts";

/** Messages of an archive that follow each other. */
export interface SegmentRow {
  owner: string;
  /** Where it begins: not behind its first message, and behind all of the segment before it. */
  id: number;
  /** Those of its first message. */
  number: number;
  offset: number;
  /** See `PackedRows`. */
  rows: Buffer;
}

/** Messages, and bytes of XML, in one segment. */
export const SEGMENT_ROWS = 128;
export const SEGMENT_LENGTH = 65_536;

/** `id` is that of its first message, if no message was cut off. */
export function segmentOf(owner: string, rows: PackedRows, id = rows.id(0)): SegmentRow {
  return {
    owner,
    id,
    number: rows.number(0, PART.number),
    offset: rows.number(0, PART.offset),
    rows: rows.bytes,
  };
}

/** What becomes one segment each. */
function* grouped(rows: Iterable<ArchiveRow>): Generator<readonly ArchiveRow[], undefined> {
  let [group, length]: [ArchiveRow[], number] = [[], 0];
  for (const row of rows) {
    const [first] = group;
    const size = Buffer.byteLength(row.stanza);
    const isFull = group.length === SEGMENT_ROWS || length + size > SEGMENT_LENGTH;
    if (first && (isFull || first.owner !== row.owner)) {
      yield group;
      [group, length] = [[], 0];
    }
    group.push(row);
    length += size;
  }
  if (group.length > 0) yield group;
  return undefined;
}

/**
 * The first two versions had a row for each message: the very first without a label, the second with one of more bits. The
 * third had segments, packed as text.
 */
export function* fromOlder(
  rows: Iterable<Record<string, unknown>>,
  from: number,
): Generator<SegmentRow, undefined> {
  if (from === 3)
    for (const row of rows) yield { ...(row as object as SegmentRow), rows: repacked(row.rows as string) };
  else
    for (const group of grouped(messages()))
      yield segmentOf((group[0] as ArchiveRow).owner, Packer.pack(group));
  return undefined;

  function* messages(): Generator<ArchiveRow, undefined> {
    for (const row of rows as Iterable<unknown> as Iterable<ArchiveRow>) {
      const { label, stanza } = row;
      if (from === 1) yield { ...row, label: labelFor(parseStanza(stanza)) };
      else yield { ...row, label: narrow(label) };
    }
    return undefined;
  }
}
