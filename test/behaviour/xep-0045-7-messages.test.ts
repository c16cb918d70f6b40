/** XEP-0045 Multi-User Chat, version 1.35.5, §7.4 to §7.7, §7.14, §8.1, §17.2: what occupants say, and how they go. */
import { describe, expect } from "vitest";
import { test } from "../../src/testing/rig.ts";
import {
  configure,
  enter,
  failed,
  forget,
  gone,
  grants,
  makeRoom,
  meet,
  NO_SUBJECT,
  present,
  ROOM,
  SERVICE,
  said,
  USER,
} from "./muc-client.ts";

const PARTICIPANT = `affiliation="none" role="participant"`;
const ID = `<occupant-id xmlns="urn:xmpp:occupant-id:0" id="{any}"/>`;
const BODY = "<body>hi</body>";
const toRoom = (inner = BODY, attributes = `id="m1" type="groupchat"`) =>
  `<message to="${ROOM}" ${attributes}>${inner}</message>`;

describe("a message to the room", () => {
  test("goes to everybody, its sender included, with the same id, from the occupant (§7.4)", async ({
    connect,
  }) => {
    const [alice, bob] = await meet(connect);
    forget(alice);
    await bob.sends(toRoom(`${BODY}<markup xmlns="urn:x"/>`, `id="hysf1v37" type="groupchat" xml:lang="de"`));
    for (const client of [alice, bob]) {
      await client.receives(said("second", `${BODY}<markup xmlns="urn:x"/>`, ` id="hysf1v37" xml:lang="de"`));
    }
  });

  test("is counted, once and for each who gets it", async ({ connect, server }) => {
    const [, bob] = await meet(connect);
    await bob.sends(toRoom());
    expect(server.metrics.snapshot()).toMatchObject({
      jackdaw_room_entries_total: 2,
      jackdaw_room_messages_total: 1,
      jackdaw_room_copies_total: 2,
    });
  });

  test("of somebody who is not there is not acceptable (§7.4)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first");
    await bob.sends(toRoom());
    await bob.receives(failed("message", `id="m1" from="${ROOM}"`, BODY, "cancel", "not-acceptable"));
    await alice.receivesNothing();
  });

  test("needs voice in a moderated room (§7.4)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first", { moderatedroom: "1" });
    await enter(bob, "second");
    forget(alice);
    await bob.sends(toRoom());
    await bob.receives(failed("message", `id="m1" from="${ROOM}"`, BODY, "auth", "forbidden"));
    await alice.receivesNothing();
    await grants(alice, `<item nick="second" role="participant"/>`);
    forget(alice, bob);
    await bob.sends(toRoom());
    await alice.receives(said("second", BODY));
  });

  test("to a room that does not exist is not found (§17.2)", async ({ connect }) => {
    const bob = await connect("bob/desk");
    await bob.sends(toRoom());
    await bob.receives(failed("message", `id="m1" from="${ROOM}"`, BODY, "cancel", "item-not-found"));
  });

  test.for(["chat", "headline"])("of type %s is a bad request (§17.2)", async (type, { connect }) => {
    const alice = await connect("alice/phone");
    await makeRoom(alice, "first");
    await alice.sends(toRoom(BODY, `id="m1" type="${type}"`));
    await alice.receives(failed("message", `id="m1" from="${ROOM}"`, BODY, "modify", "bad-request"));
  });

  test("to the service itself has nobody to take it", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await alice.sends(`<message to="${SERVICE}" id="m1">${BODY}</message>`);
    await alice.receives(
      failed("message", `id="m1" from="${SERVICE}"`, BODY, "cancel", "service-unavailable"),
    );
  });

  test("says nothing in the room's name: statuses, ids and delays go (§17.3, XEP-0421 §4, XEP-0359 §3)", async ({
    connect,
  }) => {
    const [alice, bob] = await meet(connect);
    forget(alice);
    const kept = `<delay xmlns="urn:xmpp:delay" from="carol@localhost/tab" stamp="2026-01-01T00:00:00Z"/>`;
    await bob.sends(
      toRoom(
        `${BODY}<x xmlns="${USER}"><status code="104"/></x><occupant-id xmlns="urn:xmpp:occupant-id:0" id="forged"/>
        <stanza-id xmlns="urn:xmpp:sid:0" by="${ROOM}" id="forged"/>
        <delay xmlns="urn:xmpp:delay" from="${ROOM}" stamp="2026-01-01T00:00:00Z"/>${kept}`,
      ),
    );
    await alice.receives(said("second", `${BODY}${kept}`));
  });

  test("brings no ids in the name of those who get it (XEP-0359 §3), now or as history", async ({
    connect,
  }) => {
    const [alice, bob] = await meet(connect);
    forget(alice);
    const id = (by: string) => `<stanza-id xmlns="urn:xmpp:sid:0" by="${by}" id="forged"/>`;
    await bob.sends(toRoom(`${BODY}${id("alice@localhost")}${id("carol@localhost")}`));
    const told = await alice.receives(said("second", `${BODY}`));
    expect(told.toString()).not.toContain(`by="alice@localhost"`);
    expect(told.toString()).toContain(`by="carol@localhost"`);
    const carol = await connect("carol/tab");
    const seen = (await enter(carol, "third")).join("");
    expect(seen).toContain(`by="alice@localhost"`);
    expect(seen).not.toContain(`by="carol@localhost"`);
  });

  test("is not heard by those who block the room, or the one who speaks", async ({ connect }) => {
    const [alice, bob] = await meet(connect);
    await bob.sends(
      `<iq type="set" id="b1"><block xmlns="urn:xmpp:blocking"><item jid="${ROOM}/first"/></block></iq>`,
    );
    forget(alice, bob);
    await alice.sends(toRoom());
    await bob.receivesNothing();
    await alice.receives(said("first", BODY));
    await bob.sends(toRoom());
    await bob.receives(said("second", BODY));
  });
});

