/** Rooms and the several devices of one person: markers, what was read, bookmarks, one nickname for all. */
import { describe, expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import { configure, enter, forget, gone, grants, makeRoom, present, ROOM, USER } from "./muc-client.ts";

const BOOKMARKS = "urn:xmpp:bookmarks:1";
const MDS = "urn:xmpp:mds:displayed:0";
const MARKERS = "urn:xmpp:chat-markers:0";

const publish = (node: string, id: string, payload: string) =>
  `<iq type="set" id="p"><pubsub xmlns="http://jabber.org/protocol/pubsub"><publish node="${node}"><item id="${id}">${payload}</item></publish><publish-options><x xmlns="jabber:x:data" type="submit"><field var="FORM_TYPE"><value>http://jabber.org/protocol/pubsub#publish-options</value></field><field var="pubsub#persist_items"><value>true</value></field><field var="pubsub#max_items"><value>max</value></field><field var="pubsub#send_last_published_item"><value>never</value></field><field var="pubsub#access_model"><value>whitelist</value></field></x></publish-options></pubsub></iq>`;

async function answer(client: Client, id: string) {
  for (;;) {
    const element = await client.receivesAny();
    if (element.is("iq") && element.attrs["id"] === id) return element;
  }
}

describe("a marker (XEP-0333)", () => {
  test("reaches everybody, and is archived unless it says otherwise (XEP-0334)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    await makeRoom(alice, "first", { persistentroom: "1" });
    await enter(bob, "second");
    forget(alice, bob);
    const marker = (id: string, hint = "") =>
      `<message to="${ROOM}" type="groupchat" id="${id}"><displayed xmlns="${MARKERS}" id="x"/>${hint}</message>`;
    await bob.sends(marker("kept"));
    await bob.sends(marker("passed", `<no-store xmlns="urn:xmpp:hints"/>`));
    expect((await alice.receivesAny()).toString()).toContain("<stanza-id");
    const passed = (await alice.receivesAny()).toString();
    expect(passed).toContain("<displayed");
    expect(passed).not.toContain("<stanza-id");
    forget(bob);
    await bob.sends(`<iq type="set" id="q" to="${ROOM}"><query xmlns="urn:xmpp:mam:2"/></iq>`);
    expect((await bob.receivesAny()).toString()).toContain(`id="kept"`);
    expect((await bob.receivesAny()).is("iq")).toBe(true);
    // Who enters is shown what was said, not who has read it.
    await bob.sends(`<presence to="${ROOM}/second" type="unavailable"/>`);
    forget(bob);
    expect((await enter(bob, "second")).some((each) => each.startsWith("<message"))).toBe(false);
  });
});

describe("what was read in a room (XEP-0490)", () => {
  test("is known to the other devices, by the room's id of the message", async ({ connect }) => {
    const phone = await connect("alice/phone");
    await makeRoom(phone, "first", { persistentroom: "1" });
    await phone.sends(`<message to="${ROOM}" type="groupchat"><body>hi</body></message>`);
    const id = (await phone.receivesAny()).getChild("stanza-id")?.attrs["id"];
    expect(id).toBeDefined();
    const read = `<displayed xmlns="${MDS}"><stanza-id xmlns="urn:xmpp:sid:0" by="${ROOM}" id="${id}"/></displayed>`;
    await phone.sends(publish(MDS, ROOM, read));
    expect((await answer(phone, "p")).attrs["type"]).toBe("result");
    const desk = await connect("alice/desk");
    await desk.sends(
      `<iq type="get" id="g"><pubsub xmlns="http://jabber.org/protocol/pubsub"><items node="${MDS}"/></pubsub></iq>`,
    );
    expect((await answer(desk, "g")).toString()).toContain(`by="${ROOM}" id="${id}"`);
  });
});

