/** XEP-0045 Multi-User Chat, version 1.35.5, §7.1 to §7.3: how occupants enter, and what they are shown. */
import { describe, expect } from "vitest";
import { test } from "../../src/testing/rig.ts";
import {
  ADMIN,
  configure,
  enter,
  failed,
  forget,
  gone,
  grants,
  JOIN,
  MUC,
  makeRoom,
  meet,
  NO_SUBJECT,
  present,
  ROOM,
  SERVICE,
  USER,
  unlock,
} from "./muc-client.ts";

const PARTICIPANT = `affiliation="none" role="participant"`;
const OWNS = `affiliation="owner" role="moderator"`;
const refused = (nick: string, type: string, condition: string) =>
  failed("presence", `from="${ROOM}/${nick}"`, JOIN, type, condition);

describe("entering", () => {
  test("shows the others, then itself with 110, then the subject; the others see the newcomer (§7.1, §7.2.2)", async ({
    connect,
  }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first");
    await bob.sends(`<presence id="n13" to="${ROOM}/second"><show>away</show>${JOIN}</presence>`);
    await bob.receives(present("first", OWNS));
    await bob.receives(
      present("second", PARTICIPANT, { codes: [110], before: "<show>away</show>" }).replace(
        "<presence",
        `<presence id="n13"`,
      ),
    );
    await bob.receives(NO_SUBJECT);
    await bob.receivesNothing();
    // §7.2.4: moderators see who it is.
    await alice.receives(
      present("second", `${PARTICIPANT} jid="bob@localhost/desk"`, { before: "<show>away</show>" }),
    );
    await alice.receivesNothing();
  });

  test("takes a nickname (§7.2.1)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await alice.sends(`<presence id="p1" to="${ROOM}">${JOIN}</presence>`);
    await alice.receives(failed("presence", `id="p1" from="${ROOM}"`, JOIN, "modify", "jid-malformed"));
  });

  test.for([SERVICE, `${SERVICE}/first`])("takes a room: %s (§17.1)", async (to, { connect }) => {
    const alice = await connect("alice/phone");
    await alice.sends(`<presence id="p1" to="${to}">${JOIN}</presence>`);
    await alice.receives(failed("presence", `id="p1" from="${to}"`, JOIN, "modify", "jid-malformed"));
  });

  test("takes a nickname that can be seen (§17.1)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await alice.sends(`<presence to="${ROOM}/ ">${JOIN}</presence>`);
    await alice.receives(refused(" ", "cancel", "not-acceptable"));
  });

  test("is no matter of other types of presence (§17.3)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await makeRoom(alice, "first");
    const bob = await connect("bob/desk");
    await bob.sends(`<presence type="probe" to="${ROOM}/second">${JOIN}</presence>`);
    await bob.sends(`<presence type="unavailable" to="${ROOM}/first"/>`);
    await bob.receivesNothing();
    await alice.receivesNothing();
  });

  test("without <x/> is answered as a kick for technical reasons (§7.2.18)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await makeRoom(alice, "first");
    const bob = await connect("bob/desk");
    await bob.sends(`<presence to="${ROOM}/second"/>`);
    await bob.receives(`<presence from="${ROOM}/second" type="unavailable"><x xmlns="${USER}">
      <item affiliation="none" role="none"><reason>You are not in the room.</reason></item>
      <status code="110"/><status code="307"/><status code="333"/></x></presence>`);
    await alice.receivesNothing();
  });

  test("again shows everything again, and the others only what changed (§7.2.1, §17.3)", async ({
    connect,
  }) => {
    const [alice, bob] = await meet(connect);
    forget(alice);
    const seen = await enter(bob, "second");
    expect(seen).toHaveLength(2);
    await alice.receivesNothing();
    await enter(bob, "second", { payload: "<show>dnd</show>" });
    await alice.receives(
      present("second", `${PARTICIPANT} jid="bob@localhost/desk"`, { before: "<show>dnd</show>" }),
    );
  });

  test("an occupant cannot speak in the room's name by its presence (§17.3, rule 6)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first");
    await bob.sends(
      `<presence to="${ROOM}/second">${JOIN}<x xmlns="${USER}"><item affiliation="owner" role="moderator"/></x>
        <occupant-id xmlns="urn:xmpp:occupant-id:0" id="forged"/></presence>`,
    );
    const shown = await alice.receives(present("second", `${PARTICIPANT} jid="bob@localhost/desk"`));
    expect(shown.toString()).not.toContain("forged");
  });
});

