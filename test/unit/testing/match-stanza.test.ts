import { xml } from "@xmpp/client";
import { expect, test } from "vitest";
import { assertStanza, stanzaMatchers } from "../../../src/testing/index.ts";
import { el } from "../../../src/xml/element.ts";

const { toMatchStanza } = stanzaMatchers;
const MESSAGE = `<message type="chat" to="romeo@localhost" id="1"><body>Hi</body></message>`;

test("attributes are in no order, and white space between elements means nothing", () => {
  const x = `<x xmlns="urn:x" a="1" b="2"><y/><z/></x>`;
  expect(toMatchStanza(x, `<x b='2' a='1' xmlns='urn:x'>\n  <y></y>\n  <z/>\n</x>`).pass).toBe(true);
  expect(toMatchStanza(x, `<x xmlns="urn:x" a="1" b="2"><z/><y/></x>`).pass).toBe(false);
});

test("what may be left out of a pattern may be; what is ignored is ignored on both sides", () => {
  expect(toMatchStanza(MESSAGE, `<message type="chat"><body>Hi</body></message>`).pass).toBe(true);
  expect(toMatchStanza(MESSAGE, `<message><body>Hi</body></message>`).pass).toBe(false);
  expect(
    toMatchStanza(MESSAGE, `<message id="2"><body>Hi</body></message>`, { ignore: ["id", "type"] }).pass,
  ).toBe(true);
});

test("elements of ltx and of xmpp.js, and what was seen, are as good as text", () => {
  const pattern = `<message type="chat"><body>Hi</body></message>`;
  assertStanza(el("message", { xmlns: "jabber:client", type: "chat" }, el("body", {}, "Hi")), pattern);
  assertStanza(xml("message", { type: "chat" }, xml("body", {}, "Hi")), pattern);
  assertStanza({ xml: MESSAGE }, pattern);
});

test("a difference is told in words", () => {
  expect(() => assertStanza(MESSAGE, `<message type="chat"><body>Ho</body></message>`)).toThrow(
    /expected\n {2}<message[^]*got\n {2}<message[^]*text/,
  );
  expect(toMatchStanza(MESSAGE, MESSAGE).message()).toContain("does not match");
});
