import { describe, expect, test } from "vitest";
import { readXml } from "../../../src/testing/read-xml.ts";
import { serialize } from "../../../src/xml/element.ts";
import { pageOf, readRsm, rsmElement } from "../../../src/xmpp/rsm.ts";

const RSM = "http://jabber.org/protocol/rsm";
const query = (set: string) => readXml(`<query xmlns="urn:x"><set xmlns="${RSM}">${set}</set></query>`);

describe("a request", () => {
  test.for([
    ["<max>10</max>", { max: 10 }],
    ["<max> 0 </max>", { max: 0 }],
    ["<max>99999999999999999999</max>", { max: Number.MAX_SAFE_INTEGER }],
    ["<max>10</max><after>a b</after>", { max: 10, after: "a b" }],
    ["<before>x</before>", { before: "x" }],
    ["<before/>", { before: "" }],
    ["<after/>", {}],
    ["<index>371</index>", { index: 371 }],
    [`<max xmlns="urn:other">10</max>`, {}],
    ["", {}],
  ] as const)("%s", ([set, wanted]) => {
    expect(readRsm(query(set))).toEqual(wanted);
  });

  test("may be absent", () => {
    expect(readRsm(readXml(`<query xmlns="urn:x"><set/></query>`))).toEqual({});
  });

  test.for(["<max>-1</max>", "<max>ten</max>", "<max/>", "<index>1.5</index>", "<index>1</index><before/>"])(
    "is refused with %s",
    (set) => {
      expect(() => readRsm(query(set))).toThrow(expect.objectContaining({ condition: "bad-request" }));
    },
  );
});

describe("an answer", () => {
  test.for([
    [{}, ""],
    [{ count: 0 }, "<count>0</count>"],
    [{ first: "a", last: "b" }, "<first>a</first><last>b</last>"],
    [
      { first: "a", last: "b", index: 0, count: 2 },
      `<first index="0">a</first><last>b</last><count>2</count>`,
    ],
  ] as const)("%j", ([page, content]) => {
    const text = serialize(rsmElement(page));
    expect(text).toBe(content === "" ? `<set xmlns="${RSM}"/>` : `<set xmlns="${RSM}">${content}</set>`);
  });
});

describe("a page of a list", () => {
  const letters = ["a", "b", "c", "d", "e"];
  const cut = (request: Parameters<typeof pageOf>[2], most = 10) => {
    const { items, page } = pageOf(letters, (letter) => letter, request, most);
    return [items.join(""), page.index, page.count];
  };

  test.for([
    ["the first (§2.2)", { max: 2 }, "ab", 0],
    ["all", {}, "abcde", 0],
    ["the next (§2.2)", { max: 2, after: "b" }, "cd", 2],
    ["the last", { max: 2, after: "d" }, "e", 4],
    ["the previous (§2.3)", { max: 2, before: "d" }, "bc", 1],
    ["the one before all", { max: 9, before: "c" }, "ab", 0],
    ["the last one (§2.5)", { max: 2, before: "" }, "de", 3],
    ["between two", { max: 9, after: "a", before: "d" }, "bc", 1],
    ["by index (§2.6)", { max: 2, index: 3 }, "de", 3],
  ] as const)("%s", ([, request, items, index]) => {
    expect(cut(request)).toEqual([items, index, 5]);
    expect(pageOf(letters, (letter) => letter, request, 10).page).toMatchObject({
      first: items[0],
      last: items.at(-1),
    });
  });

  test.for([
    ["behind the end (§2.6)", { index: 5 }],
    ["after the last", { after: "e" }],
    ["before the first", { before: "a" }],
    ["of none (§2.7)", { max: 0 }],
    ["of none, from the end", { max: 0, before: "" }],
  ] as const)("%s is empty, and tells how many there are", ([, request]) => {
    const { items, page } = pageOf(letters, (letter) => letter, request, 10);
    expect([items, page]).toEqual([[], { count: 5 }]);
  });

  test("has no more items than it may", () => {
    expect(cut({ max: 4 }, 3)).toEqual(["abc", 0, 5]);
    expect(cut({ before: "" }, 3)).toEqual(["cde", 2, 5]);
  });

  test("next to an item that is gone is not found (§2.4)", () => {
    for (const request of [{ after: "x" }, { before: "x" }])
      expect(() => cut(request)).toThrow(expect.objectContaining({ condition: "item-not-found" }));
  });
});