describe("a non-anonymous room", () => {
  test("warns with 100 and shows everybody's address to everybody (§7.2.3)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first", { whois: "anyone" });
    await bob.sends(`<presence to="${ROOM}/second">${JOIN}</presence>`);
    await bob.receives(present("first", `${OWNS} jid="alice@localhost/phone"`));
    await bob.receives(present("second", `${PARTICIPANT} jid="bob@localhost/desk"`, { codes: [110, 100] }));
  });
});

describe("those who are refused", () => {
  test("lack the password (§7.2.6), which no answer repeats", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first", { passwordprotectedroom: "1", roomsecret: "cauldronburn" });
    await bob.sends(`<presence to="${ROOM}/second">${JOIN}</presence>`);
    await bob.receives(refused("second", "auth", "not-authorized"));
    await bob.sends(
      `<presence to="${ROOM}/second"><x xmlns="${MUC}"><password>wrong</password></x></presence>`,
    );
    await bob.receives(refused("second", "auth", "not-authorized"));
    expect(await enter(bob, "second", { inside: "<password>cauldronburn</password>" })).toHaveLength(2);
  });

  test("are no members (§7.2.7)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first", { membersonly: "1" });
    await bob.sends(`<presence to="${ROOM}/second">${JOIN}</presence>`);
    await bob.receives(refused("second", "auth", "registration-required"));
    await grants(alice, `<item affiliation="member" jid="bob@localhost"/>`);
    forget(bob);
    expect(await enter(bob, "second")).toHaveLength(2);
  });

  test("are no members, which the right password does not change, nor is told to be right (§7.2.6, §7.2.7)", async ({
    connect,
  }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first", { membersonly: "1", passwordprotectedroom: "1", roomsecret: "right" });
    for (const password of ["", "wrong", "right"]) {
      await bob.sends(
        `<presence to="${ROOM}/second"><x xmlns="${MUC}"><password>${password}</password></x></presence>`,
      );
      await bob.receives(refused("second", "auth", "registration-required"));
    }
  });

  test("are banned, by address or by domain (§7.2.8, §9.2)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first");
    await grants(alice, `<item affiliation="outcast" jid="bob@localhost"/>`);
    await bob.sends(`<presence to="${ROOM}/second">${JOIN}</presence>`);
    await bob.receives(refused("second", "auth", "forbidden"));
    await grants(
      alice,
      `<item affiliation="none" jid="bob@localhost"/><item affiliation="outcast" jid="localhost"/>`,
    );
    await bob.sends(`<presence to="${ROOM}/second">${JOIN}</presence>`);
    await bob.receives(refused("second", "auth", "forbidden"));
  });

  test("want a nickname that somebody has, or has reserved (§7.2.9)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first");
    await bob.sends(`<presence to="${ROOM}/first">${JOIN}</presence>`);
    await bob.receives(refused("first", "cancel", "conflict"));
    await grants(alice, `<item affiliation="member" jid="carol@localhost" nick="third"/>`);
    await bob.sends(`<presence to="${ROOM}/third">${JOIN}</presence>`);
    await bob.receives(refused("third", "cancel", "conflict"));
  });

  test("find the room full; admins and owners do not (§7.2.10)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    const carol = await connect("carol/tab");
    await makeRoom(alice, "first", { maxusers: "2" });
    await enter(bob, "second");
    await carol.sends(`<presence to="${ROOM}/third">${JOIN}</presence>`);
    await carol.receives(
      `<presence from="${ROOM}/third" type="error">${JOIN}<error type="wait" by="${ROOM}">
        <service-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></presence>`,
    );
    await grants(alice, `<item affiliation="admin" jid="carol@localhost"/>`);
    expect(await enter(carol, "third")).toHaveLength(3);
  });

  test("come before the room is configured (§7.2.11)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await enter(alice, "first");
    await bob.sends(`<presence to="${ROOM}/second">${JOIN}</presence>`);
    await bob.receives(refused("second", "cancel", "item-not-found"));
    await unlock(alice);
    expect(await enter(bob, "second")).toHaveLength(2);
  });
});

