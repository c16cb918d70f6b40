import { describe, expect, test } from "vitest";
import { elementOf, HEADER } from "./support.ts";

const STREAMS = "http://etherx.jabber.org/streams";
const strings = (xml: string, header?: string): string[] => elementOf(xml, header).children.map(String);

describe("a stanza", () => {
  const message = elementOf(
    `<message to='juliet@example.org' type="chat" id='&quot;1' xml:lang='en'>\n` +
      `<body>Hé &lt;3</body> and <x xmlns='urn:x' a="1"><y/><z xmlns='jabber:client'/></x><active xmlns='urn:a'/></message>`,
  );

  test("has a name, a namespace, attributes and heads", () => {
    expect(message.name).toBe("message");
    expect(message.ns).toBe("jabber:client");
    expect(message.attributes).toEqual({
      to: "juliet@example.org",
      type: "chat",
      id: '"1',
      "xml:lang": "en",
    });
    expect(message.extraAttributes).toBe("");
    expect(message.heads).toEqual([
      { name: "body", ns: "jabber:client" },
      { name: "x", ns: "urn:x" },
      { name: "active", ns: "urn:a" },
    ]);
  });

  test("has its content as it came", () => {
    expect(message.inner).toBe(
      `\n<body>Hé &lt;3</body> and <x xmlns='urn:x' a="1"><y/><z xmlns='jabber:client'/></x><active xmlns='urn:a'/>`,
    );
    expect(message.text).toBe("\n and ");
  });

  test("has children as trees, built once", () => {
    expect(message.children.map(String)).toEqual([
      "<body>Hé &lt;3</body>",
      `<x xmlns="urn:x" a="1"><y/><z xmlns="jabber:client"/></x>`,
      `<active xmlns="urn:a"/>`,
    ]);
    expect(message.children).toBe(message.children);
    expect(message.children[0]?.parent).toBeNull();
    expect(message.children[1]?.getNS()).toBe("urn:x");
    expect(message.children[1]?.getChild("z")?.getNS()).toBe("jabber:client");
  });

  test("without content has nothing in it", () => {
    for (const xml of ["<presence/>", "<presence></presence>"]) {
      const { inner, heads, children, text } = elementOf(xml);
      expect({ inner, heads, children, text }).toEqual({ inner: "", heads: [], children: [], text: "" });
    }
  });

  test("with text alone has it decoded", () => {
    const { inner, text, children } = elementOf(
      "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>a&#61;</auth>",
    );
    expect({ inner, text, children }).toEqual({ inner: "a&#61;", text: "a=", children: [] });
  });

  test("merges text and CDATA", () => {
    const { children, inner } = elementOf("<message><body>a<![CDATA[<&]]>b&amp;</body></message>");
    expect(children[0]?.children).toEqual(["a<&b&"]);
    expect(inner).toBe("<body>a<![CDATA[<&]]>b&amp;</body>");
  });

  test("keeps attributes of every name apart from what objects have", () => {
    const { attributes, children } = elementOf("<a __proto__='p' constructor='c'><b __proto__='q'/></a>");
    expect(attributes["__proto__"]).toBe("p");
    expect(attributes["constructor"]).toBe("c");
    expect(attributes["toString"]).toBeUndefined();
    expect(Object.entries(children[0]?.attrs ?? {})).toEqual([["__proto__", "q"]]);
  });
});

describe("extra attributes", () => {
  test("are XML text as it came", () => {
    expect(elementOf(`<a to='x' b='"&lt;é' id='1' c="'"/>`).extraAttributes).toBe(` b='"&lt;é' c="'"`);
  });

  test("bring the declarations of their prefixes, once each", () => {
    expect(
      elementOf("<a xmlns:p='urn:&quot;p' xmlns:q='urn:q' p:b='1' p:c='2' xml:x='3' stream:d='4'/>")
        .extraAttributes,
    ).toBe(` xmlns:p="urn:&quot;p" p:b='1' p:c='2' xml:x='3' xmlns:stream="${STREAMS}" stream:d='4'`);
  });
});

