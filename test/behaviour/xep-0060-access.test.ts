/** XEP-0060 §4.5, §6: who may read and subscribe, and what others hear. */
import { describe, expect } from "vitest";
import { test } from "../../src/testing/rig.ts";
import { Jid } from "../../src/xmpp/jid.ts";
import { befriend } from "./befriend.ts";
import {
  asks,
  configures,
  EVENT,
  hears,
  hearsNothing,
  itemOf,
  itemsAnswer,
  itemsEvent,
  itemsRequest,
  OWNER,
  PUBSUB,
  publication,
  publishes,
  refusal,
} from "./pubsub-client.ts";

const NODE = "urn:node";
const ALICE = "alice@localhost";
const subscribe = (jid: string, node = NODE) =>
  `<pubsub xmlns="${PUBSUB}"><subscribe node="${node}" jid="${jid}"/></pubsub>`;
const subscribed = (jid: string, state = "subscribed") =>
  `<iq type="result" id="q"><pubsub xmlns="${PUBSUB}"><subscription node="${NODE}" jid="${jid}" subscription="${state}"/></pubsub></iq>`;
const subscriptionEvent = (jid: string, state: string) =>
  `<message type="headline"><event xmlns="${EVENT}"><subscription node="${NODE}" jid="${jid}" subscription="${state}"/></event></message>`;
const affiliate = (jid: string, affiliation: string) =>
  `<pubsub xmlns="${OWNER}"><affiliations node="${NODE}"><affiliation jid="${jid}" affiliation="${affiliation}"/></affiliations></pubsub>`;

