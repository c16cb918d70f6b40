/** XEP-0045 Multi-User Chat, version 1.35.5, §7.13, §8, §9.6 to §9.8: kicks, voice and moderators. */
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
  MUC,
  makeRoom,
  present,
  ROOM,
  STEP,
} from "./muc-client.ts";

const PARTICIPANT = `affiliation="none" role="participant"`;
const actor = (nick: string) => `<actor nick="${nick}"/>`;
const isRefused = async (client: Client, items: string, type: string, condition: string) => {
  forget(client);
  await administers(client, items);
  await client.receives(
    failed("iq", `id="a1" from="${ROOM}"`, `<query xmlns="${ADMIN}">${items}</query>`, type, condition),
  );
};

/** Alice owns, Bob is somebody; more come when they are asked for. */
async function alone(connect: (address: string) => Promise<Client>, fields = {}) {
  const alice = await connect("alice/phone");
  const bob = await connect("bob/desk");
  await makeRoom(alice, "first", fields);
  await enter(bob, "second");
  forget(alice);
  return { alice, bob };
}

describe("a kick", () => {
  test("is told to the kicked first, then to the moderator, then to the others (§8.2)", async ({
    connect,
  }) => {
    const { alice, bob } = await alone(connect);
    await administers(alice, `<item nick="second" role="none"><reason>Avaunt, you cullion!</reason></item>`);
    const inside = `${actor("first")}<reason>Avaunt, you cullion!</reason>`;
    await bob.receives(gone("second", `affiliation="none" role="none"`, { inside, codes: [110, 307] }));
    await alice.receives(`<iq type="result" id="a1" from="${ROOM}"/>`);
    await alice.receives(
      gone("second", `affiliation="none" role="none" jid="bob@localhost/desk"`, { inside, codes: [307] }),
    );
    // It lasts for a moment only.
    expect(await enter(bob, "second")).toHaveLength(2);
  });

  test("removes all clients of the occupant", async ({ connect }) => {
    const { alice, bob } = await alone(connect);
    const tab = await connect("bob/tab");
    await enter(tab, "second");
    await grants(alice, `<item nick="second" role="none"/>`);
    for (const client of [bob, tab]) {
      await client.receives(
        gone("second", `affiliation="none" role="none"`, { inside: actor("first"), codes: [110, 307] }),
      );
    }
  });

  test("is the right of moderators (§8)", async ({ connect }) => {
    const { alice, bob } = await alone(connect);
    await isRefused(bob, `<item nick="first" role="none"/>`, "auth", "forbidden");
    const carol = await connect("carol/tab");
    await isRefused(carol, `<item nick="second" role="none"/>`, "auth", "forbidden");
    // Nor does anybody else learn by it who is there.
    await isRefused(carol, `<item nick="nobody" role="none"/>`, "auth", "forbidden");
    await isRefused(carol, `<item jid="${ROOM}/nobody" affiliation="outcast"/>`, "auth", "forbidden");
    await alice.receivesNothing();
  });

  test("of somebody above is not allowed (§8.2)", async ({ connect }) => {
    const { alice, bob } = await alone(connect);
    await grants(alice, `<item affiliation="admin" jid="bob@localhost"/>`);
    forget(bob);
    await isRefused(bob, `<item nick="first" role="none"/>`, "cancel", "not-allowed");
  });

  test("of a moderator takes an admin (§5.1.3)", async ({ connect }) => {
    const { alice, bob } = await alone(connect);
    const carol = await connect("carol/tab");
    await enter(carol, "third");
    await grants(alice, `<item nick="second" role="moderator"/>`);
    await grants(alice, `<item nick="third" role="moderator"/>`);
    forget(bob, carol);
    await isRefused(bob, `<item nick="third" role="none"/>`, "cancel", "not-allowed");
  });

  test("of nobody is not found, and what is no kick is a bad request (§17.4)", async ({ connect }) => {
    const { alice } = await alone(connect);
    await isRefused(alice, `<item nick="nobody" role="none"/>`, "cancel", "item-not-found");
    await isRefused(alice, `<item nick="second" role="none" affiliation="none"/>`, "modify", "bad-request");
    await isRefused(alice, `<item nick="second" role="king"/>`, "modify", "bad-request");
    await isRefused(alice, `<item jid="bob@localhost" role="none"/>`, "modify", "bad-request");
    await isRefused(alice, "", "modify", "bad-request");
  });

  test("is not done when another change of the same request is refused (§9.2)", async ({ connect }) => {
    const { alice, bob } = await alone(connect);
    await isRefused(
      alice,
      `<item nick="second" role="none"/><item affiliation="outcast" jid="alice@localhost"/>`,
      "cancel",
      "conflict",
    );
    await bob.receivesNothing();
  });
});