describe("inner means the same elsewhere (RFC 6120 §4.8.5)", () => {
  test.each([
    ["prefix of the stream", "<a><stream:b c='d'/>t</a>", `<b xmlns="${STREAMS}" c='d'/>t`],
    [
      "prefix of the stanza",
      "<a xmlns:p='u'><p:b><p:c/><d/></p:b></a>",
      '<b xmlns="u"><c/><d xmlns="jabber:client"/></b>',
    ],
    ["prefix of an attribute", "<a xmlns:p='u'><b p:c='1' p:d='2'/></a>", `<b xmlns:p="u" p:c='1' p:d='2'/>`],
    ["prefix for the content namespace", "<a><p:b xmlns:p='jabber:client'>x</p:b></a>", "<b>x</b>"],
    ["prefix of its own", "<a><p:b xmlns:p='u' p:c=''/></a>", "<p:b xmlns:p='u' p:c=''/>"],
    ["xml:lang", "<a><b xml:lang='en'/></a>", "<b xml:lang='en'/>"],
    ["stanza with a prefix", "<c:a xmlns:c='jabber:client' xmlns='u'><b/><c:d/></c:a>", '<b xmlns="u"/><d/>'],
    [
      "stanza in another namespace",
      "<a xmlns='u'><b/><c xmlns='jabber:client'/></a>",
      "<b/><c xmlns='jabber:client'/>",
    ],
    [
      "element in no namespace",
      "<a><b xmlns=''><c/></b><stream:d/></a>",
      `<b xmlns=""><c/></b><d xmlns="${STREAMS}"/>`,
    ],
    [
      "element with the prefix xml",
      "<a><xml:b><stream:c/></xml:b></a>",
      `<xml:b><c xmlns="${STREAMS}"/></xml:b>`,
    ],
    [
      "text, references and sections",
      "<a>é&amp;<stream:b>&lt;<![CDATA[<]]></stream:b>]]<![CDATA[]]>></a>",
      `é&amp;<b xmlns="${STREAMS}">&lt;<![CDATA[<]]></b>]]<![CDATA[]]>>`,
    ],
  ])("%s: %s", (_, xml, inner) => {
    expect(elementOf(xml).inner).toBe(inner);
  });

  test("also when the stream has no default namespace", () => {
    const header = `<s:stream xmlns:s='${STREAMS}' xmlns:c='jabber:client'>`;
    const element = elementOf("<c:message><c:body/><x/></c:message>", header);
    expect(element.ns).toBe("jabber:client");
    expect(element.inner).toBe('<body/><x xmlns=""/>');
    expect(element.heads).toEqual([
      { name: "body", ns: "jabber:client" },
      { name: "x", ns: "" },
    ]);
  });
});

describe("trees", () => {
  test("have plain names, and declarations where a namespace differs", () => {
    expect(strings("<a><p:b xmlns:p='u' xmlns:q='v'><p:c/><q:d><p:e/></q:d></p:b></a>")).toEqual([
      '<b xmlns="u"><c/><d xmlns="v"><e xmlns="u"/></d></b>',
    ]);
    expect(strings("<a><b xmlns='u'><c xmlns='u'/></b></a>")).toEqual(['<b xmlns="u"><c/></b>']);
  });

  test("declare the prefixes of attributes where they are needed", () => {
    expect(
      strings("<a><b xmlns:p='u' xmlns:q='v'><c p:x='1'><d p:y='2'/><e xmlns:p='w' p:z='3'/></c></b></a>"),
    ).toEqual(['<b><c xmlns:p="u" p:x="1"><d p:y="2"/><e xmlns:p="w" p:z="3"/></c></b>']);
  });

  test("are right with the stream's prefixes", () => {
    expect(strings("<a><stream:b/><db:c xml:lang='x'/></a>", HEADER)).toEqual([
      `<b xmlns="${STREAMS}"/>`,
      '<c xmlns="jabber:server:dialback" xml:lang="x"/>',
    ]);
  });
});
