/** XEP-0402 §6.2: bookmarks of clients that keep all of them in one item in PEP (XEP-0048, XEP-0223). */
import { describe, expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import { asks, EVENT, form, hears, hearsNothing, PUBSUB, refusal, wants } from "./pubsub-client.ts";

const NATIVE = "urn:xmpp:bookmarks:1";
const OLD = "storage:bookmarks";
const ROOM = "orchard@rooms.example";
const PLAY = "play@rooms.example";
const PRIVATE = {
  persist_items: "true",
  max_items: "max",
  send_last_published_item: "never",
  access_model: "whitelist",
};

const storage = (...content: string[]) => `<storage xmlns="${OLD}">${content.join("")}</storage>`;
const old = (jid: string, attributes = "") => `<conference jid="${jid}"${attributes && ` ${attributes}`}/>`;
const native = (attributes = "") => `<conference xmlns="${NATIVE}"${attributes && ` ${attributes}`}/>`;
const item = (id: string, payload: string) => `<item id="${id}">${payload}</item>`;

async function publishes(
  client: Client,
  node: string,
  content: string,
  options: typeof PRIVATE | { access_model: string } = PRIVATE,
): Promise<void> {
  const fields = node === OLD ? { ...options, max_items: "1" } : options;
  await asks(
    client,
    "set",
    "",
    `<pubsub xmlns="${PUBSUB}"><publish node="${node}">${content}</publish><publish-options>${form("publish-options", fields)}</publish-options></pubsub>`,
  );
  client.forget((stanza) => !stanza.is("iq"));
  await client.receives(`<iq type="result" id="q">{...}</iq>`);
}

async function has(client: Client, node: string, ...items: string[]): Promise<void> {
  await asks(client, "get", "", `<pubsub xmlns="${PUBSUB}"><items node="${node}"/></pubsub>`);
  await hears(
    client,
    `<iq type="result" id="q"><pubsub xmlns="${PUBSUB}"><items node="${node}">${items.join("")}</items></pubsub></iq>`,
  );
}

test("the account announces it", async ({ connect }) => {
  const alice = await connect("alice/desk");
  await asks(alice, "get", "", `<query xmlns="http://jabber.org/protocol/disco#info"/>`);
  const info = await alice.receives(`<iq type="result" id="q">{...}</iq>`);
  expect(String(info)).toContain('<feature var="urn:xmpp:bookmarks:1#compat-pep"/>');
});

describe("the list", () => {
  test("has what a new client publishes and retracts, and nobody else sees it", async ({ connect }) => {
    const alice = await connect("alice/desk");
    const bob = await connect("bob/desk");
    await publishes(alice, NATIVE, item(ROOM, native('name="Orchard" autojoin="true"')));
    await publishes(alice, NATIVE, item(PLAY, native()));
    await has(alice, OLD, item("current", storage(old(ROOM, 'name="Orchard" autojoin="true"'), old(PLAY))));
    await asks(bob, "get", "alice@localhost", `<pubsub xmlns="${PUBSUB}"><items node="${OLD}"/></pubsub>`);
    await hears(bob, refusal("auth", "not-authorized", "presence-subscription-required"));
    await asks(
      alice,
      "set",
      "",
      `<pubsub xmlns="${PUBSUB}"><retract node="${NATIVE}"><item id="${PLAY}"/></retract></pubsub>`,
    );
    await hears(alice, `<iq type="result" id="q"/>`);
    await has(alice, OLD, item("current", storage(old(ROOM, 'name="Orchard" autojoin="true"'))));
  });

  test("has what is put into private XML, and is written once for many", async ({ connect }) => {
    const alice = await connect("alice/desk");
    const phone = await connect("alice/phone");
    await wants(phone, OLD);
    const rooms = Array.from({ length: 20 }, (_, index) => old(`room${index}@rooms.example`));
    await asks(alice, "set", "", `<query xmlns="jabber:iq:private">${storage(...rooms)}</query>`);
    await hears(alice, `<iq type="result" id="q"/>`);
    await hears(
      phone,
      `<message type="headline">{...}<event xmlns="${EVENT}"><items node="${OLD}">${item("current", storage(...rooms))}</items></event></message>`,
    );
    await hearsNothing(phone);
  });

  test("that an old client publishes goes into bookmarks; who follows those hears of what changed", async ({
    connect,
  }) => {
    const alice = await connect("alice/desk");
    const phone = await connect("alice/phone");
    await publishes(alice, NATIVE, item(ROOM, native('name="Orchard"')));
    await publishes(alice, NATIVE, item(PLAY, native()));
    await wants(phone, NATIVE);
    await publishes(
      alice,
      OLD,
      item(
        "current",
        storage(
          old(ROOM, 'name="Orchard"'),
          old("new@rooms.example"),
          `<url name="U" url="https://u.example"/>`,
        ),
      ),
    );
    await hears(
      phone,
      `<message type="headline">{...}<event xmlns="${EVENT}"><items node="${NATIVE}">${item("new@rooms.example", native())}</items></event></message>`,
    );
    await hears(
      phone,
      `<message type="headline">{...}<event xmlns="${EVENT}"><items node="${NATIVE}"><retract id="${PLAY}"/></items></event></message>`,
    );
    await hearsNothing(phone);
    await has(alice, NATIVE, item(ROOM, native('name="Orchard"')), item("new@rooms.example", native()));
    await publishes(alice, NATIVE, item(PLAY, native()));
    await has(
      alice,
      OLD,
      item(
        "current",
        storage(
          old(ROOM, 'name="Orchard"'),
          old("new@rooms.example"),
          old(PLAY),
          `<url name="U" url="https://u.example"/>`,
        ),
      ),
    );
  });

  test("that others may read gets nothing of the bookmarks, nor gives them anything", async ({ connect }) => {
    const alice = await connect("alice/desk");
    await publishes(alice, OLD, item("current", storage(old(PLAY))), { access_model: "open" });
    await asks(alice, "get", "", `<pubsub xmlns="${PUBSUB}"><items node="${NATIVE}"/></pubsub>`);
    await hears(alice, refusal("cancel", "item-not-found"));
    await publishes(alice, NATIVE, item(ROOM, native()));
    await has(alice, OLD, item("current", storage(old(PLAY))));
  });
});
