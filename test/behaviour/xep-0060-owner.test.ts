/** XEP-0060 §5, §8: what owners do with their nodes, and what discovery tells. */
import { describe, expect } from "vitest";
import { test } from "../../src/testing/rig.ts";
import {
  asks,
  configures,
  form,
  hears,
  itemOf,
  itemsAnswer,
  itemsRequest,
  OWNER,
  PUBSUB,
  publishes,
  refusal,
} from "./pubsub-client.ts";

const NODE = "urn:node";
const INFO = "http://jabber.org/protocol/disco#info";
const ITEMS = "http://jabber.org/protocol/disco#items";
const done = `<iq type="result" id="q"/>`;
const owner = (content: string) => `<pubsub xmlns="${OWNER}">${content}</pubsub>`;
const create = (node: string, config = "") =>
  `<pubsub xmlns="${PUBSUB}"><create${node && ` node="${node}"`}/>${config}</pubsub>`;

describe("nodes", () => {
  test("are created as they are by default, or configured at once (§8.1)", async ({ connect }) => {
    const alice = await connect("alice/desk");
    await asks(alice, "set", "", create(NODE));
    await hears(alice, done);
    await asks(alice, "set", "", create(NODE));
    await hears(alice, refusal("cancel", "conflict"));
    await asks(
      alice,
      "set",
      "",
      create("urn:open", `<configure>${form("node_config", { access_model: "open" })}</configure>`),
    );
    await hears(alice, done);
    await asks(alice, "get", "", owner(`<configure node="urn:open"/>`));
    const answer = await alice.receivesAny();
    expect(valueOf(answer, "access_model")).toBe("open");
    expect(valueOf(answer, "max_items")).toBe("1");
  });

  test("without a name get one (§8.1.1)", async ({ connect }) => {
    const alice = await connect("alice/desk");
    await asks(alice, "set", "", create(""));
    await hears(
      alice,
      `<iq type="result" id="q"><pubsub xmlns="${PUBSUB}"><create node="{made}"/></pubsub></iq>`,
    );
    await asks(alice, "get", "", itemsRequest("{made}"));
    await hears(alice, itemsAnswer("{made}", ""));
  });

  test.for([
    [
      create(NODE, `<configure>${form("node_config", { access_model: "x" })}</configure>`),
      "not-acceptable",
      "unsupported-access-model",
    ],
    [create(NODE, `<configure node="${NODE}">${form("node_config", {})}</configure>`), "bad-request", ""],
    [
      create(NODE, `<configure>${form("node_config", { publish_model: "open" })}</configure>`),
      "not-acceptable",
      "",
    ],
    [
      create(NODE, `<configure>${form("node_config", { persist_items: "maybe" })}</configure>`),
      "bad-request",
      "",
    ],
  ] as const)(
    "are not created in ways that cannot be (§8.1.2, §8.1.3): %s",
    async ([request, condition, detail], { connect }) => {
      const alice = await connect("alice/desk");
      await asks(alice, "set", "", request);
      await hears(alice, refusal("modify", condition, detail));
      await asks(alice, "get", "", itemsRequest(NODE));
      await hears(alice, refusal("cancel", "item-not-found"));
    },
  );

  test("are no collections (XEP-0248)", async ({ connect }) => {
    const alice = await connect("alice/desk");
    const configure = `<configure>${form("node_config", { node_type: "collection" })}</configure>`;
    await asks(alice, "set", "", create(NODE, configure));
    await hears(alice, refusal("cancel", "feature-not-implemented", "unsupported", "collections"));
  });

  test("are deleted with everything in them (§8.4)", async ({ connect }) => {
    const alice = await connect("alice/desk");
    await publishes(alice, NODE, "a", "1", { access_model: "open", max_items: "max" });
    await asks(alice, "set", "", owner(`<delete node="${NODE}"/>`));
    await hears(alice, done);
    await asks(alice, "set", "", owner(`<delete node="${NODE}"/>`));
    await hears(alice, refusal("cancel", "item-not-found"));
    await asks(alice, "set", "", create(NODE));
    await hears(alice, done);
    await asks(alice, "get", "", itemsRequest(NODE));
    await hears(alice, itemsAnswer(NODE, ""));
  });

  test("are purged of their items (§8.5)", async ({ connect }) => {
    const alice = await connect("alice/desk");
    await publishes(alice, NODE, "a", "1", { max_items: "max" });
    await publishes(alice, NODE, "b", "1");
    await asks(alice, "set", "", owner(`<purge node="${NODE}"/>`));
    await hears(alice, done);
    await asks(alice, "get", "", itemsRequest(NODE));
    await hears(alice, itemsAnswer(NODE, ""));
    await publishes(alice, "urn:transient", "a", "1", { persist_items: "0" });
    await asks(alice, "set", "", owner(`<purge node="urn:transient"/>`));
    await hears(alice, refusal("cancel", "feature-not-implemented", "unsupported", "persistent-items"));
  });

  describe("at most so many", () => {
    test.override({ options: { config: { modules: { pep: { nodes: 2 } } } } });

    test("belong to one account", async ({ connect }) => {
      const alice = await connect("alice/desk");
      for (const node of ["a", "b"]) {
        await asks(alice, "set", "", create(node));
        await hears(alice, done);
      }
      await asks(alice, "set", "", create("c"));
      await hears(alice, refusal("wait", "resource-constraint"));
    });
  });
});

