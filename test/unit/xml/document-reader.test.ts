import { describe, expect, test } from "vitest";
import { DocumentReader } from "../../../src/xml/document-reader.ts";
import { XmlError } from "../../../src/xml/parser.ts";
import { limits } from "./support.ts";

const CONTAINERS = new Set(["doc", "list"]);

/** What is read of the document when its bytes come in pieces of this size; an error becomes its condition. */
function read(text: string, size = text.length, changes = {}): string[] {
  const reader = new DocumentReader(limits(changes), ({ name }) => CONTAINERS.has(name));
  const bytes = Buffer.from(text);
  const events: string[] = [];
  try {
    for (let at = 0; at < bytes.length; at += size) {
      reader.write(bytes.subarray(at, at + size));
      for (let event = reader.next(); event !== undefined; event = reader.next()) {
        if (event.kind === "open") {
          const { name, ns, attributes } = event.tag;
          events.push(`open {${ns}}${name} ${Object.entries(attributes).join(" ")}`.trim());
        } else if (event.kind === "element") {
          const { name, ns, inner, attributes } = event.element;
          events.push(`{${ns}}${name} ${Object.entries(attributes).join(" ")} ${inner}`);
        } else events.push("close");
      }
    }
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    events.push(error.condition);
  }
  if (reader.isOver) events.push("over");
  return events;
}

const DOCUMENT = `<?xml version='1.0' encoding='UTF-8'?>
<!-- by hand --><doc xmlns='a' xmlns:p="b" x='1 &amp; 2'>
  <list y="2">
    <p:item n='1'>ü<deep><deep/></deep></p:item>text between
    <?target and data?><!-- <item/> --><item/>
  </list >
  <list/>
  <item xmlns='c'>&lt;</item>
</doc>
<!-- end -->`;

const EVENTS = [
  "open {a}doc x,1 & 2",
  "open {a}list y,2",
  `{b}item n,1 ü<deep xmlns="a"><deep/></deep>`,
  "{a}item  ",
  "close",
  "open {a}list",
  "close",
  "{c}item  &lt;",
  "close",
  "over",
];

test.each([1, 2, 3, 7, 64, 10_000])("a document is the same in pieces of %i bytes", (size) => {
  expect(read(DOCUMENT, size)).toEqual(EVENTS);
});

describe("is refused:", () => {
  const cases: [string, string, string][] = [
    ["the end tag of another element", "<doc></list>", "not-well-formed"],
    ["an end tag before the root", "</doc>", "not-well-formed"],
    ["a second root", "<doc/><doc/>", "not-well-formed"],
    ["text outside of the root", "<doc/>text", "not-well-formed"],
    ["a prefix that nobody declared", "<doc><p:item/></doc>", "not-well-formed"],
    ["one that a sibling declared", "<doc><list xmlns:p='b'/><p:item/></doc>", "not-well-formed"],
    ["a document type", "<!DOCTYPE doc><doc/>", "restricted-xml"],
    ["another encoding", "<?xml version='1.0' encoding='latin1'?><doc/>", "unsupported-encoding"],
    ["an element that is too large", `<doc><item>${"x".repeat(1000)}</item></doc>`, "policy-violation"],
    ["a comment that is too large", `<doc><!--${"x".repeat(1000)}`, "policy-violation"],
    ["an end tag that is too large", `<doc></doc${" ".repeat(1000)}`, "policy-violation"],
  ];
  test.each(cases)("%s", (_, text, condition) => {
    expect(read(text, text.length, { stanzaBytes: 500 })).toContain(condition);
  });
});

test("what all of its elements have together is of no concern", () => {
  const events = read(`<doc>${"<item>12345</item>".repeat(1000)}</doc>`, 100, { stanzaBytes: 500 });
  expect(events).toHaveLength(1003);
});

test("a document that ends too early is not over", () => {
  expect(read("<doc><list>")).toEqual(["open {}doc", "open {}list"]);
});
