/** What rooms that stay know of those who were there, after a restart. */
import { describe, expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import { Jid } from "../../src/xmpp/jid.ts";
import { configure, enter, forget, grants, makeRoom, ROOM, SERVICE } from "./muc-client.ts";

const OWN = "{urn:jackdaw:muc}";
const KEPT = { persistentroom: "1" };
const MINUTE = 60_000;
const RAI = "urn:xmpp:rai:0";
const PUSH = "urn:xmpp:push:0";
const WATCH = `<presence to="${SERVICE}"><rai xmlns="${RAI}"/></presence>`;
const ACTIVITY = `<message from="${SERVICE}"><rai xmlns="${RAI}"><activity>${ROOM}</activity></rai></message>`;
const MEMBER = `<item affiliation="member" jid="bob@localhost"/>`;

const leaves = (client: Client, nick: string) =>
  client.sends(`<presence type="unavailable" to="${ROOM}/${nick}"/>`);
const says = (client: Client, body: string) =>
  client.sends(`<message to="${ROOM}" type="groupchat"><body>${body}</body></message>`);
const roleOf = async (client: Client, nick: string) =>
  / role="(\w+)"/.exec((await enter(client, nick)).at(-1) ?? "")?.[1];

test.override({ options: { store: "sqlite" } });

describe("a newcomer", () => {
  test.for([
    ["who was there", false],
    ["who had left", true],
  ] as const)("%s need not wait anew", async ([, hadLeft], { rig, clock }) => {
    const alice = await rig.connect("alice/phone");
    const bob = await rig.connect("bob/phone");
    await makeRoom(alice, "first", { ...KEPT, [`${OWN}newcomer-minutes`]: "5" });
    expect(await roleOf(bob, "second")).toBe("visitor");
    await clock.advance(3 * MINUTE);
    if (hadLeft) await leaves(bob, "second");
    await rig.restart({});
    await clock.advance(2 * MINUTE);
    expect(await roleOf(await rig.connect("bob/phone"), "second")).toBe("participant");
    expect(await roleOf(await rig.connect("carol/phone"), "third")).toBe("visitor");
  });
});

describe("voice that a moderator took", () => {
  const muted = async (rig: { connect(name: string): Promise<Client> }) => {
    const alice = await rig.connect("alice/phone");
    const bob = await rig.connect("bob/phone");
    await makeRoom(alice, "first", KEPT);
    await enter(bob, "second");
    await grants(alice, `<item nick="second" role="visitor"/>`);
    return { alice, bob };
  };

  test("is not got back by a restart", async ({ rig }) => {
    await muted(rig);
    await rig.restart({});
    expect(await roleOf(await rig.connect("bob/phone"), "second")).toBe("visitor");
  });

  test("is not got back under another nickname", async ({ rig }) => {
    const { alice } = await muted(rig);
    const desk = await rig.connect("bob/desk");
    expect(await roleOf(desk, "other")).toBe("visitor");
    await grants(alice, `<item nick="second" role="participant"/>`);
    expect(await roleOf(await rig.connect("bob/three"), "third")).toBe("participant");
  });

  test("and given again is there after one", async ({ rig }) => {
    const { alice, bob } = await muted(rig);
    await leaves(bob, "second");
    forget(bob);
    expect(await roleOf(bob, "second")).toBe("visitor");
    await grants(alice, `<item nick="second" role="participant"/>`);
    await rig.restart({});
    expect(await roleOf(await rig.connect("bob/phone"), "second")).toBe("participant");
  });

  test("is not taken from whoever has the address next", async ({ rig }) => {
    await muted(rig);
    await rig.server.removeUser(Jid.parse("bob@localhost"));
    await rig.restart({});
    expect(await roleOf(await rig.connect("bob/phone"), "second")).toBe("participant");
  });

  test("is forgotten where voice is not needed any more", async ({ rig }) => {
    const alice = await rig.connect("alice/phone");
    const bob = await rig.connect("bob/phone");
    await makeRoom(alice, "first", { ...KEPT, moderatedroom: "1" });
    await enter(bob, "second");
    await grants(alice, `<item nick="second" role="participant"/>`);
    await leaves(bob, "second");
    forget(alice);
    await configure(alice, { moderatedroom: "0" });
    forget(alice);
    await configure(alice, { moderatedroom: "1" });
    await rig.restart({});
    expect(await roleOf(await rig.connect("bob/phone"), "second")).toBe("visitor");
  });
});

describe("who watches rooms (XEP-0437)", () => {
  test("hears of what was said before the restart, after the own leaving", async ({ rig, clock }) => {
    const alice = await rig.connect("alice/phone");
    const bob = await rig.connect("bob/phone");
    await makeRoom(alice, "first", KEPT);
    await grants(alice, MEMBER);
    await enter(bob, "second");
    await says(alice, "for all");
    await clock.advance(MINUTE);
    await leaves(bob, "second");
    await rig.restart({});
    const again = await rig.connect("bob/phone");
    await again.sends(WATCH);
    await again.receivesNothing();
    await again.closes();

    const back = await rig.connect("alice/phone");
    await enter(back, "first");
    await clock.advance(MINUTE);
    await says(back, "for those who come");
    await rig.restart({});
    const later = await rig.connect("bob/phone");
    await later.sends(WATCH);
    await later.receives(ACTIVITY);
  });

  test("does not hear of what was said in the own presence, which the restart ended", async ({
    rig,
    clock,
  }) => {
    const alice = await rig.connect("alice/phone");
    const bob = await rig.connect("bob/phone");
    await makeRoom(alice, "first", KEPT);
    await grants(alice, MEMBER);
    await enter(bob, "second");
    await says(alice, "for all");
    await clock.advance(MINUTE);
    await rig.restart({});
    const again = await rig.connect("bob/phone");
    await again.sends(WATCH);
    await again.receivesNothing();
  });
});

test("a member is told of a mention by the nickname from before the restart (XEP-0357)", async ({ rig }) => {
  const alice = await rig.connect("alice/phone");
  const bob = await rig.connect("bob/phone");
  await bob.sends(`<iq type="set" id="on"><enable xmlns="${PUSH}" jid="push@localhost/app" node="n1"/></iq>`);
  await bob.receives(`<iq type="result" id="on"/>`);
  await makeRoom(alice, "first", KEPT);
  await grants(alice, MEMBER);
  await enter(bob, "Robert");
  await rig.restart({});
  const app = await rig.connect("push/app");
  const back = await rig.connect("alice/phone");
  await enter(back, "first");
  await says(back, "robert, come");
  await app.receives(`<iq type="set" from="localhost" id="{any}">{...}</iq>`);
});
