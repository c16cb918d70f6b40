import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Range, Store, Table } from "../../src/store/store.ts";
import type { Awaitable } from "../../src/util/awaitable.ts";
import { type Note, noteSpec } from "./store-tables.ts";

/** Compares a driver with an array that is searched and sorted in the plainest way. */
export function storeModelContract(driver: string, open: () => Awaitable<Store>): void {
  describe(`${driver}: any sequence of calls`, () => {
    test("does what an array would", { timeout: 20_000 }, async () => {
      const store = await open();
      let runs = 0;
      const property = fc.asyncProperty(
        fc.array(command, { minLength: 1, maxLength: 60 }),
        async (commands) => {
          const name = `notes_${letters(runs++)}`;
          const table = await store.table({ ...noteSpec, name, longRows: runs % 2 === 0 });
          const model = new Model();
          for (const run of commands) {
            const { actual, expected } = await run(store, table, model);
            expect(actual).toEqual(expected);
          }
          await store.rollback();
          model.rollback();
          expect(await table.list()).toEqual(model.list({}));
        },
      );
      try {
        await fc.assert(property, { numRuns: 150 });
      } finally {
        await store.close();
      }
    });
  });
}

/** Does the same to both; returns what each of them shows then. */
type Command = (
  store: Store,
  table: Table<Note>,
  model: Model,
) => Promise<{ actual: unknown; expected: unknown }>;

class Model {
  rows: Note[] = [];
  #committed: Note[] = [];

  put(row: Note): void {
    this.rows = [...this.rows.filter(({ owner, id }) => owner !== row.owner || id !== row.id), row];
  }

  delete(where: Partial<Note>): number {
    const left = this.rows.filter((row) => !matches(row, where));
    const count = this.rows.length - left.length;
    this.rows = left;
    return count;
  }

  list({ where = {}, index, after, before, reverse, offset = 0, limit = Infinity }: Range<Note>): Note[] {
    const columns = ORDERS[index ?? "key"];
    const open = columns?.find((column) => !(column in where)) ?? "id";
    const rows = this.rows
      .filter((row) => matches(row, where))
      .filter((row) => after === undefined || (row[open] !== null && compare(row[open], after) > 0))
      .filter((row) => before === undefined || (row[open] !== null && compare(row[open], before) < 0))
      .sort((a, b) => columns?.map((c) => compare(a[c], b[c])).find((order) => order !== 0) ?? 0);
    if (reverse) rows.reverse();
    return rows.slice(offset, offset + limit);
  }

  commit(): void {
    this.#committed = this.rows;
  }

  rollback(): void {
    this.rows = this.#committed;
  }
}

const ORDERS: Record<string, (keyof Note)[]> = {
  key: ["owner", "id"],
  by_peer: ["owner", "peer", "id"],
  by_id: ["id", "owner"],
};

function matches(row: Note, where: Partial<Note>): boolean {
  return Object.entries(where).every(([column, value]) => row[column as keyof Note] === value);
}

function compare(a: string | number | null, b: string | number | null): number {
  if (a === null || b === null) return (a === null ? 0 : 1) - (b === null ? 0 : 1);
  if (typeof a === "number" && typeof b === "number") return a - b;
  return Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)));
}

function letters(n: number): string {
  return String(n).replaceAll(/\d/g, (digit) => "abcdefghij".charAt(Number(digit)));
}

const owner = fc.constantFrom("", "a", "ab", "é", "\uffff", "\u{1f600}");
const id = fc.integer({ min: -3, max: 6 });
const peer = fc.option(fc.constantFrom("", "a", "\ue000", "\u{10000}"));
const limits = fc.record(
  { reverse: fc.boolean(), offset: fc.nat({ max: 4 }), limit: fc.nat({ max: 8 }) },
  { requiredKeys: [] },
);
const bounds = <T>(value: fc.Arbitrary<T>) =>
  fc.record({ after: value, before: value }, { requiredKeys: [] });
const text = fc.constantFrom("", "a", "ab", "\uffff", "\u{1f600}");

const range: fc.Arbitrary<Range<Note>> = fc
  .oneof(
    bounds(owner),
    fc.tuple(fc.record({ owner }), bounds(id)).map(([where, bound]) => ({ where, ...bound })),
    fc.record({ where: fc.record({ owner, id }) }),
    fc.tuple(fc.record({ owner }), bounds(text)).map(([where, b]) => ({ index: "by_peer", where, ...b })),
    fc.tuple(fc.record({ owner, peer }), bounds(id)).map(([where, b]) => ({ index: "by_peer", where, ...b })),
    bounds(id).map((bound) => ({ index: "by_id", ...bound })),
    fc.tuple(fc.record({ id }), bounds(owner)).map(([where, b]) => ({ index: "by_id", where, ...b })),
  )
  .chain((base) => limits.map((rest) => ({ ...base, ...rest })));

const where = fc
  .record({ owner, id, peer }, { requiredKeys: [] })
  .filter((columns) => Object.keys(columns).length > 0);

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({ owner, id, peer }).map(
      (row): Command =>
        async (_store, table, model) => {
          await table.put(row);
          model.put(row);
          return { actual: await table.get({ owner: row.owner, id: row.id }), expected: row };
        },
    ),
  },
  {
    weight: 3,
    arbitrary: where.map(
      (columns): Command =>
        async (_store, table, model) => {
          return { actual: await table.delete(columns), expected: model.delete(columns) };
        },
    ),
  },
  {
    weight: 8,
    arbitrary: range.map(
      (wanted): Command =>
        async (_store, table, model) => {
          const expected = model.list(wanted);
          const actual = { rows: await table.list(wanted), count: await table.count(wanted) };
          return { actual, expected: { rows: expected, count: expected.length } };
        },
    ),
  },
  fc.constant<Command>(async (store, _table, model) => {
    await store.commit();
    model.commit();
    return { actual: store.dirty, expected: false };
  }),
  fc.constant<Command>(async (store, table, model) => {
    await store.rollback();
    model.rollback();
    return { actual: await table.list(), expected: model.list({}) };
  }),
);
