/** XEP-0045 Multi-User Chat, version 1.35.5, §9.1 to §9.5, §10.3 to §10.8: bans, members, admins and owners. */
import { describe, expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import {
  ADMIN,
  administers,
  enter,
  failed,
  forget,
  gone,
  grants,
  JOIN,
  makeRoom,
  present,
  ROOM,
  STEP,
  USER,
} from "./muc-client.ts";

const actor = (nick: string) => `<actor nick="${nick}"/>`;
const DONE = `<iq type="result" id="a1" from="${ROOM}"/>`;
const isRefused = async (client: Client, items: string, type: string, condition: string) => {
  forget(client);
  await administers(client, items);
  await client.receives(
    failed("iq", `id="a1" from="${ROOM}"`, `<query xmlns="${ADMIN}">${items}</query>`, type, condition),
  );
};
const asksFor = (affiliation: string) =>
  `<iq type="get" id="l1" to="${ROOM}"><query xmlns="${ADMIN}"><item affiliation="${affiliation}"/></query></iq>`;
const lists = (items: string) => `<iq type="result" id="l1"><query xmlns="${ADMIN}">${items}</query></iq>`;

async function together(connect: (address: string) => Promise<Client>, fields = {}) {
  const alice = await connect("alice/phone");
  const bob = await connect("bob/desk");
  const carol = await connect("carol/tab");
  await makeRoom(alice, "first", fields);
  await enter(bob, "second");
  await enter(carol, "third");
  forget(alice, bob);
  return { alice, bob, carol };
}

describe("a ban", () => {
  test("removes with 301, from all others' view as well, and is listed with its reason (§9.1, §9.2)", async ({
    connect,
  }) => {
    const { alice, bob, carol } = await together(connect);
    await administers(
      alice,
      `<item affiliation="outcast" jid="bob@localhost/desk"><reason>Treason</reason></item>`,
    );
    const inside = `${actor("first")}<reason>Treason</reason>`;
    await bob.receives(
      gone("second", `affiliation="outcast" role="none"`, { ahead: STEP, inside, codes: [110, 301] }),
    );
    await alice.receives(DONE);
    await alice.receives(
      gone("second", `affiliation="outcast" role="none" jid="bob@localhost/desk"`, {
        ahead: STEP,
        inside,
        codes: [301],
      }),
    );
    await carol.receives(
      gone("second", `affiliation="outcast" role="none"`, { ahead: STEP, inside, codes: [301] }),
    );
    await alice.sends(asksFor("outcast"));
    await alice.receives(
      lists(`<item affiliation="outcast" jid="bob@localhost"><reason>Treason</reason></item>`),
    );
    await grants(alice, `<item affiliation="none" jid="bob@localhost"/>`);
    expect(await enter(bob, "second")).toHaveLength(3);
  });

  test("of a domain removes all of its users but those who belong to the room (§9.2)", async ({
    connect,
  }) => {
    const { alice, bob, carol } = await together(connect);
    await grants(alice, `<item affiliation="member" jid="carol@localhost"/>`);
    forget(bob, carol);
    await grants(alice, `<item affiliation="outcast" jid="localhost"/>`);
    await bob.receives(
      gone("second", `affiliation="outcast" role="none"`, { inside: actor("first"), codes: [110, 301] }),
    );
    await carol.receivesAny();
    await carol.receivesNothing();
  });

  test("takes the reserved nickname (§9.1)", async ({ connect }) => {
    const { alice, bob } = await together(connect);
    await grants(alice, `<item affiliation="member" jid="dave@localhost" nick="fourth"/>`);
    await grants(alice, `<item affiliation="outcast" jid="dave@localhost"/>`);
    forget(bob);
    await bob.sends(`<presence to="${ROOM}/fourth"/>`);
    await bob.receives(
      gone("second", `affiliation="none" role="participant" nick="fourth"`, { codes: [110, 303] }),
    );
  });

  test("of oneself is a conflict, of those above not allowed, by others forbidden (§9.1)", async ({
    connect,
  }) => {
    const { alice, bob, carol } = await together(connect);
    await grants(alice, `<item affiliation="admin" jid="bob@localhost"/>`);
    await grants(alice, `<item affiliation="admin" jid="dave@localhost"/>`);
    forget(bob, carol);
    await isRefused(alice, `<item affiliation="outcast" jid="alice@localhost"/>`, "cancel", "conflict");
    await isRefused(bob, `<item affiliation="outcast" jid="bob@localhost"/>`, "cancel", "conflict");
    await isRefused(bob, `<item affiliation="outcast" jid="alice@localhost"/>`, "cancel", "not-allowed");
    await isRefused(bob, `<item affiliation="outcast" jid="dave@localhost"/>`, "cancel", "not-allowed");
    await isRefused(carol, `<item affiliation="outcast" jid="bob@localhost"/>`, "auth", "forbidden");
    await isRefused(carol, `<item affiliation="none" jid="dave@localhost"/>`, "auth", "forbidden");
  });
});

describe("a member", () => {
  test("is made and unmade, with a reason (§9.3, §9.4)", async ({ connect }) => {
    const { alice, carol } = await together(connect);
    const inside = `${actor("first")}<reason>A worthy witch indeed!</reason>`;
    for (const affiliation of ["member", "none"]) {
      await administers(
        alice,
        `<item affiliation="${affiliation}" jid="bob@localhost"><reason>A worthy witch indeed!</reason></item>`,
      );
      await alice.receives(DONE);
      await alice.receives(
        present("second", `affiliation="${affiliation}" role="participant" jid="bob@localhost/desk"`, {
          ahead: STEP,
          inside,
        }),
      );
      await carol.receives(
        present("second", `affiliation="${affiliation}" role="participant"`, { ahead: STEP, inside }),
      );
    }
  });

  test("of a members-only room that is none any more is removed with 321, and only that (§9.4)", async ({
    connect,
  }) => {
    const { alice, bob } = await together(connect);
    await grants(
      alice,
      `<item affiliation="member" jid="bob@localhost"/><item affiliation="member" jid="carol@localhost"/>`,
    );
    await alice.sends(`<iq type="set" id="c1" to="${ROOM}"><query xmlns="http://jabber.org/protocol/muc#owner">
      <x xmlns="jabber:x:data" type="submit"><field var="FORM_TYPE"><value>http://jabber.org/protocol/muc#roomconfig</value></field>
      <field var="muc#roomconfig_membersonly"><value>1</value></field></x></query></iq>`);
    forget(alice, bob);
    await administers(alice, `<item affiliation="none" jid="bob@localhost"/>`);
    const inside = actor("first");
    await bob.receives(
      gone("second", `affiliation="none" role="none"`, { ahead: STEP, inside, codes: [110, 321] }),
    );
    await alice.receives(DONE);
    await alice.receives(
      gone("second", `affiliation="none" role="none" jid="bob@localhost/desk"`, {
        ahead: STEP,
        inside,
        codes: [321],
      }),
    );
    await bob.sends(`<presence to="${ROOM}/second">${JOIN}</presence>`);
    expect((await bob.receivesAny()).toString()).toContain("<registration-required ");
  });

  test("of a members-only room who is not there is invited (§9.5), and those who may know hear of it (§10.3)", async ({
    connect,
  }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first", {
      membersonly: "1",
      passwordprotectedroom: "1",
      roomsecret: "cauldronburn",
    });
    await administers(alice, `<item affiliation="member" jid="bob@localhost"/>`);
    await alice.receives(DONE);
    await alice.receives(
      `<message from="${ROOM}"><x xmlns="${USER}">${STEP}<item affiliation="member" jid="bob@localhost" role="none"/></x></message>`,
    );
    await bob.receives(`<message from="${ROOM}">
      <x xmlns="${USER}"><invite from="alice@localhost"/><password>cauldronburn</password></x>
      <x xmlns="jabber:x:conference" jid="${ROOM}" password="cauldronburn"/></message>`);
    await administers(alice, `<item affiliation="admin" jid="bob@localhost"/>`);
    await bob.receivesNothing();
  });

  test("is listed for admins, with the nickname (§9.5)", async ({ connect }) => {
    const { alice, bob } = await together(connect);
    await grants(
      alice,
      `<item affiliation="member" jid="bob@localhost"/><item affiliation="member" jid="dave@localhost" nick="fourth"/>`,
    );
    forget(alice, bob);
    await alice.sends(asksFor("member"));
    await alice.receives(
      lists(
        `<item affiliation="member" jid="bob@localhost" nick="second"/><item affiliation="member" jid="dave@localhost" nick="fourth"/>`,
      ),
    );
    // §5.2.1: in a semi-anonymous room members do not know each other.
    await bob.sends(asksFor("member"));
    expect((await bob.receivesAny()).toString()).toContain("<forbidden ");
  });

  test("of a non-anonymous room may have the list, there or not (§9.5)", async ({ connect }) => {
    const { alice, bob, carol } = await together(connect, { whois: "anyone" });
    const dave = await connect("dave/pc");
    await grants(alice, `<item affiliation="member" jid="dave@localhost"/>`);
    forget(bob, carol, dave);
    for (const client of [bob, dave]) {
      await client.sends(asksFor("member"));
      await client.receives(lists(`<item affiliation="member" jid="dave@localhost"/>`));
    }
    await bob.sends(asksFor("outcast"));
    expect((await bob.receivesAny()).toString()).toContain("<forbidden ");
  });
});

