import { expect, test } from "vitest";
import { readXml } from "../../../src/testing/read-xml.ts";
import { el } from "../../../src/xml/element.ts";
import { forwarded } from "../../../src/xmpp/forward.ts";
import { Jid } from "../../../src/xmpp/jid.ts";
import { message } from "../../../src/xmpp/stanza.ts";

const AT = Date.UTC(2010, 6, 10, 23, 8, 25, 7);

test("a message keeps its namespace (XEP-0297 §3.2), and the time it came is said", () => {
  const stanza = message({ from: Jid.parse("a@b/c"), type: "chat" }, el("body", {}, "<&>"));
  const element = readXml(forwarded(stanza.toString(), AT));
  expect(element.getChild("delay", "urn:xmpp:delay")?.attrs["stamp"]).toBe("2010-07-10T23:08:25.007Z");
  const inner = element.getChild("message", "jabber:client");
  expect(inner?.attrs).toMatchObject({ from: "a@b/c", type: "chat" });
  expect(inner?.getChild("body", "jabber:client")?.getText()).toBe("<&>");
});

test("a message without content is forwarded as well, anything else is not", () => {
  const element = readXml(forwarded(message({}).toString(), AT));
  expect(element.getChild("message", "jabber:client")?.children).toEqual([]);
  expect(() => forwarded("<presence/>", AT)).toThrow("only messages");
});
