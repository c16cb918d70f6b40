import type { Host } from "../../core/host.ts";
import type { Range, Table } from "../../store/store.ts";
import { type Awaitable, after, each } from "../../util/awaitable.ts";
import type { Logger } from "../../util/logger.ts";
import { Lru } from "../../util/lru.ts";
import { type ArchiveRow, labelOf } from "./archive-row.ts";
import { type Mark, PackedRows } from "./packed-rows.ts";
import { Packer } from "./packer.ts";
import { fromOlder, SEGMENT_LENGTH, SEGMENT_ROWS, type SegmentRow, segmentOf } from "./segment-row.ts";

/** Neighbouring messages of an archive, or of one conversation in it, between two ids that do not belong to them. */
export interface Slice {
  readonly owner: string;
  readonly with?: string | undefined;
  readonly after?: number | undefined;
  readonly before?: number | undefined;
}

/** What a conversation has in a segment; also the archive as a whole, as the one with `EVERYBODY`. */
interface ConversationRow {
  owner: string;
  with: string;
  /** Of the segment. */
  id: number;
  /** How many messages of the conversation came before, those deleted since included. */
  number: number;
  count: number;
  /** Labels of its messages, 4 bytes each; not of the archive as a whole. */
  labels: Buffer;
}

/** Where the messages of an archive, or a conversation, are in one segment. */
export type Place = Pick<ConversationRow, "id" | "number" | "count">;

/** These messages. */
export interface Run extends Pick<Place, "id" | "number"> {
  readonly rows: readonly ArchiveRow[];
}

interface Cut {
  readonly deleted: number;
  readonly isGone: boolean;
}

type Part = Pick<Range<ConversationRow>, "after" | "before" | "reverse">;

const NOBODYS = { with: "", offset: Number.POSITIVE_INFINITY, label: null, stanza: "" };

/** No address. */
const EVERYBODY = "";
/** Places looked at together for an id. */
const CHUNK = 100;
const LABEL_BYTES = 4;
/** Segments read last that are remembered: pages are asked for one after the other. */
const KNOWN_SEGMENTS = 64;

/**
 * Archives as the store has them: runs of up to 128 messages, each a row, and for each conversation in a run a small row
 * that says where it is. So a message costs a part of a row, and a page of history is read with one or two.
 */
export class Segments {
  readonly #table: Table<SegmentRow>;
  readonly #conversations: Table<ConversationRow>;
  readonly #log: Logger;
  readonly #packer = new Packer();
  readonly #known = new Lru<string, readonly ArchiveRow[]>(KNOWN_SEGMENTS);

  private constructor(log: Logger, table: Table<SegmentRow>, conversations: Table<ConversationRow>) {
    this.#log = log;
    this.#table = table;
    this.#conversations = conversations;
  }

  static async open(host: Pick<Host, "log" | "table">): Promise<Segments> {
    const table = await host.table<SegmentRow>({
      name: "archive",
      version: 4,
      longRows: true,
      columns: { owner: "text", id: "int", number: "int", offset: "int", rows: "blob" },
      key: ["owner", "id"],
      regroup: fromOlder,
    });
    const conversations = await host.table<ConversationRow>({
      name: "archive_conversations",
      version: 1,
      columns: { owner: "text", with: "text", id: "int", number: "int", count: "int", labels: "blob" },
      key: ["owner", "with", "id"],
    });
    const segments = new Segments(host.log, table, conversations);
    if ((await conversations.count({ limit: 1 })) === 0) await segments.#indexAll();
    return segments;
  }

