/** XEP-0402: PEP Native Bookmarks, §6.1: unified with those that old clients keep in private XML (XEP-0048, XEP-0049). */
import { describe } from "vitest";
import { privateService } from "../../src/modules/private.ts";
import type { Client } from "../../src/testing/client.ts";
import { readXml } from "../../src/testing/read-xml.ts";
import { test } from "../../src/testing/rig.ts";
import { Jid } from "../../src/xmpp/jid.ts";

const NODE = "urn:xmpp:bookmarks:1";
const PUBSUB = "http://jabber.org/protocol/pubsub";
const storage = (...content: string[]) => `<storage xmlns="storage:bookmarks">${content.join("")}</storage>`;
const old = (jid: string, attributes = "", content = "") =>
  `<conference jid="${jid}"${attributes && ` ${attributes}`}>${content}</conference>`;
const native = (attributes = "", content = "") =>
  `<conference xmlns="${NODE}"${attributes && ` ${attributes}`}>${content}</conference>`;
const item = (jid: string, payload: string) => `<item id="${jid}">${payload}</item>`;
const ROOM = "orchard@rooms.example";
const PLAY = "play@rooms.example";

async function does(client: Client, request: string): Promise<void> {
  await client.sends(`<iq type="set" id="s">${request}</iq>`);
  client.forget((stanza) => !stanza.is("iq"));
  await client.receives(`<iq type="result" id="s">{...}</iq>`);
}

function stores(client: Client, ...content: string[]): Promise<void> {
  return does(client, `<query xmlns="jabber:iq:private">${storage(...content)}</query>`);
}

async function publishes(client: Client, jid: string, payload: string, access = "whitelist"): Promise<void> {
  const options = {
    access_model: access,
    persist_items: "true",
    max_items: "max",
    send_last_published_item: "never",
  };
  const fields = Object.entries(options).map(
    ([name, value]) => `<field var="pubsub#${name}"><value>${value}</value></field>`,
  );
  const form = `<x xmlns="jabber:x:data" type="submit"><field var="FORM_TYPE"><value>${PUBSUB}#publish-options</value></field>${fields.join("")}</x>`;
  await does(
    client,
    `<pubsub xmlns="${PUBSUB}"><publish node="${NODE}">${item(jid, payload)}</publish><publish-options>${form}</publish-options></pubsub>`,
  );
}

async function storedAre(client: Client, ...content: string[]): Promise<void> {
  await client.sends(`<iq type="get" id="g"><query xmlns="jabber:iq:private">${storage()}</query></iq>`);
  await client.receives(
    `<iq type="result" id="g"><query xmlns="jabber:iq:private">${storage(...content)}</query></iq>`,
  );
}

async function itemsAre(client: Client, ...items: string[]): Promise<void> {
  await client.sends(`<iq type="get" id="i"><pubsub xmlns="${PUBSUB}"><items node="${NODE}"/></pubsub></iq>`);
  await client.receives(
    `<iq type="result" id="i"><pubsub xmlns="${PUBSUB}"><items node="${NODE}">${items.join("")}</items></pubsub></iq>`,
  );
}

test("the account announces it (§6.1)", async ({ connect }) => {
  const alice = await connect("alice/phone");
  await alice.sends(
    `<iq type="get" id="d" to="alice@localhost"><query xmlns="http://jabber.org/protocol/disco#info"/></iq>`,
  );
  await alice.receives(
    `<iq type="result" id="d"><query xmlns="http://jabber.org/protocol/disco#info">{...}<feature var="${NODE}#compat"/></query></iq>`,
  );
});

test("what a new client publishes an old one sees (§6.1.1)", async ({ connect }) => {
  const alice = await connect("alice/phone");
  await publishes(alice, ROOM, native('name="O &lt;" autojoin="1"', "<nick>A</nick><password>p</password>"));
  await publishes(alice, PLAY, native("", `<extensions><x xmlns="urn:x">y</x></extensions>`));
  await storedAre(
    alice,
    old(ROOM, 'name="O &lt;" autojoin="true"', "<nick>A</nick><password>p</password>"),
    old(PLAY, "", `<x xmlns="urn:x">y</x>`),
  );
});

