/** XEP-0060: a service at an address of its own, whose nodes belong to those who made them. */
import { describe, expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import { Jid } from "../../src/xmpp/jid.ts";
import {
  asks,
  EVENT,
  form,
  hears,
  hearsNothing,
  itemOf,
  itemsEvent,
  OWNER,
  PUBSUB,
  publication,
  refusal,
} from "./pubsub-client.ts";

const SERVICE = "pubsub.localhost";
const NODE = "princely_musings";
const INFO = "http://jabber.org/protocol/disco#info";
const ITEMS = "http://jabber.org/protocol/disco#items";
const DONE = `<iq type="result" id="q" from="${SERVICE}"/>`;

const pubsub = (inner: string) => `<pubsub xmlns="${PUBSUB}">${inner}</pubsub>`;
const owner = (inner: string) => `<pubsub xmlns="${OWNER}">${inner}</pubsub>`;
const result = (inner: string) => `<iq type="result" id="q" from="${SERVICE}">${inner}</iq>`;

async function does(client: Client, payload: string, answer = DONE): Promise<void> {
  await asks(client, "set", SERVICE, payload);
  await hears(client, answer);
}

async function reads(client: Client, payload: string, answer: string): Promise<void> {
  await asks(client, "get", SERVICE, payload);
  await hears(client, answer);
}

async function creates(client: Client, fields: Parameters<typeof form>[1] = {}): Promise<void> {
  const configure = `<configure>${form("node_config", fields)}</configure>`;
  await does(client, pubsub(`<create node="${NODE}"/>${configure}`));
}

async function publishes(client: Client, id: string, text: string): Promise<void> {
  await does(
    client,
    publication(NODE, id, text),
    result(pubsub(`<publish node="${NODE}"><item id="${id}"/></publish>`)),
  );
}

async function subscribes(client: Client, jid: string): Promise<void> {
  await does(
    client,
    pubsub(`<subscribe node="${NODE}" jid="${jid}"/>`),
    result(pubsub(`<subscription node="${NODE}" jid="${jid}" subscription="subscribed"/>`)),
  );
}

const affiliate = (jid: string, affiliation: string) =>
  owner(
    `<affiliations node="${NODE}"><affiliation jid="${jid}" affiliation="${affiliation}"/></affiliations>`,
  );

describe("discovery (§5)", () => {
  test("the domain lists the service, which says what it is and can do", async ({ connect }) => {
    const hamlet = await connect("hamlet/desk");
    await asks(hamlet, "get", "localhost", `<query xmlns="${ITEMS}"/>`);
    await hears(
      hamlet,
      `<iq type="result" id="q"><query xmlns="${ITEMS}">{...}<item jid="${SERVICE}" name="{any}"/>{...}</query></iq>`,
    );
    await asks(hamlet, "get", SERVICE, `<query xmlns="${INFO}"/>`);
    const info = String(await hamlet.receives(`<iq type="result" id="q" from="${SERVICE}">{...}</iq>`));
    expect(info).toContain('<identity category="pubsub" type="service" ');
    for (const name of ["create-nodes", "publish", "subscribe", "publisher-affiliation", "access-open"]) {
      expect(info).toContain(`<feature var="${PUBSUB}#${name}"/>`);
    }
    for (const name of ["auto-create", "auto-subscribe", "presence-subscribe"]) {
      expect(info).not.toContain(`<feature var="${PUBSUB}#${name}"/>`);
    }
  });

  test("nodes are listed and described to those who may read them, items too", async ({ connect }) => {
    const hamlet = await connect("hamlet/desk");
    const bernardo = await connect("bernardo/desk");
    await creates(hamlet, { title: "Musings" });
    await publishes(hamlet, "a", "1");
    await reads(
      bernardo,
      `<query xmlns="${ITEMS}"/>`,
      result(`<query xmlns="${ITEMS}"><item jid="${SERVICE}" node="${NODE}" name="Musings"/></query>`),
    );
    await reads(
      bernardo,
      `<query xmlns="${ITEMS}" node="${NODE}"/>`,
      result(`<query xmlns="${ITEMS}" node="${NODE}"><item jid="${SERVICE}" name="a"/></query>`),
    );
    await asks(bernardo, "get", SERVICE, `<query xmlns="${INFO}" node="${NODE}"/>`);
    const info = String(await bernardo.receives(`<iq type="result" id="q">{...}</iq>`));
    expect(info).toContain('<identity category="pubsub" type="leaf" name="Musings"/>');
    expect(info).toMatch(/var="pubsub#owner" type="jid-multi"><value>hamlet@localhost<\/value>/);
    await reads(bernardo, `<query xmlns="${INFO}" node="no"/>`, refusal("cancel", "item-not-found"));
    await does(
      hamlet,
      owner(`<configure node="${NODE}">${form("node_config", { access_model: "whitelist" })}</configure>`),
    );
    await reads(bernardo, `<query xmlns="${ITEMS}"/>`, result(`<query xmlns="${ITEMS}"/>`));
    await reads(
      bernardo,
      `<query xmlns="${INFO}" node="${NODE}"/>`,
      refusal("cancel", "not-allowed", "closed-node"),
    );
  });
});

describe("a node", () => {
  test("belongs to whoever made it: others read, subscribe and hear, and change nothing", async ({
    connect,
  }) => {
    const hamlet = await connect("hamlet/desk");
    const bernardo = await connect("bernardo/desk");
    await creates(hamlet);
    await publishes(hamlet, "a", "1");
    await subscribes(bernardo, "bernardo@localhost");
    await hears(bernardo, itemsEvent(NODE, itemOf("a", "1")));
    await publishes(hamlet, "b", "2");
    await hears(bernardo, itemsEvent(NODE, itemOf("b", "2"), ""));
    await reads(
      bernardo,
      pubsub(`<items node="${NODE}"/>`),
      result(pubsub(`<items node="${NODE}">${itemOf("a", "1")}${itemOf("b", "2")}</items>`)),
    );
    await does(bernardo, publication(NODE, "c", "3"), refusal("auth", "forbidden"));
    for (const request of [
      owner(`<delete node="${NODE}"/>`),
      owner(`<purge node="${NODE}"/>`),
      affiliate("bernardo@localhost", "owner"),
      owner(`<configure node="${NODE}">${form("node_config", { title: "x" })}</configure>`),
    ]) {
      await does(bernardo, request, refusal("auth", "forbidden"));
    }
    await does(bernardo, pubsub(`<create node="${NODE}"/>`), refusal("cancel", "conflict"));
    await does(hamlet, owner(`<delete node="${NODE}"/>`));
    await hears(
      bernardo,
      `<message from="${SERVICE}" type="headline" id="{any}"><event xmlns="${EVENT}"><delete node="${NODE}"/></event></message>`,
    );
    await reads(bernardo, pubsub(`<items node="${NODE}"/>`), refusal("cancel", "item-not-found"));
  });

  test("is not made by publishing, nor is there one to change (§7.1.3.3)", async ({ connect }) => {
    const hamlet = await connect("hamlet/desk");
    for (const request of [
      publication(NODE, "a", "1"),
      owner(`<delete node="${NODE}"/>`),
      owner(`<purge node="${NODE}"/>`),
      affiliate("bernardo@localhost", "owner"),
      pubsub(`<subscribe node="${NODE}" jid="hamlet@localhost"/>`),
      pubsub(`<retract node="${NODE}"><item id="a"/></retract>`),
    ]) {
      await does(hamlet, request, refusal("cancel", "item-not-found"));
    }
  });

  test("has publishers, outcasts and more owners, and always one (§8.9.2.4)", async ({ connect }) => {
    const hamlet = await connect("hamlet/desk");
    const bernardo = await connect("bernardo/desk");
    const horatio = await connect("horatio/desk");
    await creates(hamlet);
    await does(hamlet, affiliate("bernardo@localhost", "publisher"));
    await publishes(bernardo, "a", "1");
    await does(bernardo, pubsub(`<retract node="${NODE}"><item id="a"/></retract>`));
    await does(hamlet, affiliate("bernardo@localhost", "outcast"));
    await reads(bernardo, pubsub(`<items node="${NODE}"/>`), refusal("auth", "forbidden"));
    await does(
      hamlet,
      affiliate("hamlet@localhost", "none"),
      `<iq type="error" id="q"><pubsub xmlns="${OWNER}"><affiliations node="${NODE}"><affiliation jid="hamlet@localhost" affiliation="owner"/></affiliations></pubsub>{...}</iq>`,
    );
    await does(hamlet, affiliate("horatio@localhost", "owner"));
    await does(horatio, affiliate("hamlet@localhost", "none"));
    await does(hamlet, owner(`<purge node="${NODE}"/>`), refusal("auth", "forbidden"));
    await reads(
      horatio,
      owner(`<affiliations node="${NODE}"/>`),
      result(
        owner(
          `<affiliations node="${NODE}"><affiliation jid="bernardo@localhost" affiliation="outcast"/><affiliation jid="horatio@localhost" affiliation="owner"/></affiliations>`,
        ),
      ),
    );
    await reads(
      horatio,
      pubsub("<affiliations/>"),
      result(pubsub(`<affiliations><affiliation node="${NODE}" affiliation="owner"/></affiliations>`)),
    );
  });

  test("asks its owners who may subscribe, where they want that (§6.1.4, §8.6)", async ({ connect }) => {
    const hamlet = await connect("hamlet/desk");
    const bernardo = await connect("bernardo/desk");
    await creates(hamlet, { access_model: "authorize" });
    await does(
      bernardo,
      pubsub(`<subscribe node="${NODE}" jid="bernardo@localhost"/>`),
      result(pubsub(`<subscription node="${NODE}" jid="bernardo@localhost" subscription="pending"/>`)),
    );
    await hears(
      hamlet,
      `<message from="${SERVICE}" id="{any}"><x xmlns="jabber:x:data" type="form">{...}</x></message>`,
    );
    const answer = form("subscribe_authorization", {
      node: NODE,
      subscriber_jid: "bernardo@localhost",
      allow: "true",
    });
    await hamlet.sends(`<message to="${SERVICE}">${answer}</message>`);
    await hears(
      bernardo,
      `<message from="${SERVICE}" type="headline"><event xmlns="${EVENT}"><subscription node="${NODE}" jid="bernardo@localhost" subscription="subscribed"/></event></message>`,
    );
    await publishes(hamlet, "a", "1");
    await hears(bernardo, itemsEvent(NODE, itemOf("a", "1"), ""));
  });

  test("may notify of nothing but that something happened (§4.3)", async ({ connect }) => {
    const hamlet = await connect("hamlet/desk");
    const bernardo = await connect("bernardo/desk");
    await creates(hamlet, { persist_items: "0", deliver_payloads: "0" });
    await subscribes(bernardo, "bernardo@localhost/desk");
    await does(hamlet, pubsub(`<publish node="${NODE}"/>`));
    await hears(bernardo, itemsEvent(NODE, "", ""));
    await does(hamlet, publication(NODE, "a", "1"), refusal("modify", "bad-request", "item-forbidden"));
  });

  test("is gone with nobody; its last owner's account leaves it to administrators", async ({
    connect,
    server,
  }) => {
    const hamlet = await connect("hamlet/desk");
    await creates(hamlet);
    await server.host().removeUser(Jid.parse("hamlet@localhost"));
    const root = await connect("root/desk");
    await reads(root, pubsub(`<items node="${NODE}"/>`), result(pubsub(`<items node="${NODE}"/>`)));
  });
});

describe("nodes are made by", () => {
  test("users of the domain, and no guests of another", async ({ connect }) => {
    const hamlet = await connect("hamlet/desk");
    await does(hamlet, pubsub("<create/>"), result(pubsub(`<create node="{any}"/>`)));
  });

  describe("administrators alone", () => {
    test.override({
      options: { config: { admins: ["root@localhost"], modules: { pubsubService: { create: "admins" } } } },
    });

    test("where that is wanted; they own every node", async ({ connect }) => {
      const root = await connect("root/desk");
      const hamlet = await connect("hamlet/desk");
      await does(hamlet, pubsub("<create/>"), refusal("auth", "forbidden"));
      await creates(root);
      await does(root, affiliate("hamlet@localhost", "owner"));
      await does(hamlet, affiliate("root@localhost", "none"));
      await does(root, owner(`<purge node="${NODE}"/>`));
    });
  });

  describe("publishing", () => {
    test.override({ options: { config: { modules: { pubsubService: { createOnPublish: true } } } } });

    test("where that is wanted (§7.1.4)", async ({ connect }) => {
      const hamlet = await connect("hamlet/desk");
      const bernardo = await connect("bernardo/desk");
      await publishes(hamlet, "a", "1");
      await does(bernardo, publication(NODE, "b", "2"), refusal("auth", "forbidden"));
    });
  });
});

describe("an account's own node of the same name", () => {
  test("is another one, and what modules do about accounts leaves the service alone", async ({ connect }) => {
    const hamlet = await connect("hamlet/desk");
    await does(hamlet, pubsub(`<create node="urn:xmpp:bookmarks:1"/>`));
    await does(
      hamlet,
      pubsub(
        `<publish node="urn:xmpp:bookmarks:1"><item id="r@rooms.example"><conference xmlns="urn:xmpp:bookmarks:1"/></item></publish>`,
      ),
      result("{...}"),
    );
    await reads(
      hamlet,
      `<query xmlns="${ITEMS}"/>`,
      result(`<query xmlns="${ITEMS}"><item jid="${SERVICE}" node="urn:xmpp:bookmarks:1"/></query>`),
    );
    await asks(hamlet, "get", "", pubsub(`<items node="urn:xmpp:bookmarks:1"/>`));
    await hears(hamlet, refusal("cancel", "item-not-found"));
    await hearsNothing(hamlet);
  });
});
