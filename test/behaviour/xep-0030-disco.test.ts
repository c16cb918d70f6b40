/** XEP-0030 Service Discovery, version 2.5.0: the domain, accounts, and what strangers may learn of them. */
import { describe, expect } from "vitest";
import { defaultModules } from "../../src/modules/index.ts";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import { letSee } from "./subscribe.ts";

const INFO = "http://jabber.org/protocol/disco#info";
const ITEMS = "http://jabber.org/protocol/disco#items";

async function asks(client: Client, to: string, namespace: string, node = ""): Promise<void> {
  const attribute = node && ` node="${node}"`;
  await client.sends(`<iq type="get" id="d1" to="${to}"><query xmlns="${namespace}"${attribute}/></iq>`);
}

async function isRefused(client: Client, condition: string, namespace: string, node = ""): Promise<void> {
  const attribute = node && ` node="${node}"`;
  await client.receives(
    `<iq type="error" id="d1"><query xmlns="${namespace}"${attribute}/>
      <error type="cancel"><${condition} xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`,
  );
}

describe("the domain", () => {
  test("has an identity with category, type and name, and at least the feature disco#info (§3.1)", async ({
    connect,
  }) => {
    const alice = await connect("alice/phone");
    await asks(alice, "localhost", INFO);
    await alice.receives(
      `<iq type="result" id="d1" from="localhost"><query xmlns="${INFO}">{...}
        <identity category="server" type="im" name="Jackdaw"/><identity category="pubsub" type="pep"/>
        <feature var="${INFO}"/><feature var="${ITEMS}"/></query></iq>`,
    );
  });

  test("has every module's features, each once, without children", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await asks(alice, "localhost", INFO);
    const answer = await alice.receives(
      `<iq type="result" id="d1"><query xmlns="${INFO}">{any}</query></iq>`,
    );
    const features = answer.getChild("query")?.getChildren("feature") ?? [];
    const names = features.map((feature) => String(feature.attrs["var"]));
    expect(features.every((feature) => feature.children.length === 0)).toBe(true);
    expect(names.toSorted()).toEqual(
      [...new Set(defaultModules.flatMap((module) => module.features ?? []))].toSorted(),
    );
  });

  test("has its services for items, and nothing else (§4.1)", async ({ connect, server }) => {
    const alice = await connect("alice/phone");
    await asks(alice, "localhost", ITEMS);
    const answer = await alice.receives(
      `<iq type="result" id="d1" from="localhost"><query xmlns="${ITEMS}">{...}</query></iq>`,
    );
    const items = answer.getChild("query")?.getChildren("item") ?? [];
    expect(items.map(({ attrs }) => attrs["jid"])).toEqual(
      server.host().services.map(({ domain }) => domain),
    );
  });

  test.for([INFO, ITEMS])(
    "has no nodes: %s is not found (§7), and the node is mirrored (§3.2)",
    async (namespace, { connect }) => {
      const alice = await connect("alice/phone");
      await asks(alice, "localhost", namespace, "anything");
      await isRefused(alice, "item-not-found", namespace, "anything");
    },
  );

  describe("with another name", () => {
    test.override({ options: { config: { modules: { disco: { name: "Elsinore" } } } } });

    test("shows it", async ({ connect }) => {
      const alice = await connect("alice/phone");
      await asks(alice, "localhost", INFO);
      await alice.receives(
        `<iq type="result" id="d1"><query xmlns="${INFO}">{...}<identity category="server" type="im" name="Elsinore"/></query></iq>`,
      );
    });
  });

  describe("without a module", () => {
    test.override({ options: { config: { modules: { ping: false } } } });

    test("does not have its features", async ({ connect }) => {
      const alice = await connect("alice/phone");
      await asks(alice, "localhost", INFO);
      const answer = await alice.receivesAny();
      expect(answer.toString()).toContain("urn:xmpp:time");
      expect(answer.toString()).not.toContain("urn:xmpp:ping");
    });
  });
});

