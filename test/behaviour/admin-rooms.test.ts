/** Rooms, as administrators see and change them. */
import { describe, expect } from "vitest";
import { type AdminCommand, runCommand } from "../../src/admin/command.ts";
import {
  affiliate,
  announceInRooms,
  destroyRoom,
  listRooms,
  lockRoom,
  showRoom,
} from "../../src/admin/room-commands.ts";
import { COMMAND_LINE } from "../../src/admin/scopes.ts";
import type { Rig } from "../../src/testing/create-rig.ts";
import { test } from "../../src/testing/rig.ts";

const ROOM = "team@conference.localhost";
const MUC_USER = "http://jabber.org/protocol/muc#user";

function run<A, R>({ server }: Rig, command: AdminCommand<A, R>, args: object): Promise<R> {
  return runCommand(command, { by: COMMAND_LINE, hosts: server.hosts, commit: () => server.commit() }, args);
}

/** Alice makes a room that stays and is called so; she is in it as `ally`. */
async function makesRoom(rig: Rig, name = "The team") {
  const alice = await rig.connect("alice/phone");
  await alice.sends(`<presence to="${ROOM}/ally"><x xmlns="http://jabber.org/protocol/muc"/></presence>`);
  const field = (key: string, value: string) => `<field var="${key}"><value>${value}</value></field>`;
  await alice.sends(`
    <iq type="set" id="c" to="${ROOM}"><query xmlns="http://jabber.org/protocol/muc#owner">
      <x xmlns="jabber:x:data" type="submit">${field("FORM_TYPE", "http://jabber.org/protocol/muc#roomconfig")}
        ${field("muc#roomconfig_roomname", name)}${field("muc#roomconfig_persistentroom", "1")}
        ${field("muc#roomconfig_publicroom", "0")}</x></query></iq>`);
  await rig.settle();
  alice.forget(() => true);
  return alice;
}

describe("rooms", () => {
  test("are listed and found, hidden ones and empty ones included", async ({ rig }) => {
    const alice = await makesRoom(rig);
    const summary = { jid: ROOM, name: "The team", public: false, persistent: true };
    expect(await run(rig, listRooms, {})).toEqual({ rooms: [{ ...summary, occupants: 1 }] });
    await alice.sends(`<presence type="unavailable" to="${ROOM}/ally"/>`);
    expect(await run(rig, listRooms, { search: "TEAM" })).toEqual({ rooms: [{ ...summary, occupants: 0 }] });
    expect(await run(rig, listRooms, { search: "other" })).toEqual({ rooms: [] });
  });

  test("are shown with who is there and who belongs to them", async ({ rig }) => {
    await makesRoom(rig);
    expect(await run(rig, showRoom, { room: ROOM })).toMatchObject({
      jid: ROOM,
      created: "2025-01-01T12:00:00.000Z",
      present: [{ nick: "ally", user: "alice@localhost", role: "moderator" }],
      affiliations: [{ address: "alice@localhost", affiliation: "owner" }],
    });
    await expect(run(rig, showRoom, { room: "none@conference.localhost" })).rejects.toThrow(
      "there is no room",
    );
    await expect(run(rig, showRoom, { room: "none@elsewhere" })).rejects.toThrow("there is no room");
    await expect(run(rig, showRoom, { room: "conference.localhost" })).rejects.toThrow("expected an address");
  });

  test("are destroyed for everybody who is there, and gone", async ({ rig }) => {
    const alice = await makesRoom(rig);
    await run(rig, destroyRoom, { room: ROOM, reason: "Moved" });
    await alice.receives(
      `<presence type="unavailable" from="${ROOM}/ally"><x xmlns="${MUC_USER}">{...}</x>{...}</presence>`,
    );
    expect(alice.heard).toContain("<destroy><reason>Moved</reason></destroy>");
    expect(await run(rig, listRooms, {})).toEqual({ rooms: [] });
    await expect(run(rig, destroyRoom, { room: ROOM })).rejects.toThrow("there is no room");
  });
});

describe("an affiliation", () => {
  test("is given, told to those who are there, and taken", async ({ rig }) => {
    await makesRoom(rig);
    await rig.user("bob");
    await run(rig, affiliate, { room: ROOM, user: "bob@localhost", affiliation: "owner" });
    await run(rig, affiliate, { room: ROOM, user: "alice@localhost", affiliation: "none" });
    const { affiliations } = await run(rig, showRoom, { room: ROOM });
    expect(affiliations).toEqual([{ address: "bob@localhost", affiliation: "owner" }]);
  });

  test("of an outcast ends their stay", async ({ rig }) => {
    await makesRoom(rig);
    const bob = await rig.connect("bob/desk");
    await bob.sends(`<presence to="${ROOM}/bobby"><x xmlns="http://jabber.org/protocol/muc"/></presence>`);
    await run(rig, affiliate, { room: ROOM, user: "bob@localhost", affiliation: "outcast" });
    const { present } = await run(rig, showRoom, { room: ROOM });
    expect(present.map(({ nick }) => nick)).toEqual(["ally"]);
  });

  test("that would leave a room without owner, or make one of a domain, is refused", async ({ rig }) => {
    await makesRoom(rig);
    const last = run(rig, affiliate, { room: ROOM, user: "alice@localhost", affiliation: "member" });
    await expect(last).rejects.toThrow("a room needs an owner");
    const domain = run(rig, affiliate, { room: ROOM, user: "localhost", affiliation: "admin" });
    await expect(domain).rejects.toThrow("a whole domain cannot be this");
  });
});

describe("a room", () => {
  test("is locked down and opened again", async ({ rig }) => {
    await makesRoom(rig);
    expect(await run(rig, lockRoom, { room: ROOM })).toEqual({ room: ROOM, lockdown: true });
    expect(await run(rig, showRoom, { room: ROOM })).toMatchObject({
      lockdown: true,
      membersOnly: true,
      moderated: true,
    });
    await run(rig, lockRoom, { room: ROOM, on: false });
    expect(await run(rig, showRoom, { room: ROOM })).toMatchObject({
      lockdown: false,
      membersOnly: false,
      moderated: false,
    });
    await expect(run(rig, lockRoom, { room: "none@conference.localhost" })).rejects.toThrow(
      "there is no room",
    );
  });

  test("says what administrators have to say, once for all who come later", async ({ rig }) => {
    const alice = await makesRoom(rig);
    expect(await run(rig, announceInRooms, { text: "Hear" })).toEqual({ rooms: 1 });
    await alice.receives(
      `<message type="groupchat" id="{any}" from="${ROOM}"><body>Hear</body><stanza-id xmlns="urn:xmpp:sid:0" by="${ROOM}" id="{any}"/></message>`,
    );
    expect(await run(rig, announceInRooms, { text: "Hear", room: ROOM })).toEqual({ rooms: 1 });
    const bob = await rig.connect("bob/desk");
    await bob.sends(`<presence to="${ROOM}/bobby"><x xmlns="http://jabber.org/protocol/muc"/></presence>`);
    await rig.settle();
    expect(bob.heard.match(/<body>Hear/g)).toHaveLength(2);
    await expect(run(rig, announceInRooms, { text: " " })).rejects.toThrow("nothing to say");
    await expect(run(rig, announceInRooms, { text: "x", room: "no@conference.localhost" })).rejects.toThrow(
      "there is no room",
    );
  });
});
