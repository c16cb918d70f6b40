/** XEP-0352: Client State Indication. */
import { describe } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import { enter, forget, gone, grants, meet, present, ROOM, said, USER } from "./muc-client.ts";
import { letSee } from "./subscribe.ts";

const CSI = "urn:xmpp:csi:0";
const INACTIVE = `<inactive xmlns="${CSI}"/>`;
const ACTIVE = `<active xmlns="${CSI}"/>`;
const composing = `<composing xmlns="http://jabber.org/protocol/chatstates"/>`;
const shows = (show: string) => `<presence><show>${show}</show></presence>`;

async function contacts(
  server: Parameters<typeof letSee>[0],
  connect: (address: string) => Promise<Client>,
): Promise<{ alice: Client; bob: Client }> {
  await letSee(server, "alice@localhost", "bob@localhost");
  const bob = await connect("bob/phone");
  const alice = await connect("alice/desk");
  await bob.receives(`<presence from="alice@localhost/desk"/>`);
  return { alice, bob };
}

test("presence waits for the client to become active, and only the latest of each sender is left", async ({
  server,
  connect,
}) => {
  const { alice, bob } = await contacts(server, connect);
  await bob.sends(INACTIVE);
  await alice.sends(shows("away") + shows("dnd") + shows("xa"));
  await bob.receivesNothing();
  await bob.sends(ACTIVE);
  await bob.receives(shows("xa"));
  await bob.receivesNothing();
});

test("what waits is on the wire before the answer to what follows (§5.1)", async ({ server, connect }) => {
  const { alice, bob } = await contacts(server, connect);
  await bob.sends(INACTIVE);
  await alice.sends(shows("away"));
  await bob.receivesNothing();
  await bob.sends(`${ACTIVE}<iq type="get" id="p"><ping xmlns="urn:xmpp:ping"/></iq>`);
  await bob.receives(shows("away"));
  await bob.receives(`<iq type="result" id="p"/>`);
});

test("a message that matters comes at once, behind what waited", async ({ server, connect }) => {
  const { alice, bob } = await contacts(server, connect);
  await bob.sends(INACTIVE);
  await alice.sends(`${shows("away")}<message to="bob@localhost" type="chat"><body>now</body></message>`);
  await bob.receives(shows("away"));
  await bob.receives(`<message type="chat"><body>now</body></message>`);
});

test("typing is dropped, in copies as well", async ({ connect }) => {
  const alice = await connect("alice/desk");
  const bob = await connect("bob/phone");
  await bob.sends(`<iq type="set" id="on"><enable xmlns="urn:xmpp:carbons:2"/></iq>`);
  await bob.receives(`<iq type="result" id="on"/>`);
  await connect("bob/desk", { priority: 5 });
  await bob.sends(INACTIVE);
  await alice.sends(`<message to="bob@localhost/phone" type="chat">${composing}</message>`);
  await alice.sends(`<message to="bob@localhost" type="chat">${composing}</message>`);
  await bob.receivesNothing();
  await bob.sends(ACTIVE);
  await bob.receivesNothing();
});

test("typing in a room is dropped", async ({ connect }) => {
  const [alice, bob] = await meet(connect);
  forget(alice);
  await bob.sends(INACTIVE);
  await alice.sends(`<message to="${ROOM}" type="groupchat">${composing}</message>`);
  await alice.receives(said("first", composing));
  await bob.receivesNothing();
});

test("who comes to a room and goes waits, until the room says more", async ({ connect }) => {
  const [alice, bob] = await meet(connect);
  await bob.sends(INACTIVE);
  const carol = await connect("carol/phone");
  await enter(carol, "third");
  await carol.sends(`<presence to="${ROOM}/third"><show>away</show></presence>`);
  await bob.receivesNothing();
  const dave = await connect("dave/phone");
  await enter(dave, "fourth");
  await grants(alice, `<item nick="fourth" role="none"/>`);
  const participant = `affiliation="none" role="participant"`;
  await bob.receives(present("third", participant, { before: "<show>away</show>" }));
  await bob.receives(present("fourth", participant));
  await bob.receives(
    gone("fourth", `affiliation="none" role="none"`, {
      inside: `<actor nick="first"/>`,
      codes: [307],
    }),
  );
});

