/** XEP-0045 Multi-User Chat, version 1.35.5, §6, §7.12, §18.1.1: what rooms there are, and what they are. */
import { describe, expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import { ADMIN, enter, failed, forget, MUC, makeRoom, OWNER, ROOM, SERVICE } from "./muc-client.ts";

const INFO = "http://jabber.org/protocol/disco#info";
const ITEMS = "http://jabber.org/protocol/disco#items";
const asks = (client: Client, to: string, namespace: string, node?: string) =>
  client.sends(
    `<iq type="get" id="d1" to="${to}"><query xmlns="${namespace}"${node === undefined ? "" : ` node="${node}"`}/></iq>`,
  );
const query = (namespace: string, node?: string) =>
  `<query xmlns="${namespace}"${node === undefined ? "" : ` node="${node}"`}/>`;
const refused = (to: string, inner: string, type: string, condition: string) =>
  failed("iq", `id="d1" from="${to}"`, inner, type, condition);

describe("the service", () => {
  test("is a conference for text, and knows MUC (§6.2, §7.4, XEP-0421 §4)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await asks(alice, SERVICE, INFO);
    await alice.receives(`<iq type="result" id="d1" from="${SERVICE}"><query xmlns="${INFO}">
      <identity category="conference" type="text" name="Group chat"/>{...}
      <feature var="${MUC}"/><feature var="${MUC}#stable_id"/><feature var="urn:xmpp:occupant-id:0"/></query></iq>`);
  });

  test("lists its public rooms by name, and neither hidden nor unfinished ones (§6.3)", async ({
    connect,
  }) => {
    const alice = await connect("alice/phone");
    await makeRoom(alice, "a", { roomname: "Heath &amp; Moor" }, `heath@${SERVICE}`);
    await makeRoom(alice, "a", { persistentroom: "1" }, `forres@${SERVICE}`);
    await makeRoom(alice, "a", { publicroom: "0", persistentroom: "1" }, `hidden@${SERVICE}`);
    await enter(alice, "a", { room: `unfinished@${SERVICE}` });
    await alice.sends(`<presence type="unavailable" to="forres@${SERVICE}/a"/>`);
    forget(alice);
    await asks(alice, SERVICE, ITEMS);
    await alice.receives(`<iq type="result" id="d1"><query xmlns="${ITEMS}">
      <item jid="forres@${SERVICE}" name="forres"/><item jid="heath@${SERVICE}" name="Heath &amp; Moor"/></query></iq>`);
  });
});

