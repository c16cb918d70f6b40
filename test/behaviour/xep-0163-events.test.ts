/** XEP-0163: Personal Eventing Protocol: who gets which events. */
import { describe } from "vitest";
import { test } from "../../src/testing/rig.ts";
import { befriend } from "./befriend.ts";
import {
  asks,
  configures,
  EVENT,
  hears,
  hearsNothing,
  itemOf,
  itemsEvent,
  PUBSUB,
  publication,
  publishes,
  refusal,
  wants,
} from "./pubsub-client.ts";
import { letSee } from "./subscribe.ts";

const NODE = "urn:node";

test("a node is made for what is published to it, and own resources that asked for it are told (§3, §4)", async ({
  connect,
}) => {
  const desk = await connect("alice/desk");
  const phone = await connect("alice/phone");
  const tablet = await connect("alice/tablet");
  await wants(desk, NODE);
  await wants(phone, NODE);
  await wants(tablet, "urn:other");
  await publishes(desk, NODE, "current", "1");
  const event = `<message from="alice@localhost" type="headline" id="{any}">
    <event xmlns="${EVENT}"><items node="${NODE}">${itemOf("current", "1")}</items></event>
    <addresses xmlns="http://jabber.org/protocol/address"><address type="replyto" jid="alice@localhost/desk"/></addresses></message>`;
  for (const client of [desk, phone]) await hears(client, event);
  await hearsNothing(tablet);
});

test("contacts who see each other are told at the resources that asked (§4.3)", async ({
  server,
  connect,
  user,
}) => {
  await user("alice");
  await befriend(server, "alice@localhost", "bob@localhost");
  const alice = await connect("alice/desk");
  const phone = await connect("bob/phone");
  const desk = await connect("bob/desk");
  await wants(phone, NODE);
  await wants(desk, "urn:other");
  await publishes(alice, NODE, "current", "1");
  await hears(phone, itemsEvent(NODE, itemOf("current", "1")));
  await hearsNothing(desk);
});

test("whoever is no contact is not told, nor one whose presence the owner does not see", async ({
  server,
  connect,
}) => {
  await letSee(server, "alice@localhost", "carol@localhost");
  const alice = await connect("alice/desk");
  const bob = await connect("bob/desk");
  const carol = await connect("carol/desk");
  await wants(bob, NODE);
  await wants(carol, NODE);
  await publishes(alice, NODE, "current", "1");
  await hearsNothing(bob);
  await hearsNothing(carol);
});

test("a resource that comes gets the last item, late, once (§4.3.3, §4.3.4)", async ({
  server,
  connect,
  clock,
}) => {
  const alice = await connect("alice/desk");
  await befriend(server, "alice@localhost", "bob@localhost");
  await publishes(alice, NODE, "current", "1");
  await clock.advance(60_000);
  const bob = await connect("bob/desk");
  await wants(bob, NODE);
  await hears(
    bob,
    `<message from="alice@localhost" to="bob@localhost/desk" type="headline">
    <event xmlns="${EVENT}"><items node="${NODE}">${itemOf("current", "1")}</items></event>
    <addresses xmlns="http://jabber.org/protocol/address"><address type="replyto" jid="alice@localhost/desk"/></addresses>
    <delay xmlns="urn:xmpp:delay" stamp="{any}"/></message>`,
  );
  await wants(bob, NODE);
  await hearsNothing(bob);
});

test("a client that comes to be interested gets the last item, and again when it was away", async ({
  connect,
}) => {
  const alice = await connect("alice/desk");
  await publishes(alice, NODE, "current", "1");
  const phone = await connect("alice/phone");
  await wants(phone, "urn:other");
  await hearsNothing(phone);
  await wants(phone, "urn:other", NODE);
  await hears(phone, itemsEvent(NODE, itemOf("current", "1")));
  await phone.sends(`<presence type="unavailable"/>`);
  await wants(phone, NODE);
  await hears(phone, itemsEvent(NODE, itemOf("current", "1")));
});

