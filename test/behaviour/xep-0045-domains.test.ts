/** Group chat services: their names, and guests from other domains, without accounts, or away for a while. */
import { describe, expect } from "vitest";
import { createServer } from "../../src/index.ts";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import { queryArchive } from "./archive-client.ts";
import { enter, forget, gone, JOIN, makeRoom, ROOM, SERVICE, said } from "./muc-client.ts";

describe("two domains", () => {
  test.override({
    options: {
      domain: ["example.org", "example.net"],
      config: { modules: { muc: { services: ["conference", "rooms.example.net"], name: "Talk" } } },
    },
  });

  test("have the services that are named for each, and those that are below them", async ({ connect }) => {
    const items = `<query xmlns="http://jabber.org/protocol/disco#items"/>`;
    const alice = await connect("alice@example.org/phone");
    for (const [domain, names] of [
      ["example.org", ["conference.example.org"]],
      ["example.net", ["conference.example.net", "rooms.example.net"]],
    ] as const) {
      await alice.sends(`<iq type="get" id="d1" to="${domain}">${items}</iq>`);
      const answer = await alice.receives(
        `<iq type="result" id="d1"><query xmlns="http://jabber.org/protocol/disco#items">{any}</query></iq>`,
      );
      const found = answer.getChild("query")?.getChildren("item") ?? [];
      const talks = found
        .filter(({ attrs }) => attrs["name"] === "Talk")
        .map(({ attrs }) => String(attrs["jid"]));
      expect(talks).toEqual(names);
    }
  });

  test("meet in one room, in order, and leave it with their sessions", async ({ connect }) => {
    const room = "coven@conference.example.org";
    const alice = await connect("alice@example.org/phone");
    const bob = await connect("bob@example.net/desk");
    await makeRoom(alice, "first", {}, room);
    expect(await enter(bob, "second", { room })).toHaveLength(2);
    forget(alice);
    for (const text of ["one", "two", "three"]) {
      await alice.sends(`<message type="groupchat" to="${room}"><body>${text}</body></message>`);
    }
    for (const text of ["one", "two", "three"]) {
      await bob.receives(said("first", `<body>${text}</body>`, "", room));
    }
    await bob.sends(`<presence to="${room}/third"/>`);
    expect((await bob.receivesAny()).attrs["type"]).toBe("unavailable");
    expect((await bob.receivesAny()).attrs["from"]).toBe(`${room}/third`);
    forget(alice);
    await bob.disconnects();
    await alice.receives(
      gone("third", `affiliation="none" role="none" jid="bob@example.net/desk"`, { room }),
    );
  });

  test("have a whisper in its recipient's archive once, whatever the clients (XEP-0313 §6.1.1)", async ({
    connect,
  }) => {
    const room = "coven@conference.example.org";
    const alice = await connect("alice@example.org/phone");
    const bobs = [await connect("bob@example.net/desk"), await connect("bob@example.net/tab")];
    await makeRoom(alice, "first", {}, room);
    for (const bob of bobs) await enter(bob, "second", { room });
    forget(alice, ...bobs);
    await alice.sends(`<message type="chat" to="${room}/second"><body>psst</body></message>`);
    for (const bob of bobs) {
      const heard = await bob.receivesAny();
      expect([heard.attrs["to"], heard.getChildText("body")]).toEqual([bob.jid, "psst"]);
    }
    expect((await queryArchive(bobs[0] as Client)).bodies).toEqual(["psst"]);
  });

  test("let their users make rooms at either", async ({ connect }) => {
    const bob = await connect("bob@example.net/desk");
    expect((await enter(bob, "second", { room: "coven@conference.example.org" }))[0]).toContain(`code="201"`);
    expect((await enter(bob, "second", { room: "coven@rooms.example.net" }))[0]).toContain(`code="201"`);
  });
});

test("a name that is a domain's own is refused when the server starts", async () => {
  const options = { domain: ["a.org", "chat.a.org"], config: { modules: { muc: { services: ["chat"] } } } };
  await expect(createServer(options)).rejects.toThrow(
    'modules.muc: "chat.a.org" is one of the domains already',
  );
});

describe("guests without account", () => {
  test.override({ options: { config: { auth: { anonymous: true } } } });

  test("enter rooms, and make none", async ({ connect, raw }) => {
    const alice = await connect("alice/phone");
    await makeRoom(alice, "first");
    const guest = raw();
    await guest.opens({ to: "localhost" });
    await guest.sends(`<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="ANONYMOUS">=</auth>`);
    forget(guest);
    await guest.opens({ to: "localhost" });
    await guest.sends(
      `<iq type="set" id="b"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq><presence/>`,
    );
    forget(guest);
    expect(await enter(guest, "second")).toHaveLength(2);
    await guest.sends(`<presence to="other@${SERVICE}/second">${JOIN}</presence>`);
    expect((await guest.receivesAny()).toString()).toContain("<not-allowed ");
  });
});

describe("an occupant whose connection is gone", () => {
  const ENABLE = `<enable xmlns="urn:xmpp:sm:3" resume="true" max="60"/>`;
  const ENABLED = `<enabled xmlns="urn:xmpp:sm:3" id="{any}" resume="true" max="60"/>`;

  test("stays until it can no longer resume (XEP-0198 §5)", async ({ connect, clock }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first");
    await bob.sends(ENABLE);
    await bob.receives(ENABLED);
    await enter(bob, "second");
    forget(alice);
    await bob.disconnects();
    await clock.advance(30_000);
    await alice.sends(`<message type="groupchat" to="${ROOM}"><body>hi</body></message>`);
    await alice.receives(said("first", "<body>hi</body>"));
    await alice.receivesNothing();
    await clock.advance(31_000);
    await alice.receives(gone("second", `affiliation="none" role="none" jid="bob@localhost/desk"`));
  });
});
