/** XEP-0060 §6.5, §7: publishing items, retrieving them, taking them back. */
import { describe } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import {
  asks,
  configures,
  form,
  hears,
  itemOf,
  itemsAnswer,
  itemsRequest,
  PUBSUB,
  publication,
  publishes,
  refusal,
} from "./pubsub-client.ts";

const NODE = "urn:node";
const RSM = "http://jabber.org/protocol/rsm";
const publish = (content: string) =>
  `<pubsub xmlns="${PUBSUB}"><publish node="${NODE}">${content}</publish></pubsub>`;
const retract = (content: string) =>
  `<pubsub xmlns="${PUBSUB}"><retract node="${NODE}">${content}</retract></pubsub>`;
const item = (id: string) => itemOf(id, id);

async function publishesAll(client: Client, ids: string, options = {}): Promise<void> {
  for (const id of ids)
    await publishes(client, NODE, id, id, id === ids[0] ? { max_items: "max", ...options } : undefined);
}

describe("publishing", () => {
  test("an item without an id gives it one (§7.1.2)", async ({ connect }) => {
    const alice = await connect("alice/desk");
    await asks(alice, "set", "", publication(NODE, "", "1"));
    await hears(
      alice,
      `<iq type="result" id="q"><pubsub xmlns="${PUBSUB}"><publish node="${NODE}"><item id="{made}"/></publish></pubsub></iq>`,
    );
    await asks(alice, "get", "", itemsRequest(NODE));
    await hears(alice, itemsAnswer(NODE, itemOf("{made}", "1")));
  });

  test("an item again replaces it, and makes it the last one (§7.1.2, §12.1)", async ({ connect }) => {
    const alice = await connect("alice/desk");
    await publishesAll(alice, "ab");
    await publishes(alice, NODE, "a", "new");
    await asks(alice, "get", "", itemsRequest(NODE));
    await hears(alice, itemsAnswer(NODE, item("b") + itemOf("a", "new")));
  });

  test("payloads come back as they were, whatever is in them", async ({ connect }) => {
    const alice = await connect("alice/desk");
    const payload = `<a:e xmlns:a="urn:a" xmlns:b="urn:b" b:c="&lt;&quot;&amp;"><b:f>x &amp;&#xD; y</b:f><g xmlns=""/></a:e>`;
    await asks(alice, "set", "", publish(`<item id="&lt;&quot;'">${payload}</item>`));
    await alice.receivesAny();
    await asks(alice, "get", "", itemsRequest(NODE));
    await hears(
      alice,
      itemsAnswer(
        NODE,
        `<item id="&lt;&quot;'"><e xmlns="urn:a" xmlns:b="urn:b" b:c="&lt;&quot;&amp;"><f xmlns="urn:b">x &amp;&#xD; y</f><g xmlns=""/></e></item>`,
      ),
    );
  });

  test.for([
    ["", "bad-request", "item-required"],
    [`<item id="a"/>`, "bad-request", "payload-required"],
    [`<item id="a"><e xmlns="urn:e"/><e xmlns="urn:e"/></item>`, "bad-request", "invalid-payload"],
    [`<item id="a"><e/></item>`, "bad-request", "invalid-payload"],
    [`<item><e xmlns="urn:e"/></item><item><e xmlns="urn:e"/></item>`, "bad-request", ""],
  ] as const)("does not take %s (§7.1.3.6, §7.1.3.7)", async ([content, condition, detail], { connect }) => {
    const alice = await connect("alice/desk");
    await asks(alice, "set", "", publish(content));
    await hears(alice, refusal("modify", condition, detail));
  });

  test("needs a node (§7.1.1), and a name that is not too long", async ({ connect }) => {
    const alice = await connect("alice/desk");
    await asks(alice, "set", "", `<pubsub xmlns="${PUBSUB}"><publish><item/></publish></pubsub>`);
    await hears(alice, refusal("modify", "bad-request", "nodeid-required"));
    await asks(alice, "set", "", publication("n".repeat(1024), "a", "1"));
    await hears(alice, refusal("modify", "not-acceptable"));
    await asks(alice, "set", "", publication(NODE, "a".repeat(1024), "1"));
    await hears(alice, refusal("modify", "not-acceptable"));
  });

  test("to a node without items and payloads is an event alone (§4.3, §7.1.3.7)", async ({ connect }) => {
    const alice = await connect("alice/desk");
    const create = `<create node="${NODE}"/><configure>${form("node_config", { persist_items: "0", deliver_payloads: "0" })}</configure>`;
    await asks(alice, "set", "", `<pubsub xmlns="${PUBSUB}">${create}</pubsub>`);
    await hears(alice, `<iq type="result" id="q"/>`);
    await asks(alice, "set", "", publish(`<item/>`));
    await hears(alice, refusal("modify", "bad-request", "item-forbidden"));
    await asks(alice, "set", "", publish(""));
    await hears(alice, `<iq type="result" id="q"/>`);
    await asks(alice, "get", "", itemsRequest(NODE));
    await hears(alice, refusal("cancel", "feature-not-implemented", "unsupported", "persistent-items"));
  });

  test("to a node that keeps nothing shows the last item all the same (§6.5.5)", async ({ connect }) => {
    const alice = await connect("alice/desk");
    await publishes(alice, NODE, "a", "1", { persist_items: "0" });
    await publishes(alice, NODE, "b", "2");
    await asks(alice, "get", "", itemsRequest(NODE));
    await hears(alice, itemsAnswer(NODE, itemOf("b", "2")));
    await asks(alice, "set", "", retract(`<item id="b"/>`));
    await hears(alice, refusal("cancel", "feature-not-implemented", "unsupported", "persistent-items"));
  });

  test("to a full node drops the oldest item, or is refused (§7.1.2.4, §7.1.3.4)", async ({ connect }) => {
    const alice = await connect("alice/desk");
    await publishesAll(alice, "abc", { max_items: "2" });
    await asks(alice, "get", "", itemsRequest(NODE));
    await hears(alice, itemsAnswer(NODE, item("b") + item("c")));
    await configures(alice, NODE, { publish_node_full: "reject" });
    await asks(alice, "set", "", publication(NODE, "d", "d"));
    await hears(alice, refusal("cancel", "conflict", "node-full"));
    await publishes(alice, NODE, "c", "c");
  });

  test("more than the node's own limit of a payload is refused (§7.1.3.5)", async ({ connect }) => {
    const alice = await connect("alice/desk");
    await publishes(alice, NODE, "a", "1");
    await configures(alice, NODE, { max_payload_size: "30" });
    await asks(alice, "set", "", publication(NODE, "a", "1234567890123"));
    await hears(alice, refusal("modify", "not-acceptable", "payload-too-big"));
  });
});

