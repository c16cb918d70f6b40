/** XEP-0313 Message Archive Management, version 1.1.3, with questions that make no sense or mean harm. */
import { describe, expect } from "vitest";
import { test as base } from "../../src/testing/rig.ts";
import { converse, type Question, queryArchive } from "./archive-client.ts";

const test = base.extend("alice", async ({ connect, clock }) => {
  const alice = await connect("alice/phone");
  await connect("bob/desk");
  await converse(alice, "bob@localhost", ["1", "2", "3", "4"], clock);
  return alice;
});

const FULLTEXT = "{urn:xmpp:fulltext:0}fulltext";

describe("there is nothing", () => {
  test("between times, or messages, in the wrong order", async ({ alice }) => {
    const { ids, results } = await queryArchive(alice);
    const [first, last] = [results[0], results.at(-1)];
    const crossings: Readonly<Record<string, string>>[] = [
      { start: last?.stamp ?? "", end: first?.stamp ?? "" },
      { "after-id": ids[3] ?? "", "before-id": ids[0] ?? "" },
      { "after-id": ids[0] ?? "", "before-id": ids[0] ?? "" },
    ];
    for (const fields of crossings) {
      const { bodies, isComplete, error } = await queryArchive(alice, { fields });
      expect([bodies, isComplete, error]).toEqual([[], true, undefined]);
    }
    const crossed = await queryArchive(alice, {
      rsm: `<after>${ids[3]}</after><before>${ids[0]}</before>`,
    });
    expect(crossed.bodies).toEqual([]);
  });

  test("at the ends of time", async ({ alice }) => {
    const early = await queryArchive(alice, { fields: { end: "0001-01-01T00:00:00Z" } });
    const late = await queryArchive(alice, { fields: { start: "9999-12-31T23:59:59.999Z" } });
    expect([early.bodies, late.bodies]).toEqual([[], []]);
    const whole = { start: "0001-01-01T00:00:00Z", end: "9999-12-31T23:59:59.999Z" };
    expect((await queryArchive(alice, { fields: whole })).bodies).toEqual(["1", "2", "3", "4"]);
  });

  test("of which patterns mean something else than text", async ({ alice }) => {
    for (const text of [".*", "[1-4]", "%", "_", "' OR '1'='1", "\\", "1\u{FFFD}"])
      expect((await queryArchive(alice, { fields: { [FULLTEXT]: text } })).bodies).toEqual([]);
  });
});

describe("an id of another archive", () => {
  test("is not found, in whatever place", async ({ alice, connect }) => {
    const theirs = (await queryArchive(await connect("bob/phone"))).ids[0] ?? "";
    expect(theirs).not.toBe("");
    const questions: Question[] = [
      { fields: { "before-id": theirs } },
      { fields: { "after-id": theirs } },
      { fields: { ids: [theirs] } },
      { rsm: `<after>${theirs}</after>` },
      { rsm: `<before>${theirs}</before>` },
    ];
    for (const question of questions)
      expect((await queryArchive(alice, question)).error).toBe("item-not-found cancel");
  });
});

test("a page is never more than it may be, whatever number is asked for", async ({ alice }) => {
  for (const max of ["100", "2147483647", "9999999999", "+4"])
    expect((await queryArchive(alice, { rsm: `<max>${max}</max>` })).bodies).toHaveLength(4);
  expect((await queryArchive(alice, { rsm: "<index>9999999999</index>" })).bodies).toEqual([]);
});

test("a queryid comes back as it was, markup and all", async ({ alice }) => {
  const { results } = await queryArchive(alice, {
    queryId: "&quot;/&gt;&lt;x&amp;&apos;",
    rsm: "<max>1</max>",
  });
  expect(results.map(({ queryId }) => queryId)).toEqual([`"/><x&'`]);
});

test("an address that nobody has is one without messages", async ({ alice }) => {
  for (const peer of ["nobody@nowhere.example", "localhost", "bob@localhost/nowhere"])
    expect((await queryArchive(alice, { fields: { with: peer } })).bodies).toEqual([]);
});