test("new contacts see each other's last items", async ({ connect }) => {
  const alice = await connect("alice/desk");
  const bob = await connect("bob/desk");
  await publishes(alice, NODE, "current", "1");
  await wants(bob, NODE);
  for (const [one, other] of [
    [alice, "bob"],
    [bob, "alice"],
  ] as const) {
    await one.sends(`<presence type="subscribe" to="${other}@localhost"/>`);
  }
  await alice.sends(`<presence type="subscribed" to="bob@localhost"/>`);
  bob.forget((element) => !element.is("message"));
  await hearsNothing(bob);
  await bob.sends(`<presence type="subscribed" to="alice@localhost"/>`);
  bob.forget((element) => !element.is("message"));
  await hears(bob, itemsEvent(NODE, itemOf("current", "1")));
});

test("with send_last_published_item never, nobody who comes is told (XEP-0402)", async ({ connect }) => {
  const alice = await connect("alice/desk");
  await publishes(alice, NODE, "a", "1", { send_last_published_item: "never" });
  const phone = await connect("alice/phone");
  await wants(phone, NODE);
  await hearsNothing(phone);
});

describe("access", () => {
  test.for([
    ["roster", { roster_groups_allowed: ["Friends"] }],
    ["whitelist", {}],
    ["authorize", {}],
  ] as const)(
    "%s: contacts who may not read a node are not told of it",
    async ([model, extra], { server, connect }) => {
      const alice = await connect("alice/desk");
      await befriend(server, "alice@localhost", "bob@localhost");
      const bob = await connect("bob/desk");
      await wants(bob, NODE);
      await publishes(alice, NODE, "a", "1", { access_model: model, ...extra });
      await hearsNothing(bob);
    },
  );

  test("roster: contacts in one of the groups are told", async ({ server, connect }) => {
    const alice = await connect("alice/desk");
    const bob = await connect("bob/desk");
    await befriend(server, "alice@localhost", "bob@localhost");
    await alice.sends(
      `<iq type="set" id="q"><query xmlns="jabber:iq:roster"><item jid="bob@localhost"><group>Friends</group></item></query></iq>`,
    );
    await hears(alice, `<iq type="result" id="q"/>`);
    await wants(bob, NODE);
    await publishes(alice, NODE, "a", "1", { access_model: "roster", roster_groups_allowed: ["Friends"] });
    await hears(bob, itemsEvent(NODE, itemOf("a", "1")));
  });

  test("outcasts are not told, nor may they read (XEP-0060 §4.1)", async ({ server, connect }) => {
    const alice = await connect("alice/desk");
    const bob = await connect("bob/desk");
    await befriend(server, "alice@localhost", "bob@localhost");
    await publishes(alice, NODE, "a", "1");
    await asks(
      alice,
      "set",
      "",
      `<pubsub xmlns="${PUBSUB}#owner"><affiliations node="${NODE}"><affiliation jid="bob@localhost" affiliation="outcast"/></affiliations></pubsub>`,
    );
    await hears(alice, `<iq type="result" id="q"/>`);
    await wants(bob, NODE);
    await publishes(alice, NODE, "a", "2");
    await hearsNothing(bob);
    await asks(bob, "get", "alice@localhost", `<pubsub xmlns="${PUBSUB}"><items node="${NODE}"/></pubsub>`);
    await hears(bob, refusal("auth", "forbidden"));
  });

  test("contacts whom the owner blocked are not told (§4.3.3)", async ({ server, connect }) => {
    const alice = await connect("alice/desk");
    const bob = await connect("bob/desk");
    await befriend(server, "alice@localhost", "bob@localhost");
    await wants(bob, NODE);
    await alice.sends(
      `<iq type="set" id="b"><block xmlns="urn:xmpp:blocking"><item jid="bob@localhost"/></block></iq>`,
    );
    for (const client of [alice, bob]) client.forget(() => true);
    await publishes(alice, NODE, "a", "1");
    await hearsNothing(bob);
    const phone = await connect("bob/phone");
    await wants(phone, NODE);
    await hearsNothing(phone);
  });
});