describe("an account", () => {
  test.for(["alice@localhost", "bob@localhost"])(
    "is registered, as its owner and subscribers may know (§3.1): %s",
    async (to, { connect, server, user }) => {
      await user("bob");
      await letSee(server, "bob@localhost", "alice@localhost");
      const alice = await connect("alice/phone");
      await asks(alice, to, INFO);
      await alice.receives(
        `<iq type="result" id="d1" from="${to}"><query xmlns="${INFO}">{...}
          <identity category="account" type="registered"/><feature var="${INFO}"/></query></iq>`,
      );
    },
  );

  test("answers its owner's request without to", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await alice.sends(`<iq type="get" id="d1"><query xmlns="${INFO}"/></iq>`);
    await alice.receives(
      `<iq type="result" id="d1"><query xmlns="${INFO}">{...}<identity category="account" type="registered"/></query></iq>`,
    );
  });

  test("shows subscribers its available resources as items (§4.1), and only those", async ({
    connect,
    server,
    user,
  }) => {
    await user("bob");
    await letSee(server, "bob@localhost", "alice@localhost");
    const alice = await connect("alice/phone");
    await connect("bob/desk");
    await connect("bob/phone");
    await connect("bob/hidden", { presence: false });
    alice.forget(() => true);
    await asks(alice, "bob@localhost", ITEMS);
    await alice.receives(
      `<iq type="result" id="d1" from="bob@localhost"><query xmlns="${ITEMS}">
        <item jid="bob@localhost/desk"/><item jid="bob@localhost/phone"/></query></iq>`,
    );
  });

  test("has no nodes", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await asks(alice, "alice@localhost", INFO, "anything");
    await isRefused(alice, "item-not-found", INFO, "anything");
    await asks(alice, "alice@localhost", ITEMS, "anything");
    await alice.receives(`<iq type="result" id="d1"><query xmlns="${ITEMS}" node="anything"/></iq>`);
  });

  describe("of a guest", () => {
    test.override({ options: { config: { auth: { anonymous: true } } } });

    test("is anonymous", async ({ raw }) => {
      const guest = raw();
      await guest.opens();
      await guest.receives("<stream:features>{any}</stream:features>");
      await guest.sends(`<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="ANONYMOUS">=</auth>`);
      await guest.receives(`<success xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>`);
      await guest.opens();
      await guest.receives("<stream:features>{any}</stream:features>");
      await guest.sends(`<iq type="set" id="b"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>`);
      await guest.receivesAny();
      await guest.sends(`<iq type="get" id="d1"><query xmlns="${INFO}"/></iq>`);
      await guest.receives(
        `<iq type="result" id="d1"><query xmlns="${INFO}">{...}<identity category="account" type="anonymous"/></query></iq>`,
      );
    });
  });
});

describe("strangers are told the same of an account that they may not ask and of one that there is not (§8):", () => {
  for (const to of ["bob@localhost", "nobody@localhost"]) {
    for (const node of ["", "anything"]) {
      const name = `${to}${node && " with a node"}`;

      test(`${name}, disco#info`, async ({ connect }) => {
        await connect("bob/desk");
        const alice = await connect("alice/phone");
        await asks(alice, to, INFO, node);
        await isRefused(alice, "service-unavailable", INFO, node);
      });

      test(`${name}, disco#items`, async ({ connect }) => {
        await connect("bob/desk");
        const alice = await connect("alice/phone");
        await asks(alice, to, ITEMS, node);
        const attribute = node && ` node="${node}"`;
        await alice.receives(
          `<iq type="result" id="d1" from="${to}"><query xmlns="${ITEMS}"${attribute}/></iq>`,
        );
      });
    }
  }

  test("the answers do not differ by a byte", async ({ connect }) => {
    await connect("bob/desk");
    const alice = await connect("alice/phone");
    const answers: string[] = [];
    for (const to of ["bob@localhost", "nobody@localhost"]) {
      await asks(alice, to, INFO);
      answers.push((await alice.receivesAny()).toString().replaceAll(to, "X"));
    }
    expect(answers[0]).toBe(answers[1]);
  });
});

test("a list comes in pages for those who ask for them (XEP-0059 §2.2, §2.6)", async ({ connect }) => {
  const RSM = "http://jabber.org/protocol/rsm";
  const alice = await connect("alice/a");
  await connect("alice/b");
  await connect("alice/c");
  const list = async (set: string) => {
    await alice.sends(
      `<iq type="get" id="d1" to="alice@localhost"><query xmlns="${ITEMS}"><set xmlns="${RSM}">${set}</set></query></iq>`,
    );
    const query = (await alice.receivesAny()).getChild("query");
    const page = query?.getChild("set", RSM);
    return [
      query?.getChildren("item").map(({ attrs }) => String(attrs["jid"]).at(-1)),
      page?.getChildText("count"),
      page?.getChild("first")?.attrs["index"],
      page?.getChildText("last"),
    ];
  };
  await alice.sends(`<iq type="get" id="d1" to="alice@localhost"><query xmlns="${ITEMS}"/></iq>`);
  const all = (await alice.receivesAny()).getChild("query")?.getChildren("item") ?? [];
  const [first, second, third] = all.map(({ attrs }) => String(attrs["jid"]));
  const letters = [first, second, third].map((jid) => jid?.at(-1));
  expect(await list("<max>2</max>")).toEqual([letters.slice(0, 2), "3", "0", second]);
  expect(await list(`<max>2</max><after>${second}</after>`)).toEqual([letters.slice(2), "3", "2", third]);
  expect(await list("<index>1</index><max>1</max>")).toEqual([[letters[1]], "3", "1", second]);
  expect(await list("<max>0</max>")).toEqual([[], "3", undefined, null]);
});
