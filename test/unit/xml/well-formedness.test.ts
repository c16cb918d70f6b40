import { describe, expect, test } from "vitest";
import { conditionOf, elementOf } from "./support.ts";

const bytes = (...values: (number | string)[]): Buffer =>
  Buffer.concat(
    values.map((value) => (typeof value === "string" ? Buffer.from(value) : Buffer.from([value]))),
  );

function expectCondition(xml: string | Buffer, condition: string | undefined): void {
  expect(conditionOf(xml)).toBe(condition);
}

describe("accepts", () => {
  test.each([
    "<a/>",
    "<a></a>",
    "<a ></a >",
    "<a\n\tb = 'c'\r\n/>",
    `<a b='"' c="'" d='>'/>`,
    "<a b='&#9;&#xA;&#x10FFFF;&#xfffd;&lt;&gt;&amp;&quot;&apos;'/>",
    "<a>&#x00000000000041;</a>",
    "<a>]] ]> ]&gt; ]]&gt;</a>",
    "<a>>]]</a>",
    "<a><![CDATA[]]]]><![CDATA[>]]></a>",
    "<a><![CDATA[&foo; <b> ]] > ]]]></a>",
    "<a><b/>text<c/></a>",
    "<é/>",
    "<a·/>",
    "<_a-b.c1/>",
    "<p:a xmlns:p='u'/>",
    "<p:a xmlns:p='u' p:b='' b=''/>",
    "<a xml:lang='de' xml:space='preserve'/>",
    "<a xmlns:xml='http://www.w3.org/XML/1998/namespace'/>",
    "<a xmlns='' b=''/>",
    "<a xmlns='u' xmlns:p='u' p:b='' b=''/>",
    "<a xmlns:p='u'><p:b xmlns:p='v'/><p:c/></a>",
    "<a>\ud83d\ude00\u0085\ufdd0\ufeff</a>",
  ])("%s", (xml) => expectCondition(xml, undefined));
});

describe("not-well-formed", () => {
  test.each([
    ["mismatched end tag", "<a></b>"],
    ["end tag that is longer", "<a></ab>"],
    ["end tag that is shorter", "<ab></a>"],
    ["end tag with attribute", "<a></a b=''>"],
    ["end tag that is empty", "<a></a/>"],
    ["prefix instead of another with the same namespace", "<p:a xmlns:p='u' xmlns:q='u'></q:a>"],
    ["space before the name", "< a/>"],
    ["name with a digit first", "<1a/>"],
    ["name with a hyphen first", "<-a/>"],
    ["no name", "<>"],
    ["name with a sign", "<a$/>"],
    ["slash inside", "<a / >"],
    ["attribute twice", "<a b='' c='' b=''/>"],
    ["attribute twice by namespace (XML-NAMES §6.3)", "<a xmlns:p='u' xmlns:q='u' p:b='' q:b=''/>"],
    ["default namespace twice", "<a xmlns='u' xmlns='v'/>"],
    ["attribute without value", "<a b/>"],
    ["attribute without quotes", "<a b=c/>"],
    ["attributes without space", "<a b=''c=''/>"],
    ["< in a value", "<a b='<'/>"],
    ["& alone", "<a>a & b</a>"],
    ["& alone in a value", "<a b='?x=1&'/>"],
    ["reference without semicolon", "<a>&amp </a>"],
    ["reference to nothing", "<a>&;</a>"],
    ["numeric reference without number", "<a>&#;</a>"],
    ["hexadecimal reference without number", "<a>&#x;</a>"],
    ["hexadecimal reference with capital X", "<a>&#X41;</a>"],
    ["reference to U+0000", "<a>&#0;</a>"],
    ["reference to a control character", "<a>&#x1;</a>"],
    ["reference to a surrogate", "<a>&#xD800;</a>"],
    ["reference to U+FFFE", "<a>&#xFFFE;</a>"],
    ["reference beyond Unicode", "<a>&#x110000;</a>"],
    ["reference beyond every integer", "<a>&#99999999999999999999;</a>"],
    ["]]> in text", "<a>]]></a>"],
    ["]]> after a CDATA section", "<a><![CDATA[]]>]]></a>"],
    ["U+0000", "<a>\u0000</a>"],
    ["U+000B", "<a>\u000b</a>"],
    ["control character in a value", "<a b='\u0001'/>"],
    ["control character in CDATA", "<a><![CDATA[\u0002]]></a>"],
    ["control character in a tag", "<a \u0003/>"],
    ["U+FFFE", "<a>\ufffe</a>"],
    ["U+FFFF in a value", "<a b='\uffff'/>"],
    ["unknown section", "<a><![IGNORE[]]></a>"],
    ["lower-case CDATA", "<a><![cdata[]]></a>"],
    ["undeclared prefix (RFC 6120 §4.9.3.13)", "<foo:body/>"],
    ["undeclared prefix of an attribute", "<a foo:b=''/>"],
    ["prefix that is out of scope", "<a><b xmlns:p='u'/><p:c/></a>"],
    ["two colons", "<a:b:c xmlns:a='u'/>"],
    ["colon first", "<:a/>"],
    ["colon last", "<p: xmlns:p='u'/>"],
    ["digit behind the colon", "<p:1 xmlns:p='u'/>"],
    ["declaration of no prefix", "<a xmlns:='u'/>"],
    ["undeclaring a prefix (XML-NAMES §5)", "<a xmlns:p=''/>"],
    ["declaring xmlns", "<a xmlns:xmlns='u'/>"],
    ["binding to the namespace of xmlns", "<a xmlns:p='http://www.w3.org/2000/xmlns/'/>"],
    ["another namespace for xml", "<a xmlns:xml='u'/>"],
    ["another prefix for the namespace of xml", "<a xmlns:p='http://www.w3.org/XML/1998/namespace'/>"],
    ["the namespace of xml as the default", "<a xmlns='http://www.w3.org/XML/1998/namespace'/>"],
    ["prefix xmlns", "<xmlns:a/>"],
    ["XML declaration not at the beginning", "<?xml version='1.0'?>"],
  ])("%s: %s", (_, xml) => expectCondition(xml, "not-well-formed"));
});

