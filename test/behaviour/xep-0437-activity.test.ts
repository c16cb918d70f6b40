/** XEP-0437 Room Activity Indicators, version 0.2.0. */
import { describe, expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import { configure, enter, forget, grants, makeRoom, ROOM, SERVICE } from "./muc-client.ts";

const RAI = "urn:xmpp:rai:0";
const WATCH = `<presence to="${SERVICE}"><rai xmlns="${RAI}"/></presence>`;
const SECOND = `second@${SERVICE}`;

const told = (...rooms: string[]) =>
  `<message from="${SERVICE}" id="{any}"><rai xmlns="${RAI}">${rooms.map((room) => `<activity>${room}</activity>`).join("")}</rai></message>`;
const says = (client: Client, room = ROOM) =>
  client.sends(`<message to="${room}" type="groupchat"><body>hi</body></message>`);

async function roomsOfBob(alice: Client): Promise<void> {
  for (const room of [ROOM, SECOND]) {
    await makeRoom(alice, "first", {}, room);
    await grants(alice, `<item affiliation="member" jid="bob@localhost"/>`, room);
  }
}

describe("whoever watches", () => {
  test("hears once of each room that it belongs to where something is said (§3.1, §4)", async ({
    connect,
  }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    await roomsOfBob(alice);
    await bob.sends(WATCH);
    await bob.receivesNothing();
    await says(alice);
    await bob.receives(told(ROOM));
    await says(alice);
    await bob.receivesNothing();
    await says(alice, SECOND);
    await bob.receives(told(SECOND));
  });

  test("hears at once of all where something was said before", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    await roomsOfBob(alice);
    await says(alice);
    await says(alice, SECOND);
    await bob.sends(WATCH);
    await bob.receives(told(ROOM, SECOND));
    await says(alice);
    await bob.receivesNothing();
  });

  test("hears nothing of where it is, and again when it has left", async ({ connect, clock }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    await roomsOfBob(alice);
    await enter(bob, "second");
    await bob.sends(WATCH);
    forget(bob);
    await says(alice);
    expect((await bob.receivesAny()).attrs["type"]).toBe("groupchat");
    await bob.receivesNothing();
    await clock.advance(10);
    await bob.sends(`<presence to="${ROOM}/second" type="unavailable"/>`);
    forget(bob);
    // What it has heard is not news after it left.
    await bob.sends(WATCH);
    await bob.receivesNothing();
    await clock.advance(10);
    await says(alice);
    await bob.receives(told(ROOM));
  });

  test("hears nothing of rooms that it may not enter, or does not belong to", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    const carol = await connect("carol/phone");
    await roomsOfBob(alice);
    await says(alice);
    await grants(alice, `<item affiliation="outcast" jid="bob@localhost"/>`);
    await bob.sends(WATCH);
    await bob.receivesNothing();
    await grants(alice, `<item affiliation="none" jid="bob@localhost"/>`, SECOND);
    await says(alice, SECOND);
    await bob.receivesNothing();
    await carol.sends(WATCH);
    await says(alice);
    await carol.receivesNothing();
  });

  test("stops by unavailable presence, or by going offline (§3.2)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    await roomsOfBob(alice);
    await bob.sends(WATCH);
    await bob.sends(`<presence to="${SERVICE}" type="unavailable"/>`);
    await says(alice);
    await bob.receivesNothing();
    await bob.sends(WATCH);
    await bob.receives(told(ROOM));
    await bob.closes();
    await says(alice, SECOND);
    const again = await connect("bob/phone");
    await again.receivesNothing();
  });

  test("hears of words, not of who types", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    await roomsOfBob(alice);
    await bob.sends(WATCH);
    await alice.sends(
      `<message to="${ROOM}" type="groupchat"><composing xmlns="http://jabber.org/protocol/chatstates"/></message>`,
    );
    forget(alice);
    await configure(alice, { roomname: "Cave" });
    await bob.receivesNothing();
  });
});

describe("limits", () => {
  test.override({ options: { config: { modules: { muc: { watchers: 1 } } } } });

  test("of how many watch", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    await alice.sends(WATCH);
    await alice.sends(WATCH);
    await bob.sends(WATCH);
    await bob.receives(
      `<presence type="error" from="${SERVICE}">{...}<error type="wait"><resource-constraint xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/>{...}</error></presence>`,
    );
    await alice.receivesNothing();
  });
});
