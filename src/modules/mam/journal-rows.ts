import type { Host } from "../../core/host.ts";
import type { Table } from "../../store/store.ts";
import { type Awaitable, after, each } from "../../util/awaitable.ts";
import { type ArchiveRow, narrow } from "./archive-row.ts";
import { PackedRows } from "./packed-rows.ts";
import { repacked } from "./packed-text.ts";
import { Packer } from "./packer.ts";

/** What one turn archived. */
interface JournalRow {
  /** The domain whose server wrote it. */
  host: string;
  slot: number;
  /** Its place in the order of the domain's rows. */
  turn: number;
  /** See `PackedRows`; zeros behind. */
  rows: Buffer;
}

/** The place of a row in the table, and its length. */
export interface Slot {
  readonly slot: number;
  readonly length: number;
}

export interface Written extends Slot {
  readonly rows: PackedRows;
}

export type JournalRowsHost = Pick<Host, "domain" | "log" | "table">;

/** Bytes of the shortest row; longer ones have twice as much, and so on up to a page of SQLite, or whole pages. */
const SHORTEST = 512;
const PAGE = 4096;
/** Longer rows are not kept for others. */
const LONGEST = 16 * PAGE;

/**
 * The rows of the journal in the store. They have few lengths, and one that need not be there any more is written over by
 * the next of its length: so the store changes as few pages as can be, and no row is deleted but to clear all away.
 */
export class JournalRows {
  readonly #table: Table<JournalRow>;
  readonly #host: JournalRowsHost;
  /** Slots that may be written over, by length. */
  #free = new Map<number, number[]>();
  #written: Slot[] = [];
  /** For what is written next: the store makes a copy of its own. */
  readonly #room = Buffer.allocUnsafeSlow(LONGEST);
  #nextSlot = 0;
  #nextTurn = 0;

  private constructor(host: JournalRowsHost, table: Table<JournalRow>) {
    this.#host = host;
    this.#table = table;
  }

  static async open(host: JournalRowsHost): Promise<JournalRows> {
    let slot = 0;
    const table = await host.table<JournalRow>({
      name: "archive_journal",
      version: 3,
      longRows: true,
      columns: { host: "text", slot: "int", turn: "int", rows: "blob" },
      key: ["host", "slot"],
      // The first version had a row for each message, the second one for each turn, as text. Both come in their order.
      migrate: ({ host: domain, ...row }, from) => ({
        host: domain as string,
        slot,
        turn: slot++,
        rows: from === 1 ? packedAlone(row as object as ArchiveRow) : repacked(row.rows as string),
      }),
    });
    return new JournalRows(host, table);
  }

  /** All that can be read, in the order in which it was written; those that need not be there any more are among them. */
  read(): Awaitable<readonly Written[]> {
    return after(this.#table.list({ where: { host: this.#host.domain } }), (rows) => {
      this.#free = new Map();
      this.#nextSlot = (rows.at(-1)?.slot ?? -1) + 1;
      rows.sort((a, b) => a.turn - b.turn);
      this.#nextTurn = (rows.at(-1)?.turn ?? -1) + 1;
      const written = rows.flatMap((row) => this.#unpack(row));
      this.#written = [...written];
      return written;
    });
  }

  write(rows: PackedRows): Awaitable<void> {
    const length = paddedLength(rows.bytes.length);
    const slot = this.#free.get(length)?.pop() ?? this.#nextSlot++;
    this.#written.push({ slot, length });
    const turn = this.#nextTurn++;
    return this.#table.put({ host: this.#host.domain, slot, turn, rows: this.#padded(rows.bytes, length) });
  }

  /** What was written up to now and not released. */
  get written(): readonly Slot[] {
    return [...this.#written];
  }

  /** These need not be there any more. */
  release(slots: readonly Slot[]): Awaitable<void> {
    const released = new Set(slots.map(({ slot }) => slot));
    this.#written = this.#written.filter(({ slot }) => !released.has(slot));
    return each(slots, ({ slot, length }) => {
      if (length > LONGEST) return this.delete(slot);
      const free = this.#free.get(length);
      if (free) free.push(slot);
      else this.#free.set(length, [slot]);
      return undefined;
    });
  }

  /** Those that need not be there any more, which nobody writes over from now on. */
  takeFree(): readonly number[] {
    const free = [...this.#free.values()].flat();
    this.#free = new Map();
    return free;
  }

  delete(slot: number): Awaitable<unknown> {
    return this.#table.delete({ host: this.#host.domain, slot });
  }

  /** A copy with zeros behind it; until the next. */
  #padded(bytes: Buffer, length: number): Buffer {
    if (length > LONGEST) return Buffer.concat([bytes], length);
    bytes.copy(this.#room);
    return this.#room.subarray(0, length).fill(0, bytes.length);
  }

  /** One that cannot be read stays where it is, and the others do not suffer. */
  #unpack({ slot, turn, rows }: JournalRow): readonly Written[] {
    try {
      return [{ slot, length: rows.length, rows: PackedRows.readPadded(rows) }];
    } catch {
      // What is wrong with it may quote it.
      this.#host.log.error(
        "messages of one turn are left out of their archives: the row of the journal is damaged",
        { table: "archive_journal", turn, length: rows.length },
      );
      return [];
    }
  }
}

function paddedLength(bytes: number): number {
  if (bytes > PAGE) return Math.ceil(bytes / PAGE) * PAGE;
  let length = SHORTEST;
  while (length < bytes) length *= 2;
  return length;
}

function packedAlone(row: ArchiveRow): Buffer {
  return Packer.pack([{ ...row, label: narrow(row.label) }]).bytes;
}
