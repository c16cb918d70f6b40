import { describe, expect, test } from "vitest";
import { XmlError } from "../../../src/xml/parser.ts";
import { createXmlParser } from "../../../src/xml/stream-parser.ts";
import { drain, HEADER, limits, opened } from "./support.ts";

const STREAMS = "http://etherx.jabber.org/streams";
const ROOT = `<stream:stream xmlns='jabber:client' xmlns:stream='${STREAMS}'>`;

function eventsOf(...chunks: (string | Buffer)[]): unknown[] {
  const parser = createXmlParser(limits());
  return chunks.flatMap((chunk) => {
    parser.write(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
    return drain(parser).map((event) => (typeof event === "string" ? event : event.kind));
  });
}

describe("the stream header", () => {
  test("is an event of its own, before any stanza", () => {
    const parser = createXmlParser(limits());
    parser.write(
      Buffer.from(
        `<?xml version='1.0'?><stream:stream to="example.org" xml:lang='en' version='1.0' id='&lt;1' xmlns='jabber:client' xmlns:stream='${STREAMS}'>`,
      ),
    );
    expect(parser.next()).toEqual({
      kind: "open",
      tag: {
        name: "stream",
        prefix: "stream",
        ns: STREAMS,
        defaultNs: "jabber:client",
        attributes: { to: "example.org", "xml:lang": "en", version: "1.0", id: "<1" },
      },
    });
    expect(parser.next()).toBeUndefined();
  });

  test("may have no prefix, or no default namespace (RFC 6120 §4.8.2)", () => {
    const parser = createXmlParser(limits());
    parser.write(Buffer.from(`<stream xmlns='${STREAMS}'><message xmlns='jabber:client'/>`));
    expect(parser.next()).toMatchObject({ tag: { prefix: "", ns: STREAMS, defaultNs: STREAMS } });
    expect(parser.next()).toMatchObject({ element: { name: "message", ns: "jabber:client" } });
    const prefixed = createXmlParser(limits());
    prefixed.write(Buffer.from(`<s:stream xmlns:s='${STREAMS}'><message/>`));
    expect(prefixed.next()).toMatchObject({ tag: { prefix: "s", ns: STREAMS, defaultNs: "" } });
    expect(prefixed.next()).toMatchObject({ element: { name: "message", ns: "" } });
  });

  test("without content opens and closes the stream", () => {
    expect(eventsOf(ROOT.replace(">", "/>"))).toEqual(["open", "close"]);
  });

  test("may follow white space and an XML declaration with a standalone declaration (§11.5)", () => {
    expect(eventsOf(` \r\n${ROOT}`)).toEqual(["open"]);
    expect(eventsOf(`<?xml version="1.0" encoding='utf-8' standalone='no' ?>\n${ROOT}`)).toEqual(["open"]);
  });

  test.each([
    ["not-well-formed", "GET / HTTP/1.1"],
    ["not-well-formed", "</stream:stream>"],
    ["not-well-formed", "<![CDATA[x]]>"],
    ["not-well-formed", "<?xml version='1.1'?>"],
    ["not-well-formed", "<?xml encoding='utf-8'?>"],
    ["not-well-formed", "<?xml version='1.0'encoding='utf-8'?>"],
    ["not-well-formed", "<?xml version='1.0' encoding='utf-8' ? >?>"],
    ["restricted-xml", "<?php ?>"],
    ["restricted-xml", "<?xml-stylesheet href='x'?>"],
    ["not-well-formed", " <?xml version='1.0'?>"],
    ["not-well-formed", "<?xml version='1.0'?><?xml version='1.0'?>"],
    ["restricted-xml", " <?php ?>"],
    ["restricted-xml", "<!DOCTYPE stream>"],
    ["restricted-xml", "<!-- hello -->"],
    ["policy-violation", `<?xml version='1.0'${" ".repeat(300)}`],
    ["policy-violation", `<a ${" ".repeat(100_000)}`],
    ["unsupported-encoding", "<?xml version='1.0' encoding='UTF-16'?>"],
    ["unsupported-encoding", '<?xml version="1.0" encoding="iso-8859-1"?>'],
    ["unsupported-encoding", Buffer.from(`\ufeff${ROOT}`, "utf16le")],
    ["unsupported-encoding", Buffer.from(ROOT, "utf16le")],
    ["unsupported-encoding", Buffer.from(ROOT, "utf16le").swap16()],
    ["unsupported-encoding", Buffer.from(`\ufeff${ROOT}`, "utf16le").swap16()],
  ])("%s: %s", (condition, xml) => {
    expect(eventsOf(xml)).toEqual([condition]);
  });

  test("may follow a byte order mark, once", () => {
    expect(eventsOf(`\ufeff${HEADER}`)).toEqual(["open"]);
    expect(eventsOf(Buffer.from([0xef]), Buffer.from([0xbb]), Buffer.from([0xbf]), HEADER)).toEqual(["open"]);
    expect(eventsOf(`\ufeff\ufeff${HEADER}`)).toEqual(["not-well-formed"]);
    expect(eventsOf(`${HEADER}\ufeff`)).toEqual(["open", "not-well-formed"]);
  });

  test("speaks an encoding that is refused before more of it comes", () => {
    expect(eventsOf(Buffer.from([0xff]))).toEqual(["unsupported-encoding"]);
    expect(eventsOf(Buffer.from([0x3c, 0x00]))).toEqual(["unsupported-encoding"]);
    expect(eventsOf(Buffer.from([0x16, 0x03, 0x01]))).toEqual(["not-well-formed"]);
  });
});

describe("between stanzas", () => {
  test("white space is nothing (RFC 6120 §11.7)", () => {
    const parser = opened();
    parser.write(Buffer.from(" \r\n\t"));
    expect(parser.next()).toBeUndefined();
    expect(parser.pending).toBe(0);
  });

  test.each(["x", " &amp;", "<![CDATA[ ]]>", "]]>"])("character data is not well-formed: %s", (text) => {
    expect(drain(withText(text))).toEqual(["not-well-formed"]);
  });

  function withText(text: string) {
    const parser = opened();
    parser.write(Buffer.from(text));
    return parser;
  }

  test("the stream ends with its own end tag", () => {
    expect(eventsOf(`${HEADER}<presence/></stream:stream`, " \n", "> ")).toEqual([
      "open",
      "element",
      "close",
    ]);
    expect(eventsOf(`${HEADER}</stream>`)).toEqual(["open", "not-well-formed"]);
    expect(eventsOf(`${HEADER}</stream:streams>`)).toEqual(["open", "not-well-formed"]);
    expect(eventsOf(`${HEADER}</stream:stream x='y'>`)).toEqual(["open", "not-well-formed"]);
    expect(eventsOf(`${HEADER}</stream:stream></stream:stream>`)).toEqual([
      "open",
      "close",
      "not-well-formed",
    ]);
    expect(eventsOf(`${HEADER}</stream:stream><message/>`)).toEqual(["open", "close", "not-well-formed"]);
  });
});

describe("the pull interface", () => {
  test("leaves alone what nobody asked for", () => {
    const parser = opened();
    parser.write(Buffer.from("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>\x16\x03\x01"));
    expect(parser.next()).toMatchObject({ element: { name: "starttls" } });
    expect(parser.pending).toBe(3);
    parser.discard();
    expect(parser.pending).toBe(0);
    expect(parser.next()).toBeUndefined();
  });

  test("discards the beginning of an element as well", () => {
    const parser = opened();
    parser.write(Buffer.from("<message><body>x"));
    expect(parser.next()).toBeUndefined();
    expect(parser.pending).toBe(16);
    parser.discard();
    parser.write(Buffer.from("<iq/>"));
    expect(parser.next()).toMatchObject({ element: { name: "iq" } });
  });

  test("restarts with what is pending (RFC 6120 §4.3.3)", () => {
    const parser = opened();
    parser.write(
      Buffer.from(`<auth/>\n<?xml version='1.0'?><s:stream xmlns:s='${STREAMS}' xmlns='urn:other'><x/>`),
    );
    expect(parser.next()).toMatchObject({ element: { name: "auth" } });
    parser.restart();
    expect(parser.next()).toMatchObject({ tag: { prefix: "s", defaultNs: "urn:other" } });
    expect(parser.next()).toMatchObject({ element: { name: "x", ns: "urn:other" } });
  });

  test("forgets the old stream's declarations at a restart", () => {
    const parser = opened();
    parser.restart();
    parser.write(Buffer.from(`<stream xmlns='${STREAMS}'><db:x/>`));
    expect(drain(parser)).toMatchObject([{ kind: "open" }, "not-well-formed"]);
  });

  test("restarts after it has looked at a part of the new header", () => {
    const parser = opened();
    parser.write(Buffer.from("<stream:str"));
    expect(parser.next()).toBeUndefined();
    parser.restart();
    parser.write(Buffer.from(`eam xmlns:stream='${STREAMS}'>`));
    expect(parser.next()).toMatchObject({ kind: "open" });
  });

  test("throws the same error again and again, and keeps no more bytes", () => {
    const parser = opened();
    parser.write(Buffer.from("<a></b><message/>"));
    const errors = [1, 2, 3].map(() => {
      parser.write(Buffer.from("<message/>"));
      try {
        return parser.next();
      } catch (error) {
        return error;
      }
    });
    expect(errors[0]).toBeInstanceOf(XmlError);
    expect(errors[1]).toBe(errors[0]);
    expect(errors[2]).toBe(errors[0]);
    expect(parser.pending).toBe(0);
  });

  test("gives what came before an error", () => {
    expect(eventsOf(`${HEADER}<iq/><presence/><a></b>`)).toEqual([
      "open",
      "element",
      "element",
      "not-well-formed",
    ]);
  });

  test("many parsers in the middle of something do not disturb each other", () => {
    const parsers = Array.from({ length: 20 }, () => opened());
    const text = "<message id='NN'><body>text of NN</body><x xmlns='urn:NN'/></message>";
    for (let at = 0; at < text.length; at += 7)
      for (const [index, parser] of parsers.entries()) {
        parser.write(Buffer.from(text.replaceAll("NN", String(index + 10)).slice(at, at + 7)));
        if (at + 7 < text.length) expect(parser.next()).toBeUndefined();
      }
    for (const [index, parser] of parsers.entries())
      expect(parser.next()).toMatchObject({
        element: {
          attributes: { id: String(index + 10) },
          inner: `<body>text of ${index + 10}</body><x xmlns='urn:${index + 10}'/>`,
          heads: [
            { name: "body", ns: "jabber:client" },
            { name: "x", ns: `urn:${index + 10}` },
          ],
        },
      });
  });
});

describe("a namespace that is read as another", () => {
  const renaming = { from: "jabber:component:accept", to: "jabber:client" };
  const header = (more = "") =>
    `<stream:stream xmlns='jabber:component:accept' xmlns:stream='${STREAMS}'${more}>`;

  function elementOf(xml: string, more = "") {
    const parser = createXmlParser(limits(), renaming);
    parser.write(Buffer.from(header(more)));
    const opened = parser.next();
    expect(opened).toMatchObject({ kind: "open", tag: { defaultNs: "jabber:component:accept" } });
    parser.write(Buffer.from(xml));
    const event = parser.next();
    return event?.kind === "element" ? event.element : expect.unreachable();
  }

  test.each([
    ["by the header", "<message><body>Hi</body></message>"],
    ["by the element", "<message xmlns='jabber:component:accept'><body>Hi</body></message>"],
    ["by its content", "<message><body xmlns='jabber:component:accept'>Hi</body></message>"],
    ["by a prefix", "<c:message><c:body>Hi</c:body></c:message>"],
    ["already", "<message xmlns='jabber:client'><body>Hi</body></message>"],
  ])("is the other one wherever it is declared: %s", (_, xml) => {
    const element = elementOf(xml, " xmlns:c='jabber:component:accept'");
    expect(element.ns).toBe("jabber:client");
    expect(element.heads).toEqual([{ name: "body", ns: "jabber:client" }]);
    expect(element.inner).toBe("<body>Hi</body>");
  });

  test("is it also in what is forwarded, and everything else stays", () => {
    const { inner } = elementOf(
      "<message><f xmlns='urn:f'><message xmlns='jabber:component:accept'><body>Hi</body></message><b xmlns='jabber:server'/></f></message>",
    );
    expect(inner).toBe(
      `<f xmlns="urn:f"><message xmlns="jabber:client"><body>Hi</body></message><b xmlns="jabber:server"/></f>`,
    );
  });

  test("holds for one parser, not for the next one", () => {
    elementOf("<message xmlns='jabber:component:accept'/>");
    const parser = opened();
    parser.write(Buffer.from("<message xmlns='jabber:component:accept'/>"));
    expect(parser.next()).toMatchObject({ element: { ns: "jabber:component:accept" } });
  });
});