test("that a room is no more is told at once (XEP-0045 §10.9)", async ({ connect }) => {
  const room = await connect("alice/room");
  const bob = await connect("bob/phone");
  await bob.sends(INACTIVE);
  const end = `<x xmlns="${USER}"><item affiliation="none" role="none"/><destroy/></x>`;
  await room.sends(`<presence to="bob@localhost/phone" type="unavailable">${end}</presence>`);
  await bob.receives(`<presence from="alice@localhost/room" type="unavailable">${end}</presence>`);
});

test("of personal events the latest of each item is left", async ({ connect }) => {
  const alice = await connect("alice/desk");
  const bob = await connect("bob/phone");
  await bob.sends(INACTIVE);
  const event = (node: string, item: string) =>
    `<message to="bob@localhost" type="headline"><event xmlns="http://jabber.org/protocol/pubsub#event"><items node="${node}">${item}</items></event></message>`;
  const mood = (mood: string) => event("mood", `<item id="current"><mood>${mood}</mood></item>`);
  const room = (name: string) => event("bookmarks", `<item id="${name}"/>`);
  const left = event("bookmarks", `<retract id="a"/>`);
  await alice.sends(mood("sad") + room("a") + room("b") + mood("happy") + left);
  await bob.receivesNothing();
  await bob.sends(ACTIVE);
  await bob.receives(room("b"));
  await bob.receives(mood("happy"));
  await bob.receives(left);
  await bob.receivesNothing();
});

describe("a resumed stream", () => {
  test("is active and gets what waited", async ({ server, connect, authenticated }) => {
    const { alice, bob } = await contacts(server, connect);
    await bob.sends(`<enable xmlns="urn:xmpp:sm:3" resume="true"/>`);
    const enabled = await bob.receives(
      `<enabled xmlns="urn:xmpp:sm:3" id="{any}" resume="true" max="{any}"/>`,
    );
    await bob.sends(INACTIVE);
    await alice.sends(shows("away"));
    await bob.disconnects();
    await alice.sends(shows("dnd"));
    const again = await authenticated("bob");
    await again.sends(`<resume xmlns="urn:xmpp:sm:3" previd="${String(enabled.attrs.id)}" h="0"/>`);
    await again.receives(`<resumed xmlns="urn:xmpp:sm:3" previd="{any}" h="0"/>`);
    await again.receives(shows("dnd"));
    await again.receives(`<r xmlns="urn:xmpp:sm:3"/>`);
    await alice.sends(shows("xa"));
    await again.receives(shows("xa"));
  });
});

test("a subscription request matters", async ({ connect }) => {
  const alice = await connect("alice/desk");
  const bob = await connect("bob/phone");
  await bob.sends(INACTIVE);
  await alice.sends(`<presence to="bob@localhost" type="subscribe"/>`);
  await bob.receives(`<presence from="alice@localhost" type="subscribe"/>`);
});

test("too much that waits is sent", async ({ connect, server }) => {
  const bob = await connect("bob/phone");
  await bob.sends(INACTIVE);
  const alice = await connect("alice/desk");
  for (let i = 0; i < 501; i++) {
    await alice.sends(
      `<message to="bob@localhost" type="headline"><event xmlns="http://jabber.org/protocol/pubsub#event"><items node="n${i}"/></event></message>`,
    );
  }
  for (let i = 0; i < 501; i++) await bob.receives(`<message type="headline">{any}</message>`);
  await bob.receivesNothing();
  if (server.host().sessions.size !== 2) throw new Error("somebody was dropped");
});