describe("a private message", () => {
  const privately = (to: string, type = "chat") =>
    `<message to="${ROOM}/${to}" id="m1" type="${type}">${BODY}</message>`;
  const received = (from: string) =>
    `<message from="${ROOM}/${from}" id="m1" type="chat">${BODY}
      <occupant-id xmlns="urn:xmpp:occupant-id:0" id="{any}"/><x xmlns="${USER}"/></message>`;

  test("goes to all clients of one occupant, marked as such (§7.5, §7.2.9)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const tab = await connect("alice/tab");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first");
    await enter(tab, "first");
    await enter(bob, "second");
    forget(alice, tab);
    await bob.sends(privately("first"));
    await alice.receives(received("second"));
    await tab.receives(received("second"));
    await bob.receivesNothing();
  });

  test("to somebody who blocks its sender fails, as if nobody were there (XEP-0191 §3.3)", async ({
    connect,
  }) => {
    const [alice, bob] = await meet(connect);
    await alice.sends(
      `<iq type="set" id="b1"><block xmlns="urn:xmpp:blocking"><item jid="${ROOM}/second"/></block></iq>`,
    );
    forget(alice, bob);
    await bob.sends(privately("first"));
    await bob.receives(
      failed("message", `id="m1" from="${ROOM}/first"`, BODY, "cancel", "service-unavailable"),
    );
    await alice.receivesNothing();
  });

  test("is refused: of type groupchat, to nobody, by nobody (§7.5)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first");
    await alice.sends(privately("first", "groupchat"));
    await alice.receives(failed("message", `id="m1" from="${ROOM}/first"`, BODY, "modify", "bad-request"));
    await alice.sends(privately("nobody"));
    await alice.receives(
      failed("message", `id="m1" from="${ROOM}/nobody"`, BODY, "cancel", "item-not-found"),
    );
    await bob.sends(privately("first"));
    await bob.receives(failed("message", `id="m1" from="${ROOM}/first"`, BODY, "cancel", "not-acceptable"));
  });

  test.for([
    ["participants", "second", "first", true],
    ["participants", "visitor", "second", false],
    ["participants", "visitor", "first", true],
    ["moderators", "first", "second", true],
    ["moderators", "second", "first", false],
    ["none", "first", "second", false],
    ["anyone", "visitor", "second", true],
  ] as const)(
    "with allowpm=%s from %s to %s: %s (§15.5.3)",
    async ([allowpm, from, to, isSent], { connect }) => {
      const clients = {
        first: await connect("alice/phone"),
        second: await connect("bob/desk"),
        visitor: await connect("carol/tab"),
      };
      await makeRoom(clients.first, "first", { moderatedroom: "1", allowpm });
      await enter(clients.second, "second");
      await enter(clients.visitor, "visitor");
      await grants(clients.first, `<item nick="second" role="participant"/>`);
      forget(...Object.values(clients));
      await clients[from].sends(privately(to));
      if (isSent) return void (await clients[to].receives(received(from)));
      await clients[from].receives(
        failed("message", `id="m1" from="${ROOM}/${to}"`, BODY, "auth", "forbidden"),
      );
      await clients[to].receivesNothing();
    },
  );
});

