import { StanzaError } from "../../xmpp/errors.ts";
import type { Archive } from "./archive.ts";
import type { ArchiveIds } from "./archive-ids.ts";
import { type ArchiveRow, firstIdAt } from "./archive-row.ts";
import type { ArchiveView } from "./archive-service.ts";
import { containsWords, isByClient, isWithResource } from "./matcher.ts";
import { type Page, takePage } from "./page.ts";
import type { Filter } from "./query.ts";
import type { Slice } from "./segments.ts";

/** Two ids between which messages lie, without them. */
export type Bounds = Pick<Slice, "after" | "before">;

/** The id of no message. */
const NOWHERE = -1;

/** Everything that a query finds, before it is cut into pages. */
export interface ResultSet {
  page(bounds: Bounds, messages: number, backwards: boolean): Promise<Page>;
  /** How many there are, of those before an id if it is given; undefined when finding out would take long. */
  count(before?: number): Promise<number | undefined>;
  /**
   * The id of the message that has `index` others before it; undefined where there are no more than these.
   * @throws StanzaError feature-not-implemented when finding out would take long (XEP-0059 §2.6).
   */
  idAt(index: number): Promise<number | undefined>;
}

/**
 * What the filter finds in an archive.
 * @throws StanzaError item-not-found for an id that is not in the archive (XEP-0313 §4.1.3).
 */
export async function findResults(
  archive: Archive,
  ids: ArchiveIds,
  owner: string,
  filter: Filter,
  view?: ArchiveView,
): Promise<ResultSet> {
  const { start, end, beforeId, afterId } = filter;
  const find = async (id: string) => (await findMessage(archive, ids, owner, id)).id;
  const peer = filter.with?.bare.toString();
  const isOwn = peer === owner;
  // §4.1.1: in a room, its own addresses are those of occupants; others tell who these are.
  if (view && !view.seesPeers && peer !== undefined && !isOwn) {
    return listedResults(archive, owner, new Set());
  }
  // A user's devices write in all conversations, as occupants do; the user's bare address means those with oneself.
  const isInAll = isOwn && (view !== undefined || !filter.with?.isBare);
  const slice: Slice = {
    owner,
    with: isInAll ? undefined : peer,
    // §4.1.2: both times are inclusive, the bounds are not.
    ...narrowed(
      {
        after: start === undefined ? undefined : firstIdAt(start) - 1,
        before: end === undefined ? undefined : firstIdAt(end + 1),
      },
      {
        after: afterId === undefined ? undefined : await find(afterId),
        before: beforeId === undefined ? undefined : await find(beforeId),
      },
    ),
  };
  const matches = matcherOf(filter, view && !isOwn ? isByClient : isWithResource);
  if (!filter.ids) return rangeResults(archive, slice, matches);
  const listed = new Set<number>();
  const wanted = new Set(filter.ids.map((id) => ids.decode(id) ?? NOWHERE));
  for await (const row of archive.each(owner, wanted)) {
    wanted.delete(row.id);
    if (isInSlice(row, slice) && (!matches || matches(row))) listed.add(row.id);
  }
  if (wanted.size > 0) throw notFound();
  return listedResults(archive, owner, listed);
}

/** @throws StanzaError item-not-found */
export async function findMessage(
  archive: Archive,
  ids: ArchiveIds,
  owner: string,
  text: string,
): Promise<ArchiveRow> {
  const id = ids.decode(text);
  const row = id === undefined ? undefined : await archive.get(owner, id);
  if (!row) throw notFound();
  return row;
}

function notFound(): StanzaError {
  return new StanzaError("item-not-found", "there is no such message in the archive");
}

function rangeResults(archive: Archive, slice: Slice, matches: PageMatcher): ResultSet {
  return {
    page: (bounds, messages, backwards) => {
      const rows = archive.rows({ ...slice, ...narrowed(slice, bounds) }, backwards);
      return takePage(rows, { messages, backwards, matches });
    },
    count: async (before) =>
      matches ? undefined : archive.count({ ...slice, ...narrowed(slice, { before }) }),
    async idAt(index) {
      if (matches) throw new StanzaError("feature-not-implemented", "what is searched for is not counted");
      return (await archive.at(slice, index))?.id;
    },
  };
}

/** §4.1.3: messages of which the client knows the ids. */
function listedResults(archive: Archive, owner: string, listed: ReadonlySet<number>): ResultSet {
  const sorted = [...listed].sort((a, b) => a - b);
  const within = ({ after = -1, before = Number.POSITIVE_INFINITY }: Bounds) =>
    sorted.filter((id) => id > after && id < before);
  return {
    page(bounds, messages, backwards) {
      const wanted = within(bounds);
      return takePage(archive.each(owner, backwards ? wanted.reverse() : wanted), {
        messages,
        backwards,
      });
    },
    count: async (before) => within({ before }).length,
    idAt: async (index) => sorted[index],
  };
}

type PageMatcher = ((row: ArchiveRow) => boolean) | undefined;

/** `isWith`: what it means that a message is with a full JID. */
function matcherOf({ with: peer, text }: Filter, isWith: typeof isWithResource): PageMatcher {
  const withResource = peer && !peer.isBare ? isWith(peer) : undefined;
  const withWords = text === undefined ? undefined : containsWords(text);
  if (!withResource || !withWords) return withResource ?? withWords;
  return (row) => withResource(row) && withWords(row);
}

function isInSlice(
  row: ArchiveRow,
  { with: peer, after = -1, before = Number.POSITIVE_INFINITY }: Slice,
): boolean {
  return row.id > after && row.id < before && (peer === undefined || row.with === peer);
}

/** What is within both. */
function narrowed(one: Bounds, other: Bounds): Bounds {
  return {
    after: chosen(Math.max, one.after, other.after),
    before: chosen(Math.min, one.before, other.before),
  };
}

function chosen(choose: (a: number, b: number) => number, a?: number, b?: number): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : choose(a, b);
}
