import { type Awaitable, after, isPromise } from "../../util/awaitable.ts";
import type { Clock } from "../../util/clock.ts";
import { Lru } from "../../util/lru.ts";
import { createSequence, type Sequence } from "../../util/sequence.ts";
import type { Stanza } from "../../xmpp/stanza.ts";
import { type ArchiveRow, firstIdAt, labelFor, type Tail } from "./archive-row.ts";
import { Journal, type JournalHost } from "./journal.ts";
import { Segments, type Slice } from "./segments.ts";

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
/** Segments read, and archives looked at, between two turns of the event loop. */
const TURN_SEGMENTS = 2;
const TURN_OWNERS = 50;
/** Messages looked up, which may all be in different segments. */
const TURN_LOOKUPS = 10;
/** Messages after which the size of an archive is worth a look. */
const GROWTH = 1000;
/** Messages looked at to find the one with an id that authors chose, and may have used before. */
const MAX_ALIKE = 50;

/**
 * The archives of all addresses: appended at their end, read by pages, cut off at their beginning. What came last may still
 * be in the journal: whatever looks into an archive settles it first.
 *
 * Ids grow within an archive, also when the clock is set back, so that their order is that of arrival. `number` and
 * `offset` make the size of an archive, and of any stretch of it, the difference of two rows.
 */
export class Archive {
  /** Called when an archive has got another 1,000 messages. */
  onGrown: (owner: string) => void = () => {};
  /** Called for each message that is added. */
  onAppended: () => void = () => {};
  readonly #segments: Segments;
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #sequence: Sequence;
  readonly #tails = new Lru<string, Tail>(KNOWN_ARCHIVES);
  /** Of the message that was added last: mostly two archives get it, one after the other. */
  #text: Text | undefined;
  #hasReplaced = false;

  private constructor(segments: Segments, journal: Journal, clock: Clock) {
    this.#segments = segments;
    this.#journal = journal;
    this.#clock = clock;
    this.#sequence = createSequence(clock);
  }

