/**
 * RFC 6121 §8: a message is delivered, kept or answered with an error. This is about those that were on their way to a client
 * that acknowledges nothing (XEP-0198) when its connection went.
 */
import { describe, expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";

const limits = { unsentSoft: 20_000, unsentHard: 100_000 };
test.override({ options: { config: { limits } } });

const large = (n: number) =>
  `<message to="bob@localhost" type="chat" id="m${n}"><body>${n} ${"x".repeat(9_900)}</body></message>`;

/** The numbers of the messages that a client has, and which of them came late. */
async function numbersOf(client: Client, count: number): Promise<string[]> {
  const numbers: string[] = [];
  for (let n = 0; n < count; n++) {
    const message = await client.receivesAny();
    const late = message.getChild("delay", "urn:xmpp:delay") ? " late" : "";
    numbers.push(`${message.getChildText("body")?.split(" ")[0]}${late}`);
  }
  return numbers;
}

const late = (count: number) => Array.from({ length: count }, (_, n) => `${n + 1} late`);

describe("what was unsent when a client that does not read was dropped", () => {
  test("waits for its user, in order and once; what left before does not", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await alice.sends(large(0));
    expect(await numbersOf(bob, 1)).toEqual(["0"]);
    bob.pipe.stopReading();
    for (let n = 1; n <= 11; n++) await alice.sends(large(n));
    expect(bob.gone).toBe(true);
    await alice.receivesNothing();
    const again = await connect("bob/phone");
    expect(await numbersOf(again, 11)).toEqual(late(11));
    await again.receivesNothing();
  });

  test("goes to another resource that is there", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const desk = await connect("bob/desk");
    const phone = await connect("bob/phone");
    await phone.sends(`<presence><priority>-1</priority></presence>`);
    while (await desk.receivesAny().then((each) => each.getName() !== "presence"));
    desk.pipe.stopReading();
    for (let n = 1; n <= 10; n++) await alice.sends(large(n));
    await phone.sends(`<presence><priority>0</priority></presence>`);
    await phone.receivesAny();
    await alice.sends(
      `<message to="bob@localhost/desk" type="chat" id="m11"><body>11 ${"x".repeat(9_900)}</body></message>`,
    );
    expect(desk.gone).toBe(true);
    const seen: string[] = [];
    while (seen.length < 11) {
      const stanza = await phone.receivesAny();
      if (stanza.getName() === "message") seen.push(String(stanza.getChildText("body")?.split(" ")[0]));
    }
    expect(seen).toEqual(late(11).map((each) => each.replace(" late", "")));
  });

  describe("on a server that keeps nothing", () => {
    test.override({ options: { config: { limits, modules: { offline: false, mam: false } } } });

    test("is bounced to its sender", async ({ connect }) => {
      const alice = await connect("alice/phone");
      const bob = await connect("bob/desk");
      bob.pipe.stopReading();
      for (const n of [1, 2, 3]) await alice.sends(large(n));
      bob.pipe.end(new Error("reset by peer"));
      for (const n of [1, 2, 3])
        await alice.receives(
          `<message type="error" id="m${n}" from="bob@localhost">{...}<error type="cancel"><service-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></message>`,
        );
    });
  });

  test("is not doubled when it was waiting already", async ({ connect, rig }) => {
    const alice = await connect("alice/phone");
    await rig.user("bob");
    for (let n = 1; n <= 20; n++) await alice.sends(large(n));
    const bob = await connect("bob/desk", { presence: false });
    bob.pipe.stopReading();
    await bob.sends("<presence/>");
    bob.pipe.end(new Error("reset by peer"));
    const again = await connect("bob/phone");
    expect(await numbersOf(again, 20)).toEqual(late(20));
    await again.receivesNothing();
  });
});

test("what is unsent when the connection breaks is not lost either", async ({ connect }) => {
  const alice = await connect("alice/phone");
  const bob = await connect("bob/desk");
  bob.pipe.stopReading();
  for (const n of [1, 2]) await alice.sends(large(n));
  bob.pipe.end(new Error("reset by peer"));
  const again = await connect("bob/phone");
  expect(await numbersOf(again, 2)).toEqual(["1 late", "2 late"]);
});

test("nor is it doubled where another device has read it in the archive (XEP-0313)", async ({ connect }) => {
  const alice = await connect("alice/phone");
  const desk = await connect("bob/desk");
  desk.pipe.stopReading();
  for (const n of [1, 2]) await alice.sends(large(n));
  const phone = await connect("bob/phone");
  const set = `<set xmlns="http://jabber.org/protocol/rsm"><max>1</max></set>`;
  await phone.sends(`<iq type="set" id="q"><query xmlns="urn:xmpp:mam:2">${set}</query></iq>`);
  while (!(await phone.receivesAny()).is("iq"));
  desk.pipe.end(new Error("reset by peer"));
  const { jid } = desk;
  await phone.receives(`<presence type="unavailable" from="${jid}"/>`);
  expect(await numbersOf(phone, 1)).toEqual(["2 late"]);
  await phone.receivesNothing();
});

test("nor when a client is given up because it does not answer", async ({ connect, clock }) => {
  const alice = await connect("alice/phone");
  const bob = await connect("bob/desk");
  bob.pipe.stopReading();
  for (const n of [1, 2]) await alice.sends(large(n));
  await clock.advance("1h");
  const again = await connect("bob/phone");
  expect(await numbersOf(again, 2)).toEqual(["1 late", "2 late"]);
});

test("a client that ends its stream gets what was sent, and nobody else does", async ({ connect }) => {
  const alice = await connect("alice/phone");
  const bob = await connect("bob/desk");
  await alice.sends(large(1));
  expect(await numbersOf(bob, 1)).toEqual(["1"]);
  await alice.sends(large(2));
  await bob.sends("</stream:stream>");
  expect(await numbersOf(bob, 1)).toEqual(["2"]);
  await bob.closed();
  const again = await connect("bob/phone");
  await again.receivesNothing();
});
