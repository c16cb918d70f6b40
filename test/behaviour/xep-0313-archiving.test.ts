/** XEP-0313 Message Archive Management §3, §6: what is archived, once, in which order, for how long. */
import { describe, expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import type { Rig } from "../../src/testing/create-rig.ts";
import { test } from "../../src/testing/rig.ts";
import { Jid } from "../../src/xmpp/jid.ts";
import { converse, queryArchive } from "./archive-client.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const OMEMO = `<encrypted xmlns="eu.siacs.conversations.axolotl"><header sid="1"/></encrypted>`;
const HINT = (name: string) => `<${name} xmlns="urn:xmpp:hints"/>`;

describe("of what bob gets, and alice sends", () => {
  test.for([
    ["a message without type (§6.1.1)", "", "<body>Hi</body>"],
    ["a normal message (§6.1.1)", `type="normal"`, "<body>Hi</body>"],
    ["a chat message (§6.1.1)", `type="chat"`, "<body>Hi</body>"],
    ["a receipt", `type="chat"`, `<received xmlns="urn:xmpp:receipts" id="x"/>`],
    ["a marker", `type="chat"`, `<displayed xmlns="urn:xmpp:chat-markers:0" id="x"/>`],
    ["a reaction", `type="chat"`, `<reactions xmlns="urn:xmpp:reactions:0" id="x"/>`],
    ["something encrypted", `type="chat"`, OMEMO],
    ["an invitation", "", `<x xmlns="jabber:x:conference" jid="room@muc.localhost"/>`],
    ["what asks for it (XEP-0334 §4.4)", `type="chat"`, `<x xmlns="urn:x"/>${HINT("store")}`],
    ["a headline that asks for it", `type="headline"`, `<body>Hi</body>${HINT("store")}`],
  ] as const)("%s is archived on both sides", async ([, attributes, payload], { connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await alice.sends(`<message to="bob@localhost" id="m" ${attributes}>${payload}</message>`);
    const received = await bob.receivesAny();
    const [mine, theirs] = [await queryArchive(alice), await queryArchive(bob)];
    expect([mine.results.length, theirs.results.length]).toEqual([1, 1]);
    // §3: the original, with its standard attributes and all of its content.
    for (const { results } of [mine, theirs]) {
      expect(results[0]?.message.attrs).toMatchObject({
        from: "alice@localhost/phone",
        to: "bob@localhost",
        id: "m",
      });
      const names = (element: typeof received) => element.getChildElements().map((child) => child.getName());
      expect([...names(results[0]?.message ?? received), "stanza-id"]).toEqual(names(received));
    }
  });

  test.for([
    ["a chat state alone", `type="chat"`, `<composing xmlns="http://jabber.org/protocol/chatstates"/>`],
    ["a request for a receipt alone", `type="chat"`, `<request xmlns="urn:xmpp:receipts"/>`],
    ["a headline", `type="headline"`, "<body>News</body>"],
    ["an error (XEP-0334 §5)", `type="error"`, `<body>Hi</body>${HINT("store")}`],
    ["what must not be stored (XEP-0334 §4.2)", `type="chat"`, `<body>Hi</body>${HINT("no-store")}`],
    [
      "what must not be archived (XEP-0334 §4.1)",
      `type="chat"`,
      `<body>Hi</body>${HINT("no-permanent-store")}`,
    ],
    ["what both must and must not", "", `<body>Hi</body>${HINT("store")}${HINT("no-store")}`],
  ] as const)("%s is not archived, and has no id", async ([, attributes, payload], { connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await alice.sends(`<message to="bob@localhost/desk" ${attributes}>${payload}</message>`);
    expect((await bob.receivesAny()).getChild("stanza-id")).toBeUndefined();
    for (const client of [alice, bob]) expect((await queryArchive(client)).results).toEqual([]);
  });
});

test("a message of a room to the user's resource is the room's to archive (§6.1.1)", async ({ connect }) => {
  const alice = await connect("alice/phone");
  const bob = await connect("bob/desk");
  await alice.sends(`<message to="bob@localhost/desk" type="groupchat"><body>Hi</body></message>`);
  await bob.receives(`<message type="groupchat"><body>Hi</body></message>`);
  for (const client of [alice, bob]) expect((await queryArchive(client)).results).toEqual([]);
});

test("a message is archived once, whoever gets it (§6.1.1): several resources, and oneself", async ({
  connect,
}) => {
  const alice = await connect("alice/phone");
  const devices = [await connect("bob/desk"), await connect("bob/phone")];
  await alice.sends(`<message to="bob@localhost"><body>Hi</body></message>`);
  for (const device of devices) await device.receives("<message><body>Hi</body></message>");
  expect((await queryArchive(devices[0] as typeof alice)).bodies).toEqual(["Hi"]);
  await alice.sends(`<message to="alice@localhost"><body>Note</body></message>`);
  await alice.receives("<message><body>Note</body></message>");
  expect((await queryArchive(alice)).bodies).toEqual(["Hi", "Note"]);
});

test("of messages to oneself, and those alone, the owner's address tells (§4.1.1)", async ({ connect }) => {
  const alice = await connect("alice/phone");
  await connect("bob");
  await alice.sends(`<message to="bob@localhost"><body>Hi</body></message>`);
  await alice.sends(`<message to="alice@localhost/phone"><body>Note</body></message>`);
  await alice.receives("<message><body>Note</body></message>");
  expect((await queryArchive(alice, { fields: { with: "alice@localhost" } })).bodies).toEqual(["Note"]);
});

test("a message that came while the user was away is archived then, and kept for later with the same id", async ({
  connect,
  user,
  clock,
}) => {
  await user("bob");
  const alice = await connect("alice/phone");
  await converse(alice, "bob@localhost", ["Hi"], clock);
  await clock.advance(HOUR);
  const bob = await connect("bob/desk");
  const late = await bob.receivesAny();
  const { results } = await queryArchive(bob);
  expect(late.getChild("stanza-id", "urn:xmpp:sid:0")?.attrs).toMatchObject({
    by: "bob@localhost",
    id: results[0]?.id,
  });
  expect(late.getChild("delay")?.attrs["stamp"]).toBe(results[0]?.stamp);
});

describe("without offline storage", () => {
  test.override({ options: { config: { modules: { offline: false } } } });

  test("the archive keeps what came for a user who was away; what it does not keep bounces", async ({
    connect,
    user,
  }) => {
    await user("bob");
    const alice = await connect("alice/phone");
    await alice.sends(`<message to="bob@localhost"><body>Hi</body></message>`);
    await alice.receivesNothing();
    await alice.sends(`<message to="bob@localhost"><body>Hush</body>${HINT("no-store")}</message>`);
    expect((await alice.receivesAny()).attrs["type"]).toBe("error");
    const bob = await connect("bob");
    expect((await queryArchive(bob)).bodies).toEqual(["Hi"]);
  });
});

describe("where no more messages can wait for a user who is away (XEP-0160 §2)", () => {
  test.override({ options: { config: { modules: { offline: { messages: 2, share: 50 } } } } });

  test("they are in the archive all the same, and no sender hears of it", async ({
    connect,
    user,
    server,
  }) => {
    await user("bob");
    const alice = await connect("alice/phone");
    const carol = await connect("carol/phone");
    const message = (body: string) =>
      `<message to="bob@localhost" type="chat"><body>${body}</body></message>`;
    // As much as one sender may have waiting, and more; then as much as may wait.
    for (const body of ["one", "two"]) await alice.sends(message(body));
    for (const body of ["three", "four"]) await carol.sends(message(body));
    for (const sender of [alice, carol]) await sender.receivesNothing();
    expect(server.metrics.snapshot()["jackdaw_offline_refused"]).toBe(0);
    const bob = await connect("bob/desk");
    bob.forget(({ name }) => name === "presence");
    for (const body of ["one", "three"])
      await bob.receives(`<message type="chat"><body>${body}</body>{...}</message>`);
    expect((await queryArchive(bob)).bodies).toEqual(["one", "two", "three", "four"]);
  });

  test("unless it does not keep them: these are refused", async ({ connect, user }) => {
    await user("bob");
    const alice = await connect("alice/phone");
    const hint = `<no-permanent-store xmlns="urn:xmpp:hints"/>`;
    for (const body of ["one", "two"])
      await alice.sends(`<message to="bob@localhost" type="chat"><body>${body}</body>${hint}</message>`);
    await alice.receives(
      `<message type="error"><body>two</body>${hint}<error type="wait"><resource-constraint xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></message>`,
    );
  });
});

test("what was sent to nobody is in the sender's archive, with the bounce not", async ({ connect }) => {
  const alice = await connect("alice/phone");
  await alice.sends(`<message to="nobody@localhost"><body>Hi</body></message>`);
  await alice.receivesAny();
  expect((await queryArchive(alice)).bodies).toEqual(["Hi"]);
});

describe("an anonymous user", () => {
  test.override({ options: { config: { auth: { anonymous: true } } } });

  test("has an empty archive: nothing is kept of it", async ({ raw, connect }) => {
    const guest = raw();
    await guest.opens();
    await guest.receivesAny();
    await guest.sends(`<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="ANONYMOUS">=</auth>`);
    await guest.receivesAny();
    await guest.opens();
    await guest.receivesAny();
    await guest.sends(`<iq type="set" id="b"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>`);
    const jid = (await guest.receivesAny()).getChild("bind")?.getChildText("jid") as string;
    const bob = await connect("bob");
    await guest.sends(`<message to="bob@localhost"><body>Hi</body></message>`);
    await bob.receivesAny();
    await bob.sends(`<message to="${jid}"><body>Hi</body></message>`);
    await guest.receives(`<message><body>Hi</body></message>`);
    expect((await queryArchive(guest)).results).toEqual([]);
    expect((await queryArchive(bob)).bodies).toEqual(["Hi", "Hi"]);
  });
});

describe("the order is that of arrival (§3.1)", () => {
  test("also within a millisecond, and each message has an id that tells nothing (XEP-0359 §6)", async ({
    connect,
  }) => {
    const alice = await connect("alice/phone");
    const numbers = Array.from({ length: 30 }, (_, n) => String(n));
    const messages = numbers.map(
      (n) => `<message to="alice@localhost/x" type="chat"><body>${n}</body></message>`,
    );
    await alice.sends(messages.join(""));
    for (const _ of numbers) await alice.receivesAny();
    const { bodies, ids, results } = await queryArchive(alice);
    expect(bodies).toEqual(numbers);
    expect(new Set(results.map(({ stamp }) => stamp)).size).toBe(1);
    expect(new Set(ids.map((id) => id.slice(0, 8))).size).toBe(30);
  });
});

/** Lets time pass, in which idle clients go, and connects again. */
async function later(ms: number, rig: Rig): Promise<Client> {
  await rig.clock.advance(ms);
  return rig.connect("alice/later");
}

describe.for(["memory", "sqlite"] as const)("an archive in %s that has limits", (store) => {
  const mam = { keep: "30d", messages: 4 };
  test.override({ options: { store, config: { modules: { mam } } } });

  test("loses its oldest messages when there are too many, or too old ones (§3.2); their ids are gone", async ({
    rig,
  }) => {
    const alice = await rig.connect("alice/phone");
    await rig.user("bob");
    await converse(alice, "bob@localhost", ["1", "2", "3", "4", "5", "6"], rig.clock);
    const before = await queryArchive(alice);
    const one = await later(HOUR, rig);
    const after = await queryArchive(one);
    expect([after.bodies, after.count, after.index]).toEqual([["3", "4", "5", "6"], "4", "0"]);
    expect(after.ids).toEqual(before.ids.slice(2));
    const gone = await queryArchive(one, { rsm: `<after>${before.ids[1]}</after>` });
    expect(gone.error).toBe("item-not-found cancel");
    const two = await later(29 * DAY, rig);
    await converse(two, "bob@localhost", ["7"], rig.clock);
    expect((await queryArchive(await later(DAY, rig))).bodies).toEqual(["7"]);
    const three = await later(30 * DAY, rig);
    expect((await queryArchive(three)).bodies).toEqual([]);
    await converse(three, "bob@localhost", ["8"], rig.clock);
    expect((await queryArchive(three)).count).toBe("1");
  });
});

describe("an archive of limited size", () => {
  test.override({ options: { config: { modules: { mam: { size: "10 KB" } } } } });

  test("loses its oldest messages until it fits", async ({ rig }) => {
    const alice = await rig.connect("alice/phone");
    await rig.user("bob");
    const long = (n: number) => `${n}${"ä".repeat(1500)}`;
    await converse(alice, "bob@localhost", [1, 2, 3, 4, 5].map(long), rig.clock);
    // An id and a body of 3,000 bytes each make 6,000 and some: one is kept.
    expect((await queryArchive(await later(HOUR, rig))).bodies).toEqual([long(5)]);
    // Of each of the two archives.
    expect(rig.server.metrics.snapshot()["jackdaw_archive_purged"]).toBe(8);
  });
});

test("an account that is removed leaves nothing to the next one of that name", async ({
  connect,
  server,
  clock,
}) => {
  const alice = await connect("alice/phone");
  const bob = await connect("bob/desk");
  await converse(alice, "bob@localhost", ["1", "2"], clock);
  await server.host().removeUser(Jid.parse("alice@localhost"));
  const next = await connect("alice/phone");
  expect((await queryArchive(next)).bodies).toEqual([]);
  for (const _ of [1, 2]) await bob.receivesAny();
  bob.forget((element) => element.getName() === "presence");
  expect((await queryArchive(bob)).bodies).toEqual(["1", "2"]);
});
