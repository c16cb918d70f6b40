/** XEP-0384 §5.3 and XEP-0060 §7.1.5: how Conversations, Dino and others publish their keys, step by step. */
import { expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import {
  asks,
  form,
  hears,
  itemsAnswer,
  itemsEvent,
  itemsRequest,
  OWNER,
  PUBSUB,
  publishes,
  refusal,
  wants,
} from "./pubsub-client.ts";

const OLD = "eu.siacs.conversations.axolotl";
const DEVICES = `${OLD}.devicelist`;
const BUNDLE = `${OLD}.bundles:4223`;
const OPEN = { access_model: "open", persist_items: "true", max_items: "1" };
const list = (...ids: number[]) =>
  `<list xmlns="${OLD}">${ids.map((id) => `<device id="${id}"/>`).join("")}</list>`;
const item = (payload: string) => `<item id="current">${payload}</item>`;
const BUNDLE_XML = `<bundle xmlns="${OLD}"><signedPreKeyPublic signedPreKeyId="1">QUJD</signedPreKeyPublic><prekeys><preKeyPublic preKeyId="1">REVG</preKeyPublic></prekeys></bundle>`;

async function publishesWith(client: Client, node: string, payload: string, answer: string): Promise<void> {
  const options = `<publish-options>${form("publish-options", OPEN)}</publish-options>`;
  await asks(
    client,
    "set",
    "",
    `<pubsub xmlns="${PUBSUB}"><publish node="${node}">${item(payload)}</publish>${options}</pubsub>`,
  );
  await hears(client, answer);
}

const published = (node: string) =>
  `<iq type="result" id="q"><pubsub xmlns="${PUBSUB}"><publish node="${node}"><item id="current"/></publish></pubsub></iq>`;

test("a device list is published openly, seen by strangers, and its change by own devices that follow it", async ({
  connect,
}) => {
  const phone = await connect("alice/phone");
  const desk = await connect("alice/desk");
  const eve = await connect("eve/phone");
  await wants(desk, DEVICES);
  await publishesWith(phone, DEVICES, list(4223), published(DEVICES));
  await hears(desk, itemsEvent(DEVICES, item(list(4223))));
  await publishesWith(phone, BUNDLE, BUNDLE_XML, published(BUNDLE));
  await publishesWith(desk, DEVICES, list(4223, 31_415), published(DEVICES));
  await hears(desk, itemsEvent(DEVICES, item(list(4223, 31_415))));
  await asks(eve, "get", "alice@localhost", itemsRequest(DEVICES));
  await hears(eve, itemsAnswer(DEVICES, item(list(4223, 31_415))));
  await asks(eve, "get", "alice@localhost", itemsRequest(BUNDLE));
  await hears(eve, itemsAnswer(BUNDLE, item(BUNDLE_XML)));
});

test("a node that is not open makes the publication fail; the form that is sent back with one change opens it", async ({
  connect,
}) => {
  const alice = await connect("alice/phone");
  const eve = await connect("eve/phone");
  await publishes(alice, DEVICES, "current", "old");
  await publishesWith(alice, DEVICES, list(1), refusal("cancel", "conflict", "precondition-not-met"));
  await asks(alice, "get", "", `<pubsub xmlns="${OWNER}"><configure node="${DEVICES}"/></pubsub>`);
  const answer = await alice.receives(`<iq type="result" id="q">{...}</iq>`);
  const shown = /<x [^]*<\/x>/.exec(String(answer))?.[0] ?? "";
  // As clients do: every field with its value, without labels and options, and the one that matters changed.
  const fields = [...shown.matchAll(/<field var="([^"]+)"[^>]*?(?:\/>|>([^]*?)<\/field>)/g)].map(
    ([, name = "", content = ""]) => {
      const withoutOptions = content.replaceAll(/<option[^]*?<\/option>/g, "");
      const value = name === "pubsub#access_model" ? "<value>open</value>" : withoutOptions;
      return `<field var="${name}">${value}</field>`;
    },
  );
  expect(fields.length).toBeGreaterThan(15);
  await asks(
    alice,
    "set",
    "",
    `<pubsub xmlns="${OWNER}"><configure node="${DEVICES}"><x xmlns="jabber:x:data" type="submit">${fields.join("")}</x></configure></pubsub>`,
  );
  await hears(alice, `<iq type="result" id="q"/>`);
  await publishesWith(alice, DEVICES, list(1), published(DEVICES));
  await asks(eve, "get", "alice@localhost", itemsRequest(DEVICES));
  await hears(eve, itemsAnswer(DEVICES, item(list(1))));
});

test("bundles of OMEMO 2 are items of one open node, each by the id of its device", async ({ connect }) => {
  const node = "urn:xmpp:omemo:2:bundles";
  const alice = await connect("alice/phone");
  const eve = await connect("eve/phone");
  const options = { access_model: "open", persist_items: "true", max_items: "max" };
  for (const id of ["1", "2", "3"]) await publishes(alice, node, id, `keys ${id}`, options);
  await asks(eve, "get", "alice@localhost", itemsRequest(node, `<item id="2"/>`));
  await hears(eve, itemsAnswer(node, `<item id="2"><e xmlns="urn:e">keys 2</e></item>`));
  await asks(
    alice,
    "set",
    "",
    `<pubsub xmlns="${PUBSUB}"><retract node="${node}" notify="1"><item id="2"/></retract></pubsub>`,
  );
  await hears(alice, `<iq type="result" id="q"/>`);
  await asks(eve, "get", "alice@localhost", itemsRequest(node, `<item id="2"/>`));
  await hears(eve, itemsAnswer(node, ""));
});