  static async open(host: JournalHost): Promise<Archive> {
    const segments = await Segments.open(host);
    return new Archive(segments, await Journal.open(host, segments), host.clock);
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
    if (message !== this.#text?.message) this.#text = new Text(message);
    const { stanza, label, size } = this.#text;
    const id = Math.max(this.#sequence.next(), tail.id + 1);
    tail.id = id;
    tail.number = number + 1;
    tail.offset = offset + size;
    const written = this.#add({ owner, id, with: peer, number, offset, label, stanza }, size);
    this.onAppended();
    if (tail.number % GROWTH === 0) this.onGrown(owner);
    return isPromise(written) ? written.then(() => id) : id;
  }

  /** When that fails only the journal knows whether the archive has got longer. */
  #add(row: ArchiveRow, size: number): Awaitable<void> {
    const fail = (error: unknown): never => {
      this.#tails.delete(row.owner);
      throw error;
    };
    try {
      const written = this.#journal.add(row, size);
      return isPromise(written) ? written.catch(fail) : written;
    } catch (error) {
      return fail(error);
    }
  }

  /**
   * Adds a message from another archive, with a place of its own, at the end; false when the archive reaches as far as
   * that already, because it is there or came too late.
   */
  async appendAt(owner: string, peer: string, message: Stanza, id: number): Promise<boolean> {
    const end = await this.#journal.end(owner);
    // Another message may have been quicker.
    const tail = this.#tails.get(owner) ?? end;
    if (id <= tail.id) return false;
    const { number, offset } = tail;
    const { stanza, label, size } = new Text(message);
    this.#tails.set(owner, { id, number: number + 1, offset: offset + size });
    await this.#add({ owner, id, with: peer, number, offset, label, stanza }, size);
    return true;
  }

  get(owner: string, id: number): Awaitable<ArchiveRow | undefined> {
    return after(this.#journal.settle(owner), () => this.#segments.get(owner, id));
  }

  /** The messages with these ids, as far as there are any, some a turn. */
  async *each(owner: string, ids: Iterable<number>): AsyncGenerator<ArchiveRow, undefined> {
    let seen = 0;
    for (const id of ids) {
      const row = await this.get(owner, id);
      if (row) yield row;
      if (++seen % TURN_LOOKUPS === 0) await this.#nextTurn();
    }
    return undefined;
  }

  async first(slice: Slice): Promise<ArchiveRow | undefined> {
    return (await this.#end(slice, false))?.row;
  }

  async last(slice: Slice): Promise<ArchiveRow | undefined> {
    return (await this.#end(slice, true))?.row;
  }

  /** The message before which the slice has `index` others; undefined when it has no more than these. */
  async at(slice: Slice, index: number): Promise<ArchiveRow | undefined> {
    const [first, last] = [await this.#end(slice, false), await this.#end(slice, true)];
    if (!first || !last || index > last.number - first.number) return undefined;
    // Numbers grow with ids, without a gap.
    const wanted = first.number + index;
    const run = await this.#segments.runOf(slice, wanted, first.row.id, last.row.id);
    return run?.rows[wanted - run.number];
  }

  /** The messages of a conversation to which their authors gave this id, the last one first; 50 at most. */
  async *alike(slice: Slice, id: string): AsyncGenerator<ArchiveRow, undefined> {
    await this.#journal.settle(slice.owner);
    const { before = Number.POSITIVE_INFINITY } = slice;
    let seen = 0;
    for await (const rows of this.#segments.alike(slice, id, () => this.#nextTurn())) {
      for (const row of rows.toReversed()) {
        if (row.id >= before) continue;
        if (++seen > MAX_ALIKE) return undefined;
        yield row;
      }
    }
    return undefined;
  }

  /** How many messages the slice has. */
  async count(slice: Slice): Promise<number> {
    const [first, last] = [await this.#number(slice, false), await this.#number(slice, true)];
    return first === undefined || last === undefined ? 0 : last - first + 1;
  }

  /** The messages of the slice from one end to the other, some a turn. */
  async *rows(slice: Slice, backwards: boolean): AsyncGenerator<ArchiveRow, undefined> {
    await this.#journal.settle(slice.owner);
    let seen = 0;
    for await (const { rows } of this.#segments.runs(slice, backwards)) {
      for (const row of backwards ? rows.toReversed() : rows) if (isWithin(row, slice)) yield row;
      if (++seen % TURN_SEGMENTS === 0) await this.#nextTurn();
    }
    return undefined;
  }

  /** Puts another text in the place of a message, which keeps its id and time. The old one is gone after `forgetReplaced`. */
  replace({ owner, id }: ArchiveRow, stanza: string): Awaitable<unknown> {
    this.#hasReplaced = true;
    return this.#segments.replace(owner, id, stanza);
  }

  /** Clears the journal of texts that others have taken the place of. */
  async forgetReplaced(): Promise<void> {
    if (!this.#hasReplaced) return;
    this.#hasReplaced = false;
    try {
      await this.#journal.clear();
    } catch (error) {
      this.#hasReplaced = true;
      throw error;
    }
  }

  /** Deletes what the archive may not hold, a segment a turn; returns how many messages. */
  async trim(owner: string, { messages, bytes, since }: Retention): Promise<number> {
    const end = await this.#journal.end(owner);
    const oldest = firstIdAt(since);
    const isExcess = (row: ArchiveRow) =>
      row.id < oldest || end.number - row.number > messages || end.offset - row.offset > bytes;
    for (let deleted = 0; ; await this.#nextTurn()) {
      await this.#journal.settle(owner);
      // The oldest go first: an archive has no holes (XEP-0313 §3.2).
      const cut = await this.#segments.cut(owner, isExcess);
      deleted += cut.deleted;
      if (!cut.isGone) return deleted;
    }
  }

  /**
   * Deletes an archive, a segment a turn, and what arrives meanwhile as well.
   * @throws Error when writes were lost meanwhile: then some of it may be there.
   */
  async remove(owner: string): Promise<void> {
    const nothing = { messages: 0, bytes: 0, since: Number.POSITIVE_INFINITY };
    do {
      while ((await this.trim(owner, nothing)) > 0);
      // So that no word of it is anywhere, and nothing comes back when nobody knows where it ended.
      await this.#journal.clear();
    } while (await this.last({ owner }));
    this.#tails.delete(owner);
    await this.#journal.forgetEnd(owner);
  }

  /** The addresses of all archives, those of other domains included, some a turn. Clears the journal. */
  async *owners(): AsyncIterable<string> {
    await this.#journal.clear();
    let seen = 0;
    for (let owner: string | undefined = ""; ; ) {
      owner = await this.#segments.ownerAfter(owner);
      if (owner === undefined) return;
      yield owner;
      if (++seen % TURN_OWNERS === 0) await this.#nextTurn();
    }
  }

  /** What the last turn appended is lost. */
  forget(): void {
    this.#tails.clear();
    this.#segments.forget();
    this.#journal.forget();
  }

  /** The first message of the slice, or the last one, and how many of the archive, or conversation, came before it. */
  async #end(
    slice: Slice,
    backwards: boolean,
  ): Promise<{ readonly row: ArchiveRow; readonly number: number } | undefined> {
    await this.#journal.settle(slice.owner);
    for await (const { number, rows } of this.#segments.runs(slice, backwards)) {
      const isWanted = (row: ArchiveRow) => isWithin(row, slice);
      const index = backwards ? rows.findLastIndex(isWanted) : rows.findIndex(isWanted);
      const row = rows[index];
      if (row) return { row, number: number + index };
    }
    return undefined;
  }

  /** The number of the first message of the slice, or of the last one. */
  async #number(slice: Slice, backwards: boolean): Promise<number | undefined> {
    const bound = backwards ? slice.before : slice.after;
    if (bound !== undefined) return (await this.#end(slice, backwards))?.number;
    await this.#journal.settle(slice.owner);
    const place = await this.#segments.place(slice, { reverse: backwards });
    return place && place.number + (backwards ? place.count - 1 : 0);
  }

  #nextTurn(): Promise<void> {
    return new Promise((resolve) => this.#clock.immediate(resolve));
  }
}

/** A message as it is kept. */
class Text {
  readonly message: Stanza;
  readonly stanza: string;
  readonly label: number | null;
  /** Bytes. */
  readonly size: number;

  constructor(message: Stanza) {
    this.message = message;
    this.stanza = message.toString();
    this.label = labelFor(message);
    this.size = Buffer.byteLength(this.stanza);
  }
}

function isWithin(
  { id }: ArchiveRow,
  { after: low = -1, before: high = Number.POSITIVE_INFINITY }: Slice,
): boolean {
  return id > low && id < high;
}