describe("publish options (§7.1.5)", () => {
  const PRIVATE = {
    persist_items: "true",
    access_model: "whitelist",
    max_items: "max",
    send_last_published_item: "never",
  };

  test("make the node as they say, and then have to be so", async ({ connect }) => {
    const alice = await connect("alice/desk");
    await publishes(alice, NODE, "a", "1", PRIVATE);
    // XEP-0004 §3.3: a boolean has two spellings.
    await publishes(alice, NODE, "b", "2", { ...PRIVATE, persist_items: "1" });
    for (const [name, value] of [
      ["access_model", "presence"],
      ["max_items", "10000"],
      ["persist_items", "0"],
    ] as const) {
      await asks(alice, "set", "", publication(NODE, "c", "3", { [name]: value }));
      await hears(alice, refusal("cancel", "conflict", "precondition-not-met"));
    }
    await asks(alice, "get", "", itemsRequest(NODE));
    await hears(alice, itemsAnswer(NODE, itemOf("a", "1") + itemOf("b", "2")));
  });

  test("that nobody knows are never met, and what is published is not", async ({ connect }) => {
    const alice = await connect("alice/desk");
    await asks(alice, "set", "", publication(NODE, "a", "1", { "x-unknown": "1" }));
    await hears(alice, refusal("cancel", "conflict", "precondition-not-met"));
    await asks(alice, "get", "", itemsRequest(NODE));
    await hears(alice, refusal("cancel", "item-not-found"));
  });

  test("that cannot be are refused, and no node is made", async ({ connect }) => {
    const alice = await connect("alice/desk");
    await asks(alice, "set", "", publication(NODE, "a", "1", { access_model: "everybody" }));
    await hears(alice, refusal("modify", "not-acceptable", "unsupported-access-model"));
    await asks(alice, "set", "", publication(NODE, "a", "1", { max_items: "0" }));
    await hears(alice, refusal("modify", "not-acceptable"));
    await asks(
      alice,
      "set",
      "",
      `<pubsub xmlns="${PUBSUB}"><publish node="${NODE}"><item><e xmlns="urn:e"/></item></publish><publish-options/></pubsub>`,
    );
    await hears(alice, refusal("modify", "bad-request"));
    await asks(alice, "get", "", itemsRequest(NODE));
    await hears(alice, refusal("cancel", "item-not-found"));
  });
});

