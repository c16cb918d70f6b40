import type { Range, Table } from "../../store/store.ts";
import { type Awaitable, after } from "../../util/awaitable.ts";
import type { Clock } from "../../util/clock.ts";
import { Lru } from "../../util/lru.ts";
import { createSequence, type Sequence } from "../../util/sequence.ts";
import { parseStanza } from "../../xmpp/parse-stanza.ts";
import type { Stanza } from "../../xmpp/stanza.ts";
import { ARCHIVE_COLUMNS, type ArchiveRow, blockOf, firstIdAt, labelFor, labelOf } from "./archive-row.ts";
import { Journal, type JournalHost, type Tail, tailBehind } from "./journal.ts";

/** Neighbouring messages of an archive, or of one conversation in it, between two ids that do not belong to them. */
export interface Slice {
  readonly owner: string;
  readonly with?: string | undefined;
  readonly after?: number | undefined;
  readonly before?: number | undefined;
}

/** What an archive may hold; what exceeds it goes, the oldest first. */
export interface Retention {
  readonly messages: number;
  /** Of XML. */
  readonly bytes: number;
  /** Messages that came before this time, in milliseconds since the epoch, go. */
  readonly since: number;
}

/** Archives whose end is remembered. */
const KNOWN_ARCHIVES = 10_000;
/** Rows read at a time, which bounds what is read in vain. */
const READ_CHUNK = 25;
/** Rows looked at between two turns of the event loop, about. */
const TURN_ROWS = 200;
/** Messages after which the size of an archive is worth a look. */
const GROWTH = 1000;
/** Rows deleted in one turn. */
const TRIM_CHUNK = 50;

/** Messages looked at to find the one with an id that authors chose, and may have used before. */
const MAX_ALIKE = 50;

/**
 * The archives of all addresses, in one table: appended at their end, read by pages, cut off at their beginning. What came
 * last may still be in the journal: whatever looks into an archive settles it first.
 *
 * Ids grow within an archive, also when the clock is set back, so that their order is that of arrival. `number` and
 * `offset` make the size of an archive, and of any stretch of it, the difference of two rows.
 */
export class Archive {
  /** Called when an archive has got another 1,000 messages. */
  onGrown: (owner: string) => void = () => {};
  /** Called for each message that is added. */
  onAppended: () => void = () => {};
  readonly #table: Table<ArchiveRow>;
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #sequence: Sequence;
  readonly #tails = new Lru<string, Tail>(KNOWN_ARCHIVES);

  private constructor(table: Table<ArchiveRow>, journal: Journal, clock: Clock) {
    this.#table = table;
    this.#journal = journal;
    this.#clock = clock;
    this.#sequence = createSequence(clock);
  }

  static async open(host: JournalHost): Promise<Archive> {
    const table = await host.table<ArchiveRow>({
      name: "archive",
      version: 2,
      columns: ARCHIVE_COLUMNS,
      key: ["owner", "id"],
      indexes: { with: ["owner", "with"], label: ["owner", "label"] },
      migrate: (row) => labelled(row as unknown as ArchiveRow),
    });
    return new Archive(table, await Journal.open(host, table), host.clock);
  }

