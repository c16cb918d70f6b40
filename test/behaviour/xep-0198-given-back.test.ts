/** XEP-0198 §4: what a session leaves unacknowledged goes elsewhere, but to nobody who has it already. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { createRig } from "../../src/testing/create-rig.ts";
import { test } from "../../src/testing/rig.ts";
import { enter, forget, makeRoom, ROOM } from "./muc-client.ts";

const SM = "urn:xmpp:sm:3";
const CARBONS = "urn:xmpp:carbons:2";
const RESUME_TIME = 600_000;

const chat = (to: string, body: string) => `<message to="${to}" type="chat"><body>${body}</body></message>`;
const heard = (body: string) => `<message type="chat"><body>${body}</body></message>`;
const late = (body: string) =>
  `<message type="chat"><body>${body}</body><delay xmlns="urn:xmpp:delay" from="{any}" stamp="{any}"/>{...}</message>`;
const copied = (body: string) => `
  <message type="chat"><received xmlns="${CARBONS}"><forwarded xmlns="urn:xmpp:forward:0">
    <message xmlns="jabber:client" type="chat"><body>${body}</body>{...}</message>
  </forwarded></received></message>`;

async function managed(client: Client): Promise<Client> {
  await client.sends(`<enable xmlns="${SM}" resume="true"/>`);
  await client.receivesAny();
  return client;
}

async function withCarbons(client: Client): Promise<Client> {
  await client.sends(`<iq type="set" id="on"><enable xmlns="${CARBONS}"/></iq>`);
  await client.receives(`<iq type="result" id="on"/>`);
  return client;
}

async function receivesNoMessage(client: Client): Promise<void> {
  client.forget(({ name }) => name === "presence");
  await client.receivesNothing();
}

test("a device that had a carbon of it does not get it again (XEP-0280 §7)", async ({ connect, clock }) => {
  const alice = await connect("alice/phone");
  const phone = await managed(await connect("bob/phone"));
  const desk = await withCarbons(await connect("bob/desk"));
  desk.forget(({ name }) => name === "presence");
  await phone.disconnects();
  await alice.sends(chat("bob@localhost/phone", "1"));
  await desk.receives(copied("1"));
  await clock.advance(RESUME_TIME);
  await receivesNoMessage(desk);
});

test("a device that it was delivered to as well does not get it again (RFC 6121 §8.5.2.1.1)", async ({
  connect,
  clock,
}) => {
  const alice = await connect("alice/phone");
  const phone = await managed(await connect("bob/phone"));
  const desk = await connect("bob/desk");
  const other = await connect("bob/other", { presence: false });
  await other.sends("<presence><priority>-1</priority></presence>");
  desk.forget(({ name }) => name === "presence");
  await phone.disconnects();
  await alice.sends(chat("bob@localhost", "1"));
  await desk.receives(heard("1"));
  await clock.advance(RESUME_TIME);
  await receivesNoMessage(desk);
});

test("a device that a room whispered it to as well does not get it again (XEP-0045 §7.5)", async ({
  connect,
  clock,
}) => {
  const alice = await connect("alice/phone");
  const phone = await managed(await connect("bob/phone"));
  const desk = await connect("bob/desk");
  await makeRoom(alice, "first");
  for (const client of [phone, desk]) await enter(client, "second");
  await phone.disconnects();
  await alice.sends(chat(`${ROOM}/second`, "1"));
  desk.forget(({ name }) => name === "presence");
  expect((await desk.receivesAny()).getChildText("body")).toBe("1");
  await clock.advance(RESUME_TIME);
  await receivesNoMessage(desk);
});

test("a whisper that all of them lost is there for the next one, once", async ({ connect, clock }) => {
  const alice = await connect("alice/phone");
  const devices = [await managed(await connect("bob/phone")), await managed(await connect("bob/desk"))];
  await makeRoom(alice, "first");
  for (const device of devices) await enter(device, "second");
  for (const device of devices) await device.disconnects();
  await alice.sends(chat(`${ROOM}/second`, "1"));
  await clock.advance(RESUME_TIME);
  const again = await connect("bob/tablet");
  again.forget(({ name }) => name === "presence");
  expect((await again.receivesAny()).getChildText("body")).toBe("1");
  await receivesNoMessage(again);
});

test("a device that did not have it gets it, and the one that did does not", async ({ connect, clock }) => {
  const alice = await connect("alice/phone");
  const phone = await managed(await connect("bob/phone"));
  const desk = await withCarbons(await connect("bob/desk"));
  const plain = await connect("bob/plain");
  for (const client of [desk, plain]) client.forget(({ name }) => name === "presence");
  await phone.disconnects();
  await alice.sends(chat("bob@localhost/phone", "1"));
  await desk.receives(copied("1"));
  await clock.advance(RESUME_TIME);
  plain.forget(({ name }) => name === "presence");
  await plain.receives(late("1"));
  await receivesNoMessage(desk);
});

test("a device that read it in the archive does not get it again (XEP-0313)", async ({ connect, clock }) => {
  const alice = await connect("alice/phone");
  const phone = await managed(await connect("bob/phone"));
  await phone.disconnects();
  await alice.sends(chat("bob@localhost", "1"));
  const desk = await connect("bob/desk");
  desk.forget(({ name }) => name === "presence");
  await desk.sends(`<iq type="set" id="mam"><query xmlns="urn:xmpp:mam:2"/></iq>`);
  expect((await desk.receivesAny()).getChild("result")).toBeDefined();
  await desk.receivesAny();
  await clock.advance(RESUME_TIME);
  await receivesNoMessage(desk);
});

test("nothing is lost when those with copies end without them as well", async ({ connect, clock }) => {
  const alice = await connect("alice/phone");
  const phone = await managed(await connect("bob/phone"));
  const desk = await managed(await withCarbons(await connect("bob/desk")));
  await phone.disconnects();
  await desk.disconnects();
  await alice.sends(chat("bob@localhost/phone", "1"));
  await clock.advance(RESUME_TIME);
  const again = await connect("bob/tablet");
  again.forget(({ name }) => name === "presence");
  await again.receives(late("1"));
  await receivesNoMessage(again);
});

test("a copy of what its recipient acknowledged goes nowhere", async ({ connect, clock }) => {
  const alice = await connect("alice/phone");
  const phone = await managed(await connect("bob/phone"));
  const desk = await managed(await withCarbons(await connect("bob/desk")));
  phone.forget(({ name }) => name === "presence");
  await desk.disconnects();
  await alice.sends(chat("bob@localhost/phone", "1"));
  await phone.receives(heard("1"));
  await phone.sends(`<a xmlns="${SM}" h="2"/>`);
  await phone.closes();
  await clock.advance(RESUME_TIME);
  await receivesNoMessage(await connect("bob/tablet"));
});

test("what the archive of a room answered goes nowhere (XEP-0313 §4.2)", async ({ connect, clock }) => {
  const bob = await connect("bob/phone");
  await makeRoom(bob, "first", { persistentroom: "1" });
  await bob.sends(`<message to="${ROOM}" type="groupchat"><body>1</body></message>`);
  await managed(bob);
  forget(bob);
  await bob.sends(`<iq type="set" id="mam" to="${ROOM}"><query xmlns="urn:xmpp:mam:2"/></iq>`);
  expect((await bob.receivesAny()).getChild("result")).toBeDefined();
  await bob.disconnects();
  await clock.advance(RESUME_TIME);
  await receivesNoMessage(await connect("bob/desk"));
});

test("devices that the server's end leaves without it find it waiting once", async () => {
  const folder = mkdtempSync(join(tmpdir(), "jackdaw-given-back-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const store = { sqlite: join(folder, "db.sqlite") };
  {
    await using rig = await createRig({ store });
    const alice = await rig.connect("alice/phone");
    const phone = await managed(await rig.connect("bob/phone"));
    const desk = await managed(await rig.connect("bob/desk"));
    await alice.sends(chat("bob@localhost", "1"));
    const wantsNone = "<presence><priority>-1</priority></presence>";
    for (const client of [phone, desk]) await client.sends(wantsNone);
    await alice.sends(chat("bob@localhost", "2"));
    // Something that waited is on its way to one of them.
    for (const presence of ["<presence/>", wantsNone]) await phone.sends(presence);
  }
  await using rig = await createRig({ store });
  const again = await rig.connect("bob/tablet");
  again.forget(({ name }) => name === "presence");
  const bodies = [await again.receivesAny(), await again.receivesAny()].map((each) =>
    each.getChildText("body"),
  );
  expect(bodies).toEqual(["2", "1"]);
  await receivesNoMessage(again);
});

describe("a client that logged in again under its resource meanwhile", () => {
  test("does not get again what it acknowledged", async ({ connect, clock }) => {
    const alice = await connect("alice/phone");
    const phone = await managed(await connect("bob/phone"));
    const desk = await managed(await connect("bob/desk"));
    await phone.disconnects();
    desk.forget(({ name }) => name === "presence");
    await alice.sends(chat("bob@localhost", "1"));
    await desk.receives(heard("1"));
    await desk.sends(`<a xmlns="${SM}" h="1"/>`);
    await desk.closes();
    const again = await connect("bob/desk");
    await clock.advance(RESUME_TIME);
    await receivesNoMessage(again);
  });

  test("does not get again what left for it where there are no acknowledgements (RFC 6121 §8)", async ({
    connect,
    clock,
  }) => {
    const alice = await connect("alice/phone");
    const phone = await managed(await connect("bob/phone"));
    const desk = await connect("bob/desk");
    await phone.disconnects();
    desk.forget(({ name }) => name === "presence");
    await alice.sends(chat("bob@localhost", "1"));
    await desk.receives(heard("1"));
    await desk.closes();
    const again = await connect("bob/desk");
    await clock.advance(RESUME_TIME);
    await receivesNoMessage(again);
  });

  test("nor goes without what did not leave", async ({ connect, clock }) => {
    const alice = await connect("alice/phone");
    const phone = await managed(await connect("bob/phone"));
    const desk = await connect("bob/desk");
    await phone.disconnects();
    desk.pipe.stopReading();
    await alice.sends(chat("bob@localhost", "1"));
    await desk.disconnects();
    const again = await connect("bob/desk");
    await clock.advance(RESUME_TIME);
    again.forget(({ name }) => name === "presence");
    await again.receives(late("1"));
    await receivesNoMessage(again);
  });

  test("gets what it did not", async ({ connect, clock }) => {
    const alice = await connect("alice/phone");
    const phone = await managed(await connect("bob/phone"));
    const desk = await managed(await connect("bob/desk"));
    await phone.disconnects();
    desk.forget(({ name }) => name === "presence");
    await alice.sends(chat("bob@localhost", "1"));
    await desk.receives(heard("1"));
    await desk.closes();
    const again = await connect("bob/desk");
    await clock.advance(RESUME_TIME);
    again.forget(({ name }) => name === "presence");
    await again.receives(late("1"));
    await receivesNoMessage(again);
  });
});