describe("a stranger", () => {
  test("reads and subscribes to open nodes (§4.5): encrypted messages need no presence", async ({
    connect,
  }) => {
    const alice = await connect("alice/desk");
    const bob = await connect("bob/desk");
    await publishes(alice, NODE, "current", "keys", { access_model: "open" });
    await asks(bob, "get", ALICE, itemsRequest(NODE));
    await hears(bob, itemsAnswer(NODE, itemOf("current", "keys")));
    await asks(bob, "set", ALICE, subscribe("bob@localhost"));
    await hears(bob, subscribed("bob@localhost"));
    // §6.1.7. Which resource published is not for strangers (XEP-0163 §4.3.1).
    await hears(
      bob,
      `<message type="headline" from="${ALICE}"><event xmlns="${EVENT}"><items node="${NODE}">${itemOf("current", "keys")}</items></event><delay xmlns="urn:xmpp:delay" stamp="{any}"/></message>`,
    );
    await publishes(alice, NODE, "current", "more");
    await hears(
      bob,
      `<message type="headline"><event xmlns="${EVENT}"><items node="${NODE}">${itemOf("current", "more")}</items></event></message>`,
    );
  });

  test("hears the same of every other node, of one that is not there, and of an account that is not there", async ({
    connect,
  }) => {
    const alice = await connect("alice/desk");
    const bob = await connect("bob/desk");
    for (const model of ["presence", "roster", "whitelist", "authorize"]) {
      await publishes(alice, `urn:${model}`, "a", "1", { access_model: model });
    }
    for (const question of [
      (node: string) => itemsRequest(node),
      (node: string) => subscribe("bob@localhost", node),
      (node: string) =>
        `<pubsub xmlns="${PUBSUB}"><unsubscribe node="${node}" jid="bob@localhost"/></pubsub>`,
      (node: string) => `<pubsub xmlns="${PUBSUB}"><affiliations node="${node}"/></pubsub>`,
      (node: string) => publication(node, "a", "1"),
      (node: string) => `<pubsub xmlns="${PUBSUB}"><retract node="${node}"><item id="a"/></retract></pubsub>`,
      (node: string) => `<pubsub xmlns="${OWNER}"><configure node="${node}"/></pubsub>`,
      (node: string) => `<pubsub xmlns="${OWNER}"><delete node="${node}"/></pubsub>`,
      (node: string) => `<query xmlns="http://jabber.org/protocol/disco#info" node="${node}"/>`,
      (node: string) => `<query xmlns="http://jabber.org/protocol/disco#items" node="${node}"/>`,
    ]) {
      const answers = new Set<string>();
      for (const [account, node] of [
        ...["presence", "roster", "whitelist", "authorize", "nothing"].map((model) => [
          ALICE,
          `urn:${model}`,
        ]),
        ["nobody@localhost", "urn:nothing"],
      ] as const) {
        const asked = question(node);
        const isGet = /<(items|affiliations|query) |<configure/.test(asked);
        await asks(bob, isGet ? "get" : "set", account, asked);
        const answer = (await bob.receivesAny()).toString();
        answers.add(answer.replaceAll(account, "ACCOUNT").replaceAll(node, "NODE"));
      }
      expect([...answers]).toHaveLength(1);
    }
  });

  test("is told that it lacks the presence subscription (§6.1.3.2, §6.5.9.6)", async ({ connect }) => {
    const alice = await connect("alice/desk");
    const bob = await connect("bob/desk");
    await publishes(alice, NODE, "a", "1");
    const refused = refusal("auth", "not-authorized", "presence-subscription-required");
    for (const [type, payload] of [
      ["get", itemsRequest(NODE)],
      ["set", subscribe("bob@localhost")],
    ] as const) {
      await asks(bob, type, ALICE, payload);
      await hears(bob, refused);
    }
  });

  test("may not publish, create, configure nor delete (§7.1.3.1, §8)", async ({ connect }) => {
    const alice = await connect("alice/desk");
    const bob = await connect("bob/desk");
    await publishes(alice, NODE, "a", "1", { access_model: "open" });
    for (const [type, payload] of [
      ["set", publication(NODE, "b", "1")],
      ["set", publication("urn:new", "b", "1")],
      ["set", `<pubsub xmlns="${PUBSUB}"><create node="urn:new"/></pubsub>`],
      ["set", `<pubsub xmlns="${PUBSUB}"><retract node="${NODE}"><item id="a"/></retract></pubsub>`],
      ["get", `<pubsub xmlns="${OWNER}"><configure node="${NODE}"/></pubsub>`],
      ["set", `<pubsub xmlns="${OWNER}"><delete node="${NODE}"/></pubsub>`],
      ["set", `<pubsub xmlns="${OWNER}"><purge node="${NODE}"/></pubsub>`],
      ["get", `<pubsub xmlns="${OWNER}"><affiliations node="${NODE}"/></pubsub>`],
      ["set", affiliate("bob@localhost", "owner")],
      ["get", `<pubsub xmlns="${OWNER}"><subscriptions node="${NODE}"/></pubsub>`],
    ] as const) {
      await asks(bob, type, ALICE, payload);
      await hears(bob, refusal("auth", "forbidden"));
    }
  });

  test("finds open nodes, and no others, among the items of an account (XEP-0163 §6.2)", async ({
    connect,
  }) => {
    const alice = await connect("alice/desk");
    const bob = await connect("bob/desk");
    await publishes(alice, NODE, "a", "1", { access_model: "open" });
    await publishes(alice, "urn:hidden", "a", "1");
    await asks(bob, "get", ALICE, `<query xmlns="http://jabber.org/protocol/disco#items"/>`);
    await hears(
      bob,
      `<iq type="result"><query xmlns="http://jabber.org/protocol/disco#items"><item jid="${ALICE}" node="${NODE}"/></query></iq>`,
    );
  });

  test("on the whitelist reads and subscribes (§4.5), until it is taken off", async ({ connect }) => {
    const alice = await connect("alice/desk");
    const bob = await connect("bob/desk");
    await publishes(alice, NODE, "a", "1", { access_model: "whitelist", send_last_published_item: "never" });
    await asks(alice, "set", "", affiliate("bob@localhost", "member"));
    await hears(alice, `<iq type="result" id="q"/>`);
    await asks(bob, "get", ALICE, itemsRequest(NODE));
    await hears(bob, itemsAnswer(NODE, itemOf("a", "1")));
    await asks(bob, "set", ALICE, subscribe("bob@localhost/desk"));
    await hears(bob, subscribed("bob@localhost/desk"));
    await publishes(alice, NODE, "a", "2");
    await hears(bob, itemsEvent(NODE, itemOf("a", "2")));
    await asks(alice, "set", "", affiliate("bob@localhost", "none"));
    await hears(alice, `<iq type="result" id="q"/>`);
    // XEP-0163 §7.1
    await publishes(alice, NODE, "a", "3");
    await hears(bob, subscriptionEvent("bob@localhost/desk", "none"));
    await hearsNothing(bob);
  });
});

