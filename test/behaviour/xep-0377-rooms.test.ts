/** XEP-0377 about occupants of rooms: their moderators hear of it. */
import { describe, expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import { enter, forget, grants, makeRoom, ROOM } from "./muc-client.ts";

const reports = async (client: Client, nick: string, more = "") => {
  await client.sends(
    `<iq type="set" id="b"><block xmlns="urn:xmpp:blocking"><item jid="${ROOM}/${nick}"><report xmlns="urn:xmpp:reporting:1" reason="urn:xmpp:reporting:spam">${more}</report></item></block></iq>`,
  );
  await client.receives(`<iq type="result" id="b"/>`);
};

const notice = (body: string) =>
  `<message type="groupchat" from="${ROOM}" id="{any}"><body>${body}</body><no-store xmlns="urn:xmpp:hints"/></message>`;

describe("a report of an occupant", () => {
  test("reaches the moderators who are there, without who reports, and nobody else", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    const carol = await connect("carol/phone");
    await makeRoom(alice, "first");
    await enter(bob, "second");
    await enter(carol, "third");
    forget(alice, bob, carol);
    await reports(
      bob,
      "third",
      `<text>buys and sells</text><stanza-id xmlns="urn:xmpp:sid:0" by="${ROOM}" id="m1"/>`,
    );
    await alice.receives(notice(`Somebody here reports third for spam.\n"buys and sells"\nMessages: m1`));
    expect(alice.heard).not.toContain("reports second");
    await carol.receivesNothing();
    await bob.receivesNothing();
  });

  test("who is a moderator reaches the others alone", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    const carol = await connect("carol/phone");
    await makeRoom(alice, "first");
    await enter(bob, "second");
    await enter(carol, "third");
    await grants(alice, `<item affiliation="admin" jid="carol@localhost"/>`);
    forget(alice, bob, carol);
    await reports(bob, "third");
    await alice.receives(notice("Somebody here reports third for spam."));
    await carol.receivesNothing();
  });

  test("by somebody who is not in the room reaches no moderator", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    await makeRoom(alice, "first");
    await enter(await connect("carol/phone"), "third");
    forget(alice);
    await reports(bob, "third");
    await alice.receivesNothing();
  });
});
