/** XEP-0313 Message Archive Management §4, §5, §7, §8: how an archive is read. What goes into it: xep-0313-archiving. */
import { describe, expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { test as rigTest } from "../../src/testing/rig.ts";
import { converse, queryArchive } from "./archive-client.ts";

const MAM = "urn:xmpp:mam:2";
const STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas";
const START = Date.UTC(2025, 0, 1, 12);
/** When the message with this number was sent. */
const at = (n: number) => new Date(START + (n - 1) * 1000).toISOString();

/** Alice wrote 1 to 3 to bob, and bob 4 and 5 to alice; 6 and 7 to carol; one a second. */
const test = rigTest.extend<{ alice: Client }>({
  alice: async ({ connect, user, clock }, use) => {
    await user("carol");
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await converse(alice, "bob@localhost", ["1", "2", "3"], clock);
    await converse(bob, "alice@localhost", ["4", "5"], clock);
    for (const _ of [4, 5]) await alice.receivesAny();
    await converse(alice, "carol@localhost", ["6", "7"], clock);
    await use(alice);
  },
});

describe.for(["memory", "sqlite"] as const)("an archive in %s", (store) => {
  test.override({ options: { store } });

  test("shows both sides of all conversations, in the order of their time (§4.2), then says it is complete (§4.3.2)", async ({
    alice,
  }) => {
    const { bodies, results, isComplete, first, last, index, count } = await queryArchive(alice);
    expect(bodies).toEqual(["1", "2", "3", "4", "5", "6", "7"]);
    expect(results.map(({ stamp }) => stamp)).toEqual([1, 2, 3, 4, 5, 6, 7].map(at));
    expect(isComplete).toBe(true);
    expect([first, last]).toEqual([results[0]?.id, results[6]?.id]);
    expect([index, count]).toEqual(["0", "7"]);
  });

  test("pages forwards with the id of the last message (§4.3.2), also when something new comes meanwhile", async ({
    alice,
    clock,
  }) => {
    const one = await queryArchive(alice, { rsm: "<max>3</max>" });
    expect([one.bodies, one.isComplete, one.index, one.count]).toEqual([["1", "2", "3"], false, "0", "7"]);
    await converse(alice, "bob@localhost", ["8"], clock);
    const two = await queryArchive(alice, { rsm: `<max>3</max><after>${one.last}</after>` });
    expect([two.bodies, two.isComplete, two.index, two.count]).toEqual([["4", "5", "6"], false, "3", "8"]);
    const three = await queryArchive(alice, { rsm: `<max>3</max><after>${two.last}</after>` });
    expect([three.bodies, three.isComplete, three.index]).toEqual([["7", "8"], true, "6"]);
    const four = await queryArchive(alice, { rsm: `<max>3</max><after>${three.last}</after>` });
    expect([four.bodies, four.isComplete, four.first, four.last, four.count]).toEqual([
      [],
      true,
      null,
      null,
      "8",
    ]);
  });

  test("pages backwards, each page in the order of time (§4.3.3)", async ({ alice }) => {
    const one = await queryArchive(alice, { rsm: "<max>3</max><before/>" });
    expect([one.bodies, one.isComplete, one.index]).toEqual([["5", "6", "7"], false, "4"]);
    const two = await queryArchive(alice, { rsm: `<max>3</max><before>${one.first}</before>` });
    expect([two.bodies, two.isComplete, two.index]).toEqual([["2", "3", "4"], false, "1"]);
    const three = await queryArchive(alice, { rsm: `<max>3</max><before>${two.first}</before>` });
    expect([three.bodies, three.isComplete, three.index]).toEqual([["1"], true, "0"]);
  });

  test("pages within a conversation, which has its own count and index", async ({ alice }) => {
    const fields = { with: "bob@localhost" };
    const one = await queryArchive(alice, { fields, rsm: "<max>2</max><before/>" });
    expect([one.bodies, one.index, one.count]).toEqual([["4", "5"], "3", "5"]);
    const two = await queryArchive(alice, { fields, rsm: `<max>9</max><before>${one.first}</before>` });
    expect([two.bodies, two.isComplete, two.index]).toEqual([["1", "2", "3"], true, "0"]);
  });

  test("says how many there are, and no more, when asked for none (XEP-0059 §2.7)", async ({ alice }) => {
    const all = await queryArchive(alice, { rsm: "<max>0</max>" });
    expect([all.bodies, all.count, all.isComplete, all.first]).toEqual([[], "7", false, null]);
    const carol = await queryArchive(alice, { fields: { with: "carol@localhost" }, rsm: "<max>0</max>" });
    expect(carol.count).toBe("2");
  });

  test("pages by index (XEP-0059 §2.6), in all of it, in a conversation, and in what is known by id", async ({
    alice,
  }) => {
    const { ids } = await queryArchive(alice);
    const middle = await queryArchive(alice, { rsm: "<max>2</max><index>3</index>" });
    expect([middle.bodies, middle.index, middle.count, middle.isComplete]).toEqual([
      ["4", "5"],
      "3",
      "7",
      false,
    ]);
    const start = await queryArchive(alice, { rsm: "<max>1</max><index>0</index>" });
    expect([start.bodies, start.index]).toEqual([["1"], "0"]);
    const fields = { with: "bob@localhost" };
    const bob = await queryArchive(alice, { fields, rsm: "<max>9</max><index>3</index>" });
    expect([bob.bodies, bob.index, bob.isComplete]).toEqual([["4", "5"], "3", true]);
    const known = { ids: [ids[0] as string, ids[2] as string, ids[4] as string] };
    const listed = await queryArchive(alice, { fields: known, rsm: "<index>1</index>" });
    expect([listed.bodies, listed.index, listed.count]).toEqual([["3", "5"], "1", "3"]);
    for (const [where, count] of [
      [{}, "7"],
      [fields, "5"],
      [known, "3"],
    ] as const) {
      const behind = await queryArchive(alice, { fields: where, rsm: "<max>2</max><index>7</index>" });
      expect([behind.bodies, behind.first, behind.count]).toEqual([[], null, count]);
    }
    const search = { "{urn:xmpp:fulltext:0}fulltext": "1" };
    const sought = await queryArchive(alice, { fields: search, rsm: "<index>0</index>" });
    expect(sought.error).toBe("feature-not-implemented cancel");
  });

  test("goes on after a page where Profanity says so, beside a <set/> that it leaves away", async ({
    alice,
  }) => {
    const { ids } = await queryArchive(alice);
    const rest = await queryArchive(alice, { more: `<after>${ids[3]}</after>` });
    expect(rest.bodies).toEqual(["5", "6", "7"]);
    const first = await queryArchive(alice, { rsm: "<max>2</max>", more: `<after>${ids[3]}</after>` });
    expect(first.bodies).toEqual(["1", "2"]);
  });

  test("sends a flipped page with the last message first (§4.3.4), and means the same page", async ({
    alice,
  }) => {
    const plain = await queryArchive(alice, { rsm: "<max>3</max>" });
    const flipped = await queryArchive(alice, { rsm: "<max>3</max>", more: "<flip-page/>" });
    expect(flipped.bodies).toEqual(["3", "2", "1"]);
    expect([flipped.first, flipped.last, flipped.isComplete]).toEqual([plain.first, plain.last, false]);
  });

  test.for([
    ["with a contact", { with: "bob@localhost" }, ["1", "2", "3", "4", "5"]],
    ["with a resource of a contact", { with: "bob@localhost/desk" }, ["4", "5"]],
    ["with a device of one's own", { with: "alice@localhost/phone" }, ["1", "2", "3", "6", "7"]],
    ["with a device of one's own that wrote nothing", { with: "alice@localhost/tab" }, []],
    ["with oneself", { with: "alice@localhost" }, []],
    ["with somebody unknown", { with: "nobody@localhost" }, []],
    ["from a time on, inclusively", { start: at(5) }, ["5", "6", "7"]],
    ["from a time on that is finer than theirs", { start: at(5).replace("Z", "004Z") }, ["6", "7"]],
    ["from a time on with more zeros than theirs", { start: at(5).replace("Z", "000Z") }, ["5", "6", "7"]],
    ["up to a time that is finer than theirs", { end: at(3).replace("Z", "999Z") }, ["1", "2", "3"]],
    ["up to a time, inclusively", { end: at(3) }, ["1", "2", "3"]],
    [
      "between times, in another time zone",
      { start: "2025-01-01T14:00:02+02:00", end: at(5) },
      ["3", "4", "5"],
    ],
    [
      "from before the first message on",
      { start: "0001-01-01T00:00:00Z" },
      ["1", "2", "3", "4", "5", "6", "7"],
    ],
    ["from a time to come", { start: "9999-12-31T23:59:59Z" }, []],
    ["up to a time before all", { end: "1969-07-20T20:17:40Z" }, []],
    ["between times in the wrong order", { start: at(5), end: at(3) }, []],
    ["with a contact from a time on", { with: "bob@localhost", start: at(3) }, ["3", "4", "5"]],
    ["with or without groupchat", { "include-groupchat": "false", start: at(7) }, ["7"]],
  ] as const)("finds messages %s (§4.1)", async ([, fields, found], { alice }) => {
    const answer = await queryArchive(alice, { fields });
    expect([answer.bodies, answer.isComplete, answer.error]).toEqual([found, true, undefined]);
  });

  test("finds messages between two known ones, and those known by id (§4.1.3)", async ({ alice }) => {
    const { ids } = await queryArchive(alice);
    const [one = "", two = "", , , five = "", six = ""] = ids;
    const find = async (fields: Record<string, string | string[]>, rsm?: string) =>
      (await queryArchive(alice, rsm === undefined ? { fields } : { fields, rsm })).bodies;
    expect(await find({ "after-id": two })).toEqual(["3", "4", "5", "6", "7"]);
    expect(await find({ "before-id": two })).toEqual(["1"]);
    expect(await find({ "after-id": two, "before-id": five })).toEqual(["3", "4"]);
    expect(await find({ "after-id": two, "before-id": six }, "<max>2</max>")).toEqual(["3", "4"]);
    expect(await find({ "after-id": two, "before-id": six }, "<max>2</max><before/>")).toEqual(["4", "5"]);
    // Whatever comes from where, the narrowest bounds hold.
    expect(await find({ "after-id": five }, `<after>${one}</after>`)).toEqual(["6", "7"]);
    expect(await find({ "before-id": two }, `<before>${six}</before>`)).toEqual(["1"]);
    expect(await find({ "after-id": one, start: at(6) })).toEqual(["6", "7"]);
    expect(await find({ "before-id": six, end: at(2) })).toEqual(["1", "2"]);
    expect(await find({ ids: [six, one, six, five] })).toEqual(["1", "5", "6"]);
    expect(await find({ ids: [six, one, five] }, "<max>2</max><before/>")).toEqual(["5", "6"]);
    expect(await find({ ids: [six, one, five] }, `<after>${one}</after>`)).toEqual(["5", "6"]);
    expect(await find({ ids: [six, one, five], with: "bob@localhost" })).toEqual(["1", "5"]);
    expect(await find({ ids: [six, one, five], start: at(2), end: at(5) })).toEqual(["5"]);
  });

  test("knows its first and its last message (§5)", async ({ alice, connect }) => {
    const { ids } = await queryArchive(alice);
    await alice.sends(`<iq type="get" id="m"><metadata xmlns="${MAM}"/></iq>`);
    await alice.receives(`<iq type="result" id="m"><metadata xmlns="${MAM}">
      <start id="${ids[0]}" timestamp="${at(1)}"/><end id="${ids[6]}" timestamp="${at(7)}"/></metadata></iq>`);
    const dave = await connect("dave");
    await dave.sends(`<iq type="get" id="m"><metadata xmlns="${MAM}"/></iq>`);
    await dave.receives(`<iq type="result" id="m"><metadata xmlns="${MAM}"/></iq>`);
  });

  test.for([
    ["after-id", { fields: { "after-id": "{id}" } }],
    ["before-id", { fields: { "before-id": "{id}" } }],
    ["ids", { fields: { ids: "{id}" } }],
    ["after", { rsm: "<after>{id}</after>" }],
    ["before", { rsm: "<before>{id}</before>" }],
  ] as const)(
    "does not find an id in <%s/> that it never gave, or gave elsewhere (§4.1.3, §4.3.2)",
    async ([, question], { alice, connect, rig }) => {
      const carol = await connect("carol");
      // Offline storage.
      for (const _ of [6, 7]) await carol.receivesAny();
      const foreign = (await queryArchive(carol)).ids[0] as string;
      for (const id of [foreign, "28482-98726-73623", "A".repeat(22), "x".repeat(2000)]) {
        rig.captures.set("id", id);
        expect((await queryArchive(alice, question)).error).toBe("item-not-found cancel");
      }
    },
  );
});

test("results look as they should (§4.2): the archive's address, the query's id, the whole message with its namespace", async ({
  connect,
  clock,
}) => {
  const alice = await connect("alice/phone");
  const bob = await connect("bob/desk");
  await bob.sends(`<message to="alice@localhost" id="m1" type="chat" xml:lang="de"><body>&lt;Hallo&gt;</body>
    <x xmlns="urn:example" a="&quot;"/></message>`);
  await alice.receives(`<message id="m1" type="chat" xml:lang="de"><body>&lt;Hallo&gt;</body>
    <x xmlns="urn:example" a="&quot;"/><stanza-id xmlns="urn:xmpp:sid:0" by="alice@localhost" id="{sid}"/></message>`);
  await clock.advance(60_000);
  await alice.sends(
    `<iq type="set" id="q" to="alice@localhost"><query xmlns="${MAM}" queryid="a&amp;b"/></iq>`,
  );
  await alice.receives(`<message from="alice@localhost" to="alice@localhost/phone" type="{none}">
    <result xmlns="${MAM}" queryid="a&amp;b" id="{sid}"><forwarded xmlns="urn:xmpp:forward:0">
      <delay xmlns="urn:xmpp:delay" stamp="${at(1)}"/>
      <message xmlns="jabber:client" from="bob@localhost/desk" to="alice@localhost" id="m1" type="chat" xml:lang="de">
        <body>&lt;Hallo&gt;</body><x xmlns="urn:example" a="&quot;"/></message></forwarded></result></message>`);
  await alice.receives(`<iq type="result" id="q"><fin xmlns="${MAM}" complete="true">
    <set xmlns="http://jabber.org/protocol/rsm"><first index="0">{sid}</first><last>{sid}</last><count>1</count></set>
    </fin></iq>`);
});

describe("a page", () => {
  test.override({ options: { config: { modules: { mam: { pageSize: 3 } } } } });

  test("has no more messages than the server allows, whatever the client wants (§4.3.1)", async ({
    alice,
  }) => {
    expect((await queryArchive(alice)).bodies).toEqual(["1", "2", "3"]);
    const page = await queryArchive(alice, { rsm: "<max>1000</max><before/>" });
    expect([page.bodies, page.isComplete]).toEqual([["5", "6", "7"], false]);
  });
});

test("a page of large messages ends early, and the next one goes on", async ({ connect }) => {
  const alice = await connect("alice");
  const large = "x".repeat(200_000);
  for (let n = 0; n < 8; n++) {
    await alice.sends(`<message to="alice@localhost/none" type="chat"><body>${n}${large}</body></message>`);
    await alice.receivesAny();
  }
  const first = (body: string | null) => body?.[0];
  const one = await queryArchive(alice);
  expect([one.bodies.map(first), one.isComplete]).toEqual([["0", "1", "2", "3"], false]);
  const two = await queryArchive(alice, { rsm: `<after>${one.last}</after>` });
  expect([two.bodies.map(first), two.isComplete]).toEqual([["4", "5", "6", "7"], true]);
});

test("the form names every field that a query may have (§4.1.5)", async ({ connect }) => {
  const alice = await connect("alice");
  await alice.sends(`<iq type="get" id="f"><query xmlns="${MAM}"/></iq>`);
  await alice.receives(`<iq type="result" id="f"><query xmlns="${MAM}"><x xmlns="jabber:x:data" type="form">
    <field var="FORM_TYPE" type="hidden"><value>${MAM}</value></field>
    <field var="with" type="jid-single"/><field var="start" type="text-single"/><field var="end" type="text-single"/>
    <field var="before-id" type="text-single"/><field var="after-id" type="text-single"/>
    <field var="ids" type="list-multi">
      <validate xmlns="http://jabber.org/protocol/xdata-validate" datatype="xs:string"><open/></validate></field>
    <field var="include-groupchat" type="boolean"/>
    <field var="{fulltext}" type="text-single"/></x></query></iq>`);
});

describe("a query is refused", () => {
  test.for([
    [
      "with a field that nobody knows (§4.1.5)",
      { fields: { colour: "blue" } },
      "feature-not-implemented cancel",
    ],
    ["with a form of another type (§4.1)", { fields: { FORM_TYPE: "urn:other" } }, "bad-request modify"],
    ["with an address that is none", { fields: { with: "@" } }, "jid-malformed modify"],
    ["with a time that is none", { fields: { start: "yesterday" } }, "bad-request modify"],
    ["with two times for one", { fields: { end: [at(1), at(2)] } }, "bad-request modify"],
    [
      "with more ids than are looked up",
      { fields: { ids: Array<string>(501).fill("x") } },
      "policy-violation modify",
    ],
    [
      "for a page by its index and by its neighbour (XEP-0059 §2.6)",
      { rsm: "<index>3</index><before/>" },
      "bad-request modify",
    ],
    ["for a number of messages that is none", { rsm: "<max>some</max>" }, "bad-request modify"],
    ["with a form that is not submitted", { form: "form" }, "bad-request modify"],
    ["of a node (§6.1.3)", { node: "urn:x" }, "feature-not-implemented cancel"],
    ["with a queryid that is too long", { queryId: "q".repeat(257) }, "policy-violation modify"],
  ] as const)("%s", async ([, question, error], { connect }) => {
    const alice = await connect("alice");
    expect((await queryArchive(alice, question)).error).toBe(error);
  });

  test("to everybody but the owner of the archive (§8.1), who or whether that is", async ({
    connect,
    user,
  }) => {
    await user("bob");
    const alice = await connect("alice");
    for (const to of ["bob@localhost", "nobody@localhost"]) {
      expect((await queryArchive(alice, { iq: `to="${to}"` })).error).toBe("forbidden auth");
      for (const [type, payload] of [
        ["get", "query"],
        ["get", "metadata"],
        ["get", "prefs"],
        ["set", "prefs"],
      ]) {
        await alice.sends(`<iq type="${type}" id="x" to="${to}"><${payload} xmlns="${MAM}"/></iq>`);
        await alice.receives(`<iq type="error" id="x" from="${to}"><${payload} xmlns="${MAM}"/>
          <error type="auth"><forbidden xmlns="${STANZAS}"/></error></iq>`);
      }
    }
  });
});

describe("a client that asks too often", () => {
  test.override({ options: { config: { modules: { mam: { queriesPerMinute: 2 } } } } });

  test("has to wait; others do not", async ({ connect, clock }) => {
    const phone = await connect("alice/phone");
    const laptop = await connect("alice/laptop");
    for (const _ of [1, 2]) expect((await queryArchive(phone)).error).toBeUndefined();
    expect((await queryArchive(phone)).error).toBe("policy-violation wait");
    expect((await queryArchive(laptop)).error).toBeUndefined();
    await clock.advance(30_000);
    expect((await queryArchive(phone)).error).toBeUndefined();
  });
});

test("the account says what it can do (§7)", async ({ connect }) => {
  const alice = await connect("alice");
  await alice.sends(
    `<iq type="get" id="d" to="alice@localhost"><query xmlns="http://jabber.org/protocol/disco#info"/></iq>`,
  );
  const features = (await alice.receivesAny()).getChild("query")?.getChildren("feature") ?? [];
  expect(features.map(({ attrs }) => String(attrs["var"]))).toEqual(
    expect.arrayContaining([
      MAM,
      `${MAM}#extended`,
      `${MAM}#groupchat-field`,
      "urn:xmpp:sid:0",
      "urn:xmpp:fulltext:0",
      "http://jabber.org/protocol/rsm",
      "urn:xmpp:message-retract:1",
      "urn:xmpp:message-retract:1#tombstone",
    ]),
  );
});