test("removed items, purges and deletions are told of", async ({ connect }) => {
  const alice = await connect("alice/desk");
  const phone = await connect("alice/phone");
  await publishes(alice, NODE, "a", "1", { max_items: "10", send_last_published_item: "never" });
  await wants(phone, NODE);
  const does = async (payload: string) => {
    await asks(alice, "set", "", payload);
    await hears(alice, `<iq type="result" id="q"/>`);
  };
  await does(`<pubsub xmlns="${PUBSUB}"><retract node="${NODE}"><item id="a"/></retract></pubsub>`);
  await hears(phone, itemsEvent(NODE, `<retract id="a"/>`));
  await publishes(alice, NODE, "b", "1");
  await hears(phone, itemsEvent(NODE, itemOf("b", "1")));
  await does(`<pubsub xmlns="${PUBSUB}#owner"><purge node="${NODE}"/></pubsub>`);
  await hears(
    phone,
    `<message type="headline"><event xmlns="${EVENT}"><purge node="${NODE}"/></event></message>`,
  );
  await does(`<pubsub xmlns="${PUBSUB}#owner"><delete node="${NODE}"/></pubsub>`);
  await hears(
    phone,
    `<message type="headline"><event xmlns="${EVENT}"><delete node="${NODE}"/></event></message>`,
  );
});

test("removed items are not told of when the owner does not want it, unless whoever removes them does", async ({
  connect,
}) => {
  const alice = await connect("alice/desk");
  const phone = await connect("alice/phone");
  await publishes(alice, NODE, "a", "1", {
    max_items: "10",
    notify_retract: "0",
    send_last_published_item: "never",
  });
  await publishes(alice, NODE, "b", "1");
  await wants(phone, NODE);
  for (const [id, notify] of [
    ["a", ""],
    ["b", ` notify="true"`],
  ]) {
    await asks(
      alice,
      "set",
      "",
      `<pubsub xmlns="${PUBSUB}"><retract node="${NODE}"${notify}><item id="${id}"/></retract></pubsub>`,
    );
    await hears(alice, `<iq type="result" id="q"/>`);
  }
  await hears(phone, itemsEvent(NODE, `<retract id="b"/>`));
});

test("the oldest of too many items is retracted (XEP-0060 §7.1.2.4)", async ({ connect }) => {
  const alice = await connect("alice/desk");
  const phone = await connect("alice/phone");
  await wants(phone, NODE);
  await publishes(alice, NODE, "a", "1", { max_items: "2" });
  for (const id of ["b", "c"]) await publishes(alice, NODE, id, "1");
  for (const id of ["a", "b", "c"]) await hears(phone, itemsEvent(NODE, itemOf(id, "1")));
  await hears(phone, itemsEvent(NODE, `<retract id="a"/>`));
});

test("payloads are left out where the owner does not want them delivered (XEP-0060 §7.1.2.2)", async ({
  connect,
}) => {
  const alice = await connect("alice/desk");
  await wants(alice, NODE);
  await publishes(alice, NODE, "a", "1", { deliver_payloads: "false" });
  await hears(alice, itemsEvent(NODE, `<item id="a"/>`));
});

test("a change of the configuration is told of where the owner wants it (XEP-0060 §8.2.5.3)", async ({
  connect,
}) => {
  const alice = await connect("alice/desk");
  await wants(alice, NODE);
  await publishes(alice, NODE, "a", "1", { deliver_notifications: "0" });
  await configures(alice, NODE, { title: "A", deliver_notifications: "1" });
  await hearsNothing(alice);
  await asks(
    alice,
    "set",
    "",
    `<pubsub xmlns="${PUBSUB}#owner"><configure node="${NODE}"><x xmlns="jabber:x:data" type="submit"><field var="pubsub#notify_config"><value>1</value></field></x></configure></pubsub>`,
  );
  await hears(
    alice,
    `<message type="headline"><event xmlns="${EVENT}"><configuration node="${NODE}">{any}</configuration></event></message>`,
  );
  await hears(alice, `<iq type="result" id="q"/>`);
});

test("events of type normal, and with their publisher", async ({ connect }) => {
  const alice = await connect("alice/desk");
  await wants(alice, NODE);
  await publishes(alice, NODE, "a", "1", { notification_type: "normal", itemreply: "publisher" });
  await hears(
    alice,
    `<message type="{none}">{...}<event xmlns="${EVENT}"><items node="${NODE}"><item id="a" publisher="alice@localhost"><e xmlns="urn:e">1</e></item></items></event></message>`,
  );
});

