/** Uploaded files that are shown in rooms, and what becomes of them when that is taken back (XEP-0424, XEP-0425). */
import { describe, expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { ns } from "../../src/xmpp/ns.ts";
import { enter, forget, makeRoom, ROOM } from "./muc-client.ts";
import { eventually, filesIn, putsCat, test, uploading } from "./upload-client.ts";

type Connect = (address: string) => Promise<Client>;

/** A room of Alice's, with Bob in it. */
async function scene(connect: Connect, alices = "alice/phone", room = ROOM) {
  const alice = await connect(alices);
  const bob = await connect("bob/phone");
  await makeRoom(alice, "first", {}, room);
  await enter(bob, "second", { room });
  forget(alice);
  return { alice, bob };
}

/** Shows a file to the room; the id that the message has there. */
async function shows(client: Client, url: string, hearer: Client, room = ROOM): Promise<string> {
  await client.sends(
    `<message to="${room}" type="groupchat" id="m1"><body>${url}</body><x xmlns="jabber:x:oob"><url>${url}</url></x></message>`,
  );
  const said = await hearer.receivesAny();
  forget(client, hearer);
  return String(said.getChild("stanza-id")?.attrs["id"]);
}

const takesBack = (client: Client, id: string, room = ROOM) =>
  client.sends(
    `<message to="${room}" type="groupchat" id="m2"><retract xmlns="${ns.RETRACT}" id="${id}"/><body>gone</body></message>`,
  );

const moderates = (client: Client, id: string) =>
  client.sends(
    `<iq type="set" to="${ROOM}" id="r1"><moderate id="${id}" xmlns="${ns.MODERATE}"><retract xmlns="${ns.RETRACT}"/></moderate></iq>`,
  );

describe("a file that was shown in a room", () => {
  test("is gone when its owner takes the message back", async ({ connect, request, server, clock }) => {
    const { alice, bob } = await scene(connect);
    const { get } = await putsCat(bob, request);
    const other = await putsCat(bob, request);
    const id = await shows(bob, get, alice);
    expect((await request(get)).status).toBe(200);
    await takesBack(bob, id);
    expect((await alice.receivesAny()).toString()).toContain("<retract ");
    expect((await request(get)).status).toBe(404);
    expect((await request(other.get)).status).toBe(200);
    await clock.advance(60_000);
    const folder = await server.host().folder("uploads");
    await eventually(() => filesIn(folder)).toHaveLength(1);
  });

  test("is gone when a moderator takes the message back", async ({ connect, request }) => {
    const { alice, bob } = await scene(connect);
    const { get } = await putsCat(bob, request);
    const id = await shows(bob, get, alice);
    await moderates(alice, id);
    await alice.receives(`<message from="${ROOM}" type="groupchat">{...}</message>`);
    await alice.receives(`<iq type="result" id="r1" from="${ROOM}"/>`);
    expect((await request(get)).status).toBe(404);
  });

  test("stays when it is not of who showed it, whoever takes that back", async ({ connect, request }) => {
    const { alice, bob } = await scene(connect);
    const { get } = await putsCat(alice, request);
    await takesBack(bob, await shows(bob, get, alice));
    forget(alice, bob);
    await moderates(alice, await shows(bob, get, alice));
    expect((await request(get)).status).toBe(200);
  });

  test("stays when somebody else wants to take the message back, or who may not moderate", async ({
    connect,
    request,
  }) => {
    const { alice, bob } = await scene(connect);
    const carol = await connect("carol/phone");
    await enter(carol, "third");
    forget(alice, bob);
    const { get } = await putsCat(bob, request);
    const id = await shows(bob, get, alice);
    await takesBack(carol, id);
    await moderates(carol, id);
    await moderates(alice, "no such id");
    expect((await request(get)).status).toBe(200);
  });
});

describe("a file that was shown in a room of another domain of the server", () => {
  test.override({ options: uploading({}, { domain: ["localhost", "example.org"] }) });

  test("is gone when its owner takes the message back", async ({ connect, request }) => {
    const room = "coven@conference.example.org";
    const { alice, bob } = await scene(connect, "alice@example.org/phone", room);
    const { get } = await putsCat(bob, request);
    await takesBack(bob, await shows(bob, get, alice, room), room);
    expect((await request(get)).status).toBe(404);
  });
});
