import type { Host } from "../../core/host.ts";
import type { Table } from "../../store/store.ts";
import { type Awaitable, after, each } from "../../util/awaitable.ts";
import { ARCHIVE_COLUMNS, type ArchiveRow } from "./archive-row.ts";

/** A message that waits in the journal to be put into its archive. */
interface JournalRow extends ArchiveRow {
  /** The domain whose server wrote it. */
  host: string;
  /** Which part of the journal it is in: parts are emptied as a whole. */
  part: number;
}

type Place = Pick<JournalRow, "part" | "id">;

/** Messages, and XML of them in UTF-16 units, in one part. */
const PART_ROWS = 8000;
const PART_LENGTH = 6_000_000;
/** Messages of one archive that wait. */
const ARCHIVE_ROWS = 250;
/** Longer messages do not gain from waiting. */
const LONGEST = 4000;
/** Messages moved between two turns of the event loop, about. */
const TURN_ROWS = 100;

/**
 * What was archived last, in the order in which it came, whoever it belongs to. Archives lie apart from each other in the
 * store, so that each message of a busy server would change a page of its own in each index; here many share one. An
 * archive gets what waits for it all together: when it is read, when 250 messages wait, or when the journal is full.
 *
 * What is in the journal and newer than all that is in its archive waits, so nothing is lost between the two.
 */
export class Journal {
  readonly #table: Table<JournalRow>;
  readonly #archives: Table<ArchiveRow>;
  readonly #host: Pick<Host, "domain" | "clock" | "log">;
  /** What waits, by archive. */
  #waiting = new Map<string, Place[]>();
  /** Parts that are full; what waits in them is on its way. */
  #full: number[] = [];
  #part = 0;
  #rows = 0;
  #length = 0;
  /** Goes up when writes were lost: what was known before that does not hold. */
  #epoch = 0;
  #isKnown = false;

  private constructor(
    table: Table<JournalRow>,
    archives: Table<ArchiveRow>,
    host: Pick<Host, "domain" | "clock" | "log">,
  ) {
    this.#table = table;
    this.#archives = archives;
    this.#host = host;
  }

  static async open(
    host: Pick<Host, "domain" | "clock" | "log" | "table">,
    archives: Table<ArchiveRow>,
  ): Promise<Journal> {
    const table = await host.table<JournalRow>({
      name: "archive_journal",
      version: 1,
      columns: { host: "text", part: "int", ...ARCHIVE_COLUMNS },
      key: ["host", "part", "id", "owner"],
    });
    return new Journal(table, archives, host);
  }

  /** Takes a message that is the last of its archive. */
  add(row: ArchiveRow): Awaitable<void> {
    if (row.stanza.length > LONGEST) {
      return after(this.settle(row.owner), () => this.#archives.put(row));
    }
    return after(this.#know(), () => {
      const { owner, id } = row;
      const { label, number, offset, stanza } = row;
      const written = this.#table.put({
        host: this.#host.domain,
        part: this.#part,
        id,
        owner,
        with: row.with,
        number,
        offset,
        label,
        stanza,
      });
      const waiting = this.#wait({ owner, part: this.#part, id });
      this.#rows++;
      this.#length += row.stanza.length;
      if (this.#rows >= PART_ROWS || this.#length >= PART_LENGTH) this.#turnOver();
      if (waiting < ARCHIVE_ROWS) return written;
      return after(written, () => this.settle(owner));
    });
  }

  /** Puts what waits for an archive there. Whoever reads the archive does this first. */
  settle(owner: string): Awaitable<void> {
    return after(this.#know(), () => {
      const places = this.#waiting.get(owner);
      if (!places) return undefined;
      this.#waiting.delete(owner);
      return each(places, (place) => this.#move({ host: this.#host.domain, ...place, owner }));
    });
  }

  /** Puts everything that waits where it belongs, some messages a turn. */
  async settleAll(): Promise<void> {
    await this.#know();
    let moved = 0;
    for (const [owner, places] of Array.from(this.#waiting)) {
      moved += places.length;
      await this.settle(owner);
      if (moved < TURN_ROWS) continue;
      moved = 0;
      await this.#nextTurn();
    }
  }

  /** Forgets an archive in which nothing is left. */
  forgetEmpty(owner: string): Awaitable<unknown> {
    return this.#waiting.has(owner) ? undefined : this.#table.delete({ owner });
  }

  /** What the last turn wrote is lost. */
  forget(): void {
    this.#isKnown = false;
    this.#epoch++;
  }

  /** Takes note of a message; how many of its archive wait now. */
  #wait({ owner, part, id }: Pick<JournalRow, "owner" | "part" | "id">): number {
    const places = this.#waiting.get(owner);
    if (places) return places.push({ part, id });
    this.#waiting.set(owner, [{ part, id }]);
    return 1;
  }

  #move(key: Pick<JournalRow, "host" | "part" | "id" | "owner">): Awaitable<void> {
    return after(this.#table.get(key), (found) => {
      if (!found) return undefined;
      const { owner, id, with: peer, number, offset, label, stanza } = found;
      return this.#archives.put({ owner, id, with: peer, number, offset, label, stanza });
    });
  }

  /** Finds out what waits, after a start or a loss. */
  #know(): Awaitable<void> {
    if (this.#isKnown) return undefined;
    this.#isKnown = true;
    this.#waiting = new Map();
    const { domain } = this.#host;
    return after(this.#table.list({ where: { host: domain } }), (rows) => {
      const parts = new Set(rows.map(({ part }) => part));
      this.#full = [...parts];
      this.#part = Math.max(-1, ...parts) + 1;
      this.#rows = 0;
      this.#length = 0;
      for (const row of rows) this.#wait(row);
      return each(this.#waiting, ([owner, places]) => this.#leaveOutMoved(owner, places));
    });
  }

  /** Messages are moved in their order, and all that wait at once. */
  #leaveOutMoved(owner: string, places: readonly Place[]): Awaitable<void> {
    const last = this.#archives.list({ where: { owner }, reverse: true, limit: 1 });
    return after(last, ([row]) => {
      const waiting = row ? places.filter(({ id }) => id > row.id) : [...places];
      if (waiting.length > 0) this.#waiting.set(owner, waiting);
      else this.#waiting.delete(owner);
    });
  }

  #turnOver(): void {
    this.#full.push(this.#part);
    this.#part++;
    this.#rows = 0;
    this.#length = 0;
    this.#empty().catch((error: unknown) => {
      this.#host.log.error("the journal of the archives was not emptied", { error: String(error) });
    });
  }

  /** Empties the parts that are full. */
  async #empty(): Promise<void> {
    const epoch = this.#epoch;
    const parts = [...this.#full];
    await this.#nextTurn();
    await this.settleAll();
    for (const part of parts) {
      // What was moved in a turn that is lost is still here alone.
      if (this.#epoch !== epoch) return;
      await this.#table.delete({ host: this.#host.domain, part });
      this.#full = this.#full.filter((each) => each !== part);
      await this.#nextTurn();
    }
  }

  #nextTurn(): Promise<void> {
    return new Promise((resolve) => this.#host.clock.immediate(resolve));
  }
}
