/** XEP-0431 Full Text Search in MAM, version 0.2.0. */
import { describe, expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { test as rigTest } from "../../src/testing/rig.ts";
import { escapeText } from "../../src/xml/element.ts";
import { queryArchive } from "./archive-client.ts";

const FIELD = "{urn:xmpp:fulltext:0}fulltext";
const BODIES = [
  "Where arth thou, my Juliet?",
  "Tom & Jerry <3",
  "Ein ÜBERGROẞER Käse",
  "body and soul",
  "nothing",
];

const test = rigTest.extend<{ alice: Client }>({
  alice: async ({ connect }, use) => {
    const alice = await connect("alice/phone");
    await connect("bob/desk");
    for (const body of BODIES) {
      await alice.sends(`<message to="bob@localhost"><body>${escapeText(body)}</body></message>`);
    }
    // A message that has none of the words in its body, but elsewhere.
    await alice.sends(`<message to="bob@localhost"><body>-</body><x xmlns="urn:x">Juliet</x></message>`);
    await use(alice);
  },
});

describe("a search finds the messages", () => {
  test.for([
    ["with a word, whatever its case", "JULIET", [0]],
    ["with all of several words, in any order", "juliet  where", [0]],
    ["with some of the words not", "juliet romeo", []],
    ["with a part of a word", "ulie", [0]],
    ["with characters that are escaped in XML", "& <3", [1]],
    ["with letters beyond ASCII", "übergroßer käse", [2]],
    ["with words that are names in XML", "body", [3]],
    ["all, if it looks for nothing", "  ", [0, 1, 2, 3, 4, 5]],
  ] as const)("%s", async ([, text, found], { alice }) => {
    const { results } = await queryArchive(alice, { fields: { [FIELD]: text } });
    expect(results.map(({ body }) => BODIES.indexOf(body ?? "")).map((n) => (n < 0 ? 5 : n))).toEqual(found);
  });
});

test("a search is paged like any query", async ({ alice }) => {
  const fields = { [FIELD]: "o", with: "bob@localhost" };
  const one = await queryArchive(alice, { fields, rsm: "<max>2</max><before/>" });
  expect([one.bodies, one.isComplete, one.count]).toEqual([[BODIES[3], BODIES[4]], false, null]);
  const two = await queryArchive(alice, { fields, rsm: `<max>3</max><before>${one.first}</before>` });
  expect([two.bodies, two.isComplete]).toEqual([BODIES.slice(0, 3), true]);
});

test("what is too long to be looked for is refused", async ({ alice }) => {
  const { error } = await queryArchive(alice, { fields: { [FIELD]: "x".repeat(1025) } });
  expect(error).toBe("policy-violation modify");
});