describe("a contact", () => {
  test.for([
    ["roster", "auth", "not-authorized", "not-in-roster-group"],
    ["whitelist", "cancel", "not-allowed", "closed-node"],
    ["authorize", "auth", "not-authorized", "not-subscribed"],
  ] as const)(
    "may not read a node of the access model %s (§6.5.9)",
    async ([model, type, condition, detail], { server, connect }) => {
      const alice = await connect("alice/desk");
      const bob = await connect("bob/desk");
      await befriend(server, ALICE, "bob@localhost");
      await publishes(alice, NODE, "a", "1", { access_model: model });
      await asks(bob, "get", ALICE, itemsRequest(NODE));
      await hears(bob, refusal(type, condition, detail));
      await asks(bob, "set", ALICE, publication(NODE, "a", "1"));
      await hears(bob, refusal("auth", "forbidden"));
      await asks(bob, "get", ALICE, itemsRequest("urn:nothing"));
      await hears(bob, refusal("cancel", "item-not-found"));
    },
  );

  test("reads nodes of the access model presence, and is not subscribed any more when that ends", async ({
    server,
    connect,
  }) => {
    const alice = await connect("alice/desk");
    const bob = await connect("bob/desk");
    await befriend(server, ALICE, "bob@localhost");
    await publishes(alice, NODE, "a", "1", { send_last_published_item: "never" });
    await asks(bob, "get", ALICE, itemsRequest(NODE));
    await hears(bob, itemsAnswer(NODE, itemOf("a", "1")));
    await asks(bob, "set", ALICE, subscribe("bob@localhost/desk"));
    await hears(bob, subscribed("bob@localhost/desk"));
    await alice.sends(`<presence type="unsubscribed" to="bob@localhost"/>`);
    await hears(bob, subscriptionEvent("bob@localhost/desk", "none"));
  });

  test("who is removed from the roster is not subscribed any more", async ({ server, connect }) => {
    const alice = await connect("alice/desk");
    const bob = await connect("bob/desk");
    await befriend(server, ALICE, "bob@localhost");
    await publishes(alice, NODE, "a", "1", { send_last_published_item: "never" });
    await asks(bob, "set", ALICE, subscribe("bob@localhost/desk"));
    await hears(bob, subscribed("bob@localhost/desk"));
    await asks(
      alice,
      "set",
      "",
      `<query xmlns="jabber:iq:roster"><item jid="bob@localhost" subscription="remove"/></query>`,
    );
    await hears(bob, subscriptionEvent("bob@localhost/desk", "none"));
  });

  test("asks to subscribe where requests have to be approved (§6.1.4, §8.6)", async ({ server, connect }) => {
    const alice = await connect("alice/desk");
    const bob = await connect("bob/desk");
    await befriend(server, ALICE, "bob@localhost");
    await publishes(alice, NODE, "a", "1", { access_model: "authorize" });
    await asks(bob, "set", ALICE, subscribe("bob@localhost"));
    const question = `<message id="{question}" from="${ALICE}" to="${ALICE}"><x xmlns="jabber:x:data" type="form">{...}
      <field var="FORM_TYPE" type="hidden"><value>${PUBSUB}#subscribe_authorization</value></field>
      <field var="pubsub#node" type="text-single" label="{any}"><value>${NODE}</value></field>
      <field var="pubsub#subscriber_jid" type="jid-single" label="{any}"><value>bob@localhost</value></field>
      <field var="pubsub#allow" type="boolean" label="{any}"><value>0</value></field></x></message>`;
    await hears(alice, question);
    await hears(bob, subscribed("bob@localhost", "pending"));
    await asks(bob, "set", ALICE, subscribe("bob@localhost"));
    await hears(bob, refusal("auth", "not-authorized", "pending-subscription"));
    await asks(bob, "get", ALICE, itemsRequest(NODE));
    await hears(bob, refusal("auth", "not-authorized", "not-subscribed"));
    const decides = (type: string, allow: string) =>
      alice.sends(`<message to="${ALICE}" id="{question}"><x xmlns="jabber:x:data" type="${type}">
        <field var="FORM_TYPE" type="hidden"><value>${PUBSUB}#subscribe_authorization</value></field><field var="pubsub#node"><value>${NODE}</value></field>
        <field var="pubsub#subscriber_jid"><value>bob@localhost</value></field><field var="pubsub#allow"><value>${allow}</value></field></x></message>`);
    await decides("cancel", "1");
    await hearsNothing(bob);
    await decides("submit", "1");
    await hears(bob, subscriptionEvent("bob@localhost", "subscribed"));
    await hears(bob, itemsEvent(NODE, itemOf("a", "1")));
    await asks(bob, "get", ALICE, itemsRequest(NODE));
    await hears(bob, itemsAnswer(NODE, itemOf("a", "1")));
    await hearsNothing(alice);
  });

  test("whose request is denied is told so", async ({ server, connect }) => {
    const alice = await connect("alice/desk");
    const bob = await connect("bob/desk");
    await befriend(server, ALICE, "bob@localhost");
    await publishes(alice, NODE, "a", "1", { access_model: "authorize" });
    await asks(bob, "set", ALICE, subscribe("bob@localhost"));
    await hears(bob, subscribed("bob@localhost", "pending"));
    await asks(alice, "set", "", affiliate("bob@localhost", "outcast"));
    await hears(bob, subscriptionEvent("bob@localhost", "none"));
  });
});

