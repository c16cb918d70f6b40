/** What people keep of themselves and do to each other, by somebody who wants to do harm (XEP-0205). */
import { describe, expect } from "vitest";
import { test } from "../../src/testing/rig.ts";
import { befriend } from "./befriend.ts";
import { asks, hears, OWNER, PUBSUB, publishes, refusal } from "./pubsub-client.ts";

const STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas";
const NODE = "urn:node";
const pubsub = (inner: string) => `<pubsub xmlns="${PUBSUB}">${inner}</pubsub>`;
const item = (id: string, payload: string) =>
  pubsub(`<publish node="${NODE}"><item id="${id}">${payload}</item></publish>`);
const deep = (levels: number) => "<a>".repeat(levels) + "</a>".repeat(levels);

describe("payloads", () => {
  test.for([
    ["two of them", '<a xmlns="urn:a"/><b xmlns="urn:b"/>', "modify", "bad-request", "invalid-payload"],
    ["one of the protocol itself", `<item xmlns="${PUBSUB}"/>`, "modify", "bad-request", "invalid-payload"],
    ["one that inherits the protocol's namespace", "<a/>", "modify", "bad-request", "invalid-payload"],
    ["none", "", "modify", "bad-request", "payload-required"],
  ])("%s", async ([, payload = "", type = "", condition = "", detail], { connect }) => {
    const alice = await connect("alice/desk");
    await asks(alice, "set", "", item("a", payload));
    await hears(alice, refusal(type, condition, detail));
    await asks(alice, "get", "", pubsub(`<items node="${NODE}"/>`));
    await hears(alice, refusal("cancel", "item-not-found"));
  });

  test("that are too deep end the stream, and nothing else", async ({ connect }) => {
    const alice = await connect("alice/desk");
    await alice.sends(`<iq type="set" id="q">${item("a", `<a xmlns="urn:a">${deep(100)}</a>`)}</iq>`);
    alice.forget((element) => element.is("presence"));
    await alice.closed("policy-violation");
    await connect("alice/desk");
  });

  test("with text that looks like markup stay text", async ({ connect }) => {
    const alice = await connect("alice/desk");
    const payload = `<a xmlns="urn:a" b="&quot;&lt;/item&gt;">&lt;/a&gt;&lt;item/&gt;&amp;lt;</a>`;
    await asks(alice, "set", "", item("&lt;i&gt;&quot;", payload));
    await hears(alice, `<iq type="result" id="q">{...}</iq>`);
    await asks(alice, "get", "", pubsub(`<items node="${NODE}"/>`));
    await hears(
      alice,
      `<iq type="result" id="q">${pubsub(`<items node="${NODE}"><item id="&lt;i&gt;&quot;">${payload}</item></items>`)}</iq>`,
    );
  });
});

describe("names", () => {
  test("too long for a node or an item are refused", async ({ connect }) => {
    const alice = await connect("alice/desk");
    const long = "n".repeat(1024);
    const payload = '<a xmlns="urn:a"/>';
    for (const request of [
      pubsub(`<create node="${long}"/>`),
      pubsub(`<publish node="${long}"><item>${payload}</item></publish>`),
      item(long, payload),
    ]) {
      await asks(alice, "set", "", request);
      await hears(alice, refusal("modify", "not-acceptable"));
    }
  });

  test("of the prototype of objects are names like others", async ({ connect }) => {
    const alice = await connect("alice/desk");
    for (const name of ["__proto__", "constructor", "toString"]) {
      await publishes(alice, name, name, "1");
      await asks(alice, "get", "", pubsub(`<items node="${name}"/>`));
      await hears(
        alice,
        `<iq type="result" id="q">${pubsub(`<items node="${name}"><item id="${name}"><e xmlns="urn:e">1</e></item></items>`)}</iq>`,
      );
    }
  });
});

describe("forms", () => {
  const configure = (fields: string) =>
    `<pubsub xmlns="${OWNER}"><configure node="${NODE}"><x xmlns="jabber:x:data" type="submit">${fields}</x></configure></pubsub>`;
  const field = (name: string, value: string) =>
    `<field var="pubsub#${name}"><value>${value}</value></field>`;

  test.for([
    ["a number that is none", field("max_items", "1e3")],
    ["a negative number", field("max_items", "-1")],
    ["more than there is room for", field("max_items", "99999999")],
    ["a model that there is not", field("access_model", "everyone")],
    ["a title without end", field("title", "x".repeat(2000))],
    ["a flag that is none", field("persist_items", "maybe")],
  ])("%s", async ([, fields = ""], { connect }) => {
    const alice = await connect("alice/desk");
    await publishes(alice, NODE, "a", "1");
    await asks(alice, "set", "", configure(fields));
    await alice.receives(`<iq type="error" id="q">{...}</iq>`);
    await publishes(alice, NODE, "a", "2");
  });

  test("with thousands of fields are refused", async ({ connect }) => {
    const alice = await connect("alice/desk");
    await publishes(alice, NODE, "a", "1");
    const many = Array.from({ length: 3000 }, (_, index) => field(`x${index}`, "1")).join("");
    await asks(alice, "set", "", configure(many + field("title", "T")));
    await alice.receives(`<iq type="error" id="q">{...}</iq>`);
  });
});