describe("a bookmark (XEP-0402)", () => {
  test("brings another device into the room, under the same nickname", async ({ connect }) => {
    const phone = await connect("alice/phone");
    await makeRoom(phone, "first", { persistentroom: "1" });
    await phone.sends(
      publish(
        BOOKMARKS,
        ROOM,
        `<conference xmlns="${BOOKMARKS}" autojoin="true"><nick>first</nick></conference>`,
      ),
    );
    expect((await answer(phone, "p")).attrs["type"]).toBe("result");
    const desk = await connect("alice/desk");
    await desk.sends(
      `<iq type="get" id="g"><pubsub xmlns="http://jabber.org/protocol/pubsub"><items node="${BOOKMARKS}"/></pubsub></iq>`,
    );
    const item = (await answer(desk, "g")).getChild("pubsub")?.getChild("items")?.getChild("item");
    const conference = item?.getChild("conference");
    expect(conference?.attrs["autojoin"]).toBe("true");
    forget(phone);
    const seen = await enter(desk, conference?.getChildText("nick") ?? "", { room: item?.attrs["id"] });
    expect(seen).toHaveLength(1);
    expect(seen[0]).toContain(`<status code="110"/>`);
    // To the others nothing has happened.
    await phone.receivesNothing();
  });
});

describe("devices under one nickname (§7.2.9)", () => {
  test("come and go unseen as long as one of them is there", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await makeRoom(alice, "first");
    const phone = await connect("bob/phone");
    const desk = await connect("bob/desk");
    await enter(phone, "second");
    forget(alice);
    await enter(desk, "second");
    await alice.receivesNothing();
    forget(phone, desk);
    await desk.sends(`<presence to="${ROOM}/second" type="unavailable"/>`);
    await desk.receives(gone("second", `affiliation="none" role="none"`, { codes: [110] }));
    forget(phone);
    await alice.receivesNothing();
    await phone.sends(`<presence to="${ROOM}/second" type="unavailable"/>`);
    await alice.receives(gone("second", `affiliation="none" role="none" jid="bob@localhost/phone"`));
  });

  test("are all made what one is made, and are all banned", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await makeRoom(alice, "first");
    const phone = await connect("bob/phone");
    const desk = await connect("bob/desk");
    const other = await connect("bob/other");
    await enter(phone, "second");
    await enter(desk, "second");
    await enter(other, "third");
    forget(phone, desk, other);
    await grants(alice, `<item affiliation="member" jid="bob@localhost"/>`);
    for (const [client, nick] of [
      [phone, "second"],
      [desk, "second"],
      [other, "third"],
    ] as const) {
      forget(client);
      expect(client.heard).toContain(`<item affiliation="member" role="participant"`);
      await client.sends(`<presence to="${ROOM}/${nick}"><show>away</show></presence>`);
      forget(client);
    }
    forget(phone, desk, other);
    await grants(alice, `<item affiliation="outcast" jid="bob@localhost"/>`);
    for (const client of [phone, desk, other]) {
      const own = (await client.receivesAny()).toString();
      expect(own).toContain(`<status code="301"/>`);
      expect(own).toContain(`type="unavailable"`);
    }
  });

  test("do not take the nickname of another one of the same person", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const phone = await connect("bob/phone");
    const desk = await connect("bob/desk");
    await makeRoom(alice, "first");
    await enter(phone, "second");
    await enter(desk, "third");
    forget(phone, desk);
    await desk.sends(`<presence to="${ROOM}/second"/>`);
    expect((await desk.receivesAny()).toString()).toContain("<conflict");
    await phone.receivesNothing();
  });
});

describe("what a room says of being kept", () => {
  test("170 and 171 are of public logs; an archive is another matter (§10.2.1, §15.6)", async ({
    connect,
  }) => {
    const alice = await connect("alice/phone");
    await makeRoom(alice, "first", { persistentroom: "1" });
    const told = (...codes: number[]) =>
      `<message type="groupchat" from="${ROOM}" id="{any}"><x xmlns="${USER}">${codes.map((code) => `<status code="${code}"/>`).join("")}</x></message>`;
    for (const [field, value, code] of [
      ["enablearchiving", "0", 104],
      ["enablearchiving", "1", 104],
      ["enablelogging", "1", 170],
      ["enablelogging", "0", 171],
    ] as const) {
      await configure(alice, { [field]: value });
      await alice.receives(told(code));
    }
    await configure(alice, { enablelogging: "1" });
    forget(alice);
    const bob = await connect("bob/phone");
    await enter(bob, "second");
    expect(bob.heard).toContain(`<status code="170"/>`);
    await alice.receives(
      present("second", `affiliation="none" role="participant" jid="bob@localhost/phone"`),
    );
  });
});