describe("the configuration", () => {
  test("is a form with what is now so, and can be changed in part (§8.2)", async ({ connect }) => {
    const alice = await connect("alice/desk");
    await publishes(alice, NODE, "a", "1");
    await configures(alice, NODE, { title: "One", description: "Two", "x-unknown": "3" });
    await configures(alice, NODE, { max_items: "7" });
    await asks(alice, "get", "", owner(`<configure node="${NODE}"/>`));
    const answer = await alice.receivesAny();
    const values = [
      "title",
      "description",
      "max_items",
      "access_model",
      "publish_model",
      "send_last_published_item",
    ];
    expect(values.map((name) => valueOf(answer, name))).toEqual([
      "One",
      "Two",
      "7",
      "presence",
      "publishers",
      "on_sub_and_presence",
    ]);
    const form = answer.getChild("pubsub")?.getChild("configure")?.getChild("x");
    expect(form?.attrs["type"]).toBe("form");
    const options = form
      ?.getChildren("field")
      .find((field) => field.attrs["var"] === "pubsub#access_model")
      ?.getChildren("option");
    expect(options?.map((option) => option.getChildText("value"))).toEqual([
      "authorize",
      "open",
      "presence",
      "roster",
      "whitelist",
    ]);
  });

  test("stays when the form is cancelled (§8.2.4), or cannot be taken (§8.2.5.2)", async ({ connect }) => {
    const alice = await connect("alice/desk");
    await publishes(alice, NODE, "a", "1");
    await asks(
      alice,
      "set",
      "",
      owner(`<configure node="${NODE}"><x xmlns="jabber:x:data" type="cancel"/></configure>`),
    );
    await hears(alice, done);
    for (const [fields, condition] of [
      [{ title: "New", max_items: "10001" }, "not-acceptable"],
      [{ title: "New", send_last_published_item: "sometimes" }, "not-acceptable"],
      [{ title: "x".repeat(1025) }, "not-acceptable"],
    ] as const) {
      await asks(
        alice,
        "set",
        "",
        owner(`<configure node="${NODE}">${form("node_config", fields)}</configure>`),
      );
      await hears(alice, refusal("modify", condition));
    }
    await asks(alice, "set", "", owner(`<configure node="${NODE}"/>`));
    await hears(alice, refusal("modify", "bad-request"));
    await asks(alice, "get", "", owner(`<configure node="${NODE}"/>`));
    expect(valueOf(await alice.receivesAny(), "title")).toBe("");
  });

  test("with room for fewer items drops the oldest, with none all", async ({ connect }) => {
    const alice = await connect("alice/desk");
    for (const id of "abc")
      await publishes(alice, NODE, id, id, id === "a" ? { max_items: "max" } : undefined);
    await configures(alice, NODE, { max_items: "2" });
    await asks(alice, "get", "", itemsRequest(NODE));
    await hears(alice, itemsAnswer(NODE, itemOf("b", "b") + itemOf("c", "c")));
    await configures(alice, NODE, { persist_items: "0" });
    await configures(alice, NODE, { persist_items: "1" });
    await asks(alice, "get", "", itemsRequest(NODE));
    await hears(alice, itemsAnswer(NODE, ""));
  });

  test("by default is told (§8.3); a node is named otherwise (§8.2.3.3)", async ({ connect }) => {
    const alice = await connect("alice/desk");
    await asks(alice, "get", "", owner("<default/>"));
    const answer = await alice.receivesAny();
    const form = answer.getChild("pubsub")?.getChild("default")?.getChild("x");
    expect(form?.getChildren("field").length).toBeGreaterThan(10);
    await asks(alice, "get", "", owner("<configure/>"));
    await hears(alice, refusal("modify", "bad-request", "nodeid-required"));
  });
});

