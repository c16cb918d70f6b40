/** XEP-0398: User Avatar to vCard-Based Avatars Conversion. */
import { createHash } from "node:crypto";
import { describe, expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import { letSee } from "./subscribe.ts";

interface Picture {
  readonly base64: string;
  readonly hash: string;
  readonly bytes: number;
}

const picture = (text: string): Picture => ({
  base64: Buffer.from(text).toString("base64"),
  hash: createHash("sha1").update(text).digest("hex"),
  bytes: text.length,
});
const first = picture("one picture");
const second = picture("another picture");

const DATA = "urn:xmpp:avatar:data";
const METADATA = "urn:xmpp:avatar:metadata";
const info = ({ hash, bytes }: Picture, more = "") =>
  `<info id="${hash}" bytes="${bytes}" type="image/png"${more}/>`;
const data = ({ base64 }: Picture) => `<data xmlns="${DATA}">${base64}</data>`;
const metadata = (...infos: string[]) => `<metadata xmlns="${METADATA}">${infos.join("")}</metadata>`;
const photo = ({ base64 }: Picture) => `<PHOTO><TYPE>image/png</TYPE><BINVAL>${base64}</BINVAL></PHOTO>`;
const vCard = (...content: string[]) => `<vCard xmlns="vcard-temp">${content.join("")}</vCard>`;
const announced = (hash: string) =>
  `<x xmlns="vcard-temp:x:update"><photo>${hash}</photo></x>`.replace("<photo></photo>", "<photo/>");

async function does(client: Client, request: string): Promise<void> {
  await client.sends(`<iq type="set" id="s">${request}</iq>`);
  client.forget((stanza) => !stanza.is("iq"));
  await client.receives(`<iq type="result" id="s">{...}</iq>`);
}

async function publishes(client: Client, node: string, id: string, payload: string, access = "open") {
  const form = `<x xmlns="jabber:x:data" type="submit"><field var="FORM_TYPE"><value>http://jabber.org/protocol/pubsub#publish-options</value></field><field var="pubsub#access_model"><value>${access}</value></field></x>`;
  await does(
    client,
    `<pubsub xmlns="http://jabber.org/protocol/pubsub"><publish node="${node}"><item id="${id}">${payload}</item></publish><publish-options>${form}</publish-options></pubsub>`,
  );
}

async function shows(client: Client, image: Picture, access?: string): Promise<void> {
  await publishes(client, DATA, image.hash, data(image), access);
  await publishes(client, METADATA, image.hash, metadata(info(image)), access);
}

async function vCardIs(client: Client, ...content: string[]): Promise<void> {
  client.forget(() => true);
  await client.sends(`<iq type="get" id="v"><vCard xmlns="vcard-temp"/></iq>`);
  await client.receives(`<iq type="result" id="v">${vCard(...content)}</iq>`);
}

async function itemsAre(client: Client, node: string, ...items: string[]): Promise<void> {
  client.forget(() => true);
  await client.sends(
    `<iq type="get" id="i"><pubsub xmlns="http://jabber.org/protocol/pubsub"><items node="${node}"/></pubsub></iq>`,
  );
  await client.receives(
    `<iq type="result" id="i"><pubsub xmlns="http://jabber.org/protocol/pubsub"><items node="${node}">${items.join("")}</items></pubsub></iq>`,
  );
}

test("the account announces it (§2)", async ({ connect }) => {
  const alice = await connect("alice/phone");
  await alice.sends(
    `<iq type="get" id="d" to="alice@localhost"><query xmlns="http://jabber.org/protocol/disco#info"/></iq>`,
  );
  await alice.receives(
    `<iq type="result" id="d"><query xmlns="http://jabber.org/protocol/disco#info">{...}<feature var="urn:xmpp:pep-vcard-conversion:0"/></query></iq>`,
  );
});

describe("from PEP to vCard (§3.1)", () => {
  test("a picture gets into the vCard, beside what is there, and into presence", async ({
    connect,
    server,
  }) => {
    await letSee(server, "alice@localhost", "bob@localhost");
    const bob = await connect("bob/desk");
    const alice = await connect("alice/phone");
    await bob.receives("<presence/>");
    await does(alice, vCard("<FN>Alice</FN>"));
    await shows(alice, first);
    await bob.receives(`<presence>${announced(first.hash)}</presence>`);
    await vCardIs(alice, "<FN>Alice</FN>", photo(first));
    await shows(alice, second);
    await bob.receives(`<presence>${announced(second.hash)}</presence>`);
    await vCardIs(alice, "<FN>Alice</FN>", photo(second));
    await bob.receivesNothing();
  });

  test("makes a vCard where there is none", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await shows(alice, first);
    await vCardIs(alice, photo(first));
  });

  test("of several formats the one is taken that has its data here", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await publishes(alice, DATA, first.hash, data(first));
    const elsewhere = info(second, ' url="https://example.org/a.gif"');
    await publishes(alice, METADATA, first.hash, metadata(elsewhere, info(first)));
    await vCardIs(alice, photo(first));
  });

  test("data that are not what their id says are left out", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await does(alice, vCard("<FN>Alice</FN>"));
    await publishes(alice, DATA, first.hash, data(second));
    await publishes(alice, METADATA, first.hash, metadata(info(first)));
    await vCardIs(alice, "<FN>Alice</FN>");
  });

  test("what is not open to everybody does not get into the vCard, which is (§6)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await does(alice, vCard("<FN>Alice</FN>"));
    await shows(alice, first, "presence");
    await vCardIs(alice, "<FN>Alice</FN>");
  });

  test("no picture any more is none in the vCard either (XEP-0084 §4.2.2)", async ({ connect, server }) => {
    await letSee(server, "alice@localhost", "bob@localhost");
    const bob = await connect("bob/desk");
    const alice = await connect("alice/phone");
    await bob.receives("<presence/>");
    await shows(alice, first);
    await bob.receives(`<presence>${announced(first.hash)}</presence>`);
    await publishes(alice, METADATA, "off", metadata());
    await bob.receives(`<presence>${announced("")}</presence>`);
    await vCardIs(alice);
  });
});