describe("retrieving", () => {
  const set = (inner: string) => `<set xmlns="${RSM}">${inner}</set>`;
  const page = (first: string, last: string, index = "") =>
    set(`<first${index && ` index="${index}"`}>${first}</first><last>${last}</last><count>5</count>`);

  test("items by their ids, leaving out those that are not there (§6.5.8)", async ({ connect }) => {
    const alice = await connect("alice/desk");
    await publishesAll(alice, "abc");
    await asks(alice, "get", "", itemsRequest(NODE, `<item id="c"/><item id="x"/><item id="a"/>`));
    await hears(alice, itemsAnswer(NODE, item("c") + item("a")));
    await asks(alice, "get", "", itemsRequest(NODE, `<item id="x"/>`));
    await hears(alice, itemsAnswer(NODE, ""));
  });

  test("the most recent items (§6.5.7)", async ({ connect }) => {
    const alice = await connect("alice/desk");
    await publishesAll(alice, "abc");
    for (const [max, items] of [
      ["2", item("b") + item("c")],
      ["9", item("a") + item("b") + item("c")],
    ]) {
      await asks(
        alice,
        "get",
        "",
        `<pubsub xmlns="${PUBSUB}"><items node="${NODE}" max_items="${max}"/></pubsub>`,
      );
      await hears(alice, itemsAnswer(NODE, items ?? ""));
    }
    await asks(alice, "get", "", `<pubsub xmlns="${PUBSUB}"><items node="${NODE}" max_items="x"/></pubsub>`);
    await hears(alice, refusal("modify", "bad-request"));
  });

  test("pages of items (§6.5.4, XEP-0059)", async ({ connect }) => {
    const alice = await connect("alice/desk");
    await publishesAll(alice, "abcde");
    for (const [asked, items, answered] of [
      ["<max>2</max>", "ab", page("a", "b", "0")],
      ["<max>2</max><after>b</after>", "cd", page("c", "d", "2")],
      ["<max>2</max><after>d</after>", "e", page("e", "e", "4")],
      ["<max>2</max><before/>", "de", page("d", "e", "3")],
      ["<max>2</max><before>d</before>", "bc", page("b", "c", "1")],
      ["<max>2</max><index>2</index>", "cd", page("c", "d", "2")],
      ["<max>2</max><index>0</index>", "ab", page("a", "b", "0")],
      ["<max>2</max><index>5</index>", "", set("<count>5</count>")],
      ["<max>0</max>", "", set("<count>5</count>")],
      ["<max>2</max><after>e</after>", "", set("<count>5</count>")],
    ] as const) {
      await asks(alice, "get", "", itemsRequest(NODE, "", set(asked)));
      await hears(alice, itemsAnswer(NODE, items.split("").map(item).join(""), answered));
    }
    await asks(alice, "get", "", itemsRequest(NODE, "", set("<after>x</after>")));
    await hears(alice, refusal("cancel", "item-not-found"));
    await asks(alice, "get", "", itemsRequest(NODE, "", set("<index>2</index><after>a</after>")));
    await hears(alice, refusal("modify", "bad-request"));
  });

  test("too many items for one answer gives the first of them, and says so (§6.5.4)", async ({ connect }) => {
    const alice = await connect("alice/desk");
    const large = "x".repeat(200_000);
    for (const id of "abcdef")
      await publishes(alice, NODE, id, large, id === "a" ? { max_items: "max" } : undefined);
    await asks(alice, "get", "", itemsRequest(NODE));
    await hears(
      alice,
      itemsAnswer(
        NODE,
        ["a", "b", "c", "d"].map((id) => itemOf(id, large)).join(""),
        set(`<first index="0">a</first><last>d</last><count>6</count>`),
      ),
    );
    await asks(alice, "get", "", itemsRequest(NODE, "", set("<after>d</after>")));
    await hears(
      alice,
      itemsAnswer(
        NODE,
        itemOf("e", large) + itemOf("f", large),
        set(`<first index="4">e</first><last>f</last><count>6</count>`),
      ),
    );
  });

  test("who published an item is told where the owner wants it, and never believed (§7.1.2.3)", async ({
    connect,
  }) => {
    const alice = await connect("alice/desk");
    await asks(alice, "set", "", publish(`<item id="a" publisher="eve@localhost"><e xmlns="urn:e"/></item>`));
    await alice.receivesAny();
    await configures(alice, NODE, { itemreply: "publisher" });
    await asks(alice, "get", "", itemsRequest(NODE));
    await hears(
      alice,
      itemsAnswer(NODE, `<item id="a" publisher="alice@localhost"><e xmlns="urn:e"/></item>`),
    );
  });
});

