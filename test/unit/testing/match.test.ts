import { describe, expect, test } from "vitest";
import { type Captures, mismatch } from "../../../src/testing/match.ts";
import { readXml } from "../../../src/testing/read-xml.ts";

function differs(pattern: string, actual: string, captures: Captures = new Map()): string | undefined {
  return mismatch(readXml(pattern), readXml(actual), captures);
}

describe("what matches", () => {
  const cases: [what: string, pattern: string, actual: string][] = [
    ["the same", `<a b="1"><c>x</c></a>`, `<a b="1"><c>x</c></a>`],
    ["attributes in another order", `<a b="1" c="2"/>`, `<a c="2" b="1"/>`],
    ["other prefixes", `<p:a xmlns:p="u"/>`, `<a xmlns="u"/>`],
    ["white space between elements", `<a>\n  <b/>\n  <c/>\n</a>`, `<a><b/><c/></a>`],
    ["CDATA and references", `<a>&lt;&#65;</a>`, `<a><![CDATA[<A]]></a>`],
    [
      "addresses and ids of a stanza",
      `<message type="chat"/>`,
      `<message from="a@b" to="c@d" id="1" xml:lang="en" type="chat"/>`,
    ],
    [
      "the id of an archive",
      `<message><body/></message>`,
      `<message><body/><stanza-id xmlns="urn:xmpp:sid:0" by="x" id="1"/></message>`,
    ],
    ["any value", `<a b="{any}">{any}</a>`, `<a b=""><c/>text</a>`],
    ["no attribute", `<iq from="{none}"/>`, `<iq to="x"/>`],
    ["a part of a value", `<a b="x/{rest}"/>`, `<a b="x/y"/>`],
    ["a capture twice", `<a b="{x}"><c>{x}</c></a>`, `<a b="1"><c>1</c></a>`],
    ["some of the children", `<a>{...}<c/></a>`, `<a><b/><c/><d/></a>`],
    ["mixed content", `<a>1<b/>2</a>`, `<a>1<b/>2</a>`],
  ];
  test.each(cases)("%s", (_, pattern, actual) => {
    expect(differs(pattern, actual)).toBeUndefined();
  });
});

describe("what does not", () => {
  const cases: [what: string, pattern: string, actual: string][] = [
    ["another name", `<a/>`, `<b/>`],
    ["another namespace", `<a/>`, `<a xmlns="u"/>`],
    ["another value", `<a b="1"/>`, `<a b="2"/>`],
    ["a missing attribute", `<a b="{any}"/>`, `<a/>`],
    ["an attribute too many", `<a/>`, `<a b="1"/>`],
    ["the type of a stanza", `<message/>`, `<message type="chat"/>`],
    ["an id below a stanza", `<iq><a/></iq>`, `<iq><a id="1"/></iq>`],
    ["an attribute that must not be there", `<iq from="{none}"/>`, `<iq from="x"/>`],
    ["children in another order", `<a><b/><c/></a>`, `<a><c/><b/></a>`],
    ["a child too many", `<a><b/></a>`, `<a><b/><c/></a>`],
    ["a child too few", `<a><b/><c/></a>`, `<a><b/></a>`],
    ["other text", `<a>x</a>`, `<a>x </a>`],
    ["text too many", `<a><b/></a>`, `<a><b/>x</a>`],
    ["a capture of two values", `<a b="{x}"><c>{x}</c></a>`, `<a b="1"><c>2</c></a>`],
    ["one of some children missing", `<a>{...}<c/></a>`, `<a><b/></a>`],
    [
      "a stanza-id that is asked for",
      `<message><stanza-id xmlns="urn:xmpp:sid:0" by="x" id="1"/></message>`,
      `<message/>`,
    ],
    ["an empty capture", `<a b="{x}"/>`, `<a b=""/>`],
  ];
  test.each(cases)("%s", (_, pattern, actual) => {
    expect(differs(pattern, actual)).toEqual(expect.any(String));
  });
});

test("captures stay, unless the whole did not match", () => {
  const captures: Captures = new Map();
  expect(differs(`<a b="{x}"/>`, `<a b="1"/>`, captures)).toBeUndefined();
  expect(differs(`<a b="{y}" c="3"/>`, `<a b="2" c="4"/>`, captures)).toBeDefined();
  expect([...captures]).toEqual([["x", "1"]]);
  expect(differs(`<a b="{x}"/>`, `<a b="2"/>`, captures)).toContain(`b is "2", not "1"`);
});