describe("subscriptions", () => {
  test("are for one's own addresses (§6.1.3.1, §6.2.3.3)", async ({ connect }) => {
    const alice = await connect("alice/desk");
    const bob = await connect("bob/desk");
    await publishes(alice, NODE, "a", "1", { access_model: "open" });
    await asks(bob, "set", ALICE, subscribe("carol@localhost"));
    await hears(bob, refusal("modify", "bad-request", "invalid-jid"));
    await asks(
      bob,
      "set",
      ALICE,
      `<pubsub xmlns="${PUBSUB}"><unsubscribe node="${NODE}" jid="carol@localhost"/></pubsub>`,
    );
    await hears(bob, refusal("auth", "forbidden"));
  });

  test("end when asked to, and only if there are any (§6.2)", async ({ connect }) => {
    const alice = await connect("alice/desk");
    const bob = await connect("bob/desk");
    await publishes(alice, NODE, "a", "1", { access_model: "open", send_last_published_item: "never" });
    const unsubscribe = `<pubsub xmlns="${PUBSUB}"><unsubscribe node="${NODE}" jid="bob@localhost"/></pubsub>`;
    await asks(bob, "set", ALICE, unsubscribe);
    await hears(bob, refusal("cancel", "unexpected-request", "not-subscribed"));
    for (const _ of [1, 2]) {
      await asks(bob, "set", ALICE, subscribe("bob@localhost"));
      await hears(bob, subscribed("bob@localhost"));
    }
    await asks(bob, "set", ALICE, unsubscribe);
    await hears(bob, `<iq type="result" id="q"/>`);
    await publishes(alice, NODE, "a", "2");
    await hearsNothing(bob);
  });

  test("can be switched off (§6.1.3.10)", async ({ connect }) => {
    const alice = await connect("alice/desk");
    const bob = await connect("bob/desk");
    await publishes(alice, NODE, "a", "1", { access_model: "open" });
    await configures(alice, NODE, { subscribe: "0" });
    await asks(bob, "set", ALICE, subscribe("bob@localhost"));
    await hears(bob, refusal("cancel", "feature-not-implemented", "unsupported", "subscribe"));
  });

  test("and affiliations are listed for whoever has them (§5.6, §5.7)", async ({ connect }) => {
    const alice = await connect("alice/desk");
    const bob = await connect("bob/desk");
    await publishes(alice, NODE, "a", "1", { access_model: "open", send_last_published_item: "never" });
    await publishes(alice, "urn:other", "a", "1");
    await asks(bob, "set", ALICE, subscribe("bob@localhost"));
    await hears(bob, subscribed("bob@localhost"));
    await asks(bob, "get", ALICE, `<pubsub xmlns="${PUBSUB}"><subscriptions/></pubsub>`);
    await hears(
      bob,
      `<iq type="result" id="q"><pubsub xmlns="${PUBSUB}"><subscriptions><subscription node="${NODE}" jid="bob@localhost" subscription="subscribed"/></subscriptions></pubsub></iq>`,
    );
    await asks(bob, "get", ALICE, `<pubsub xmlns="${PUBSUB}"><affiliations/></pubsub>`);
    await hears(bob, `<iq type="result" id="q"><pubsub xmlns="${PUBSUB}"><affiliations/></pubsub></iq>`);
    await asks(alice, "get", "", `<pubsub xmlns="${PUBSUB}"><affiliations/></pubsub>`);
    await hears(
      alice,
      `<iq type="result" id="q"><pubsub xmlns="${PUBSUB}"><affiliations><affiliation node="${NODE}" affiliation="owner"/><affiliation node="urn:other" affiliation="owner"/></affiliations></pubsub></iq>`,
    );
  });

  describe("at most so many", () => {
    test.override({ options: { config: { modules: { pep: { subscriptionsPerNode: 1 } } } } });

    test("are there for one node (§6.1.3.9)", async ({ connect }) => {
      const alice = await connect("alice/desk");
      const bob = await connect("bob/desk");
      await publishes(alice, NODE, "a", "1", { access_model: "open", send_last_published_item: "never" });
      await asks(bob, "set", ALICE, subscribe("bob@localhost"));
      await hears(bob, subscribed("bob@localhost"));
      await asks(bob, "set", ALICE, subscribe("bob@localhost/desk"));
      await hears(bob, refusal("wait", "policy-violation", "too-many-subscriptions"));
    });
  });
});

