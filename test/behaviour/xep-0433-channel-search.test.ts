/** XEP-0433 Extended Channel Search, version 0.1.0. */
import { describe, expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import type { Element } from "../../src/xml/element.ts";
import { ns } from "../../src/xmpp/ns.ts";
import { enter, forget, makeRoom, SERVICE } from "./muc-client.ts";

const PARAMS = "urn:xmpp:channel-search:0:search-params";
const ERRORS = "urn:xmpp:channel-search:0:error";
const ORDER = "{urn:xmpp:channel-search:0:order}";

async function search(
  client: Client,
  fields: Readonly<Record<string, string>> | undefined,
  rsm = "",
): Promise<Element> {
  forget(client);
  const written = Object.entries(fields ?? {}).map(
    ([name, value]) => `<field var="${name}"><value>${value}</value></field>`,
  );
  const x =
    fields === undefined
      ? ""
      : `<x xmlns="jabber:x:data" type="submit"><field var="FORM_TYPE" type="hidden"><value>${PARAMS}</value></field>${written.join("")}</x>`;
  await client.sends(
    `<iq type="get" id="s" to="${SERVICE}"><search xmlns="${ns.CHANNEL_SEARCH}">${rsm}${x}</search></iq>`,
  );
  return client.receivesAny();
}

const addresses = (answer: Element) =>
  answer
    .getChild("result", ns.CHANNEL_SEARCH)
    ?.getChildren("item")
    .map(({ attrs }) => String(attrs["address"]).split("@")[0]);

/** Four rooms: one is hidden, and Bob is in two. */
async function town(connect: (address: string) => Promise<Client>): Promise<Client> {
  const alice = await connect("alice/phone");
  const bob = await connect("bob/desk");
  const room = (name: string) => `${name}@${SERVICE}`;
  await makeRoom(
    alice,
    "a",
    { roomname: "Gardeners", roomdesc: "Roses and kale", lang: "en" },
    room("garden"),
  );
  await makeRoom(alice, "a", { roomname: "Cooks", membersonly: "1", whois: "anyone" }, room("kitchen"));
  await makeRoom(alice, "a", { persistentroom: "1", roomname: "Hall of roses" }, room("hall"));
  await makeRoom(alice, "a", { publicroom: "0", roomname: "Secret roses" }, room("cellar"));
  await enter(bob, "b", { room: room("garden") });
  await alice.sends(`<presence to="${room("hall")}/a" type="unavailable"/>`);
  return alice;
}

test("the service says that it searches, and has a form for it (§4.1, §4.2.1)", async ({ connect }) => {
  const alice = await connect("alice/phone");
  await alice.sends(`<iq type="get" id="d" to="${SERVICE}"><query xmlns="${ns.DISCO_INFO}"/></iq>`);
  expect((await alice.receivesAny()).toString()).toContain(ns.CHANNEL_SEARCH);
  const form = (await search(alice, undefined)).getChild("search")?.getChild("x", ns.DATA_FORMS);
  expect(form?.attrs["type"]).toBe("form");
  expect(form?.getChildren("field").map(({ attrs }) => attrs["var"])).toEqual([
    "FORM_TYPE",
    "q",
    "all",
    "sinname",
    "sindescription",
    "sinaddress",
    "min_users",
    "types",
    "key",
  ]);
});

describe("finds public rooms", () => {
  test.for([
    ["by their names and descriptions, the fullest first", { q: "ROSES" }, ["garden", "hall"]],
    ["by all words", { q: "roses kale" }, ["garden"]],
    ["not by their descriptions", { q: "roses", sindescription: "0" }, ["hall"]],
    ["by their addresses", { q: "kitchen@" }, ["kitchen"]],
    ["not by their addresses", { q: "kitchen@", sinaddress: "false" }, []],
    ["all of them", { all: "1" }, ["garden", "kitchen", "hall"]],
    ["with somebody in", { all: "1", min_users: "1" }, ["garden", "kitchen"]],
    ["by address", { all: "1", key: `${ORDER}address` }, ["garden", "hall", "kitchen"]],
    ["of a kind that there is not", { all: "1", types: "xep-0369" }, []],
  ] as const)("%s", async ([, fields, expected], { connect }) => {
    const alice = await town(connect);
    expect(addresses(await search(alice, fields))).toEqual(expected);
  });

  test("with what there is to know of them (§6.2)", async ({ connect }) => {
    const alice = await town(connect);
    const items = (await search(alice, { all: "true" })).getChild("result")?.getChildren("item") ?? [];
    const texts = items.map((item) =>
      Object.fromEntries(item.getChildElements().map((child) => [child.getName(), child.getText()])),
    );
    expect(texts.slice(0, 2)).toEqual([
      {
        name: "Gardeners",
        description: "Roses and kale",
        language: "en",
        nusers: "2",
        "service-type": "xep-0045",
        "is-open": "true",
        "anonymity-mode": "muc_semianonymous",
      },
      {
        name: "Cooks",
        nusers: "1",
        "service-type": "xep-0045",
        "is-open": "false",
        "anonymity-mode": "{urn:xmpp:channel-search:0:anonymity}none",
      },
    ]);
  });

  test("page by page (§4.2.2.1)", async ({ connect }) => {
    const alice = await town(connect);
    const first = await search(alice, { all: "1" }, `<set xmlns="${ns.RSM}"><max>2</max></set>`);
    expect(addresses(first)).toEqual(["garden", "kitchen"]);
    const last = first.getChild("result")?.getChild("set", ns.RSM)?.getChildText("last");
    const second = await search(
      alice,
      { all: "1" },
      `<set xmlns="${ns.RSM}"><max>2</max><after>${last}</after></set>`,
    );
    expect(addresses(second)).toEqual(["hall"]);
  });
});

describe("refuses (§4.2.2)", () => {
  test.for([
    [
      "an order that it does not know",
      { q: "x", key: "magic" },
      "feature-not-implemented",
      "modify",
      "invalid-sort-key",
    ],
    ["to search for nothing", { q: " " }, "bad-request", "modify", "invalid-search-terms"],
    ["to search for very much", { q: "x".repeat(300) }, "bad-request", "modify", "invalid-search-terms"],
    ["both all and words", { q: "x", all: "1" }, "bad-request", "modify", "conflicting-fields"],
    ["neither all nor words", {}, "bad-request", "cancel", "no-search-conditions"],
  ] as const)("%s", async ([, fields, condition, type, detail], { connect }) => {
    const alice = await connect("alice/phone");
    const error = (await search(alice, fields)).getChild("error");
    expect(error?.attrs["type"]).toBe(type);
    expect(error?.getChild(condition, ns.STANZA_ERRORS)).toBeDefined();
    expect(error?.getChild(detail, ERRORS)).toBeDefined();
  });

  test("too many searches in a minute (§4.2.2.4)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    for (let count = 0; count < 30; count++) await search(alice, { all: "1" });
    const error = (await search(alice, { all: "1" })).getChild("error");
    expect(error?.attrs["type"]).toBe("wait");
    expect(error?.getChild("resource-constraint", ns.STANZA_ERRORS)).toBeDefined();
    expect(error?.getChild("rate-limit", ERRORS)?.attrs["retry-after"]).toBe("60");
  });
});
