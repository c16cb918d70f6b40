import { expect, test } from "vitest";
import { masked } from "../../../src/admin/inspector/mask.ts";
import { serialize } from "../../../src/xml/element.ts";
import { parseContent } from "../../../src/xml/tree.ts";

function maskedText(xml: string): string {
  const [element] = parseContent(xml, "jabber:client").children;
  if (!element) throw new Error("no element");
  return serialize(masked(element));
}

test.each([
  ["SASL", `<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">SESAME</auth>`, "PLAIN"],
  ["a SASL challenge", `<challenge xmlns="urn:ietf:params:xml:ns:xmpp-sasl">SESAME</challenge>`, "challenge"],
  ["a SASL response", `<response xmlns="urn:ietf:params:xml:ns:xmpp-sasl">SESAME</response>`, "response"],
  [
    "SASL2",
    `<authenticate xmlns="urn:xmpp:sasl:2" mechanism="SCRAM-SHA-256"><initial-response>SESAME</initial-response><user-agent id="x"><software>Beak</software></user-agent></authenticate>`,
    "Beak",
  ],
  [
    "a FAST token",
    `<success xmlns="urn:xmpp:sasl:2"><additional-data>SESAME</additional-data><authorization-identifier>a@b</authorization-identifier><token xmlns="urn:xmpp:fast:0" expiry="2026-01-01T00:00:00Z" token="SESAME"/></success>`,
    "2026-01-01",
  ],
  [
    "an upgrade of keys",
    `<task-data xmlns="urn:xmpp:sasl:2"><hash xmlns="urn:xmpp:scram-upgrade:0">SESAME</hash></task-data>`,
    "task-data",
  ],
  ["resumption", `<resume xmlns="urn:xmpp:sm:3" previd="SESAME" h="7"/>`, `h="7"`],
  ["what to resume with", `<enabled xmlns="urn:xmpp:sm:3" id="SESAME" resume="true"/>`, `resume="true"`],
  [
    "registration",
    `<iq type="set"><query xmlns="jabber:iq:register"><username>alice</username><password>SESAME</password></query></iq>`,
    "alice",
  ],
  [
    "old authentication",
    `<iq type="set"><query xmlns="jabber:iq:auth"><username>alice</username><digest>SESAME</digest></query></iq>`,
    "alice",
  ],
  [
    "a private field of a form",
    `<iq><x xmlns="jabber:x:data" type="form"><field var="x" type="text-private"><value>SESAME</value></field><field var="user"><value>alice</value></field></x></iq>`,
    "alice",
  ],
  [
    "a field that is called so",
    `<iq><x xmlns="jabber:x:data" type="submit"><field var="password-verify"><value>SESAME</value></field><field var="muc#roomconfig_roomsecret"><value>SESAME</value></field><field var="accountjid"><value>alice</value></field></x></iq>`,
    "alice",
  ],
  [
    "the password of a room",
    `<presence to="r@c/n"><x xmlns="http://jabber.org/protocol/muc"><password>SESAME</password></x></presence>`,
    "r@c/n",
  ],
  [
    "an invitation to a room",
    `<message><x xmlns="jabber:x:conference" jid="r@c" password="SESAME"/></message>`,
    `jid="r@c"`,
  ],
  [
    "credentials of a TURN service",
    `<iq><services xmlns="urn:xmpp:extdisco:2"><service host="turn" username="u" password="SESAME"/></services></iq>`,
    `username="u"`,
  ],
  [
    "slots for uploads",
    `<iq><slot xmlns="urn:xmpp:http:upload:0"><put url="https://h/SESAME"><header name="Authorization">SESAME</header></put><get url="https://h/SESAME"/></slot></iq>`,
    `name="Authorization"`,
  ],
  [
    "tokens of invitations",
    `<iq><query xmlns="jabber:iq:register"/><preauth xmlns="urn:xmpp:pars:0" token="SESAME"/></iq>`,
    "preauth",
  ],
  [
    "links that let in",
    `<message><body>see xmpp:localhost?register;preauth=SESAME and https://localhost/invite/SESAME or https://localhost/export/SESAME or /admin#link=SESAME now</body></message>`,
    "now",
  ],
  [
    "the secret of a push service",
    `<iq><enable xmlns="urn:xmpp:push:0" jid="p" node="n"><x xmlns="jabber:x:data"><field var="secret"><value>SESAME</value></field></x></enable></iq>`,
    `node="n"`,
  ],
])("%s is masked, and what is around it is not", (_, xml, kept) => {
  const text = maskedText(xml);
  expect(text).not.toContain("SESAME");
  expect(text).toContain("(masked)");
  expect(text).toContain(kept);
});

test("what holds no secret stays as it is", () => {
  const xml = `<message to="a@b" id="x1" type="chat" xmlns:x="urn:x" x:y="z"><body>keys &amp; passwords</body><origin-id xmlns="urn:xmpp:sid:0" id="x1"/></message>`;
  expect(maskedText(xml)).toBe(xml);
  const mechanisms = `<mechanisms xmlns="urn:ietf:params:xml:ns:xmpp-sasl"><mechanism>PLAIN</mechanism></mechanisms>`;
  expect(maskedText(mechanisms)).toBe(mechanisms);
});

test("the original is not changed", () => {
  const [element] = parseContent(
    `<iq><x xmlns="u" password="SESAME">preauth=SESAME</x></iq>`,
    "jabber:client",
  ).children;
  if (!element) throw new Error("no element");
  const before = serialize(element);
  masked(element);
  expect(serialize(element)).toBe(before);
});