  /** Adds a message; returns its id. */
  append(owner: string, peer: string, message: Stanza): Awaitable<number> {
    const known = this.#tails.get(owner);
    if (known) return this.#append(known, owner, peer, message);
    return after(this.#journal.end(owner), (end) => {
      // Another message may have been quicker while this one waited for the store.
      const tail = this.#tails.get(owner) ?? end;
      this.#tails.set(owner, tail);
      return this.#append(tail, owner, peer, message);
    });
  }

  #append(tail: Tail, owner: string, peer: string, message: Stanza): Awaitable<number> {
    const { number, offset } = tail;
    const stanza = message.toString();
    const id = Math.max(this.#sequence.next(), tail.id + 1);
    tail.id = id;
    tail.number = number + 1;
    tail.offset = offset + Buffer.byteLength(stanza);
    const written = this.#journal.add({
      owner,
      id,
      with: peer,
      number,
      offset,
      label: labelFor(number, message),
      stanza,
    });
    this.onAppended();
    if (tail.number % GROWTH === 0) this.onGrown(owner);
    return after(written, () => id);
  }

  /**
   * Adds a message from another archive, with a place of its own, at the end; false when the archive reaches as far as
   * that already, because it is there or came too late.
   */
  async appendAt(owner: string, peer: string, message: Stanza, id: number): Promise<boolean> {
    const tail = this.#tails.get(owner) ?? (await this.#journal.end(owner));
    if (id <= tail.id) return false;
    const { number, offset } = tail;
    const stanza = message.toString();
    this.#tails.set(owner, { id, number: number + 1, offset: offset + Buffer.byteLength(stanza) });
    const label = labelFor(number, message);
    await this.#journal.place({ owner, id, with: peer, number, offset, label, stanza });
    return true;
  }

  get(owner: string, id: number): Awaitable<ArchiveRow | undefined> {
    return after(this.#journal.settle(owner), () => this.#table.get({ owner, id }));
  }

  first(slice: Slice): Awaitable<ArchiveRow | undefined> {
    return after(this.#list(slice, { limit: 1 }), ([row]) => row);
  }

  last(slice: Slice): Awaitable<ArchiveRow | undefined> {
    return after(this.#list(slice, { reverse: true, limit: 1 }), ([row]) => row);
  }

  /** The message before which the slice has `index` others; undefined when it has no more than these. */
  async at(slice: Slice, index: number): Promise<ArchiveRow | undefined> {
    if (slice.with !== undefined) {
      const [row] = await this.#list(slice, { offset: index, limit: 1 });
      return row;
    }
    const [first, last] = [await this.first(slice), await this.last(slice)];
    if (!first || !last || index > last.number - first.number) return undefined;
    // Numbers grow with ids, without a gap: it is behind `low`, and not behind `high`.
    const wanted = first.number + index;
    for (let [low, high] = [first.id - 1, last.id]; low < high; ) {
      const middle = Math.floor((low + high) / 2);
      const row = await this.first({ owner: slice.owner, after: middle });
      if (row?.number === wanted) return row;
      if (row && row.number < wanted) low = row.id;
      else high = middle;
    }
    return undefined;
  }

  /** The messages of a conversation to which their authors gave this id, the last one first; 50 at most. */
  async *alike(slice: Slice, id: string): AsyncGenerator<ArchiveRow, undefined> {
    const { owner, with: peer, before } = slice;
    const [first, last] = [await this.first({ owner }), await this.last({ owner })];
    if (!first || !last) return undefined;
    let limit = MAX_ALIKE;
    for (let [block, seen] = [blockOf(last), 1]; block >= blockOf(first); block--, seen++) {
      const where = { owner, label: labelOf(block, id) };
      const range = { index: "label", where, reverse: true, limit };
      const rows = await this.#table.list(before === undefined ? range : { ...range, before });
      for (const row of rows) if (row.with === peer) yield row;
      limit -= rows.length;
      if (limit === 0) return undefined;
      if (seen % TURN_ROWS === 0) await this.#nextTurn();
    }
    return undefined;
  }

  /** How many messages the slice has; undefined when there are more than `limit` and counting them would take long. */
  async count(slice: Slice, limit: number): Promise<number | undefined> {
    if (slice.with !== undefined) {
      await this.#journal.settle(slice.owner);
      const count = await this.#table.count({ ...rangeOf(slice), limit: limit + 1 });
      return count > limit ? undefined : count;
    }
    const [first, last] = [await this.first(slice), await this.last(slice)];
    return first && last ? last.number - first.number + 1 : 0;
  }

  /** The messages of the slice from one end to the other, some a turn. `wanted`: how many will be asked for, about. */
  async *rows(slice: Slice, backwards: boolean, wanted: number): AsyncGenerator<ArchiveRow, undefined> {
    const limit = Math.min(wanted, READ_CHUNK);
    for (let [from, seen] = [slice, 0]; ; ) {
      const rows = await this.#list(from, { reverse: backwards, limit });
      yield* rows;
      const last = rows.at(-1);
      if (!last || rows.length < limit) return undefined;
      from = backwards ? { ...from, before: last.id } : { ...from, after: last.id };
      seen += rows.length;
      if (seen % TURN_ROWS < limit) await this.#nextTurn();
    }
  }

  /** Puts another text in the place of a message, which keeps its id and time. */
  replace(row: ArchiveRow, stanza: string): Awaitable<void> {
    return this.#table.put({ ...row, stanza });
  }

  /** Deletes what the archive may not hold, some messages a turn; returns how many. */
  async trim(owner: string, { messages, bytes, since }: Retention): Promise<number> {
    const last = await this.last({ owner });
    if (!last) return 0;
    const end = tailBehind(last);
    const oldest = firstIdAt(since);
    const isExcess = (row: ArchiveRow) =>
      row.id < oldest || end.number - row.number > messages || end.offset - row.offset > bytes;
    for (let deleted = 0; ; await this.#nextTurn()) {
      const rows = await this.#list({ owner }, { limit: TRIM_CHUNK });
      // The oldest go first: an archive has no holes (XEP-0313 §3.2).
      const kept = rows.findIndex((row) => !isExcess(row));
      const excess = kept < 0 ? rows : rows.slice(0, kept);
      for (const { id } of excess) deleted += await this.#table.delete({ owner, id });
      if (excess.length < TRIM_CHUNK) return deleted;
    }
  }

  /** Deletes an archive, some messages a turn, and those that arrive meanwhile as well. */
  async remove(owner: string): Promise<void> {
    const nothing = { messages: 0, bytes: 0, since: 0 };
    while ((await this.trim(owner, nothing)) > 0);
    // So that no word of it is anywhere.
    await this.#journal.empty();
    if (await this.last({ owner })) return;
    this.#tails.delete(owner);
    await this.#journal.forgetEnd(owner);
  }

  /** The addresses of all archives, those of other domains included, some a turn. Empties the journal. */
  async *owners(): AsyncIterable<string> {
    await this.#journal.empty();
    for (let owner = "", seen = 1; ; seen++) {
      const [row] = await this.#table.list({ after: owner, limit: 1 });
      if (!row) return;
      owner = row.owner;
      yield owner;
      if (seen % TURN_ROWS === 0) await this.#nextTurn();
    }
  }

  /** What the last turn appended is lost. */
  forget(): void {
    this.#tails.clear();
    this.#journal.forget();
  }

  #list(
    slice: Slice,
    part: Pick<Range<ArchiveRow>, "reverse" | "offset" | "limit">,
  ): Awaitable<ArchiveRow[]> {
    return after(this.#journal.settle(slice.owner), () => this.#table.list({ ...rangeOf(slice), ...part }));
  }

  #nextTurn(): Promise<void> {
    return new Promise((resolve) => this.#clock.immediate(resolve));
  }
}

/** A row of the first version. */
function labelled(row: ArchiveRow): ArchiveRow {
  return { ...row, label: labelFor(row.number, parseStanza(row.stanza)) };
}

function rangeOf({ owner, with: peer, after: low, before: high }: Slice): Range<ArchiveRow> {
  const range = peer === undefined ? { where: { owner } } : { index: "with", where: { owner, with: peer } };
  return {
    ...range,
    ...(low !== undefined && { after: low }),
    ...(high !== undefined && { before: high }),
  };
}