  /** Adds messages of one archive behind its last one: to the last segment when they fit there. */
  add(owner: string, rows: PackedRows): Awaitable<void> {
    return after(this.place({ owner }, { reverse: true }), (last) => {
      if (!last || last.count + rows.count > SEGMENT_ROWS) return this.#append(owner, rows);
      return after(this.#table.get({ owner, id: last.id }), (segment) => {
        const before = segment && this.#unpack(segment);
        // One that is damaged stays as it is.
        const fits = before && before.allSizes + rows.allSizes <= SEGMENT_LENGTH;
        if (!fits) return this.#append(owner, rows);
        this.#take(before, 0, before.count);
        this.#take(rows, 0, rows.count);
        return after(this.#put(owner, this.#packer.pack(), last.id), () =>
          this.#index(owner, last.id, rows.marks()),
        );
      });
    });
  }

  get(owner: string, id: number): Awaitable<ArchiveRow | undefined> {
    return after(this.#run({ owner }, upTo(id)), (run) => run && rowOf(run.rows, id));
  }

  last(owner: string, before?: number): Awaitable<ArchiveRow | undefined> {
    const part = before === undefined ? { reverse: true } : { before, reverse: true };
    return after(this.#run({ owner }, part), (run) =>
      run && run.rows.length === 0 ? this.last(owner, run.id) : run?.rows.at(-1),
    );
  }

  /** The first place of an archive, or a conversation, in this part of it. */
  place({ owner, with: peer = EVERYBODY }: Slice, part: Part): Awaitable<Place | undefined> {
    const range = { where: { owner, with: peer }, ...part, limit: 1 };
    return after(this.#conversations.list(range), ([row]) => row);
  }

  /** What the slice has, run by run; the first and the last may reach beyond it. */
  async *runs(slice: Slice, backwards: boolean): AsyncGenerator<Run, undefined> {
    const { after: low, before: high } = slice;
    for (let run = await this.#firstRun(slice, backwards); run; ) {
      if (!backwards && high !== undefined && run.id >= high) return undefined;
      yield run;
      if (backwards && low !== undefined && run.id <= low) return undefined;
      run = await this.#run(slice, backwards ? { before: run.id, reverse: true } : { after: run.id });
    }
    return undefined;
  }

  /** The run in which the message is that came with `number`; it is between these two ids. */
  async runOf(slice: Slice, number: number, from: number, to: number): Promise<Run | undefined> {
    let found: number | undefined;
    for (let [low, high] = [from, to]; low <= high; ) {
      const middle = Math.floor((low + high) / 2);
      const place = await this.place(slice, upTo(middle));
      if (!place || place.number <= number) {
        found = place?.id;
        low = middle + 1;
      } else high = place.id - 1;
    }
    return found === undefined ? undefined : this.#run(slice, upTo(found));
  }

  /** Messages of a conversation that may have this id of their author's, by segments, from the last one back. */
  async *alike(
    { owner, with: peer = EVERYBODY, before }: Slice,
    id: string,
    pause: () => Promise<void>,
  ): AsyncGenerator<readonly ArchiveRow[], undefined> {
    const wanted = labelOf(id);
    const bytes = labelsOf([wanted]);
    for (let high = before; ; await pause()) {
      const part = high === undefined ? {} : { before: high };
      const range = { where: { owner, with: peer }, reverse: true, limit: CHUNK, ...part };
      const places = await this.#conversations.list(range);
      for (const place of places) {
        if (!place.labels.includes(bytes)) continue;
        const rows = await this.#rows(owner, place.id);
        yield rows.filter((row) => row.with === peer && row.label === wanted);
      }
      high = places.at(-1)?.id;
      if (places.length < CHUNK) return undefined;
    }
  }

  /** Puts another text in the place of a message; whether there is one. */
  replace(owner: string, id: number, stanza: string): Awaitable<boolean> {
    return after(this.#run({ owner }, upTo(id)), (run) => {
      if (!run || !rowOf(run.rows, id)) return false;
      const rows = run.rows.map((row) => (row.id === id ? { ...row, stanza } : row));
      return after(this.#put(owner, Packer.pack(rows), run.id), () => true);
    });
  }

  /** Deletes what is excess from the first segment, from its beginning; how much, and whether all of it went. */
  cut(owner: string, isExcess: (row: ArchiveRow) => boolean): Awaitable<Cut> {
    return after(this.#run({ owner }, {}), (run) => {
      if (!run) return { deleted: 0, isGone: false };
      const { id, number, rows } = run;
      if (rows.length === 0) return this.#cutDamaged(owner, isExcess({ ...NOBODYS, owner, id, number }), id);
      const first = rows.findIndex((row) => !isExcess(row));
      const kept = first < 0 ? [] : rows.slice(first);
      const gone = rows.slice(0, rows.length - kept.length);
      const cut = { deleted: gone.length, isGone: kept.length === 0 };
      if (gone.length === 0) return cut;
      const written = cut.isGone ? this.#delete(owner, id) : this.#put(owner, Packer.pack(kept), id);
      return after(written, () => after(this.#unindex(owner, id, gone, kept), () => cut));
    });
  }

  /** Nothing tells how long its messages were, but when they came, and how many others came before. */
  #cutDamaged(owner: string, isExcess: boolean, id: number): Awaitable<Cut> {
    if (!isExcess) return { deleted: 0, isGone: false };
    return after(this.#delete(owner, id), () =>
      after(this.#conversations.delete({ owner, id }), () => ({ deleted: 1, isGone: true })),
    );
  }

  /** The first archive behind this address. */
  ownerAfter(owner: string): Awaitable<string | undefined> {
    return after(this.#conversations.list({ after: owner, limit: 1 }), ([row]) => row?.owner);
  }

  /** What the last turn wrote is lost. */
  forget(): void {
    this.#known.clear();
  }

  #firstRun(slice: Slice, backwards: boolean): Awaitable<Run | undefined> {
    const { after: low, before: high } = slice;
    if (backwards)
      return this.#run(slice, high === undefined ? { reverse: true } : { before: high, reverse: true });
    if (low === undefined) return this.#run(slice, {});
    return after(this.#run(slice, upTo(low)), (run) => run ?? this.#run(slice, {}));
  }

  #run(slice: Slice, part: Part): Awaitable<Run | undefined> {
    const { owner, with: peer } = slice;
    return after(this.place(slice, part), (place) => {
      if (!place) return undefined;
      const { id, number } = place;
      return after(this.#rows(owner, id), (rows) => ({
        id,
        number,
        rows: peer === undefined ? rows : rows.filter((row) => row.with === peer),
      }));
    });
  }

  #rows(owner: string, id: number): Awaitable<readonly ArchiveRow[]> {
    const key = keyOf(owner, id);
    const known = this.#known.get(key);
    if (known) return known;
    return after(this.#table.get({ owner, id }), (segment) => {
      const packed = segment && this.#unpack(segment);
      const rows = packed?.rows() ?? [];
      // A message of any size may be a segment of its own.
      if (!packed || packed.allSizes <= SEGMENT_LENGTH) this.#known.set(key, rows);
      return rows;
    });
  }

  /** One that cannot be read is as if it were empty: whoever reads the archive gets the rest. */
  #unpack({ owner, id, rows }: SegmentRow): PackedRows | undefined {
    try {
      return PackedRows.read(rows);
    } catch {
      // What is wrong with it may quote it.
      const place = { table: "archive", owner, id, length: rows.length };
      this.#log.error("messages are left out of an archive: its row is damaged", place);
      return undefined;
    }
  }

  /** Makes segments of them. */
  #append(owner: string, rows: PackedRows): Awaitable<void> {
    return each(runsIn(rows), ([from, to]) => {
      this.#take(rows, from, to);
      const packed = this.#packer.pack();
      return after(this.#put(owner, packed), () => this.#index(owner, packed.id(0), packed.marks()));
    });
  }

  #take(rows: PackedRows, from: number, to: number): void {
    for (let index = from; index < to; index++) this.#packer.take(rows, index);
  }

  #put(owner: string, rows: PackedRows, id = rows.id(0)): Awaitable<void> {
    this.#known.delete(keyOf(owner, id));
    return this.#table.put(segmentOf(owner, rows, id));
  }

  #delete(owner: string, id: number): Awaitable<unknown> {
    this.#known.delete(keyOf(owner, id));
    return this.#table.delete({ owner, id });
  }

  /** Takes note of messages that were added to the last segment of an archive. */
  #index(owner: string, id: number, rows: readonly Mark[]): Awaitable<void> {
    return each(byPeer(rows), ([peer, added]) => {
      const last = this.#conversations.list({ where: { owner, with: peer }, reverse: true, limit: 1 });
      return after(last, ([known]) => {
        const place = { owner, with: peer, id };
        const [count, labels] = [added.length, labelsIn(peer, added)];
        if (known?.id !== id) {
          const number = known ? known.number + known.count : 0;
          return this.#conversations.put({ ...place, number, count, labels });
        }
        const all = Buffer.concat([known.labels, labels]);
        return this.#conversations.put({ ...known, count: known.count + count, labels: all });
      });
    });
  }

  /** Takes note of messages that were deleted from the beginning of a segment. */
  #unindex(
    owner: string,
    id: number,
    deleted: readonly ArchiveRow[],
    kept: readonly ArchiveRow[],
  ): Awaitable<void> {
    const left = byPeer(kept);
    return each(byPeer(deleted), ([peer, gone]) => {
      const place = { owner, with: peer, id };
      const rows = left.get(peer) ?? [];
      if (rows.length === 0) return this.#conversations.delete(place);
      return after(this.#conversations.get(place), (known) => {
        const number = (known?.number ?? 0) + gone.length;
        return this.#conversations.put({
          ...place,
          number,
          count: rows.length,
          labels: labelsIn(peer, rows),
        });
      });
    });
  }

  /** Finds the conversations in archives from before there was a table of them. */
  async #indexAll(): Promise<void> {
    for (let [segment] = await this.#table.list({ limit: 1 }); segment; ) {
      const { owner, id } = segment;
      await this.#index(owner, id, this.#unpack(segment)?.marks() ?? []);
      const [next] = await this.#table.list({ where: { owner }, after: id, limit: 1 });
      [segment] = next ? [next] : await this.#table.list({ after: owner, limit: 1 });
    }
  }
}