describe("from vCard to PEP (§3.2)", () => {
  test("a picture is published, data before metadata, for everybody to see", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await does(alice, vCard(photo(first)));
    await itemsAre(alice, DATA, `<item id="${first.hash}">${data(first)}</item>`);
    await itemsAre(alice, METADATA, `<item id="${first.hash}">${metadata(info(first))}</item>`);
    const stranger = await connect("bob/desk");
    await stranger.sends(
      `<iq type="get" id="i" to="alice@localhost"><pubsub xmlns="http://jabber.org/protocol/pubsub"><items node="${DATA}"/></pubsub></iq>`,
    );
    await stranger.receives(`<iq type="result" id="i">{...}</iq>`);
  });

  test("another one takes its place, and contacts see one change", async ({ connect, server }) => {
    await letSee(server, "alice@localhost", "bob@localhost");
    const bob = await connect("bob/desk");
    const alice = await connect("alice/phone");
    await bob.receives("<presence/>");
    await shows(alice, first);
    await bob.receives(`<presence>${announced(first.hash)}</presence>`);
    await does(alice, vCard(photo(second)));
    await bob.receives(`<presence>${announced(second.hash)}</presence>`);
    await bob.receivesNothing();
    await itemsAre(alice, METADATA, `<item id="${second.hash}">${metadata(info(second))}</item>`);
    await vCardIs(alice, photo(second));
  });

  test("a vCard without the picture takes it back", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await does(alice, vCard(photo(first)));
    await does(alice, vCard("<FN>Alice</FN>"));
    await itemsAre(alice, METADATA, `<item id="current">${metadata()}</item>`);
    await vCardIs(alice, "<FN>Alice</FN>");
  });

  test("a node stays as private as its owner made it", async ({ connect, rig }) => {
    const alice = await connect("alice/phone");
    await shows(alice, second, "presence");
    await does(alice, vCard(photo(first)));
    await itemsAre(alice, METADATA, `<item id="${first.hash}">${metadata(info(first))}</item>`);
    const stranger = await connect("bob/desk");
    await stranger.sends(
      `<iq type="get" id="i" to="alice@localhost"><pubsub xmlns="http://jabber.org/protocol/pubsub"><items node="${DATA}"/></pubsub></iq>`,
    );
    await stranger.receives(`<iq type="error" id="i">{...}</iq>`);
    expect(rig.errors).toEqual([]);
  });
});