describe("several clients of one account under one nickname (§7.2.9)", () => {
  test("are one occupant, and both hear everything", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const desk = await connect("bob/desk");
    const tab = await connect("bob/tab");
    await makeRoom(alice, "first");
    await enter(desk, "second");
    forget(alice);
    expect(await enter(tab, "second")).toHaveLength(2);
    await alice.receivesNothing();
    await desk.receivesNothing();
    await tab.sends(`<message type="groupchat" to="${ROOM}"><body>hi</body></message>`);
    for (const client of [alice, desk, tab]) {
      expect((await client.receivesAny()).getChildText("body")).toBe("hi");
    }
    // One goes: the occupant stays.
    await desk.sends(`<presence type="unavailable" to="${ROOM}/second"/>`);
    await desk.receives(gone("second", `affiliation="none" role="none"`, { codes: [110] }));
    await alice.receives(present("second", `${PARTICIPANT} jid="bob@localhost/tab"`));
    await tab.receives(present("second", PARTICIPANT, { codes: [110] }));
    // The last one goes.
    await tab.sends(`<presence type="unavailable" to="${ROOM}/second"/>`);
    await alice.receives(gone("second", `affiliation="none" role="none" jid="bob@localhost/tab"`));
  });

  test("go together to another nickname", async ({ connect }) => {
    const desk = await connect("bob/desk");
    const tab = await connect("bob/tab");
    await makeRoom(desk, "second");
    await enter(tab, "second");
    await tab.sends(`<presence to="${ROOM}/other"/>`);
    for (const client of [desk, tab]) {
      await client.receives(
        gone("second", `${OWNS} jid="bob@localhost/tab" nick="other"`, { codes: [303, 110] }).replace(
          `<status code="303"/><status code="110"/>`,
          `<status code="110"/><status code="303"/>`,
        ),
      );
      await client.receives(present("other", `${OWNS} jid="bob@localhost/tab"`, { codes: [110] }));
    }
  });
});

describe("roles that are not shown (§7.2.2, §15.5.3)", () => {
  test("see and are seen by nobody but themselves", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first", {
      moderatedroom: "1",
      presencebroadcast: ["moderator", "participant"],
    });
    await bob.sends(`<presence to="${ROOM}/second">${JOIN}</presence>`);
    await bob.receives(present("first", OWNS));
    await bob.receives(present("second", `affiliation="none" role="visitor"`, { codes: [110] }));
    await alice.receivesNothing();
    await bob.receives(NO_SUBJECT);
    // With voice it comes into view, without it vanishes.
    await grants(alice, `<item nick="second" role="participant"/>`);
    await alice.receives(
      present("second", `${PARTICIPANT} jid="bob@localhost/desk"`, { inside: `<actor nick="first"/>` }),
    );
    await bob.receives(present("second", PARTICIPANT, { codes: [110], inside: `<actor nick="first"/>` }));
    await grants(alice, `<item nick="second" role="visitor"/>`);
    await alice.receives(
      gone("second", `affiliation="none" role="none" jid="bob@localhost/desk"`, {
        inside: `<actor nick="first"/>`,
      }),
    );
    await bob.sends(`<presence type="unavailable" to="${ROOM}/second"/>`);
    await alice.receivesNothing();
    await configure(alice, { presencebroadcast: ["moderator", "participant", "visitor"] });
    void ADMIN;
  });
});
