/** What one user may ask of a group chat service (XEP-0045 §14.6), and hostile input. */
import { describe, expect } from "vitest";
import { defineModule } from "../../src/core/module.ts";
import { defaultModules } from "../../src/modules/index.ts";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import { administers, enter, forget, JOIN, makeRoom, meet, ROOM, SERVICE, USER } from "./muc-client.ts";

const muc = {
  roomsPerUser: 2,
  occupants: 3,
  sessionsPerOccupant: 2,
  affiliations: 10,
  roomId: 8,
  nick: 8,
  subject: "20 B",
  text: 10,
  message: "1 KB",
  presence: "500 B",
  invitationsPerMinute: 1,
};
test.override({ options: { config: { modules: { muc } } } });

const refusal = async (client: Client) => {
  const answer = await client.receivesAny();
  expect(answer.attrs["type"]).toBe("error");
  return answer.getChild("error")?.children[0]?.toString().split(" ")[0]?.slice(1);
};

describe("too much", () => {
  test("of a nickname or a room's name is refused", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await alice.sends(`<presence to="${ROOM}/123456789">${JOIN}</presence>`);
    expect(await refusal(alice)).toBe("policy-violation");
    await alice.sends(`<presence to="123456789@${SERVICE}/first">${JOIN}</presence>`);
    expect(await refusal(alice)).toBe("policy-violation");
  });

  test("of rooms is refused, whether they persist or not", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await makeRoom(alice, "a", { persistentroom: "1" }, `one@${SERVICE}`);
    await makeRoom(alice, "a", {}, `two@${SERVICE}`);
    await alice.sends(`<presence to="three@${SERVICE}/a">${JOIN}</presence>`);
    expect(await refusal(alice)).toBe("resource-constraint");
  });

  test("of occupants and of their clients is refused, by the service whatever the room says", async ({
    connect,
  }) => {
    const alice = await connect("alice/phone");
    await makeRoom(alice, "first");
    for (const name of ["bob", "carol"]) await enter(await connect(`${name}/r`), name);
    const dave = await connect("dave/r");
    await dave.sends(`<presence to="${ROOM}/dave">${JOIN}</presence>`);
    expect(await refusal(dave)).toBe("service-unavailable");
    await enter(await connect("alice/two"), "first");
    const three = await connect("alice/three");
    await three.sends(`<presence to="${ROOM}/first">${JOIN}</presence>`);
    expect(await refusal(three)).toBe("resource-constraint");
  });

  test("of a subject, a message or a presence is refused", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await makeRoom(alice, "first");
    const long = "x".repeat(1000);
    await alice.sends(`<message to="${ROOM}" type="groupchat"><subject>0123456789</subject></message>`);
    expect(await refusal(alice)).toBe("policy-violation");
    await alice.sends(`<message to="${ROOM}" type="groupchat"><body>${long}</body></message>`);
    expect(await refusal(alice)).toBe("policy-violation");
    await alice.sends(`<message to="${ROOM}/first" type="chat"><body>${long}</body></message>`);
    expect(await refusal(alice)).toBe("policy-violation");
    await alice.sends(`<presence to="${ROOM}/first"><status>${long}</status></presence>`);
    expect(await refusal(alice)).toBe("policy-violation");
  });

  test("of affiliations is refused; they can still be taken away", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await makeRoom(alice, "first");
    const members = (affiliation: string, count: number) =>
      Array.from(
        { length: count },
        (_, each) => `<item affiliation="${affiliation}" jid="m${each}@localhost"/>`,
      ).join("");
    await administers(alice, members("member", 10));
    expect(await refusal(alice)).toBe("resource-constraint");
    await administers(alice, members("member", 9));
    await alice.receives(`<iq type="result" id="a1"/>`);
    forget(alice);
    await administers(alice, members("none", 1));
    await alice.receives(`<iq type="result" id="a1"/>`);
  });

  test("of guessing at a password is refused, the right one included, for a while", async ({
    connect,
    clock,
  }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first", { passwordprotectedroom: "1", roomsecret: "right" });
    const tries = (password: string) =>
      bob.sends(
        `<presence to="${ROOM}/second"><x xmlns="http://jabber.org/protocol/muc"><password>${password}</password></x></presence>`,
      );
    for (let guess = 0; guess < 10; guess++) {
      await tries(`wrong${guess}`);
      expect(await refusal(bob)).toBe("not-authorized");
    }
    await tries("right");
    expect(await refusal(bob)).toBe("resource-constraint");
    await clock.advance(60_000);
    expect(await enter(bob, "second", { inside: "<password>right</password>" })).toHaveLength(2);
  });

  test("of a reason is cut", async ({ connect }) => {
    const [alice, bob] = await meet(connect);
    await administers(alice, `<item nick="second" role="none"><reason>0123456789abc</reason></item>`);
    expect((await bob.receivesAny()).toString()).toContain("<reason>0123456789</reason>");
  });

  test("of invitations is refused for a while", async ({ connect, clock, user }) => {
    await user("bob");
    const alice = await connect("alice/phone");
    await makeRoom(alice, "first");
    const invite = (count: number) =>
      `<message to="${ROOM}"><x xmlns="${USER}">${`<invite to="bob@localhost"/>`.repeat(count)}</x></message>`;
    await alice.sends(invite(10));
    await alice.receivesNothing();
    await alice.sends(invite(1));
    expect(await refusal(alice)).toBe("policy-violation");
    await clock.advance(60_000);
    await alice.sends(invite(1));
    await alice.receivesNothing();
  });
});

