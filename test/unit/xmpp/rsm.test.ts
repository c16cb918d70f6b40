import { describe, expect, test } from "vitest";
import { readXml } from "../../../src/testing/read-xml.ts";
import { serialize } from "../../../src/xml/element.ts";
import { readRsm, rsmElement } from "../../../src/xmpp/rsm.ts";

const RSM = "http://jabber.org/protocol/rsm";
const query = (set: string) => readXml(`<query xmlns="urn:x"><set xmlns="${RSM}">${set}</set></query>`);

describe("a request", () => {
  test.for([
    ["<max>10</max>", { max: 10 }],
    ["<max> 0 </max>", { max: 0 }],
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

  test.for(["<max>-1</max>", "<max>ten</max>", "<max/>", "<index>1.5</index>", "<max>99999999999</max>"])(
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