describe("affiliations (§8.9)", () => {
  const affiliations = (list: string) => owner(`<affiliations node="${NODE}">${list}</affiliations>`);
  const entry = (name: string, affiliation: string) =>
    `<affiliation jid="${name}@localhost" affiliation="${affiliation}"/>`;

  test("are set one by one and listed", async ({ connect }) => {
    const alice = await connect("alice/desk");
    await publishes(alice, NODE, "a", "1");
    await asks(alice, "set", "", affiliations(entry("bob", "member") + entry("carol", "outcast")));
    await hears(alice, done);
    await asks(alice, "set", "", affiliations(entry("carol", "none") + `<affiliation jid="bob@localhost"/>`));
    await hears(alice, done);
    await asks(alice, "get", "", affiliations(""));
    await hears(
      alice,
      `<iq type="result" id="q"><pubsub xmlns="${OWNER}"><affiliations node="${NODE}">${entry("bob", "member")}${entry("alice", "owner")}</affiliations></pubsub></iq>`,
    );
  });

  test("of the owner stay; what could be done is done, what not is shown as it is (§8.9.2.4)", async ({
    connect,
  }) => {
    const alice = await connect("alice/desk");
    await publishes(alice, NODE, "a", "1");
    await asks(
      alice,
      "set",
      "",
      affiliations(entry("alice", "none") + entry("bob", "member") + entry("carol", "king")),
    );
    await hears(
      alice,
      `<iq type="error" id="q"><pubsub xmlns="${OWNER}"><affiliations node="${NODE}">${entry("alice", "owner")}${entry("carol", "none")}</affiliations></pubsub>
        <error type="modify"><not-acceptable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`,
    );
    await asks(alice, "get", "", affiliations(""));
    await hears(
      alice,
      `<iq type="result" id="q"><pubsub xmlns="${OWNER}"><affiliations node="${NODE}">${entry("bob", "member")}${entry("alice", "owner")}</affiliations></pubsub></iq>`,
    );
  });

  test("that accounts do not have are refused (§8.9.2.3), and addresses that are there twice", async ({
    connect,
  }) => {
    const alice = await connect("alice/desk");
    await publishes(alice, NODE, "a", "1");
    for (const affiliation of ["publisher", "publish-only"]) {
      await asks(alice, "set", "", affiliations(entry("bob", affiliation)));
      await hears(
        alice,
        refusal("cancel", "feature-not-implemented", "unsupported", `${affiliation}-affiliation`),
      );
    }
    await asks(alice, "set", "", affiliations(entry("bob", "member") + entry("bob", "outcast")));
    await hears(alice, refusal("modify", "bad-request"));
    await asks(alice, "set", "", affiliations(entry("@", "member")));
    await hears(alice, refusal("modify", "jid-malformed"));
  });
});