describe("a nickname", () => {
  test("changes: gone with 303, there again (§7.6)", async ({ connect }) => {
    const [alice, bob] = await meet(connect);
    forget(alice);
    await bob.sends(`<presence id="n1" to="${ROOM}/oldhag"/>`);
    const jid = `jid="bob@localhost/desk"`;
    await alice.receives(gone("second", `${PARTICIPANT} ${jid} nick="oldhag"`, { codes: [303] }));
    await alice.receives(present("oldhag", `${PARTICIPANT} ${jid}`));
    await bob.receives(gone("second", `${PARTICIPANT} nick="oldhag"`, { codes: [110, 303] }));
    const own = await bob.receives(
      present("oldhag", PARTICIPANT, { codes: [110] }).replace(" ", ` id="n1" `),
    );
    expect(own.attrs["id"]).toBe("n1");
    await bob.sends(toRoom());
    await alice.receives(said("oldhag", BODY));
  });

  test("of somebody else is a conflict (§7.6), and all stays as it was", async ({ connect }) => {
    const [alice, bob] = await meet(connect);
    forget(alice);
    await bob.sends(`<presence id="n1" to="${ROOM}/first"/>`);
    await bob.receives(
      failed(
        "presence",
        `id="n1" from="${ROOM}/first"`,
        `<x xmlns="http://jabber.org/protocol/muc"/>`,
        "cancel",
        "conflict",
      ),
    );
    await alice.receivesNothing();
  });
});

test("availability changes are shown to everybody (§7.7)", async ({ connect }) => {
  const [alice, bob] = await meet(connect);
  forget(alice);
  const before = "<show>xa</show><status>gone where the goblins go</status>";
  await bob.sends(`<presence id="p7" to="${ROOM}/second">${before}</presence>`);
  await alice.receives(present("second", `${PARTICIPANT} jid="bob@localhost/desk"`, { before }));
  await bob.receives(
    present("second", PARTICIPANT, { before, codes: [110] }).replace("<presence", `<presence id="p7"`),
  );
});