test("items go with their owner where that is wanted (purge_offline)", async ({ connect }) => {
  const alice = await connect("alice/desk");
  await publishes(alice, NODE, "a", "1", { purge_offline: "1" });
  await publishes(alice, "urn:stays", "a", "1");
  await alice.closes();
  const again = await connect("alice/desk");
  await asks(again, "get", "", `<pubsub xmlns="${PUBSUB}"><items node="${NODE}"/></pubsub>`);
  await hears(
    again,
    `<iq type="result" id="q"><pubsub xmlns="${PUBSUB}"><items node="${NODE}"/></pubsub></iq>`,
  );
  await asks(again, "get", "", `<pubsub xmlns="${PUBSUB}"><items node="urn:stays"/></pubsub>`);
  await hears(
    again,
    `<iq type="result" id="q"><pubsub xmlns="${PUBSUB}"><items node="urn:stays">${itemOf("a", "1")}</items></pubsub></iq>`,
  );
});

describe("at most so often", () => {
  test.override({ options: { config: { modules: { pep: { changesPerMinute: 2 } } } } });

  test("who publishes too much has to wait", async ({ connect, clock }) => {
    const alice = await connect("alice/desk");
    for (const text of ["1", "2"]) await publishes(alice, NODE, "a", text);
    await asks(alice, "set", "", publication(NODE, "a", "3"));
    await hears(alice, refusal("wait", "resource-constraint"));
    await clock.advance(60_000);
    await publishes(alice, NODE, "a", "3");
  });

  test("nobody else has to wait for that", async ({ connect }) => {
    const alice = await connect("alice/desk");
    const bob = await connect("bob/desk");
    for (const _ of [1, 2, 3]) {
      await asks(bob, "set", "alice@localhost", publication(NODE, "a", "1"));
      await bob.receivesAny();
    }
    await publishes(alice, NODE, "a", "1");
  });
});

describe("at most so much", () => {
  test.override({
    options: { config: { modules: { pep: { itemSize: "100 B", nodes: 1, size: "150 B" } } } },
  });

  test("a payload may be too large (XEP-0060 §7.1.3.5), there may be too many nodes, and too much in them", async ({
    connect,
  }) => {
    const alice = await connect("alice/desk");
    await asks(alice, "set", "", publication(NODE, "a", "x".repeat(100)));
    await hears(alice, refusal("modify", "not-acceptable", "payload-too-big"));
    await publishes(alice, NODE, "a", "x".repeat(70), { max_items: "max" });
    await asks(alice, "set", "", publication("urn:second", "a", "1"));
    await hears(alice, refusal("wait", "resource-constraint"));
    await asks(alice, "set", "", publication(NODE, "b", "x".repeat(70)));
    await hears(alice, refusal("wait", "resource-constraint"));
  });
});

describe("guests", () => {
  test.override({ options: { config: { auth: { anonymous: true } } } });

  test("have no nodes, since nothing of them is kept, and subscribe to none (XEP-0060 §6.1.3.6)", async ({
    connect,
    raw,
  }) => {
    const alice = await connect("alice/desk");
    await publishes(alice, NODE, "a", "1", { access_model: "open" });
    const guest = raw();
    await guest.opens();
    await guest.receivesAny();
    await guest.sends(`<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="ANONYMOUS">=</auth>`);
    await guest.receives(`<success xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>`);
    await guest.opens();
    await guest.receivesAny();
    await guest.sends(`<iq type="set" id="b"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>`);
    const bound = await guest.receivesAny();
    const jid = bound.getChild("bind")?.getChildText("jid") ?? "";
    for (const payload of [publication(NODE, "a", "1"), `<pubsub xmlns="${PUBSUB}"><create/></pubsub>`]) {
      await asks(guest, "set", "", payload);
      await hears(guest, refusal("auth", "forbidden"));
    }
    await asks(
      guest,
      "set",
      "alice@localhost",
      `<pubsub xmlns="${PUBSUB}"><subscribe node="${NODE}" jid="${jid}"/></pubsub>`,
    );
    await hears(guest, refusal("auth", "forbidden"));
    await asks(guest, "get", "alice@localhost", `<pubsub xmlns="${PUBSUB}"><items node="${NODE}"/></pubsub>`);
    await hears(
      guest,
      `<iq type="result" id="q"><pubsub xmlns="${PUBSUB}"><items node="${NODE}">${itemOf("a", "1")}</items></pubsub></iq>`,
    );
  });
});