describe("taking items back (§7.2)", () => {
  test("removes them", async ({ connect }) => {
    const alice = await connect("alice/desk");
    await publishesAll(alice, "abc");
    await asks(alice, "set", "", retract(`<item id="b"/>`));
    await hears(alice, `<iq type="result" id="q"/>`);
    await asks(alice, "get", "", itemsRequest(NODE));
    await hears(alice, itemsAnswer(NODE, item("a") + item("c")));
  });

  test("fails for what is not there, or is not said (§7.2.3)", async ({ connect }) => {
    const alice = await connect("alice/desk");
    await publishesAll(alice, "a");
    await asks(alice, "set", "", retract(`<item id="x"/>`));
    await hears(alice, refusal("cancel", "item-not-found"));
    for (const content of ["", "<item/>"]) {
      await asks(alice, "set", "", retract(content));
      await hears(alice, refusal("modify", "bad-request", "item-required"));
    }
    await asks(alice, "set", "", `<pubsub xmlns="${PUBSUB}"><retract><item id="a"/></retract></pubsub>`);
    await hears(alice, refusal("modify", "bad-request", "nodeid-required"));
    await asks(
      alice,
      "set",
      "",
      `<pubsub xmlns="${PUBSUB}"><retract node="urn:none"><item id="a"/></retract></pubsub>`,
    );
    await hears(alice, refusal("cancel", "item-not-found"));
  });
});

describe.each(["memory", "sqlite"] as const)("kept in %s", (store) => {
  test.override({ options: { store } });

  test("items outlive what is in memory", async ({ connect, server }) => {
    const alice = await connect("alice/desk");
    await publishesAll(alice, "abc", { title: "T", access_model: "open" });
    await asks(alice, "set", "", retract(`<item id="a"/>`));
    await hears(alice, `<iq type="result" id="q"/>`);
    await server.commit();
    await server.host().emit("store:lost", {});
    await asks(alice, "get", "", itemsRequest(NODE));
    await hears(alice, itemsAnswer(NODE, item("b") + item("c")));
    await publishes(alice, NODE, "d", "d", { title: "T", access_model: "open", max_items: "max" });
    const bob = await connect("bob/desk");
    await asks(bob, "get", "alice@localhost", itemsRequest(NODE));
    await hears(bob, itemsAnswer(NODE, item("b") + item("c") + item("d")));
  });
});

test("what nobody understands is refused", async ({ connect }) => {
  const alice = await connect("alice/desk");
  await asks(alice, "set", "", `<pubsub xmlns="${PUBSUB}"/>`);
  await hears(alice, refusal("modify", "bad-request"));
  await asks(alice, "set", "", `<pubsub xmlns="${PUBSUB}"><dance node="a"/></pubsub>`);
  await hears(alice, refusal("cancel", "feature-not-implemented"));
});