describe("restricted-xml (RFC 6120 §11.1)", () => {
  test.each([
    "<!-- comment -->",
    "<a><!-- comment --></a>",
    "<?pi?>",
    "<a><?pi x?></a>",
    "<!DOCTYPE a>",
    "<a><!ENTITY x 'y'></a>",
    "<a>&nbsp;</a>",
    "<a b='&foo;'/>",
    "<a>&AMP;</a>",
    "<a>&ampx;</a>",
    `<a>&${"a".repeat(40)}`,
  ])("%s", (xml) => expectCondition(xml, "restricted-xml"));
});

describe("unsupported-encoding: what is no UTF-8 (RFC 6120 §4.9.3.22)", () => {
  test.each([
    ["a stray continuation byte", bytes("<a>", 0x80, "</a>")],
    ["a lead byte alone", bytes("<a>", 0xc3, "</a>")],
    ["Latin-1", bytes("<a>caf", 0xe9, "</a>")],
    ["a longer form than needed", bytes("<a>", 0xc0, 0xaf, "</a>")],
    ["a longer form of three", bytes("<a>", 0xe0, 0x80, 0xaf, "</a>")],
    ["a longer form of four", bytes("<a>", 0xf0, 0x80, 0x80, 0xaf, "</a>")],
    ["a surrogate", bytes("<a>", 0xed, 0xa0, 0x80, "</a>")],
    ["beyond Unicode", bytes("<a>", 0xf4, 0x90, 0x80, 0x80, "</a>")],
    ["0xFF", bytes("<a>", 0xff, "</a>")],
    ["in a value", bytes("<a b='", 0xc3, "'/>")],
    ["in a name", bytes("<a", 0xc3, "/>")],
    ["in CDATA", bytes("<a><![CDATA[", 0xc3, "]]></a>")],
  ])("%s", (_, xml) => expectCondition(xml, "unsupported-encoding"));
});

describe("values", () => {
  test("of attributes have their white space normalised (XML 1.0 §3.3.3)", () => {
    const { attributes } = elementOf("<a b=' x\r\ny\rz\tw\n' c='&#13;&#10;&#9;&#x20;' d='é&lt;&#x1F600;'/>");
    expect(attributes).toEqual({ b: " x y z w ", c: "\r\n\t ", d: "é<😀" });
  });

  test("of text have their line ends normalised (XML 1.0 §2.11)", () => {
    expect(elementOf("<a>1\r\n2\r3\n&#13;<![CDATA[4\r\n&amp;]]>5</a>").text).toBe("1\n2\n3\n\r4\n&amp;5");
    expect(elementOf("<a>1\r\n2&amp;3</a>").text).toBe("1\n2&3");
  });
});

test("a namespace that was seen before is not taken for a value that ends earlier", () => {
  expectCondition(`<a><x xmlns="u'v"/><x xmlns='u'v'/></a>`, "not-well-formed");
  expectCondition(`<a><x xmlns='u"v'/><x xmlns="u"v"/></a>`, "not-well-formed");
  const { heads } = elementOf(
    "<a><x xmlns='u'/><x xmlns='uv'/><x xmlns='u'/><x xmlns=''/><x xmlns='u'/></a>",
  );
  expect(heads.map(({ ns }) => ns)).toEqual(["u", "uv", "u", "", "u"]);
});

describe("errors are seen early", () => {
  test.each([
    ["a mismatch in the end tag", "<a></b"],
    ["an entity", "<a>&foo;"],
    ["a comment", "<!-"],
    ["]]>", "<a>]]>"],
    ["an undeclared prefix", "<a><foo:b>"],
    ["< in a value that has not ended", "<a b='x<"],
    ["a control character in a tag that has not ended", "<a \u0001"],
    ["an attribute given twice in a tag that has not ended", "<a b='' b='' "],
  ])("%s", (_, xml) => {
    expect(conditionOf(xml)).toBeDefined();
  });
});
