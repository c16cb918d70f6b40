/** Rooms, and those who want to do harm in them: as somebody else, as what they are not, to whom they should not reach. */
import { describe, expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import { administers, enter, forget, grants, JOIN, makeRoom, ROOM } from "./muc-client.ts";

const condition = async (client: Client) => {
  const error = (await client.receivesAny()).getChild("error");
  return (error?.children[0] as typeof error)?.getName();
};

describe("a nickname", () => {
  for (const [what, nick] of [
    ["a space at the end", "first "],
    ["two spaces for one", "the  boss"],
    ["a space that does not break", "the\u00a0boss"],
    ["a character that shows nothing", "first\u2800"],
    ["letters of full width", "\uff46irst"],
  ] as const) {
    test(`like somebody's with ${what} is taken`, async ({ connect }) => {
      const alice = await connect("alice/phone");
      const carol = await connect("carol/phone");
      await makeRoom(alice, "first");
      await enter(carol, "the boss");
      const bob = await connect("bob/phone");
      await bob.sends(`<presence to="${ROOM}/${nick}">${JOIN}</presence>`);
      expect(await condition(bob)).toBe("conflict");
      await enter(bob, "honest");
      await bob.sends(`<presence to="${ROOM}/${nick}"/>`);
      expect(await condition(bob)).toBe("conflict");
    });
  }

  test("like a reserved one is taken, and free when its holder has another", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    await makeRoom(alice, "first");
    await grants(alice, `<item affiliation="member" jid="carol@localhost" nick="Carol"/>`);
    await bob.sends(`<presence to="${ROOM}/\uff23arol">${JOIN}</presence>`);
    expect(await condition(bob)).toBe("conflict");
    await grants(alice, `<item affiliation="member" jid="carol@localhost" nick="Caroline"/>`);
    await enter(bob, "\uff23arol");
  });

  test("stays taken when its holder had two that look the same", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await makeRoom(alice, "first");
    const tablet = await connect("alice/tablet");
    await enter(tablet, "first\u2800");
    await tablet.sends(`<presence to="${ROOM}/first\u2800" type="unavailable"/>`);
    const bob = await connect("bob/phone");
    await bob.sends(`<presence to="${ROOM}/first\u2800">${JOIN}</presence>`);
    expect(await condition(bob)).toBe("conflict");
  });

  test("with what cannot be seen, or turns the direction of text, is no address", async ({ connect }) => {
    const alice = await connect("alice/phone");
    for (const nick of ["\u202ecila", "fi\u200brst", "\u2800"]) {
      await alice.sends(`<presence to="${ROOM}/${nick}">${JOIN}</presence>`);
      expect(await condition(alice)).toBe(nick === "\u2800" ? "not-acceptable" : "jid-malformed");
    }
  });
});

describe("nicknames", () => {
  test.override({ options: { config: { modules: { muc: { nicknames: 2 } } } } });

  test("are few that one account may have at a time", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await makeRoom(alice, "first");
    await enter(await connect("alice/two"), "second");
    const three = await connect("alice/three");
    await three.sends(`<presence to="${ROOM}/third">${JOIN}</presence>`);
    expect(await condition(three)).toBe("resource-constraint");
    await enter(three, "second");
  });
});

describe("what an occupant says", () => {
  test("does not pass for a message that is no more, which moderators could not take back", async ({
    connect,
  }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    await makeRoom(alice, "first", { persistentroom: "1" });
    await enter(bob, "second");
    forget(alice);
    await bob.sends(
      `<message to="${ROOM}" type="groupchat"><body>abuse</body><retracted xmlns="urn:xmpp:message-retract:1" id="x"/></message>`,
    );
    const heard = await alice.receivesAny();
    expect(heard.toString()).not.toContain("retracted");
    const id = heard.getChild("stanza-id")?.attrs["id"];
    await alice.sends(
      `<iq type="set" id="m" to="${ROOM}"><moderate xmlns="urn:xmpp:message-moderate:1" id="${id}"><retract xmlns="urn:xmpp:message-retract:1"/></moderate></iq>`,
    );
    await alice.receivesInAnyOrder([
      `<iq type="result" id="m"/>`,
      `<message type="groupchat" from="${ROOM}" id="{any}">{...}</message>`,
    ]);
  });

  test("does not carry its address, whoever put that there", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    await makeRoom(alice, "first");
    await enter(bob, "second");
    forget(alice, bob);
    const marks = `<stanza-id xmlns="urn:xmpp:sid:0" by="alice@localhost" id="1"/><delay xmlns="urn:xmpp:delay" from="alice@localhost/phone" stamp="2024-01-01T00:00:00Z"/>`;
    await alice.sends(`<message to="${ROOM}" type="groupchat"><body>hi</body>${marks}</message>`);
    await alice.sends(`<message to="${ROOM}/second" type="chat"><body>hi</body>${marks}</message>`);
    await alice.sends(`<presence to="${ROOM}/first">${marks}</presence>`);
    for (const _ of [1, 2, 3]) expect((await bob.receivesAny()).toString()).not.toContain("alice@");
  });

  test("in answer to another does not either", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    await makeRoom(alice, "first");
    await enter(bob, "second");
    forget(alice, bob);
    await alice.sends(`<iq type="get" id="q" to="${ROOM}/second"><query xmlns="x:y"/></iq>`);
    const asked = await bob.receivesAny();
    const error = `<error type="cancel" by="bob@localhost"><feature-not-implemented xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>`;
    await bob.sends(`<iq type="error" id="${asked.attrs["id"]}" to="${ROOM}/first">${error}</iq>`);
    const answer = (await alice.receivesAny()).toString();
    expect(answer).toContain("<feature-not-implemented");
    expect(answer).not.toContain("bob@");
    await alice.sends(`<message type="chat" to="${ROOM}/second"><body>hi</body></message>`);
    await bob.receivesAny();
    await bob.sends(
      `<message type="error" to="${ROOM}/first"><x xmlns="http://jabber.org/protocol/muc#user"/>${error}</message>`,
    );
    expect((await alice.receivesAny()).toString()).not.toContain("bob@");
  });

  test("as an error is an error, and no way around who may send private messages", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    await makeRoom(alice, "first", { allowpm: "none" });
    await enter(bob, "second");
    forget(alice, bob);
    await bob.sends(
      `<message type="error" to="${ROOM}/first"><x xmlns="http://jabber.org/protocol/muc#user"/><body>Buy now</body><error type="cancel"><not-allowed xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></message>`,
    );
    expect((await alice.receivesAny()).toString()).not.toContain("Buy");
  });

  test("is not of another time", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    await makeRoom(alice, "first");
    await enter(bob, "second");
    forget(alice, bob);
    await bob.sends(
      `<message to="${ROOM}" type="groupchat"><body>hi</body><x xmlns="jabber:x:delay" from="${ROOM}" stamp="20020910T23:08:25"/></message>`,
    );
    expect((await alice.receivesAny()).toString()).not.toContain("jabber:x:delay");
  });
});

