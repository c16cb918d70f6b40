import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Archive } from "../../../../src/modules/mam/archive.ts";
import type { ArchiveRow } from "../../../../src/modules/mam/archive-row.ts";
import type { Slice } from "../../../../src/modules/mam/segments.ts";
import { createMemoryStore } from "../../../../src/store/memory.ts";
import { openSqliteStore } from "../../../../src/store/sqlite.ts";
import { type Store, StoreError } from "../../../../src/store/store.ts";
import { FaultyStore } from "../../../../src/testing/faults/faulty-store.ts";
import { Seam, type StoreFault } from "../../../../src/testing/faults/seams.ts";
import { el } from "../../../../src/xml/element.ts";
import { parseStanza } from "../../../../src/xmpp/parse-stanza.ts";
import { message } from "../../../../src/xmpp/stanza.ts";
import { temporaryFolder } from "../../store/folder.ts";
import { archiveHost } from "./archive-host.ts";

const folder = temporaryFolder();
let files = 0;

interface Kept {
  id: number;
  readonly with: string;
  readonly name: string;
  text: string;
}

type End = "commit" | "lose";

/** An archive and what it has to have, which is searched in the plainest way. */
class Compared {
  archive: Archive;
  /** Writes until one of them fails. */
  failsAfter = Number.POSITIVE_INFINITY;
  readonly #store: Store;
  readonly #open: () => Promise<Archive>;
  #kept = new Map<string, Kept[]>();
  #committed = new Map<string, Kept[]>();

  private constructor(store: Store, open: () => Promise<Archive>, archive: Archive) {
    this.#store = store;
    this.#open = open;
    this.archive = archive;
    store.onFailed = () => this.archive.forget();
  }

  static async open(inner: Store): Promise<Compared> {
    const faults = new Seam<StoreFault>();
    const store = new FaultyStore(inner, faults);
    const host = archiveHost(store);
    const open = () => Archive.open(host);
    const compared = new Compared(store, open, await open());
    faults.add({ writes: () => (compared.failsAfter-- === 0 ? "full" : undefined) });
    return compared;
  }

  of(owner: string): Kept[] {
    return this.#kept.get(owner) ?? [];
  }

  set(owner: string, kept: readonly Kept[]): void {
    this.#kept.set(owner, [...kept]);
  }