describe("admins and owners", () => {
  test("are made by owners (§10.3, §10.6)", async ({ connect }) => {
    const { alice, bob, carol } = await together(connect);
    const inside = actor("first");
    for (const affiliation of ["admin", "owner"]) {
      await administers(alice, `<item affiliation="${affiliation}" jid="bob@localhost/desk"/>`);
      await alice.receives(DONE);
      await alice.receives(
        present("second", `affiliation="${affiliation}" role="moderator" jid="bob@localhost/desk"`, {
          ahead: STEP,
          inside,
        }),
      );
      await carol.receives(
        present("second", `affiliation="${affiliation}" role="moderator"`, { ahead: STEP, inside }),
      );
    }
    // §10.4: unmade, a mere member is no moderator.
    await administers(alice, `<item affiliation="member" jid="bob@localhost"/>`);
    await carol.receives(
      present("second", `affiliation="member" role="participant"`, { ahead: STEP, inside }),
    );
    forget(bob);
  });

  test("are made and unmade by nobody else (§10.5, §10.8)", async ({ connect }) => {
    const { alice, bob, carol } = await together(connect);
    await grants(alice, `<item affiliation="admin" jid="bob@localhost"/>`);
    await grants(alice, `<item affiliation="admin" jid="dave@localhost"/>`);
    forget(bob, carol);
    for (const item of [
      `<item affiliation="owner" jid="carol@localhost"/>`,
      `<item affiliation="admin" jid="carol@localhost"/>`,
      `<item affiliation="none" jid="dave@localhost"/>`,
      `<item affiliation="member" jid="alice@localhost"/>`,
    ]) {
      await isRefused(bob, item, "auth", "forbidden");
      await isRefused(carol, item, "auth", "forbidden");
    }
  });

  test("are listed for owners, in a non-anonymous room for others too (§10.5, §10.8)", async ({
    connect,
  }) => {
    const { alice, bob } = await together(connect);
    await grants(alice, `<item affiliation="admin" jid="bob@localhost"/>`);
    forget(alice, bob);
    await alice.sends(asksFor("owner"));
    await alice.receives(lists(`<item affiliation="owner" jid="alice@localhost" nick="first"/>`));
    await alice.sends(asksFor("admin"));
    await alice.receives(lists(`<item affiliation="admin" jid="bob@localhost" nick="second"/>`));
    await bob.sends(asksFor("owner"));
    expect((await bob.receivesAny()).toString()).toContain("<forbidden ");
  });

  test("are no whole domains", async ({ connect }) => {
    const { alice } = await together(connect);
    await isRefused(alice, `<item affiliation="owner" jid="localhost"/>`, "modify", "not-acceptable");
    await isRefused(alice, `<item affiliation="member" jid="@@"/>`, "modify", "jid-malformed");
    await isRefused(alice, `<item affiliation="king" jid="bob@localhost"/>`, "modify", "bad-request");
    await isRefused(
      alice,
      `<item affiliation="member" jid="dave@localhost"/><item affiliation="none" jid="dave@localhost"/>`,
      "modify",
      "bad-request",
    );
  });
});

describe("the server's administrators", () => {
  test.override({ options: { config: { admins: ["root@localhost"] } } });

  test("have an owner's powers, and are no owners", async ({ connect }) => {
    const { alice, bob, carol } = await together(connect);
    const root = await connect("root/pc");
    await administers(root, `<item nick="third" role="none"/>`);
    await carol.receives(gone("third", `affiliation="none" role="none"`, { codes: [110, 307] }));
    await root.receives(DONE);
    await administers(root, `<item affiliation="owner" jid="bob@localhost"/>`);
    await root.receives(DONE);
    forget(alice, bob);
    await alice.sends(asksFor("owner"));
    await alice.receives(
      lists(
        `<item affiliation="owner" jid="alice@localhost" nick="first"/><item affiliation="owner" jid="bob@localhost" nick="second"/>`,
      ),
    );
  });
});