describe("voice", () => {
  test("is granted and revoked, with a reason (§8.3, §8.4)", async ({ connect }) => {
    const { alice, bob } = await alone(connect, { moderatedroom: "1" });
    const inside = `${actor("first")}<reason>A worthy witch indeed!</reason>`;
    const jid = `jid="bob@localhost/desk"`;
    for (const role of ["participant", "visitor"]) {
      await administers(
        alice,
        `<item nick="second" role="${role}"><reason>A worthy witch indeed!</reason></item>`,
      );
      await alice.receives(`<iq type="result" id="a1" from="${ROOM}"/>`);
      await alice.receives(present("second", `affiliation="none" role="${role}" ${jid}`, { inside }));
      await bob.receives(present("second", `affiliation="none" role="${role}"`, { inside, codes: [110] }));
    }
  });

  test("of admins, owners and those above or beside a moderator is not to be taken (§8.4)", async ({
    connect,
  }) => {
    const { alice, bob } = await alone(connect);
    const carol = await connect("carol/tab");
    await enter(carol, "third");
    await grants(alice, `<item affiliation="admin" jid="bob@localhost"/>`);
    forget(bob, carol);
    await isRefused(alice, `<item nick="second" role="visitor"/>`, "cancel", "not-allowed");
    await isRefused(bob, `<item nick="first" role="visitor"/>`, "cancel", "not-allowed");
    await grants(alice, `<item affiliation="member" jid="bob@localhost"/>`);
    await grants(alice, `<item nick="second" role="moderator"/>`);
    await grants(alice, `<item affiliation="member" jid="carol@localhost"/>`);
    forget(bob, carol);
    await isRefused(bob, `<item nick="third" role="visitor"/>`, "cancel", "not-allowed");
  });

  test("is an account's, under all of its nicknames; moderators keep theirs (§8.3, §8.4)", async ({
    connect,
  }) => {
    const { alice, bob } = await alone(connect);
    const desk = await connect("bob/other");
    const tab = await connect("bob/tab");
    await enter(desk, "other");
    await enter(tab, "third");
    await grants(alice, `<item nick="third" role="moderator"/>`);
    forget(alice, bob, desk, tab);
    await grants(alice, `<item nick="second" role="visitor"><reason>Enough</reason></item>`);
    const inside = `${actor("first")}<reason>Enough</reason>`;
    const mute = `affiliation="none" role="visitor"`;
    await bob.receives(present("second", mute, { inside, codes: [110] }));
    await bob.receives(present("other", mute, { inside }));
    await desk.receives(present("second", mute, { inside }));
    await desk.receives(present("other", mute, { inside, codes: [110] }));
    await grants(alice, `<item nick="other" role="participant"/>`);
    const granted = { inside: actor("first") };
    await bob.receives(present("other", PARTICIPANT, granted));
    await bob.receives(present("second", PARTICIPANT, { ...granted, codes: [110] }));
    await bob.receivesNothing();
    // What is said last holds.
    await grants(alice, `<item nick="second" role="visitor"/><item nick="other" role="participant"/>`);
    forget(alice);
    await alice.sends(
      `<iq type="get" id="l1" to="${ROOM}"><query xmlns="${ADMIN}"><item role="visitor"/></query></iq>`,
    );
    await alice.receives(`<iq type="result" id="l1" from="${ROOM}"><query xmlns="${ADMIN}"/></iq>`);
  });

  test("is listed for moderators, with address and affiliation (§8.5)", async ({ connect }) => {
    const { alice, bob } = await alone(connect);
    const ask = `<iq type="get" id="v1" to="${ROOM}"><query xmlns="${ADMIN}"><item role="participant"/></query></iq>`;
    await alice.sends(ask);
    await alice.receives(
      `<iq type="result" id="v1"><query xmlns="${ADMIN}"><item nick="second" ${PARTICIPANT} jid="bob@localhost/desk"/></query></iq>`,
    );
    await bob.sends(ask);
    expect((await bob.receivesAny()).toString()).toContain("<forbidden ");
  });

  test("comes with membership (§5.1.3)", async ({ connect }) => {
    const { alice } = await alone(connect, { moderatedroom: "1" });
    await administers(alice, `<item affiliation="member" jid="bob@localhost"/>`);
    await alice.receivesAny();
    await alice.receives(
      present("second", `affiliation="member" role="participant" jid="bob@localhost/desk"`, {
        ahead: STEP,
        inside: actor("first"),
      }),
    );
  });

  test("that was given or taken is so after a visit (§5.1)", async ({ connect }) => {
    const { alice, bob } = await alone(connect, { moderatedroom: "1" });
    await grants(alice, `<item nick="second" role="participant"/>`);
    await bob.sends(`<presence type="unavailable" to="${ROOM}/second"/>`);
    forget(bob);
    expect((await enter(bob, "other"))[1]).toContain(PARTICIPANT);
    await grants(alice, `<item nick="other" role="visitor"/>`);
    await bob.sends(`<presence type="unavailable" to="${ROOM}/other"/>`);
    forget(bob);
    expect((await enter(bob, "second"))[1]).toContain(`role="visitor"`);
  });

  describe("that is asked for", () => {
    const request = (fields = "") => `<message to="${ROOM}" id="v1"><x xmlns="jabber:x:data" type="submit">
      <field var="FORM_TYPE"><value>${MUC}#request</value></field>
      <field var="muc#role"><value>participant</value></field>${fields}</x></message>`;
    const approval = (allow: string, nick = "second") =>
      request(`<field var="muc#jid"><value>bob@localhost/desk</value></field>
        <field var="muc#roomnick"><value>${nick}</value></field>
        <field var="muc#request_allow"><value>${allow}</value></field>`);

    test("is asked of the moderators, who grant it (§7.13, §8.6)", async ({ connect }) => {
      const { alice, bob } = await alone(connect, { moderatedroom: "1" });
      await bob.sends(request());
      await alice.receives(`<message from="${ROOM}" id="{any}"><x xmlns="jabber:x:data" type="form">{...}
        <field var="FORM_TYPE" type="hidden"><value>${MUC}#request</value></field>
        <field var="muc#role" type="list-single" label="{any}"><value>participant</value>{...}</field>
        <field var="muc#jid" type="jid-single" label="{any}"><value>bob@localhost/desk</value></field>
        <field var="muc#roomnick" type="text-single" label="{any}"><value>second</value></field>
        <field var="muc#request_allow" type="boolean" label="{any}"><value>0</value></field></x></message>`);
      await bob.sends(approval("1"));
      expect((await bob.receivesAny()).toString()).toContain("<forbidden ");
      await alice.sends(approval("0"));
      await bob.receivesNothing();
      await alice.sends(approval("1", "first"));
      expect((await alice.receivesAny()).toString()).toContain("<item-not-found ");
      await alice.sends(approval("true"));
      await bob.receives(present("second", PARTICIPANT, { inside: actor("first"), codes: [110] }));
    });

    test("is not asked for twice in a moment, nor by those who have it", async ({ connect, clock }) => {
      const { alice, bob } = await alone(connect, { moderatedroom: "1" });
      await bob.sends(request());
      await bob.sends(request());
      expect((await bob.receivesAny()).toString()).toContain("<resource-constraint ");
      await clock.advance(60_000);
      await bob.sends(request());
      await bob.receivesNothing();
      forget(alice);
      await alice.sends(request());
      expect((await alice.receivesAny()).toString()).toContain("<not-allowed ");
    });
  });
});