describe("too much", () => {
  const muc = { requestsPerMinute: 2, changesPerMinute: 3 };
  test.override({ options: { config: { modules: { muc } } } });

  test("of requests to occupants, and of changes to a room, is refused for a while", async ({
    connect,
    clock,
  }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    await makeRoom(alice, "first");
    await enter(bob, "second");
    forget(alice, bob);
    const ask = `<iq type="get" id="q" to="${ROOM}/first"><query xmlns="x:y"/></iq>`;
    for (const _ of [1, 2, 3]) await bob.sends(ask);
    expect((await bob.receivesAny()).toString()).toContain(
      `<error type="wait" by="${ROOM}"><policy-violation`,
    );
    for (const _ of [1, 2]) await alice.receivesAny();
    await alice.receivesNothing();
    for (const _ of [1, 2, 3]) await administers(alice, `<item role="visitor" nick="second"/>`);
    forget(alice);
    await administers(alice, `<item role="visitor" nick="second"/>`);
    for (;;) {
      const element = await alice.receivesAny();
      if (!element.is("iq")) continue;
      expect(element.toString()).toContain(`<error type="wait"><policy-violation`);
      break;
    }
    await clock.advance(30_000);
    forget(alice);
    await bob.sends(ask);
    expect((await alice.receivesAny()).is("iq")).toBe(true);
  });
});

describe("an owner", () => {
  test("changes so many affiliations at once as everybody can bear", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await makeRoom(alice, "first");
    const items = Array.from(
      { length: 201 },
      (_, each) => `<item affiliation="outcast" jid="m${each}@localhost"/>`,
    );
    await administers(alice, items.join(""));
    expect(await condition(alice)).toBe("policy-violation");
  });
});

describe("what was said in a room", () => {
  const query = (room = ROOM, by = "") =>
    `<iq type="set" id="q" to="${room}"><query xmlns="urn:xmpp:mam:2">${by}</query></iq>`;

  test("is not shown to whom a pattern bans, nor in a lock-down to others than members", async ({
    connect,
  }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    await makeRoom(alice, "first", { persistentroom: "1" });
    await alice.sends(`<message to="${ROOM}" type="groupchat"><body>secret</body></message>`);
    for (const field of ["lockdown", "banned-patterns"]) {
      const value = field === "lockdown" ? ["1", "0"] : ["b*@*", ""];
      for (const [index, each] of value.entries()) {
        await alice.sends(
          `<iq type="set" id="c${index}" to="${ROOM}"><query xmlns="http://jabber.org/protocol/muc#owner"><x xmlns="jabber:x:data" type="submit"><field var="FORM_TYPE"><value>http://jabber.org/protocol/muc#roomconfig</value></field><field var="{urn:jackdaw:muc}${field}"><value>${each}</value></field></x></query></iq>`,
        );
        forget(bob);
        await bob.sends(query());
        const first = (await bob.receivesAny()).toString();
        expect(first.includes("secret"), first).toBe(index === 1);
        if (index === 0) expect(first).toContain("<forbidden");
      }
    }
  });

  test("is not searched by address where addresses are secret", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    await makeRoom(alice, "first", { persistentroom: "1" });
    await enter(bob, "second");
    await alice.sends(`<message to="${ROOM}" type="groupchat"><body>mine</body></message>`);
    forget(bob);
    const form = `<x xmlns="jabber:x:data" type="submit"><field var="FORM_TYPE"><value>urn:xmpp:mam:2</value></field><field var="with"><value>alice@localhost</value></field></x>`;
    await bob.sends(query(ROOM, form));
    expect((await bob.receivesAny()).toString()).not.toContain("mine");
  });
});