  async append(owner: string, peer: string, name: string, text: string): Promise<void> {
    const kept = (id: number) => this.set(owner, [...this.of(owner), { id, with: peer, name, text }]);
    try {
      kept(await this.archive.append(owner, peer, message({ id: name }, el("body", {}, text))));
    } catch (error) {
      if (await this.#isLost()) throw error;
      // It may be archived all the same.
      const { id = 0 } = (await this.archive.last({ owner })) ?? {};
      if (id > (this.of(owner).at(-1)?.id ?? 0)) kept(id);
    }
  }

  slice({ owner, with: peer, after = -1, before = Number.POSITIVE_INFINITY }: Slice): Kept[] {
    return this.of(owner).filter(
      (row) => row.id > after && row.id < before && (peer === undefined || row.with === peer),
    );
  }

  async commit(): Promise<void> {
    try {
      await this.#store.commit();
    } catch {
      return this.lose();
    }
    this.#committed = structuredClone(this.#kept);
  }

  /** Runs a command, of which a write may fail: then all of the turn is lost, or nothing when it was the first one. */
  async run(command: Command): Promise<void> {
    try {
      await command(this);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (await this.#isLost()) await this.lose();
    }
  }

  async #isLost(): Promise<boolean> {
    try {
      await this.archive.last({ owner: "nobody@localhost" });
      return false;
    } catch {
      return true;
    }
  }

  /** Ends turns until `work` is done; whether it was, and is durable. Until then no write fails. */
  async during(work: () => Promise<unknown>, ends: readonly End[]): Promise<boolean> {
    this.failsAfter = Number.POSITIVE_INFINITY;
    await this.commit();
    let isDone: boolean | undefined;
    const done = (is: boolean) => () => {
      isDone = is;
    };
    work().then(done(true), done(false));
    let end: End | undefined;
    for (let turn = 0; isDone === undefined; turn++) {
      await new Promise(setImmediate);
      end = ends[turn] ?? "commit";
      await this[end]();
    }
    return isDone && end === "commit";
  }

  async lose(): Promise<void> {
    await this.#store.rollback();
    this.archive.forget();
    this.#kept = structuredClone(this.#committed);
  }

  /** A crash: what was not committed is lost. */
  async crash(): Promise<void> {
    await this.lose();
    this.archive = await this.#open();
  }
}

type Command = (compared: Compared) => Promise<void>;

const owner = fc.constantFrom("alice@localhost", "bob@localhost");
const peer = fc.constantFrom("carol@localhost", "dave@localhost", "eve@localhost");
const name = fc.constantFrom("m1", "m2", "m3");
const ends = fc.array(fc.constantFrom<End>("commit", "lose"), { maxLength: 12 });
const share = fc.double({ min: 0, max: 1, noNaN: true });

/** Two ids of the archive, or next to them, as bounds. */
const slice = fc.record({ owner, peer: fc.option(peer), low: fc.option(share), high: fc.option(share) });

function sliceOf(
  compared: Compared,
  { owner: of, peer: other, low, high }: typeof slice extends fc.Arbitrary<infer T> ? T : never,
): Slice {
  const ids = compared.of(of).map(({ id }) => id);
  const at = (part: number) => ids[Math.floor(part * (ids.length - 1))] ?? 5;
  return {
    owner: of,
    ...(other !== null && { with: other }),
    ...(low !== null && { after: at(low) }),
    ...(high !== null && { before: at(high) }),
  };
}

const shown = (row: ArchiveRow | undefined) =>
  row && {
    id: row.id,
    with: row.with,
    name: row.stanza.includes("gone") ? "" : parseStanza(row.stanza).id,
    text: parseStanza(row.stanza).text("body"),
  };
const expected = (row: Kept | undefined) => row && { ...row, name: row.text === "gone" ? "" : row.name };

async function collect(rows: AsyncIterable<ArchiveRow>) {
  const found = [];
  for await (const row of rows) found.push(shown(row));
  return found;
}

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .record({
        owner,
        peer,
        name,
        count: fc.integer({ min: 1, max: 150 }),
        length: fc.constantFrom(1, 10, 3000, 20_000),
      })
      .map(
        ({ owner: of, peer: other, name: called, count, length }): Command =>
          async (compared) => {
            for (let n = 0; n < Math.min(count, 60_000 / length + 1); n++) {
              await compared.append(
                of,
                n % 3 === 0 ? "dave@localhost" : other,
                called,
                `${n}${"x".repeat(length)}`,
              );
            }
          },
      ),
  },
  {
    weight: 8,
    arbitrary: fc.record({ slice, share }).map(
      ({ slice: wanted, share: part }): Command =>
        async (compared) => {
          const { archive } = compared;
          const within = sliceOf(compared, wanted);
          const rows = compared.slice(within);
          expect(await collect(archive.rows(within, false))).toEqual(rows.map(expected));
          expect(await collect(archive.rows(within, true))).toEqual(rows.map(expected).reverse());
          expect(await archive.count(within)).toBe(rows.length);
          expect(shown(await archive.first(within))).toEqual(expected(rows[0]));
          expect(shown(await archive.last(within))).toEqual(expected(rows.at(-1)));
          const index = Math.floor(part * (rows.length + 1));
          expect(shown(await archive.at(within, index))).toEqual(expected(rows[index]));
          const id = rows[index]?.id ?? 7;
          expect(shown(await archive.get(within.owner, id))).toEqual(expected(rows[index]));
        },
    ),
  },
  {
    weight: 3,
    arbitrary: fc.record({ owner, peer, name }).map(
      ({ owner: of, peer: other, name: called }): Command =>
        async (compared) => {
          const rows = compared.slice({ owner: of, with: other }).filter((row) => row.name === called);
          const found = [];
          for await (const { id } of compared.archive.alike({ owner: of, with: other }, called))
            found.push(id);
          expect(found).toEqual(
            rows
              .map(({ id }) => id)
              .reverse()
              .slice(0, 50),
          );
        },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.record({ owner, share }).map(
      ({ owner: of, share: part }): Command =>
        async (compared) => {
          const rows = compared.of(of);
          const row = rows[Math.floor(part * rows.length)];
          const found = row && (await compared.archive.get(of, row.id));
          if (!row || !found) return;
          await compared.archive.replace(found, message({}, el("body", {}, "gone")).toString());
          compared.set(
            of,
            rows.map((each) => (each === row ? { ...each, text: "gone" } : each)),
          );
        },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.record({ owner, share }).map(
      ({ owner: of, share: part }): Command =>
        async (compared) => {
          const rows = compared.of(of);
          const messages = Math.floor(part * rows.length);
          const deleted = await compared.archive.trim(of, {
            messages,
            bytes: Number.POSITIVE_INFINITY,
            since: 0,
          });
          expect(deleted).toBe(rows.length - messages);
          compared.set(of, rows.slice(rows.length - messages));
        },
    ),
  },
  owner.map(
    (of): Command =>
      async (compared) => {
        await compared.archive.remove(of);
        compared.set(of, []);
      },
  ),
  fc.constant<Command>(async (compared) => {
    const owners = [];
    for await (const of of compared.archive.owners()) owners.push(of);
    expect(owners).toEqual(["alice@localhost", "bob@localhost"].filter((of) => compared.of(of).length > 0));
  }),
  fc.nat({ max: 8 }).map(
    (writes): Command =>
      async (compared) => {
        compared.failsAfter = writes;
      },
  ),
  {
    weight: 2,
    arbitrary: fc
      .record({ ends, arriving: fc.array(owner, { maxLength: 6 }), times: fc.integer({ min: 1, max: 2 }) })
      .map(
        ({ ends: how, arriving, times }): Command =>
          async (compared) => {
            const clear = async () => {
              for await (const _owner of compared.archive.owners());
            };
            const arrive = async () => {
              for (const of of arriving) {
                await compared.append(of, "carol@localhost", "m1", "meanwhile");
                await new Promise(setImmediate);
              }
            };
            const work = () => Promise.allSettled([...Array.from({ length: times }, clear), arrive()]);
            await compared.during(work, how);
          },
      ),
  },
  {
    weight: 2,
    arbitrary: fc.record({ ends, owner }).map(
      ({ ends: how, owner: of }): Command =>
        async (compared) => {
          const isGone = await compared.during(() => compared.archive.remove(of), how);
          const left = await collect(compared.archive.rows({ owner: of }, false));
          // The oldest go first.
          const rest = isGone ? [] : compared.of(of).slice(compared.of(of).length - left.length);
          expect(left).toEqual(rest.map(expected));
          compared.set(of, rest);
          await compared.commit();
        },
    ),
  },
  fc.constant<Command>((compared) => compared.commit()),
  fc.constant<Command>((compared) => compared.lose()),
  fc.constant<Command>((compared) => compared.crash()),
);

describe.each([
  ["memory", createMemoryStore],
  ["sqlite", () => openSqliteStore({ path: join(folder, `${++files}.sqlite`), synchronous: "normal" })],
])("in %s", (_, open) => {
  test("any sequence of calls does what an array would", { timeout: 60_000 }, async () => {
    const property = fc.asyncProperty(
      fc.array(command, { minLength: 1, maxLength: 40, size: "max" }),
      async (commands) => {
        const store = open();
        try {
          const compared = await Compared.open(store);
          for (const run of commands) await compared.run(run);
        } finally {
          await store.close();
        }
      },
    );
    await fc.assert(property, { numRuns: 60 });
  });
});