describe("a room", () => {
  test("tells what it is (§6.4)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first", {
      roomname: "A Dark Cave",
      roomdesc: "The place for all good witches!",
      lang: "en",
      membersonly: "0",
    });
    await alice.sends(`<message to="${ROOM}" type="groupchat"><subject>Spells</subject></message>`);
    await asks(bob, ROOM, INFO);
    const answer = await bob.receives(`<iq type="result" id="d1" from="${ROOM}"><query xmlns="${INFO}">
      <identity category="conference" type="text" name="A Dark Cave"/>{...}
      <feature var="${MUC}"/><feature var="${MUC}#stable_id"/><feature var="${MUC}#self-ping-optimization"/>
      <feature var="urn:xmpp:occupant-id:0"/>
      <feature var="muc_unsecured"/><feature var="muc_public"/><feature var="muc_temporary"/><feature var="muc_open"/>
      <feature var="muc_unmoderated"/><feature var="muc_semianonymous"/>
      <x xmlns="jabber:x:data" type="result">{...}<field var="FORM_TYPE" type="hidden"><value>${MUC}#roominfo</value></field></x></query></iq>`);
    const fields = answer.getChild("query")?.getChild("x")?.getChildren("field") ?? [];
    const values = Object.fromEntries(
      fields.map((field) => [String(field.attrs["var"]), field.getChildText("value")]),
    );
    expect(values).toMatchObject({
      "muc#roominfo_description": "The place for all good witches!",
      "muc#roominfo_subject": "Spells",
      "muc#roominfo_occupants": "1",
      "muc#roominfo_lang": "en",
      "muc#roomconfig_changesubject": "0",
      "muc#maxhistoryfetch": "20",
    });
  });

  test("has the other features when it is otherwise, and does not tell its subject then (§14.4)", async ({
    connect,
  }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first", {
      publicroom: "0",
      persistentroom: "1",
      membersonly: "1",
      moderatedroom: "1",
      whois: "anyone",
      passwordprotectedroom: "1",
      roomsecret: "pw",
    });
    await alice.sends(`<message to="${ROOM}" type="groupchat"><subject>Spells</subject></message>`);
    await asks(bob, ROOM, INFO);
    const text = (await bob.receivesAny()).toString();
    for (const feature of [
      "passwordprotected",
      "hidden",
      "persistent",
      "membersonly",
      "moderated",
      "nonanonymous",
    ]) {
      expect(text).toContain(`"muc_${feature}"`);
    }
    expect(text).not.toContain("Spells");
    expect(text).not.toContain("pw<");
  });

  test.for([INFO, ITEMS])("that does not exist is not found: %s", async (namespace, { connect }) => {
    const alice = await connect("alice/phone");
    await asks(alice, ROOM, namespace);
    await alice.receives(refused(ROOM, query(namespace), "cancel", "item-not-found"));
  });

  test.for([INFO, ITEMS, "jabber:iq:register", ADMIN, OWNER, "urn:xmpp:mam:2"])(
    "is not there for others before it is configured: %s",
    async (namespace, { connect }) => {
      const alice = await connect("alice/phone");
      const bob = await connect("bob/desk");
      await enter(alice, "first");
      await asks(bob, ROOM, namespace);
      await bob.receives(refused(ROOM, query(namespace), "cancel", "item-not-found"));
      await asks(alice, ROOM, INFO);
      expect((await alice.receivesAny()).attrs["type"]).toBe("result");
    },
  );

  const asksForItems = async (client: Client, nicks: readonly string[]) => {
    await asks(client, ROOM, ITEMS);
    const items = nicks.map((nick) => `<item jid="${ROOM}/${nick}" name="${nick}"/>`);
    await client.receives(`<iq type="result" id="d1"><query xmlns="${ITEMS}">${items.join("")}</query></iq>`);
  };

  test("tells its occupants to each other only (§6.5)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first");
    await asksForItems(alice, ["first"]);
    await asksForItems(bob, []);
  });

  describe("where occupants are everybody's business", () => {
    test.override({ options: { config: { modules: { muc: { occupantList: "anybody" } } } } });

    test("and that is open to everybody tells them to anybody (§6.5)", async ({ connect }) => {
      const alice = await connect("alice/phone");
      const bob = await connect("bob/desk");
      await makeRoom(alice, "first");
      await asksForItems(bob, ["first"]);
    });

    test.for<Readonly<Record<string, string>>>([
      { publicroom: "0" },
      { membersonly: "1" },
      { passwordprotectedroom: "1", roomsecret: "pw" },
    ])("and with %j tells them to its occupants only (§6.5)", async (fields, { connect }) => {
      const alice = await connect("alice/phone");
      const bob = await connect("bob/desk");
      await makeRoom(alice, "first", fields);
      await asksForItems(alice, ["first"]);
      await asksForItems(bob, []);
    });
  });

  test("passes all namespaces (§18.1.1), and has no other nodes", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await makeRoom(alice, "first");
    await asks(alice, ROOM, INFO, `${MUC}#traffic`);
    await alice.receives(refused(ROOM, query(INFO, `${MUC}#traffic`), "cancel", "service-unavailable"));
    await asks(alice, ROOM, INFO, "other");
    await alice.receives(refused(ROOM, query(INFO, "other"), "cancel", "item-not-found"));
  });
});

describe("an occupant", () => {
  test("is not asked by those outside: a bad request (§6.6)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first");
    for (const namespace of [INFO, ITEMS]) {
      await asks(bob, `${ROOM}/first`, namespace);
      await bob.receives(refused(`${ROOM}/first`, query(namespace), "modify", "bad-request"));
    }
    await alice.receivesNothing();
  });
});
