import { describe, expect, test } from "vitest";
import type { ArchiveRow } from "../../../../src/modules/mam/archive-row.ts";
import { takePage } from "../../../../src/modules/mam/page.ts";

async function* rows(count: number, length = 1): AsyncGenerator<ArchiveRow> {
  for (let id = 0; id < count; id++) {
    yield { owner: "a@b", id, with: "c@d", number: id, offset: id, label: null, stanza: "x".repeat(length) };
  }
}

const idsOf = ({ rows: found }: { rows: readonly ArchiveRow[] }) => found.map(({ id }) => id);

test("a page is complete when there is nothing behind it", async () => {
  const exact = await takePage(rows(3), { messages: 3, backwards: false });
  expect([idsOf(exact), exact.isComplete]).toEqual([[0, 1, 2], true]);
  const cut = await takePage(rows(4), { messages: 3, backwards: false });
  expect([idsOf(cut), cut.isComplete]).toEqual([[0, 1, 2], false]);
  expect((await takePage(rows(0), { messages: 0, backwards: false })).isComplete).toBe(true);
  expect((await takePage(rows(1), { messages: 0, backwards: false })).isComplete).toBe(false);
});

test("a page of rows that come backwards is in order", async () => {
  expect(idsOf(await takePage(rows(9), { messages: 3, backwards: true }))).toEqual([2, 1, 0]);
});

describe("a page ends early", () => {
  test("when its messages are large, but has at least one", async () => {
    const several = await takePage(rows(9, 400_000), { messages: 9, backwards: false });
    expect([idsOf(several), several.isComplete]).toEqual([[0, 1], false]);
    const one = await takePage(rows(2, 2_000_000), { messages: 9, backwards: false });
    expect([idsOf(one), one.isComplete]).toEqual([[0], false]);
  });

  test("when hardly any of 200,000 messages match", async () => {
    const limits = {
      messages: 2,
      backwards: false,
      matches: ({ id }: ArchiveRow) => id === 199_999 || id === 200_000,
    };
    const page = await takePage(rows(300_000), limits);
    expect([idsOf(page), page.isComplete]).toEqual([[199_999], false]);
    expect((await takePage(rows(200_000), limits)).isComplete).toBe(true);
  });
});