describe("subscriptions (§8.8)", () => {
  const subscriptions = (list: string) => owner(`<subscriptions node="${NODE}">${list}</subscriptions>`);
  const entry = (jid: string, state: string) => `<subscription jid="${jid}" subscription="${state}"/>`;

  test("are set by the owner, listed, and told of", async ({ connect }) => {
    const alice = await connect("alice/desk");
    const bob = await connect("bob/desk");
    await publishes(alice, NODE, "a", "1", { access_model: "open" });
    await asks(alice, "set", "", subscriptions(entry("bob@localhost", "subscribed")));
    await hears(alice, done);
    await hears(
      bob,
      `<message type="headline"><event xmlns="${PUBSUB}#event"><subscription node="${NODE}" jid="bob@localhost" subscription="subscribed"/></event></message>`,
    );
    await asks(alice, "get", "", subscriptions(""));
    await hears(
      alice,
      `<iq type="result" id="q"><pubsub xmlns="${OWNER}"><subscriptions node="${NODE}">${entry("bob@localhost", "subscribed")}</subscriptions></pubsub></iq>`,
    );
    await asks(alice, "set", "", subscriptions(entry("bob@localhost", "none")));
    await hears(alice, done);
    await hears(
      bob,
      `<message type="headline"><event xmlns="${PUBSUB}#event"><subscription node="${NODE}" jid="bob@localhost" subscription="none"/></event></message>`,
    );
  });

  test("that there are not are shown as they are (§8.8.2.4)", async ({ connect }) => {
    const alice = await connect("alice/desk");
    await publishes(alice, NODE, "a", "1");
    await asks(alice, "set", "", subscriptions(entry("bob@localhost", "unconfigured")));
    await hears(
      alice,
      `<iq type="error" id="q"><pubsub xmlns="${OWNER}"><subscriptions node="${NODE}">${entry("bob@localhost", "none")}</subscriptions></pubsub>
        <error type="modify"><not-acceptable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`,
    );
  });
});

describe("discovery", () => {
  test("an account is a service of its own (XEP-0163 §6.1)", async ({ connect }) => {
    const alice = await connect("alice/desk");
    await asks(alice, "get", "", `<query xmlns="${INFO}"/>`);
    const answer = await alice.receivesAny();
    const query = answer.getChild("query");
    expect(
      query?.getChildren("identity").map(({ attrs }) => `${attrs["category"]}/${attrs["type"]}`),
    ).toEqual(["account/registered", "pubsub/pep"]);
    const features = query?.getChildren("feature").map(({ attrs }) => String(attrs["var"])) ?? [];
    for (const name of [
      "access-presence",
      "auto-create",
      "auto-subscribe",
      "filtered-notifications",
      "publish-options",
      "rsm",
      "subscription-options",
    ]) {
      expect(features).toContain(`${PUBSUB}#${name}`);
    }
  });

  test("nodes tell what they are, and list their items (§5.3, §5.4, §5.5)", async ({ connect }) => {
    const alice = await connect("alice/desk");
    await publishes(alice, NODE, "a", "1", { max_items: "max", title: "Title", type: "urn:e" });
    await publishes(alice, NODE, "b", "1");
    await asks(alice, "get", "", `<query xmlns="${INFO}" node="${NODE}"/>`);
    const answer = await alice.receives(
      `<iq type="result"><query xmlns="${INFO}" node="${NODE}">{...}<identity category="pubsub" type="leaf" name="Title"/><feature var="${PUBSUB}"/></query></iq>`,
    );
    const metadata = answer.getChild("query")?.getChild("x", "jabber:x:data");
    const value = (name: string) =>
      metadata
        ?.getChildren("field")
        .find(({ attrs }) => attrs["var"] === `pubsub#${name}`)
        ?.getChildText("value");
    expect([value("creator"), value("owner"), value("access_model"), value("type")]).toEqual([
      "alice@localhost",
      "alice@localhost",
      "presence",
      "urn:e",
    ]);
    await asks(alice, "get", "", `<query xmlns="${ITEMS}" node="${NODE}"/>`);
    await hears(
      alice,
      `<iq type="result"><query xmlns="${ITEMS}" node="${NODE}"><item jid="alice@localhost" name="a"/><item jid="alice@localhost" name="b"/></query></iq>`,
    );
    await asks(alice, "get", "", `<query xmlns="${ITEMS}"/>`);
    await hears(
      alice,
      `<iq type="result"><query xmlns="${ITEMS}"><item jid="alice@localhost/desk"/><item jid="alice@localhost" node="${NODE}" name="Title"/></query></iq>`,
    );
  });
});

interface Tree {
  getChild(name: string): Tree | undefined;
  getChildren(name: string): (Tree & { attrs: Record<string, unknown> })[];
  getChildText(name: string): string | null;
}

function valueOf(answer: unknown, field: string): string | null | undefined {
  const form = (answer as Tree).getChild("pubsub")?.getChild("configure")?.getChild("x");
  return form
    ?.getChildren("field")
    .find(({ attrs }) => attrs["var"] === `pubsub#${field}`)
    ?.getChildText("value");
}