describe("blocking", () => {
  const block = (...jids: string[]) =>
    `<block xmlns="urn:xmpp:blocking">${jids.map((jid) => `<item jid="${jid}"/>`).join("")}</block>`;

  test("a thousand at once is done at once; those who see the user hear of it once each", async ({
    connect,
    server,
    user,
  }) => {
    await user("bob");
    await befriend(server, "alice@localhost", "bob@localhost");
    const bob = await connect("bob/desk");
    const alice = await connect("alice/desk");
    bob.forget(() => true);
    const jids = Array.from({ length: 990 }, (_, index) => `spam${index}@example.org`);
    await asks(alice, "set", "", block(...jids, "bob@localhost", "bob@localhost"));
    alice.forget((element) => element.is("presence"));
    await alice.receives(`<iq type="result" id="q"/>`);
    await bob.receives(`<presence type="unavailable" from="alice@localhost/desk"/>`);
    await bob.receivesNothing();
    await asks(
      alice,
      "set",
      "",
      block(...Array.from({ length: 10 }, (_, index) => `more${index}@example.org`)),
    );
    await alice.receives(
      `<iq type="error" id="q">{...}<error type="wait"><resource-constraint xmlns="${STANZAS}"/>{...}</error></iq>`,
    );
  });

  describe("three changes a minute", () => {
    test.override({ options: { config: { modules: { blocking: { changesPerMinute: 3 } } } } });

    test("and the fourth has to wait: nobody's presence flickers", async ({ connect, server }) => {
      const alice = await connect("alice/desk");
      for (let index = 0; index < 4; index++) {
        await asks(alice, "set", "", block(`spam${index}@example.org`));
        alice.forget((element) => element.is("presence"));
        await alice.receives(index < 3 ? `<iq type="result" id="q"/>` : `<iq type="error" id="q">{...}</iq>`);
      }
      expect(server.metrics.snapshot()["jackdaw_blocks_limited"]).toBe(1);
    });
  });

  describe("two reports an hour", () => {
    test.override({
      options: { config: { admins: ["root@localhost"], modules: { blocking: { reportsPerHour: 2 } } } },
    });

    test("and of the third the administrators hear nothing, though it is blocked", async ({ connect }) => {
      const root = await connect("root/desk");
      const alice = await connect("alice/desk");
      const report = '<report xmlns="urn:xmpp:reporting:1" reason="urn:xmpp:reporting:spam"/>';
      const items = [1, 2, 3]
        .map((index) => `<item jid="spam${index}@example.org">${report}</item>`)
        .join("");
      await asks(alice, "set", "", `<block xmlns="urn:xmpp:blocking">${items}</block>`);
      await hears(alice, `<iq type="result" id="q"/>`);
      for (const index of [1, 2])
        await root.receives(
          `<message from="localhost" type="normal">{...}<body>alice@localhost reports spam${index}@example.org for spam.</body></message>`,
        );
      await root.receivesNothing();
      await asks(alice, "get", "", `<blocklist xmlns="urn:xmpp:blocking"/>`);
      expect(String(await alice.receives(`<iq type="result" id="q">{...}</iq>`))).toContain(
        "spam3@example.org",
      );
    });
  });
});

test("nobody takes all subscriptions of a node with addresses of their own", async ({ connect }) => {
  const alice = await connect("alice/desk");
  const eve = await connect("eve/desk");
  await publishes(alice, NODE, "a", "1", { access_model: "open", send_last_published_item: "never" });
  const subscribe = (index: number) => pubsub(`<subscribe node="${NODE}" jid="eve@localhost/${index}"/>`);
  for (let index = 0; index < 20; index++) {
    await asks(eve, "set", "alice@localhost", subscribe(index));
    await hears(eve, `<iq type="result" id="q">{...}</iq>`);
  }
  await asks(eve, "set", "alice@localhost", subscribe(20));
  await hears(eve, refusal("wait", "policy-violation", "too-many-subscriptions"));
});
