/** XEP-0357 for rooms: members who are mentioned while they are away. */
import { describe } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import { enter, forget, grants, makeRoom, ROOM } from "./muc-client.ts";

const PUSH = "urn:xmpp:push:0";
const NOTIFICATION = `<iq type="set" from="localhost" to="push@localhost/app" id="{any}"><pubsub xmlns="http://jabber.org/protocol/pubsub"><publish node="n1"><item><notification xmlns="${PUSH}">{any}</notification></item></publish></pubsub></iq>`;
const MINUTE = 60_000;

/** A room of Alice's, to which Bob belongs, who has a push service and is not there. */
async function theRoom(connect: (name: string) => Promise<Client>, item: string) {
  const app = await connect("push/app");
  const bob = await connect("bob/phone");
  await bob.sends(`<iq type="set" id="on"><enable xmlns="${PUSH}" jid="push@localhost/app" node="n1"/></iq>`);
  await bob.receives(`<iq type="result" id="on"/>`);
  const alice = await connect("alice/phone");
  await makeRoom(alice, "first");
  if (item !== "") await grants(alice, item);
  const says = (body: string, more = "") =>
    alice.sends(`<message to="${ROOM}" type="groupchat"><body>${body}</body>${more}</message>`);
  return { app, bob, alice, says };
}

const MEMBER = `<item affiliation="member" jid="bob@localhost" nick="Bobby"/>`;

describe("a member who is away", () => {
  test("is told of the reserved nickname as a word, and of nothing else", async ({ connect, clock }) => {
    const { app, bob, says } = await theRoom(connect, MEMBER);
    await bob.closes();
    await says("Bobbysox and Robby");
    await app.receivesNothing();
    await says("Where is @Bobby?");
    await app.receives(NOTIFICATION);
    await clock.advance(2 * MINUTE);
    await says("Bobby: here");
    await app.receives(NOTIFICATION);
  });

  test("is told of the nickname that it had, of its address, and of a reference (XEP-0372)", async ({
    connect,
    clock,
  }) => {
    const { app, bob, says } = await theRoom(connect, `<item affiliation="member" jid="bob@localhost"/>`);
    await enter(bob, "Robert");
    await bob.closes();
    const mention = `<reference xmlns="urn:xmpp:reference:0" type="mention" uri="xmpp:bob@localhost"/>`;
    for (const [body, more] of [
      ["robert, come", ""],
      ["ask xmpp:bob@localhost.", ""],
      ["you there", mention],
    ]) {
      await says(body ?? "", more);
      await app.receives(NOTIFICATION);
      await clock.advance(MINUTE);
    }
  });

  test("is told once in a while", async ({ connect, clock }) => {
    const { app, bob, says } = await theRoom(connect, MEMBER);
    await bob.closes();
    await says("Bobby");
    await app.receives(NOTIFICATION);
    await says("Bobby");
    await app.receivesNothing();
    await clock.advance(MINUTE);
    await says("Bobby");
    await app.receives(NOTIFICATION);
  });
});

describe("nobody is told", () => {
  test("who is there, or whose device is connected", async ({ connect }) => {
    const { app, bob, says } = await theRoom(connect, MEMBER);
    await says("Bobby");
    await app.receivesNothing();
    await enter(bob, "Bobby");
    await says("Bobby");
    await app.receivesNothing();
  });

  test("on one device who is there with another", async ({ connect }) => {
    const { app, bob, says } = await theRoom(connect, MEMBER);
    const tablet = await connect("bob/tablet");
    await enter(tablet, "Bobby");
    await bob.closes();
    await says("Bobby");
    await app.receivesNothing();
  });

  test("who does not belong to the room, or is banned", async ({ connect }) => {
    const { app, bob, alice, says } = await theRoom(connect, "");
    await enter(bob, "Bobby");
    await bob.closes();
    forget(alice);
    await says("Bobby xmpp:bob@localhost");
    await app.receivesNothing();
    await grants(alice, `<item affiliation="outcast" jid="bob@localhost"/>`);
    await says("Bobby xmpp:bob@localhost");
    await app.receivesNothing();
  });
});

test("a phone that waits to come back hears of what others say in its room, not of what another device of its user says", async ({
  connect,
}) => {
  const app = await connect("push/app");
  const phone = await connect("bob/phone");
  await phone.sends(
    `<iq type="set" id="on"><enable xmlns="${PUSH}" jid="push@localhost/app" node="n1"/></iq>`,
  );
  await phone.receives(`<iq type="result" id="on"/>`);
  const alice = await connect("alice/phone");
  await makeRoom(alice, "first");
  await enter(phone, "Bobby");
  await phone.sends(`<enable xmlns="urn:xmpp:sm:3" resume="true"/>`);
  const desk = await connect("bob/desk");
  await enter(desk, "Bobby");
  await phone.disconnects();
  await desk.sends(`<message to="${ROOM}" type="groupchat"><body>Hi</body></message>`);
  await app.receivesNothing();
  await alice.sends(`<message to="${ROOM}" type="groupchat"><body>Hi</body></message>`);
  await app.receives(NOTIFICATION);
});