describe("what an old client stores (§6.1.2)", () => {
  test("a new one sees, and nobody else", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await stores(alice, old(ROOM, 'name="O" autojoin="1"', "<nick>A</nick>"), old(PLAY));
    await itemsAre(
      alice,
      item(ROOM, native('name="O" autojoin="true"', "<nick>A</nick>")),
      item(PLAY, native()),
    );
    const bob = await connect("bob/desk");
    await bob.sends(
      `<iq type="get" id="i" to="alice@localhost"><pubsub xmlns="${PUBSUB}"><items node="${NODE}"/></pubsub></iq>`,
    );
    await bob.receives(`<iq type="error" id="i">{...}</iq>`);
  });

  test("changes what it changes, retracts what it leaves out, and tells of nothing else", async ({
    connect,
  }) => {
    const alice = await connect("alice/phone");
    await publishes(alice, ROOM, native('name="O" autojoin="true"'));
    await publishes(alice, PLAY, native());
    await does(
      alice,
      `<pubsub xmlns="${PUBSUB}"><subscribe node="${NODE}" jid="alice@localhost/phone"/></pubsub>`,
    );
    alice.forget(() => true);
    const list = storage(old(ROOM, 'autojoin="1" name="O"'), old("new@rooms.example"));
    await alice.sends(`<iq type="set" id="s"><query xmlns="jabber:iq:private">${list}</query></iq>`);
    for (const change of [item("new@rooms.example", native()), `<retract id="${PLAY}"/>`]) {
      await alice.receives(
        `<message type="headline"><event xmlns="${PUBSUB}#event"><items node="${NODE}">${change}</items></event></message>`,
      );
    }
    await alice.receives(`<iq type="result" id="s"/>`);
    await itemsAre(
      alice,
      item(ROOM, native('name="O" autojoin="true"')),
      item("new@rooms.example", native()),
    );
  });

  test("does not lose what it knows nothing of", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await publishes(alice, ROOM, native("", `<extensions><x xmlns="urn:x"/></extensions>`));
    await stores(alice, old(ROOM, 'name="N"'));
    await itemsAre(alice, item(ROOM, native('name="N"', `<extensions><x xmlns="urn:x"/></extensions>`)));
  });

  test("that is no room stays where it is", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const url = '<url name="u" url="https://example.org"/>';
    await stores(alice, url, old("@"), old(ROOM));
    await itemsAre(alice, item(ROOM, native()));
    await storedAre(alice, old(ROOM), url, old("@"));
  });

  test("stays in private XML where the node is not private", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await publishes(alice, ROOM, native(), "open");
    await stores(alice, old(PLAY));
    await storedAre(alice, old(PLAY));
    await itemsAre(alice, item(ROOM, native()));
  });
});

test("bookmarks from before get into PEP when their owner comes, beside newer ones", async ({
  connect,
  server,
}) => {
  const before = await connect("alice/phone");
  await publishes(before, ROOM, native('name="new"'));
  await publishes(before, "other@rooms.example", native());
  await before.disconnects();
  const list = readXml(storage(old(ROOM, 'name="old"'), old(PLAY)));
  await server.host().use(privateService).put(Jid.parse("alice@localhost"), list);
  const alice = await connect("alice/phone");
  const kept = [item(ROOM, native('name="new"')), item("other@rooms.example", native())];
  await itemsAre(alice, ...kept, item(PLAY, native()));
  await does(
    alice,
    `<pubsub xmlns="${PUBSUB}"><retract node="${NODE}"><item id="${PLAY}"/></retract></pubsub>`,
  );
  await alice.disconnects();
  const again = await connect("alice/phone");
  await itemsAre(again, ...kept);
});
