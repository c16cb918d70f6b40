import type { Host } from "../../core/host.ts";
import type { LateWrite, Table } from "../../store/store.ts";
import { type Awaitable, after, each, isPromise } from "../../util/awaitable.ts";
import { type ArchiveRow, type Position, START, type Tail, tailBehind } from "./archive-row.ts";
import { JournalRows, type JournalRowsHost, type Written } from "./journal-rows.ts";
import type { PackedRows } from "./packed-rows.ts";
import { Packer } from "./packer.ts";
import { SEGMENT_LENGTH, SEGMENT_ROWS } from "./segment-row.ts";
import type { Segments } from "./segments.ts";
import { Lot, Waiting } from "./waiting.ts";

/** How far an archive has got what was in the journal for it. */
interface EndRow extends Tail {
  owner: string;
}

export type JournalHost = Pick<Host, "clock" | "beforeCommit"> & JournalRowsHost;

/** Messages, and bytes of them, after which the journal is emptied. */
export const FULL_COUNT = 16_000;
const FULL_SIZE = 8_000_000;
/** Longer messages, in bytes, do not gain from waiting: few of them are a segment. */
const LONGEST = SEGMENT_LENGTH / 4;
/** Messages moved between two turns of the event loop, about. */
const TURN_ROWS = 100;
/** Rows of the journal deleted between two. */
const TURN_DELETIONS = 20;

/**
 * What was archived last, in the order in which it came, whoever it belongs to: all of a turn is one row. Archives lie
 * apart from each other in the store, so that each message of a busy server would change a page of its own in each
 * index. So an archive gets what waits for it all together: when it is read, when a segment of it waits, or when the journal
 * is full. What waits is in memory as well: the journal is read after a start alone.
 *
 * With what an archive gets, its end is written down. What is in the journal and behind that end waits, whatever was
 * deleted from the archive since, so nothing is lost between the two, and nothing comes back.
 */
export class Journal implements LateWrite {
  readonly #rows: JournalRows;
  readonly #ends: Table<EndRow>;
  readonly #segments: Segments;
  readonly #host: JournalHost;
  /** What waits, by archive. */
  #waiting = new Map<string, Waiting>();
  /** What this turn has archived, which is not in the journal yet: as far as it is packed, and behind that. */
  #closed: Lot[] = [];
  #open = new Lot();
  readonly #packer = new Packer();
  readonly #mover = new Packer();
  /** Messages, and bytes of them, since it was emptied. */
  #count = 0;
  #size = 0;
  /** Goes up when writes were lost: what was known before that does not hold. */
  #epoch = 0;
  #isKnown = false;
  #emptying: Promise<void> | undefined;

  private constructor(host: JournalHost, rows: JournalRows, ends: Table<EndRow>, segments: Segments) {
    this.#host = host;
    this.#rows = rows;
    this.#ends = ends;
    this.#segments = segments;
  }

  static async open(host: JournalHost, segments: Segments): Promise<Journal> {
    const ends = await host.table<EndRow>({
      name: "archive_ends",
      version: 1,
      columns: { owner: "text", id: "int", number: "int", offset: "int" },
      key: ["owner"],
    });
    return new Journal(host, await JournalRows.open(host), ends, segments);
  }

