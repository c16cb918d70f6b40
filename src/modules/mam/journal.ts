import type { Host } from "../../core/host.ts";
import type { LateWrite, Table } from "../../store/store.ts";
import { type Awaitable, after, each } from "../../util/awaitable.ts";
import type { ArchiveRow } from "./archive-row.ts";
import { packRows, unpackRows } from "./packed-rows.ts";

/** The end of an archive: what the next message continues. */
export interface Tail {
  id: number;
  number: number;
  offset: number;
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
/** Messages of one archive that wait. */
const ARCHIVE_ROWS = 250;
/** Longer messages do not gain from waiting. */
const LONGEST = 4000;
/** Messages moved between two turns of the event loop, about. */
const TURN_ROWS = 100;
/** Rows of the journal deleted between two. */
const TURN_DELETIONS = 20;

/**
 * What was archived last, in the order in which it came, whoever it belongs to: all of a turn is one row. Archives lie
 * apart from each other in the store, so that each message of a busy server would change a page of its own in each
 * index. So an archive gets what waits for it all together: when it is read, when 250 messages wait, or when the journal
 * is full. What waits is in memory as well: the journal is read after a start alone.
 *
 * With what an archive gets, its end is written down. What is in the journal and behind that end waits, whatever was
 * deleted from the archive since, so nothing is lost between the two, and nothing comes back.
 */
export class Journal implements LateWrite {
  readonly #table: Table<JournalRow>;
  readonly #ends: Table<EndRow>;
  readonly #archives: Table<ArchiveRow>;
  readonly #host: JournalHost;
  /** What waits, by archive. */
  #waiting = new Map<string, ArchiveRow[]>();
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

  private constructor(
    host: JournalHost,
    table: Table<JournalRow>,
    ends: Table<EndRow>,
    archives: Table<ArchiveRow>,
  ) {
    this.#host = host;
    this.#table = table;
    this.#ends = ends;
    this.#archives = archives;
  }

  static async open(host: JournalHost, archives: Table<ArchiveRow>): Promise<Journal> {
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
    return new Journal(host, table, ends, archives);
  }

  /** Where an archive ends, with what waits for it. */
  end(owner: string): Awaitable<Tail> {
    return after(this.#know(), () => {
      const last = this.#waiting.get(owner)?.at(-1);
      return last ? tailBehind(last) : this.#endOf(owner);
    });
  }

  /** Takes a message that is the last of its archive. */
  add(row: ArchiveRow): Awaitable<void> {
    const { owner, stanza } = row;
    if (!stanza.isWellFormed()) throw new TypeError("a message with a lone surrogate");
    return after(this.#know(), () => {
      if (stanza.length > LONGEST) return this.place(row);
      return after(this.#write(row), () => (this.#wait(row) < ARCHIVE_ROWS ? undefined : this.settle(owner)));
    });
  }

  /** Puts a message that is the last of its archive there at once. */
  place(row: ArchiveRow): Awaitable<void> {
    return after(this.settle(row.owner), () => this.#put(row.owner, [row]));
  }

  /** Puts what waits for an archive there. Whoever reads the archive does this first. */
  settle(owner: string): Awaitable<void> {
    return after(this.#know(), () => {
      const rows = this.#waiting.get(owner);
      if (!rows) return undefined;
      this.#waiting.delete(owner);
      return this.#put(owner, rows);
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

  /** Takes note of a message; how many of its archive wait now. */
  #wait(row: ArchiveRow): number {
    const rows = this.#waiting.get(row.owner);
    if (rows) return rows.push(row);
    this.#waiting.set(row.owner, [row]);
    return 1;
  }

  #put(owner: string, rows: readonly ArchiveRow[]): Awaitable<void> {
    const end = tailBehind(rows.at(-1));
    const put = each(rows, (row) => this.#archives.put(row));
    return after(
      after(put, () => this.#ends.put({ owner, ...end })),
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
      const last = this.#archives.list({ where: { owner }, reverse: true, limit: 1 });
      return after(last, ([row]) => tailBehind(row));
    });
  }

  /** Finds out what waits, after a start or a loss. */
  #know(): Awaitable<void> {
    if (this.#isKnown) return undefined;
    this.#isKnown = true;
    return after(this.#table.list({ where: { host: this.#host.domain } }), (turns) => {
      this.#written = turns.map(({ turn }) => turn);
      this.#next = (this.#written.at(-1) ?? -1) + 1;
      this.#rows = 0;
      this.#length = 0;
      this.#waiting = new Map();
      const rows = turns.flatMap((turn) => unpackRows(turn.rows));
      for (const row of [...rows, ...this.#turn]) {
        this.#rows++;
        this.#length += row.stanza.length;
        this.#wait(row);
      }
      return each([...this.#waiting], ([owner, waiting]) => this.#leaveOutMoved(owner, waiting));
    });
  }

  /** Messages are moved in their order, and all that wait at once. */
  #leaveOutMoved(owner: string, rows: readonly ArchiveRow[]): Awaitable<void> {
    return after(this.#endOf(owner), (end) => {
      const waiting = rows.filter(({ id }) => id > end.id);
      if (waiting.length > 0) this.#waiting.set(owner, waiting);
      else this.#waiting.delete(owner);
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
    for (const [owner, rows] of Array.from(this.#waiting)) {
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

export function tailBehind(row: ArchiveRow | undefined): Tail {
  if (!row) return { id: 0, number: 0, offset: 0 };
  return { id: row.id, number: row.number + 1, offset: row.offset + Buffer.byteLength(row.stanza) };
}