describe("a moderator", () => {
  test("is made and unmade by admins (§9.6, §9.7), and knows addresses from then on", async ({ connect }) => {
    const { alice, bob } = await alone(connect);
    await administers(alice, `<item nick="second" role="moderator"/>`);
    const inside = actor("first");
    const jid = `jid="bob@localhost/desk"`;
    await alice.receivesAny();
    await alice.receives(present("second", `affiliation="none" role="moderator" ${jid}`, { inside }));
    await bob.receives(
      present("second", `affiliation="none" role="moderator" ${jid}`, { inside, codes: [110] }),
    );
    await bob.receives(present("first", `affiliation="owner" role="moderator" jid="alice@localhost/phone"`));
    await administers(alice, `<item nick="second" role="participant"/>`, "a2");
    await bob.receives(present("second", PARTICIPANT, { inside, codes: [110] }));
  });

  test("is not made by moderators (§9.6), nor an admin unmade by anybody (§9.7)", async ({ connect }) => {
    const { alice, bob } = await alone(connect);
    const carol = await connect("carol/tab");
    await enter(carol, "third");
    await grants(alice, `<item nick="second" role="moderator"/>`);
    await grants(alice, `<item affiliation="admin" jid="carol@localhost"/>`);
    forget(bob, alice);
    await isRefused(bob, `<item nick="second" role="moderator"/>`, "auth", "forbidden");
    await isRefused(alice, `<item nick="third" role="participant"/>`, "cancel", "not-allowed");
  });

  test("is listed for admins only (§9.8)", async ({ connect }) => {
    const { alice, bob } = await alone(connect);
    const ask = `<iq type="get" id="v1" to="${ROOM}"><query xmlns="${ADMIN}"><item role="moderator"/></query></iq>`;
    await alice.sends(ask);
    await alice.receives(`<iq type="result" id="v1"><query xmlns="${ADMIN}">
      <item nick="first" affiliation="owner" role="moderator" jid="alice@localhost/phone"/></query></iq>`);
    await grants(alice, `<item nick="second" role="moderator"/>`);
    forget(bob);
    await bob.sends(ask);
    expect((await bob.receivesAny()).toString()).toContain("<forbidden ");
  });
});