  /** Where an archive ends, with what waits for it. */
  end(owner: string): Awaitable<Tail> {
    return after(this.#know(), () => {
      const waiting = this.#waiting.get(owner);
      return waiting ? { ...waiting.end } : this.#endOf(owner);
    });
  }

  /** Takes a message of `size` bytes that is the last of its archive. */
  add(row: ArchiveRow, size: number): Awaitable<void> {
    if (!row.stanza.isWellFormed()) throw new TypeError("a message with a lone surrogate");
    if (!this.#isKnown) return after(this.#know(), () => this.#add(row, size));
    return this.#add(row, size);
  }

  #add(row: ArchiveRow, size: number): Awaitable<void> {
    const { owner } = row;
    if (size > LONGEST) return after(this.settle(owner), () => this.#put(owner, Packer.pack([row])));
    const registered = this.#write(row, size);
    const isFull = this.#wait(owner, this.#open, this.#packer.count - 1, row, size);
    return isFull ? after(registered, () => this.settle(owner)) : registered;
  }

  /** Puts what waits for an archive there. Whoever reads the archive does this first. */
  settle(owner: string): Awaitable<void> {
    return after(this.#know(), () => {
      const waiting = this.#waiting.get(owner);
      if (!waiting) return undefined;
      this.#waiting.delete(owner);
      if (waiting.lot === this.#open) this.#close();
      waiting.moveTo(this.#mover);
      return this.#orForget(() => this.#put(owner, this.#mover.pack()));
    });
  }

  /** Puts everything where it belongs, some messages a turn; then nothing waits but what came meanwhile. */
  async empty(): Promise<void> {
    while (this.#emptying) await this.#emptying;
    this.#emptying = this.#empty().finally(() => {
      this.#emptying = undefined;
    });
    await this.#emptying;
  }

  /**
   * As `empty`; then there is nothing in the journal, either, but what came meanwhile.
   * @throws Error when writes were lost meanwhile: then it may be there as before.
   */
  async clear(): Promise<void> {
    const epoch = this.#epoch;
    await this.empty();
    this.#checkEpoch(epoch);
    for (const [index, slot] of this.#rows.takeFree().entries()) {
      if (index % TURN_DELETIONS === 0) await this.#nextTurn();
      this.#checkEpoch(epoch);
      await this.#rows.delete(slot);
    }
  }

  #checkEpoch(epoch: number): void {
    if (this.#epoch !== epoch) throw new Error("writes were lost while the journal was cleared");
  }

  /** Forgets where an archive ends, of which nothing is anywhere. */
  forgetEnd(owner: string): Awaitable<unknown> {
    return this.#ends.delete({ owner });
  }

  /** What the last turn wrote is lost. */
  forget(): void {
    this.#isKnown = false;
    this.#epoch++;
    // If the turn goes on the journal has to have them.
    for (const lot of this.#closed) lot.returnMoved();
  }

  write(): Awaitable<void> {
    this.#close();
    const closed = this.#closed;
    this.#closed = [];
    return each(closed, (lot) => {
      const rows = lot.written(this.#mover);
      return rows && this.#rows.write(rows);
    });
  }

  undone(): void {
    this.#close();
    this.#closed = [];
  }

  #write(row: ArchiveRow, size: number): Awaitable<void> {
    const isFirst = this.#packer.count === 0 && this.#closed.length === 0;
    const registered = isFirst ? this.#host.beforeCommit(this) : undefined;
    if (!this.#packer.shares(row.stanza)) this.#size += size;
    this.#packer.add(row);
    this.#count++;
    if (this.#count >= FULL_COUNT || this.#size >= FULL_SIZE) this.#emptyLater();
    return registered;
  }

  /** Packs what is open. */
  #close(): void {
    if (this.#packer.count === 0) return;
    this.#open.rows = this.#packer.pack();
    this.#closed.push(this.#open);
    this.#open = new Lot();
  }

  /** Takes note of a message; whether enough of its archive wait now. */
  #wait(owner: string, lot: Lot, place: number, row: Position, size: number): boolean {
    let waiting = this.#waiting.get(owner);
    if (!waiting) {
      waiting = new Waiting();
      this.#waiting.set(owner, waiting);
    }
    waiting.add(lot, place, row, size);
    return waiting.count >= SEGMENT_ROWS || waiting.size >= SEGMENT_LENGTH;
  }

  #put(owner: string, rows: PackedRows): Awaitable<void> {
    const last = rows.count - 1;
    const end = tailBehind(rows.position(last), rows.size(last));
    return after(this.#segments.add(owner, rows), () => this.#ends.put({ owner, ...end }));
  }

  #endOf(owner: string): Awaitable<Tail> {
    return after(this.#ends.get({ owner }), (end) => {
      if (end) return { id: end.id, number: end.number, offset: end.offset };
      // Nobody wrote it down before there was this table.
      return after(this.#segments.last(owner), (last) =>
        last ? tailBehind(last, Buffer.byteLength(last.stanza)) : { ...START },
      );
    });
  }

  /** Finds out what waits, after a start or a loss. */
  #know(): Awaitable<void> {
    if (this.#isKnown) return undefined;
    this.#isKnown = true;
    return this.#orForget(() => after(this.#rows.read(), (written) => this.#read(written)));
  }

  /** If it fails whoever comes next has to find out what waits: nothing may be written over what is in the journal. */
  #orForget(work: () => Awaitable<void>): Awaitable<void> {
    const fail = (error: unknown): never => {
      this.forget();
      throw error;
    };
    try {
      const done = work();
      return isPromise(done) ? done.catch(fail) : done;
    } catch (error) {
      return fail(error);
    }
  }

  #read(written: readonly Written[]): Awaitable<void> {
    this.#count = 0;
    this.#size = 0;
    this.#waiting = new Map();
    this.#close();
    const lots = written.map(({ rows }) => new Lot(rows));
    return after(this.#endsOf([...lots, ...this.#closed]), (ends) => {
      const settled = written.filter((_, index) => !this.#take(lots[index] as Lot, ends));
      for (const lot of this.#closed) this.#take(lot, ends);
      return this.#rows.release(settled);
    });
  }

  /** How far the archives reach that these messages are for: the ids of their last messages. */
  #endsOf(lots: readonly Lot[]): Awaitable<ReadonlyMap<string, number>> {
    const ends = new Map<string, number>();
    const owners = new Set(lots.flatMap(({ rows }) => rows?.owners() ?? []));
    const known = each(owners, (owner) => after(this.#endOf(owner), ({ id }) => ends.set(owner, id)));
    return after(known, () => ends);
  }

  /** Lets wait what is behind the end of its archive; whether there was anything. */
  #take(lot: Lot, ends: ReadonlyMap<string, number>): boolean {
    const rows = lot.rows as PackedRows;
    let isWaiting = false;
    for (let place = 0; place < rows.count; place++) {
      const owner = rows.owner(place);
      if (rows.id(place) <= (ends.get(owner) ?? 0)) continue;
      isWaiting = true;
      const size = rows.size(place);
      this.#count++;
      this.#size += size;
      this.#wait(owner, lot, place, rows.position(place), size);
    }
    return isWaiting;
  }

  #emptyLater(): void {
    if (this.#emptying) return;
    this.empty().catch((error: unknown) => {
      this.#host.log.error("the journal of the archives was not emptied", { error: String(error) });
    });
  }

  async #empty(): Promise<void> {
    await this.#know();
    this.#count = 0;
    this.#size = 0;
    const epoch = this.#epoch;
    // What this turn archives is written at its end.
    await this.#nextTurn();
    const { written } = this.#rows;
    await this.#settleAll();
    // What was moved in a turn that is lost is still there alone.
    if (this.#epoch === epoch) await this.#rows.release(written);
  }

  async #settleAll(): Promise<void> {
    let moved = 0;
    for (const [owner, { count }] of Array.from(this.#waiting)) {
      moved += count;
      await this.settle(owner);
      if (moved < TURN_ROWS) continue;
      moved = 0;
      await this.#nextTurn();
    }
  }

  #nextTurn(): Promise<void> {
    return new Promise((resolve) => this.#host.clock.immediate(resolve));
  }
}
