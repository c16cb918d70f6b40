import { expect, test } from "vitest";
import { delayElement } from "../../../src/xmpp/delay.ts";
import { Jid } from "../../../src/xmpp/jid.ts";

const at = Date.UTC(2002, 8, 10, 23, 8, 25);

test("a stanza that comes late says since when and because of whom (XEP-0203 §2)", () => {
  const delay = delayElement(Jid.parse("capulet.com"), at);
  expect(delay.toString()).toBe(
    '<delay xmlns="urn:xmpp:delay" from="capulet.com" stamp="2002-09-10T23:08:25.000Z"/>',
  );
});

test("and for people, why", () => {
  const delay = delayElement(Jid.parse("capulet.com"), at, "Offline <Storage>");
  expect(delay.getText()).toBe("Offline <Storage>");
});