describe("while somebody is being looked at", () => {
  const slow = defineModule({
    name: "slow",
    implements: [],
    setup: (host) =>
      host.hook("muc:joining", "guard", async () => {
        await new Promise(setImmediate);
      }),
  });
  test.override({ options: { modules: [...defaultModules, slow] } });

  test("another one may come under the same nickname, and only one of them is there then", async ({
    connect,
  }) => {
    const [alice, bob, carol] = [await connect("alice/a"), await connect("bob/b"), await connect("carol/c")];
    await makeRoom(alice, "first");
    const entry = `<presence to="${ROOM}/same">${JOIN}</presence>`;
    await Promise.all([bob.sends(entry), carol.sends(entry)]);
    forget(alice);
    const answers = (await enter(alice, "first")).filter((text) => text.includes("/same"));
    expect(answers).toHaveLength(1);
    const types = [await bob.receivesAny(), await carol.receivesAny()].map(({ attrs }) => attrs["type"]);
    expect(new Set(types)).toEqual(new Set(["error", undefined]));
  });
});

describe("hostile input", () => {
  test.for([
    `<iq type="set" id="x" to="${ROOM}"><query xmlns="http://jabber.org/protocol/muc#owner"/></iq>`,
    `<iq type="set" id="x" to="${ROOM}"><query xmlns="http://jabber.org/protocol/muc#owner"><x xmlns="jabber:x:data" type="submit"><field/></x></query></iq>`,
    `<iq type="set" id="x" to="${ROOM}"><query xmlns="http://jabber.org/protocol/muc#owner"><destroy jid="@@"/></query></iq>`,
    `<iq type="get" id="x" to="${ROOM}"><query xmlns="http://jabber.org/protocol/muc#admin"/></iq>`,
    `<iq type="get" id="x" to="${ROOM}"><query xmlns="http://jabber.org/protocol/muc#admin"><item affiliation="none"/></query></iq>`,
    `<iq type="set" id="x" to="${ROOM}"><query xmlns="http://jabber.org/protocol/muc#admin"><item/></query></iq>`,
    `<iq type="set" id="x" to="${ROOM}"><query xmlns="http://jabber.org/protocol/muc#admin"><item affiliation="member" jid="a@b" nick=" "/></query></iq>`,
    `<iq type="get" id="x" to="${SERVICE}/nick"><ping xmlns="urn:xmpp:ping"/></iq>`,
    `<iq type="set" id="x" to="${ROOM}/first"><unknown xmlns="urn:x"/></iq>`,
    `<message id="x" to="${ROOM}"><x xmlns="${USER}"><invite to="a@b@c"/><decline/></x></message>`,
    `<message id="x" to="${ROOM}"><x xmlns="jabber:x:data"/></message>`,
    `<message id="x" to="${ROOM}"/>`,
    `<presence id="x" to="${ROOM}/first">${JOIN}</presence>`,
  ])("is answered with an error, and nothing else: %s", async (xml, { connect }) => {
    const alice = await connect("alice/phone");
    const eve = await connect("eve/x");
    await makeRoom(alice, "first");
    await eve.sends(xml);
    expect((await eve.receivesAny()).attrs).toMatchObject({ type: "error", id: "x" });
    await eve.receivesNothing();
    await alice.receivesNothing();
  });
});
