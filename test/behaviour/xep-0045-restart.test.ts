/** Rooms across restarts: what persists is there again, and what does not is gone. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createRig } from "../../src/testing/create-rig.ts";
import { configure, enter, forget, grants, makeRoom, ROOM, SERVICE, said } from "./muc-client.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "jackdaw-rooms-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const start = () => createRig({ store: { sqlite: join(folder, "db.sqlite") } });
const ITEMS = "http://jabber.org/protocol/disco#items";

test("options, affiliations, reserved nicknames, subject and occupant ids of a persistent room", async () => {
  let rig = await start();
  const idOf = (text: string) => /occupant-id[^>]* id="([^"]+)"/.exec(text)?.[1];
  let alice = await rig.connect("alice/phone");
  await makeRoom(alice, "first", {
    persistentroom: "1",
    membersonly: "1",
    roomname: "Cave",
    passwordprotectedroom: "1",
    roomsecret: "pw",
  });
  await grants(
    alice,
    `<item affiliation="member" jid="bob@localhost" nick="second"/><item affiliation="outcast" jid="carol@localhost"><reason>Treason</reason></item>`,
  );
  await alice.sends(`<message type="groupchat" to="${ROOM}"><subject>Spells</subject></message>`);
  forget(alice);
  await makeRoom(alice, "first", {}, `fleeting@${SERVICE}`);
  forget(alice);
  await alice.sends(`<message type="groupchat" to="${ROOM}"><body>hi</body></message>`);
  const id = idOf((await alice.receives(said("first", "<body>hi</body>"))).toString());
  await rig.close();

  rig = await start();
  alice = await rig.connect("alice/phone");
  const bob = await rig.connect("bob/desk");
  const carol = await rig.connect("carol/tab");
  await alice.sends(`<iq type="get" id="d1" to="${SERVICE}"><query xmlns="${ITEMS}"/></iq>`);
  await alice.receives(
    `<iq type="result" id="d1"><query xmlns="${ITEMS}"><item jid="${ROOM}" name="Cave"/></query></iq>`,
  );
  await carol.sends(`<presence to="${ROOM}/third"><x xmlns="http://jabber.org/protocol/muc"/></presence>`);
  expect((await carol.receivesAny()).toString()).toContain("<forbidden ");
  await bob.sends(`<presence to="${ROOM}/second"><x xmlns="http://jabber.org/protocol/muc"/></presence>`);
  expect((await bob.receivesAny()).toString()).toContain("<not-authorized ");
  await bob.sends(
    `<presence to="${ROOM}/second"><x xmlns="http://jabber.org/protocol/muc"><password>pw</password><history maxstanzas="0"/></x></presence>`,
  );
  expect((await bob.receivesAny()).toString()).toContain(`affiliation="member" role="participant"`);
  await bob.receives(`<message from="${ROOM}/first" type="groupchat"><subject>Spells</subject>
    <delay xmlns="urn:xmpp:delay" from="${ROOM}" stamp="{any}"/>
    <occupant-id xmlns="urn:xmpp:occupant-id:0" id="${id}"/></message>`);
  const [, own = ""] = await enter(alice, "first", { inside: "<password>pw</password>" });
  expect(own).toContain(`affiliation="owner" role="moderator"`);
  expect(idOf(own)).toBe(id);
  await rig.close();
});

test("a room that is made temporary, or destroyed, is gone with the last occupant", async () => {
  let rig = await start();
  let alice = await rig.connect("alice/phone");
  await makeRoom(alice, "first", { persistentroom: "1" });
  await configure(alice, { persistentroom: "0" });
  forget(alice);
  const other = `other@${SERVICE}`;
  await makeRoom(alice, "first", { persistentroom: "1" }, other);
  await alice.sends(
    `<iq type="set" id="e1" to="${other}"><query xmlns="http://jabber.org/protocol/muc#owner"><destroy/></query></iq>`,
  );
  await rig.close();

  rig = await start();
  alice = await rig.connect("alice/phone");
  for (const room of [ROOM, other]) {
    expect((await enter(alice, "first", { room }))[0]).toContain(`code="201"`);
  }
  await rig.close();
});
