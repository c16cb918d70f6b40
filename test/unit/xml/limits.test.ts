import { describe, expect, test } from "vitest";
import type { XmlLimits } from "../../../src/xml/parser.ts";
import { createXmlParser } from "../../../src/xml/stream-parser.ts";
import { conditionOf, drain, HEADER, limits, opened } from "./support.ts";

describe("policy-violation (RFC 6120 §4.9.3.14)", () => {
  const sized = (length: number): string => `<message>${"x".repeat(length - 19)}</message>`;

  test.each<[string, string, string, Partial<XmlLimits>]>([
    ["stanzaBytes", sized(200), sized(201), { stanzaBytes: 200 }],
    ["depth", "<a><b><c/></b></a>", "<a><b><c><d/></c></b></a>", { depth: 3 }],
    ["attributes", "<a b='' c='' xmlns='u'/>", "<a b='' c='' xmlns='u' d=''/>", { attributes: 3 }],
    ["attributeBytes", "<a b='12345678'/>", "<a b='123456789'/>", { attributeBytes: 8 }],
    [
      "attributeBytes with a reference",
      "<a b='1234567&lt;'/>",
      "<a b='1234567&lt;8'/>",
      { attributeBytes: 11 },
    ],
    // Three are declared by the stream.
    [
      "namespaces",
      "<a xmlns='u'><b xmlns:p='v'/><c xmlns:p='v'/></a>",
      "<a xmlns='u'><b xmlns:p='v' xmlns:q='w'/></a>",
      { namespaces: 5 },
    ],
  ])("%s", (_, within, beyond, changes) => {
    expect(conditionOf(within, changes)).toBeUndefined();
    expect(conditionOf(beyond, changes)).toBe("policy-violation");
    const parser = opened(changes);
    const conditions = [...Buffer.from(beyond)].flatMap((byte) => {
      parser.write(Buffer.from([byte]));
      return drain(parser);
    });
    expect(conditions[0]).toBe("policy-violation");
  });

  test("is seen when the limit is passed, not when the element ends", () => {
    const parser = opened({ stanzaBytes: 100 });
    parser.write(Buffer.from(`<message>${"x".repeat(91)}`));
    expect(parser.next()).toBeUndefined();
    parser.write(Buffer.from("x"));
    expect(() => parser.next()).toThrow(expect.objectContaining({ condition: "policy-violation" }));
  });

  test("is seen in the middle of a tag", () => {
    const parser = opened({ attributeBytes: 10, attributes: 2 });
    parser.write(Buffer.from("<a b='123"));
    expect(parser.next()).toBeUndefined();
    parser.write(Buffer.from("45678901"));
    expect(drain(parser)).toEqual(["policy-violation"]);
    const other = opened({ attributes: 2 });
    other.write(Buffer.from("<a b"));
    expect(other.next()).toBeUndefined();
    other.write(Buffer.from("='' c='' d="));
    expect(drain(other)).toEqual(["policy-violation"]);
  });

  test("does not hide an error that came first, however the bytes are cut", () => {
    const xml = `<a b='' b='' ${" ".repeat(200)}`;
    expect(conditionOf(xml, { stanzaBytes: 100 })).toBe("not-well-formed");
    const parser = opened({ stanzaBytes: 100 });
    const events = [...Buffer.from(xml)].flatMap((byte) => {
      parser.write(Buffer.from([byte]));
      return drain(parser);
    });
    expect(events[0]).toBe("not-well-formed");
  });

  test("stanzaBytes may be raised at any time", () => {
    const mutable = limits({ stanzaBytes: HEADER.length });
    const parser = createXmlParser(mutable);
    parser.write(Buffer.from(HEADER));
    expect(drain(parser)).toMatchObject([{ kind: "open" }]);
    parser.write(Buffer.from(`<message>${"x".repeat(50)}`));
    expect(parser.next()).toBeUndefined();
    mutable.stanzaBytes = 10_000;
    parser.write(Buffer.from(`${"x".repeat(5_000)}</message>`));
    expect(drain(parser)).toMatchObject([{ kind: "element" }]);
  });

  test("holds for the header", () => {
    const parser = createXmlParser(limits({ stanzaBytes: 50 }));
    parser.write(Buffer.from(`<stream xmlns='${"u".repeat(50)}'>`));
    expect(drain(parser)).toEqual(["policy-violation"]);
  });
});

describe("a hostile peer", () => {
  test("nests a megabyte of elements", () => {
    const flood = "<a>".repeat(350_000);
    expect(conditionOf(flood, { stanzaBytes: 2_000_000 })).toBe("policy-violation");
    const parser = opened({ stanzaBytes: 4_000_000, depth: 1_000_000 });
    parser.write(Buffer.from(flood + "</a>".repeat(350_000)));
    expect(drain(parser)).toMatchObject([{ kind: "element" }]);
  });

  test("sends attributes without end", () => {
    const flood = Array.from({ length: 20_000 }, (_, index) => ` a${index}=''`).join("");
    expect(conditionOf(`<a${flood}`, { stanzaBytes: 1_000_000 })).toBe("policy-violation");
  });

  test("sends an entity or a number without end", () => {
    expect(conditionOf(`<a>&${"a".repeat(50_000)}`)).toBe("restricted-xml");
    expect(conditionOf(`<a>&#${"0".repeat(50_000)}`)).toBe("policy-violation");
    expect(conditionOf(`<a b='&#x${"0".repeat(50_000)}`, { attributeBytes: 90_000 })).toBe(
      "policy-violation",
    );
  });

  test("makes a long namespace mean much with short names", () => {
    const long = `urn:${"x".repeat(2_000)}`;
    const elements = `<a xmlns:p='${long}'>${"<p:b/>".repeat(1_000)}</a>`;
    expect(conditionOf(elements)).toBe("policy-violation");
    const attributes = `<a xmlns:p='${long}'>${"<b p:c=''/>".repeat(1_000)}</a>`;
    expect(conditionOf(attributes)).toBe("policy-violation");
    const defaults = `<p:a xmlns='${long}' xmlns:p='u'>${"<b/>".repeat(1_000)}</p:a>`;
    expect(conditionOf(defaults)).toBe("policy-violation");
    expect(conditionOf(`<a xmlns='${long}'>${"<b/>".repeat(1_000)}</a>`)).toBeUndefined();
  });

  test.each([
    ["text", `<a>${"x&amp;é\r".repeat(20_000)}</a>`],
    ["elements", `<a>${"<b c='d'/>".repeat(18_000)}</a>`],
    ["one value", `<a b='${"x&amp;".repeat(30_000)}'/>`],
    ["space in a start tag", `<a${" ".repeat(180_000)}/>`],
    ["space in an end tag", `<a></a${" ".repeat(180_000)}>`],
    ["a long name", `<${"a".repeat(90_000)}></${"a".repeat(90_000)}>`],
    ["CDATA", `<a><![CDATA[${"]]".repeat(90_000)}]]></a>`],
    ["the end of the stream", `</stream:stream${" ".repeat(180_000)}>`],
  ])("sends 180 KB byte by byte: %s", (_, xml) => {
    const parser = opened({ stanzaBytes: 300_000, attributeBytes: 300_000 });
    const bytes = Buffer.from(xml);
    const events = Array.from(bytes, (_, at) => {
      parser.write(bytes.subarray(at, at + 1));
      return drain(parser);
    }).flat();
    expect(events.map((event) => (typeof event === "string" ? event : event.kind))).toEqual([
      xml.startsWith("</") ? "close" : "element",
    ]);
  });
});
