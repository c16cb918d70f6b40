import type { ArchiveRow } from "./archive-row.ts";
import { PackedRows } from "./packed-rows.ts";
import type { SegmentRow } from "./segment-row.ts";

/** What an archive holds, in its order, from the rows of all tables: for those who look into a store. */
export function storedArchive(tables: <R extends object>(name: string) => R[], owner: string): ArchiveRow[] {
  const [end] = tables<{ owner: string; id: number }>("archive_ends").filter((row) => row.owner === owner);
  const waiting = tables<{ turn: number; rows: Buffer }>("archive_journal")
    .sort((a, b) => a.turn - b.turn)
    .flatMap(({ rows }) => PackedRows.readPadded(rows).rows())
    .filter((row) => row.owner === owner && row.id > (end?.id ?? 0));
  const settled = tables<SegmentRow>("archive").filter((segment) => segment.owner === owner);
  return [...settled.flatMap(({ rows }) => PackedRows.read(rows).rows()), ...waiting];
}