describe("who leaves", () => {
  test("is told with 110, the others without, with the last words (§7.14)", async ({ connect }) => {
    const [alice, bob] = await meet(connect);
    forget(alice);
    const before = "<status>gone where the goblins go</status>";
    await bob.sends(`<presence type="unavailable" to="${ROOM}/second">${before}</presence>`);
    await bob.receives(gone("second", `affiliation="none" role="none"`, { before, codes: [110] }));
    await alice.receives(
      gone("second", `affiliation="none" role="none" jid="bob@localhost/desk"`, { before }),
    );
    await alice.sends(toRoom());
    await bob.receivesNothing();
  });

  test.for(["goes offline", "closes the stream", "is cut off", "is ended by the server"])(
    "and %s is gone for the others at once",
    async (how, { connect, server }) => {
      const [alice, bob] = await meet(connect);
      forget(alice);
      if (how === "goes offline") await bob.sends(`<presence type="unavailable"/>`);
      if (how === "closes the stream") await bob.closes();
      if (how === "is cut off") await bob.disconnects();
      if (how === "is ended by the server") {
        for (const session of server.host().sessions.all()) {
          if (session.jid.local === "bob") session.close("policy-violation");
        }
      }
      await alice.receives(gone("second", `affiliation="none" role="none" jid="bob@localhost/desk"`));
    },
  );

  test("a temporary room goes with the last one, a persistent one stays", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first");
    await alice.sends(`<presence type="unavailable" to="${ROOM}/first"/>`);
    await alice.receives(
      gone("first", `affiliation="owner" role="none" jid="alice@localhost/phone"`, { codes: [110] }),
    );
    await makeRoom(bob, "second", { persistentroom: "1" });
    await bob.sends(`<presence type="unavailable" to="${ROOM}/second"/>`);
    forget(bob);
    expect(await enter(alice, "first")).toEqual([expect.stringContaining(`affiliation="none"`)]);
  });
});

describe("the subject", () => {
  const SUBJECT = "<subject>Fire Burn and Cauldron Bubble!</subject>";

  test("is changed by moderators, and shown to those who come (§8.1, §7.2.15)", async ({
    connect,
    clock,
  }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first");
    await alice.sends(toRoom(SUBJECT));
    await alice.receives(said("first", SUBJECT));
    const stamp = new Date(clock.now()).toISOString();
    await bob.sends(`<presence to="${ROOM}/second"><x xmlns="http://jabber.org/protocol/muc"/></presence>`);
    await bob.receivesAny();
    await bob.receivesAny();
    await bob.receives(
      `<message from="${ROOM}/first" type="groupchat">${SUBJECT}<delay xmlns="urn:xmpp:delay" from="${ROOM}" stamp="${stamp}"/>${ID}</message>`,
    );
    await bob.receivesNothing();
  });

  test("is not changed by a body or a thread beside it (§8.1)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first");
    await alice.sends(toRoom(`${SUBJECT}${BODY}`));
    await alice.sends(toRoom(`${SUBJECT}<thread>t</thread>`));
    await bob.sends(`<presence to="${ROOM}/second"><x xmlns="http://jabber.org/protocol/muc"/></presence>`);
    for (let before = 0; before < 3; before++) await bob.receivesAny();
    await bob.receives(NO_SUBJECT);
  });

  test("is forbidden to others, unless participants may; never to visitors (§8.1, §5.1.1)", async ({
    connect,
  }) => {
    const [alice, bob] = await meet(connect);
    const refusal = failed("message", `id="m1" from="${ROOM}"`, SUBJECT, "auth", "forbidden");
    await bob.sends(toRoom(SUBJECT));
    await bob.receives(refusal);
    forget(alice);
    await configure(alice, { changesubject: "1" });
    forget(alice, bob);
    await bob.sends(toRoom(SUBJECT));
    await alice.receives(said("second", SUBJECT));
    await grants(alice, `<item nick="second" role="visitor"/>`);
    forget(bob);
    await bob.sends(toRoom(SUBJECT));
    await bob.receives(refusal);
  });

  test("can be cleared, which is remembered with its time (§7.2.15, §8.1)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first");
    await alice.sends(toRoom(SUBJECT));
    await alice.sends(toRoom("<subject/>"));
    await bob.sends(`<presence to="${ROOM}/second"><x xmlns="http://jabber.org/protocol/muc"/></presence>`);
    await bob.receivesAny();
    await bob.receivesAny();
    await bob.receives(
      `<message from="${ROOM}/first" type="groupchat"><subject/><delay xmlns="urn:xmpp:delay" from="${ROOM}" stamp="{any}"/>${ID}</message>`,
    );
  });
});
