import { parseStanza } from "../../xmpp/parse-stanza.ts";
import { type ArchiveRow, labelFor } from "./archive-row.ts";
import { packRows } from "./packed-rows.ts";

/** Messages of an archive that follow each other. */
export interface SegmentRow {
  owner: string;
  /** Where it begins: not behind its first message, and behind all of the segment before it. */
  id: number;
  /** Those of its first message. */
  number: number;
  offset: number;
  /** See `packRows`. */
  rows: string;
}

/** Messages, and characters of XML, in one segment. */
export const SEGMENT_ROWS = 128;
export const SEGMENT_LENGTH = 65_536;

export function segmentOf(owner: string, id: number, rows: readonly ArchiveRow[]): SegmentRow {
  const { number, offset } = rows[0] as ArchiveRow;
  return { owner, id, number, offset, rows: packRows(rows) };
}

export function lengthOf(rows: readonly ArchiveRow[]): number {
  return rows.reduce((length, { stanza }) => length + stanza.length, 0);
}

/** What becomes one segment each. */
export function* grouped(rows: Iterable<ArchiveRow>): Generator<readonly ArchiveRow[], undefined> {
  let [group, length]: [ArchiveRow[], number] = [[], 0];
  for (const row of rows) {
    const [first] = group;
    const isFull = group.length === SEGMENT_ROWS || length + row.stanza.length > SEGMENT_LENGTH;
    if (first && (isFull || first.owner !== row.owner)) {
      yield group;
      [group, length] = [[], 0];
    }
    group.push(row);
    length += row.stanza.length;
  }
  if (group.length > 0) yield group;
  return undefined;
}

/** The first two versions had a row for each message: the very first without a label, the second with one of more bits. */
export function* fromMessages(
  rows: Iterable<Record<string, unknown>>,
  from: number,
): Generator<SegmentRow, undefined> {
  for (const group of grouped(messages())) {
    const { owner, id } = group[0] as ArchiveRow;
    yield segmentOf(owner, id, group);
  }
  return undefined;

  function* messages(): Generator<ArchiveRow, undefined> {
    for (const row of rows as Iterable<unknown> as Iterable<ArchiveRow>) {
      const { label, stanza } = row;
      if (from === 1) yield { ...row, label: labelFor(parseStanza(stanza)) };
      else yield { ...row, label: label === null ? null : label >>> 0 };
    }
    return undefined;
  }
}