/** What becomes one segment each: from the one, up to before the other. */
function* runsIn(rows: PackedRows): Generator<readonly [number, number], undefined> {
  let [from, size] = [0, 0];
  for (let index = 0; index < rows.count; index++) {
    const isFull = index - from === SEGMENT_ROWS || size + rows.size(index) > SEGMENT_LENGTH;
    if (isFull && index > from) {
      yield [from, index];
      [from, size] = [index, 0];
    }
    size += rows.size(index);
  }
  if (from < rows.count) yield [from, rows.count];
  return undefined;
}

/** The last one that begins with this id or before it. */
function upTo(id: number): Part {
  return { before: Math.min(id + 1, Number.MAX_SAFE_INTEGER), reverse: true };
}

function byPeer(rows: readonly Mark[]): Map<string, readonly Mark[]> {
  const peers = new Map<string, readonly Mark[]>(Map.groupBy(rows, (row) => row.with));
  return peers.set(EVERYBODY, rows);
}

function keyOf(owner: string, id: number): string {
  return `${owner} ${id}`;
}

function rowOf(rows: readonly ArchiveRow[], id: number): ArchiveRow | undefined {
  return rows.find((row) => row.id === id);
}

function labelsIn(peer: string, rows: readonly Mark[]): Buffer {
  return labelsOf(peer === EVERYBODY ? [] : rows.flatMap(({ label }) => label ?? []));
}

function labelsOf(labels: readonly number[]): Buffer {
  const bytes = Buffer.alloc(labels.length * LABEL_BYTES);
  for (let index = 0; index < labels.length; index++)
    bytes.writeUInt32BE(labels[index] as number, index * LABEL_BYTES);
  return bytes;
}
