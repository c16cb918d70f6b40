/** XEP-0486 MUC Avatars, version 0.1.0. */
import { describe, expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import type { Element } from "../../src/xml/element.ts";
import { ns } from "../../src/xmpp/ns.ts";
import { enter, forget, makeRoom, meet, ROOM, SERVICE } from "./muc-client.ts";

const PNG = "iVBORw0KGgo=";
const PHOTO = `<PHOTO><TYPE>image/png</TYPE><BINVAL>${PNG}</BINVAL></PHOTO>`;
/** SHA-1 of the eight bytes. */
const HASH = "4caece539b039b16e16206ea2478f8c5ffb2ca05";
const CHANGED = `<message from="${ROOM}" type="groupchat" id="{any}"><x xmlns="${ns.MUC_USER}"><status code="104"/></x></message>`;

async function publish(client: Client, inner: string): Promise<void> {
  await client.sends(`<iq type="set" id="v" to="${ROOM}"><vCard xmlns="${ns.VCARD}">${inner}</vCard></iq>`);
}

async function ask(client: Client, to: string, payload: string): Promise<Element> {
  forget(client);
  await client.sends(`<iq type="get" id="q" to="${to}">${payload}</iq>`);
  return client.receivesAny();
}

async function hashesOf(client: Client): Promise<string[] | undefined> {
  const answer = await ask(client, ROOM, `<query xmlns="${ns.DISCO_INFO}"/>`);
  const fields = answer.getChild("query")?.getChild("x", ns.DATA_FORMS)?.getChildren("field") ?? [];
  const field = fields.find(({ attrs }) => attrs["var"] === "muc#roominfo_avatarhash");
  return field?.getChildren("value").map((value) => value.getText());
}

test("the service and its rooms say that they have them (§3.1)", async ({ connect }) => {
  const alice = await connect("alice/phone");
  await makeRoom(alice, "first");
  for (const address of [SERVICE, ROOM]) {
    const answer = await ask(alice, address, `<query xmlns="${ns.DISCO_INFO}"/>`);
    const features = answer.getChild("query")?.getChildren("feature") ?? [];
    expect(features.map(({ attrs }) => attrs["var"])).toContain("vcard-temp");
  }
});

test("an owner's picture is told to those who are there, and found by everybody (§3.2, §3.3, §3.4)", async ({
  connect,
}) => {
  const alice = await connect("alice/phone");
  const bob = await connect("bob/desk");
  const carol = await connect("carol/tab");
  await makeRoom(alice, "first");
  await enter(bob, "second");
  forget(alice);
  await publish(alice, PHOTO);
  await bob.receives(CHANGED);
  await alice.receives(CHANGED);
  await alice.receives(`<iq type="result" id="v" from="${ROOM}"/>`);
  expect(await hashesOf(carol)).toEqual([HASH]);
  await carol.sends(`<iq type="get" id="g" to="${ROOM}"><vCard xmlns="${ns.VCARD}"/></iq>`);
  await carol.receives(
    `<iq type="result" id="g" from="${ROOM}"><vCard xmlns="${ns.VCARD}">${PHOTO}</vCard></iq>`,
  );
});

test("an empty vCard takes it away (§3.2)", async ({ connect }) => {
  const alice = await connect("alice/phone");
  await makeRoom(alice, "first");
  await publish(alice, PHOTO);
  await publish(alice, "");
  expect(await hashesOf(alice)).toBeUndefined();
  const answer = await ask(alice, ROOM, `<vCard xmlns="${ns.VCARD}"/>`);
  expect(answer.getChild("vCard", ns.VCARD)?.children).toEqual([]);
});

test("each version of it has its hash (§5.1)", async ({ connect }) => {
  const alice = await connect("alice/phone");
  await makeRoom(alice, "first");
  await publish(alice, PHOTO + PHOTO.replace(PNG, "AAAA"));
  expect(await hashesOf(alice)).toEqual([HASH, "29e2dcfbb16f63bb0254df7585a15bb6fb5e927d"]);
});

describe("is refused", () => {
  test("to those who do not own the room", async ({ connect }) => {
    const [, bob] = await meet(connect);
    await publish(bob, PHOTO);
    const error = (await bob.receivesAny()).getChild("error");
    expect([error?.attrs["type"], error?.getChild("forbidden", ns.STANZA_ERRORS)?.name]).toEqual([
      "auth",
      "forbidden",
    ]);
    expect(await hashesOf(bob)).toBeUndefined();
  });

  test("when it is too large", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await makeRoom(alice, "first");
    forget(alice);
    await publish(alice, `<PHOTO><BINVAL>${"A".repeat(140_000)}</BINVAL></PHOTO>`);
    expect((await alice.receivesAny()).toString()).toContain("<policy-violation");
  });

  test("where there is no room", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await publish(alice, PHOTO);
    expect((await alice.receivesAny()).toString()).toContain("<item-not-found");
  });
});

test("is not the next room's of the same name", async ({ connect }) => {
  const alice = await connect("alice/phone");
  await makeRoom(alice, "first");
  await publish(alice, PHOTO);
  await alice.sends(`<presence to="${ROOM}/first" type="unavailable"/>`);
  const bob = await connect("bob/desk");
  await makeRoom(bob, "second");
  expect(await hashesOf(bob)).toBeUndefined();
});
