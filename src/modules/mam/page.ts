import type { ArchiveRow } from "./archive-row.ts";

export interface PageLimits {
  readonly messages: number;
  /** Whether the rows come with the last one first. */
  readonly backwards: boolean;
  /** Leaves out some of the rows. */
  readonly matches?: ((row: ArchiveRow) => boolean) | undefined;
}

export interface Page {
  /** In the order of the archive. */
  readonly rows: readonly ArchiveRow[];
  /** There is nothing more behind the page, in its direction. */
  readonly isComplete: boolean;
}

/** XML of the messages in one page, about; a page has at least one message. */
const PAGE_LENGTH = 1_000_000;
/** Rows looked at for one page, which somebody's search for a rare word all are: some a turn, as `rows` gives them. */
const SCAN_LIMIT = 200_000;

/** The first of `rows` that match, as many as a page has. Nearly all of 200,000 not matching, it ends there, incomplete. */
export async function takePage(
  rows: AsyncIterable<ArchiveRow>,
  { messages, backwards, matches }: PageLimits,
): Promise<Page> {
  const found: ArchiveRow[] = [];
  const page = (isComplete: boolean) => ({ rows: backwards ? found.reverse() : found, isComplete });
  let [length, looked] = [0, 0];
  for await (const row of rows) {
    if (looked++ >= SCAN_LIMIT) return page(false);
    if (matches && !matches(row)) continue;
    length += row.stanza.length;
    if (found.length >= messages || (found.length > 0 && length > PAGE_LENGTH)) return page(false);
    found.push(row);
  }
  return page(true);
}
