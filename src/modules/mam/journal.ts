import type { Host } from "../../core/host.ts";
import type { LateWrite, Table } from "../../store/store.ts";
import { type Awaitable, after, each, isPromise } from "../../util/awaitable.ts";
import { type ArchiveRow, type Tail, tailBehind } from "./archive-row.ts";
import { packRows, unpackIntact } from "./packed-rows.ts";
import { SEGMENT_LENGTH, SEGMENT_ROWS } from "./segment-row.ts";
import type { Segments } from "./segments.ts";

/** What waits for one archive. */
interface Waiting {
  rows: ArchiveRow[];
  /** Of their messages. */
  length: number;
}

/** What one turn archived. */
interface JournalRow {
  /** The domain whose server wrote it. */
  host: string;
  /** Its place among those of the domain. */
  turn: number;
  /** See `packRows`. */
  rows: string;
}

/** How far an archive has got what was in the journal for it. */
interface EndRow extends Tail {
  owner: string;
}

export type JournalHost = Pick<Host, "domain" | "clock" | "log" | "table" | "beforeCommit">;

/** Messages, and XML of them in UTF-16 units, after which the journal is emptied. */
const FULL_ROWS = 8000;
const FULL_LENGTH = 6_000_000;
/** Longer messages do not gain from waiting: few of them are a segment. */
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
  readonly #table: Table<JournalRow>;
  readonly #ends: Table<EndRow>;
  readonly #segments: Segments;
  readonly #host: JournalHost;
  /** What waits, by archive. */
  #waiting = new Map<string, Waiting>();
  /** What this turn has archived, which is not in the journal yet. */
  #turn: ArchiveRow[] = [];
  /** The rows of the journal. */
  #written: number[] = [];
  #next = 0;
  /** Of what is in the journal. */
  #rows = 0;
  #length = 0;
  /** Goes up when writes were lost: what was known before that does not hold. */
  #epoch = 0;
  #isKnown = false;
  #emptying: Promise<void> | undefined;

  private constructor(host: JournalHost, table: Table<JournalRow>, ends: Table<EndRow>, segments: Segments) {
    this.#host = host;
    this.#table = table;
    this.#ends = ends;
    this.#segments = segments;
  }

  static async open(host: JournalHost, segments: Segments): Promise<Journal> {
    let turn = 0;
    const table = await host.table<JournalRow>({
      name: "archive_journal",
      version: 2,
      columns: { host: "text", turn: "int", rows: "text" },
      key: ["host", "turn"],
      // The first version had a row for each message.
      migrate: ({ host: domain, part: _part, ...row }) => ({
        host: domain as string,
        turn: turn++,
        rows: packRows([row as unknown as ArchiveRow]),
      }),
    });
    const ends = await host.table<EndRow>({
      name: "archive_ends",
      version: 1,
      columns: { owner: "text", id: "int", number: "int", offset: "int" },
      key: ["owner"],
    });
    return new Journal(host, table, ends, segments);
  }

  /** Where an archive ends, with what waits for it. */
  end(owner: string): Awaitable<Tail> {
    return after(this.#know(), () => {
      const last = this.#waiting.get(owner)?.rows.at(-1);
      return last ? tailBehind(last) : this.#endOf(owner);
    });
  }

  /** Takes a message that is the last of its archive. */
  add(row: ArchiveRow): Awaitable<void> {
    const { owner, stanza } = row;
    if (!stanza.isWellFormed()) throw new TypeError("a message with a lone surrogate");
    return after(this.#know(), () => {
      if (stanza.length > LONGEST) return after(this.settle(owner), () => this.#put(owner, [row]));
      return after(this.#write(row), () => (this.#wait(row) ? this.settle(owner) : undefined));
    });
  }

  /** Puts what waits for an archive there. Whoever reads the archive does this first. */
  settle(owner: string): Awaitable<void> {
    return after(this.#know(), () => {
      const waiting = this.#waiting.get(owner);
      if (!waiting) return undefined;
      this.#waiting.delete(owner);
      return this.#put(owner, waiting.rows);
    });
  }

  /** Puts everything where it belongs, some messages a turn; then there is nothing in the journal but what came meanwhile. */
  async empty(): Promise<void> {
    while (this.#emptying) await this.#emptying;
    this.#emptying = this.#empty().finally(() => {
      this.#emptying = undefined;
    });
    await this.#emptying;
  }

  /** Forgets where an archive ends, of which nothing is anywhere. */
  forgetEnd(owner: string): Awaitable<unknown> {
    return this.#ends.delete({ owner });
  }

  /** What the last turn wrote is lost. */
  forget(): void {
    this.#isKnown = false;
    this.#epoch++;
  }

  write(): Awaitable<void> {
    const rows = this.#turn;
    this.#turn = [];
    if (rows.length === 0) return undefined;
    const turn = this.#next++;
    this.#written.push(turn);
    return this.#table.put({ host: this.#host.domain, turn, rows: packRows(rows) });
  }

  undone(): void {
    this.#turn = [];
  }

  #write(row: ArchiveRow): Awaitable<void> {
    const registered = this.#turn.length === 0 ? this.#host.beforeCommit(this) : undefined;
    // Sender and recipient mostly get the same text: it is kept once.
    const last = this.#turn.at(-1);
    if (last?.stanza === row.stanza) row.stanza = last.stanza;
    else this.#length += row.stanza.length;
    this.#turn.push(row);
    this.#rows++;
    if (this.#rows >= FULL_ROWS || this.#length >= FULL_LENGTH) this.#emptyLater();
    return registered;
  }

  /** Takes note of a message; whether enough of its archive wait now. */
  #wait(row: ArchiveRow): boolean {
    let waiting = this.#waiting.get(row.owner);
    if (!waiting) {
      waiting = { rows: [], length: 0 };
      this.#waiting.set(row.owner, waiting);
    }
    waiting.rows.push(row);
    waiting.length += row.stanza.length;
    return waiting.rows.length >= SEGMENT_ROWS || waiting.length >= SEGMENT_LENGTH;
  }

  #put(owner: string, rows: readonly ArchiveRow[]): Awaitable<void> {
    const end = tailBehind(rows.at(-1));
    return after(
      after(this.#segments.add(owner, rows), () => this.#ends.put({ owner, ...end })),
      () => {
        // Of this turn, too: the journal need not have it any more.
        this.#turn = this.#turn.filter((row) => row.owner !== owner || row.id > end.id);
      },
    );
  }

  #endOf(owner: string): Awaitable<Tail> {
    return after(this.#ends.get({ owner }), (end) => {
      if (end) return { id: end.id, number: end.number, offset: end.offset };
      // Nobody wrote it down before there was this table.
      return after(this.#segments.last(owner), tailBehind);
    });
  }

  /** Finds out what waits, after a start or a loss. */
  #know(): Awaitable<void> {
    if (this.#isKnown) return undefined;
    this.#isKnown = true;
    try {
      const known = after(this.#table.list({ where: { host: this.#host.domain } }), (turns) =>
        this.#read(turns),
      );
      return isPromise(known) ? known.catch((error: unknown) => this.#fail(error)) : known;
    } catch (error) {
      return this.#fail(error);
    }
  }

  /** Whoever comes next has to find out: nothing may be written over what is in the journal. */
  #fail(error: unknown): never {
    this.#isKnown = false;
    throw error;
  }

  #read(turns: readonly JournalRow[]): Awaitable<void> {
    this.#written = [];
    this.#next = (turns.at(-1)?.turn ?? -1) + 1;
    this.#rows = 0;
    this.#length = 0;
    this.#waiting = new Map();
    for (const { turn, rows } of turns) for (const row of this.#unpack(turn, rows)) this.#take(row);
    for (const row of this.#turn) this.#take(row);
    return each([...this.#waiting], ([owner, waiting]) => this.#leaveOutMoved(owner, waiting));
  }

  #take(row: ArchiveRow): void {
    this.#rows++;
    this.#length += row.stanza.length;
    this.#wait(row);
  }

  /** One that cannot be read stays where it is, and the others do not suffer. */
  #unpack(turn: number, text: string): readonly ArchiveRow[] {
    try {
      const rows = unpackIntact(text);
      this.#written.push(turn);
      return rows;
    } catch {
      // What is wrong with it may quote it.
      this.#host.log.error(
        "messages of one turn are left out of their archives: the row of the journal is damaged",
        {
          table: "archive_journal",
          turn,
          length: text.length,
        },
      );
      return [];
    }
  }

  #leaveOutMoved(owner: string, waiting: Waiting): Awaitable<void> {
    return after(this.#endOf(owner), (end) => {
      waiting.rows = waiting.rows.filter(({ id }) => id > end.id);
      if (waiting.rows.length === 0) this.#waiting.delete(owner);
    });
  }

  #emptyLater(): void {
    if (this.#emptying) return;
    this.empty().catch((error: unknown) => {
      this.#host.log.error("the journal of the archives was not emptied", { error: String(error) });
    });
  }

  async #empty(): Promise<void> {
    await this.#know();
    this.#rows = 0;
    this.#length = 0;
    const epoch = this.#epoch;
    // What this turn archives is written at its end.
    await this.#nextTurn();
    const turns = [...this.#written];
    await this.#settleAll();
    for (const [index, turn] of turns.entries()) {
      if (index % TURN_DELETIONS === 0) await this.#nextTurn();
      // What was moved in a turn that is lost is still here alone.
      if (this.#epoch !== epoch) return;
      await this.#table.delete({ host: this.#host.domain, turn });
    }
    const gone = new Set(turns);
    this.#written = this.#written.filter((turn) => !gone.has(turn));
  }

  async #settleAll(): Promise<void> {
    let moved = 0;
    for (const [owner, { rows }] of Array.from(this.#waiting)) {
      moved += rows.length;
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
