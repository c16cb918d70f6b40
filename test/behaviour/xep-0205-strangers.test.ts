/** XEP-0205 and RFC 6120 §13.12: an account does not write to any number of strangers. */
import { describe, expect } from "vitest";
import { test } from "../../src/testing/rig.ts";
import { letSee } from "./subscribe.ts";

const hi = `<message to="bob@localhost" type="chat"><body>Hi</body></message>`;
const heard = `<message type="chat"><body>Hi</body></message>`;
const refused = `<message type="error"><body>Hi</body><error type="wait"><policy-violation xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></message>`;

describe("with three messages at once and one a second", () => {
  test.override({ options: { config: { modules: { strangers: { perMinute: 60, burst: 3 } } } } });

  test("the fourth to strangers is refused, until time has passed", async ({ connect, clock }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await alice.sends(hi.repeat(4));
    for (let i = 0; i < 3; i++) await bob.receives(heard);
    await bob.receivesNothing();
    await alice.receives(refused);
    await clock.advance(1_000);
    await alice.sends(hi);
    await bob.receives(heard);
  });

  test("another device of the account does not help", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const laptop = await connect("alice/laptop");
    const bob = await connect("bob/desk");
    await alice.sends(hi.repeat(3));
    await laptop.sends(hi);
    for (let i = 0; i < 3; i++) await bob.receives(heard);
    await laptop.receives(refused);
  });

  test("contacts may be written to as often as one likes", async ({ server, connect }) => {
    await letSee(server, "alice@localhost", "bob@localhost");
    const bob = await connect("bob/desk");
    const alice = await connect("alice/phone");
    await alice.sends(hi.repeat(20));
    await bob.receives(`<presence from="alice@localhost/phone"/>`);
    for (let i = 0; i < 20; i++) await bob.receives(heard);
  });

  test("so may oneself", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const laptop = await connect("alice/laptop");
    await alice.sends(
      `<message to="alice@localhost/laptop" type="chat"><body>Hi</body></message>`.repeat(10),
    );
    for (let i = 0; i < 10; i++) await laptop.receives(heard);
  });
});

describe("with two a minute for each session", () => {
  test.override({ options: { config: { modules: { strangers: { sessionPerMinute: 2 } } } } });

  test("the third of one device is refused, another device may go on", async ({ connect, server }) => {
    const alice = await connect("alice/phone");
    const laptop = await connect("alice/laptop");
    const bob = await connect("bob/desk");
    await alice.sends(hi.repeat(3));
    await bob.receives(heard);
    await bob.receives(heard);
    alice.forget((element) => element.is("presence"));
    await alice.receives(refused);
    await laptop.sends(hi);
    await bob.receives(heard);
    expect(server.metrics.snapshot()["jackdaw_stranger_messages_refused"]).toBe(1);
  });
});