test("whoever comes by the name of a deleted account is let in nowhere", async ({
  connect,
  server,
  user,
}) => {
  const alice = await connect("alice/desk");
  await publishes(alice, NODE, "a", "1", { access_model: "whitelist" });
  await asks(alice, "set", "", affiliate("bob@localhost", "member"));
  await hears(alice, `<iq type="result" id="q"/>`);
  const bob = await connect("bob/desk");
  await publishes(bob, "urn:bob", "a", "1", { access_model: "open" });
  await asks(bob, "set", ALICE, subscribe("bob@localhost"));
  bob.forget(() => true);
  await server.removeUser(Jid.parse("bob@localhost"));
  await user("bob");
  await asks(alice, "get", "", `<pubsub xmlns="${OWNER}"><subscriptions node="${NODE}"/></pubsub>`);
  await hears(
    alice,
    `<iq type="result"><pubsub xmlns="${OWNER}"><subscriptions node="${NODE}"/></pubsub></iq>`,
  );
  const other = await connect("bob/other");
  await asks(other, "get", ALICE, itemsRequest(NODE));
  await hears(other, refusal("auth", "not-authorized", "presence-subscription-required"));
  await asks(other, "get", "", itemsRequest("urn:bob"));
  await hears(other, refusal("cancel", "item-not-found"));
});
