/** XEP-0045 Multi-User Chat, version 1.35.5, §7.8 to §7.12: invitations, and registration with a room. */
import { describe, expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import {
  ADMIN,
  enter,
  failed,
  forget,
  grants,
  JOIN,
  MUC,
  makeRoom,
  present,
  ROOM,
  STEP,
  USER,
} from "./muc-client.ts";

const asks = (inner: string) => `<message to="${ROOM}" id="i1"><x xmlns="${USER}">${inner}</x></message>`;
const REASON = "<reason>This is the place!</reason>";

describe("an invitation through the room", () => {
  test("comes from the room, names who invites, and carries the password (§7.8.2)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first", { passwordprotectedroom: "1", roomsecret: "cauldronburn" });
    await alice.sends(asks(`<invite to="bob@localhost">${REASON}</invite>`));
    await bob.receives(`<message from="${ROOM}" id="i1">
      <x xmlns="${USER}"><invite from="alice@localhost">${REASON}</invite><password>cauldronburn</password></x>
      <x xmlns="jabber:x:conference" jid="${ROOM}" password="cauldronburn" reason="This is the place!"/></message>`);
    await alice.receivesNothing();
  });

  test("may go on with another chat, and go to several (§7.9)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    const carol = await connect("carol/tab");
    await makeRoom(alice, "first");
    await alice.sends(
      asks(
        `<invite to="bob@localhost/desk"><continue thread="e0ff"/></invite><invite to="carol@localhost"><continue/></invite>`,
      ),
    );
    const old = `<x xmlns="jabber:x:conference" jid="${ROOM}"/>`;
    await bob.receives(
      `<message><x xmlns="${USER}"><invite from="alice@localhost"><continue thread="e0ff"/></invite></x>${old}</message>`,
    );
    await carol.receives(
      `<message><x xmlns="${USER}"><invite from="alice@localhost"><continue/></invite></x>${old}</message>`,
    );
  });

  test.for([
    [`<invite to="nobody@localhost"/>`, "cancel", "item-not-found"],
    [`<invite to="@"/>`, "modify", "jid-malformed"],
    ["<invite/>", "modify", "jid-malformed"],
    [`<invite to="bob@localhost"/>`.repeat(21), "modify", "policy-violation"],
  ] as const)("%s is refused (§7.8.2)", async ([inner, type, condition], { connect, user }) => {
    await user("bob");
    const alice = await connect("alice/phone");
    await makeRoom(alice, "first");
    await alice.sends(asks(inner));
    await alice.receives(
      failed("message", `id="i1" from="${ROOM}"`, `<x xmlns="${USER}">${inner}</x>`, type, condition),
    );
  });

  test("waits for somebody who is away (XEP-0160)", async ({ connect, user }) => {
    await user("bob");
    const alice = await connect("alice/phone");
    await makeRoom(alice, "first");
    await alice.sends(asks(`<invite to="bob@localhost"/>`));
    await alice.receivesNothing();
    const bob = await connect("bob/desk");
    expect((await bob.receivesAny()).toString()).toContain(`<invite from="alice@localhost"/>`);
  });

  test("is not for those outside to send", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first");
    const inner = `<invite to="alice@localhost"/>`;
    await bob.sends(asks(inner));
    await bob.receives(
      failed(
        "message",
        `id="i1" from="${ROOM}"`,
        `<x xmlns="${USER}">${inner}</x>`,
        "cancel",
        "not-acceptable",
      ),
    );
    await alice.receivesNothing();
  });

  test("to a members-only room makes a member, and is for admins to send unless members may (§9.5)", async ({
    connect,
  }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    const carol = await connect("carol/tab");
    await makeRoom(alice, "first", { membersonly: "1" });
    await alice.sends(asks(`<invite to="bob@localhost"/>`));
    await bob.receivesAny();
    expect(await enter(bob, "second")).toHaveLength(2);
    await bob.sends(asks(`<invite to="carol@localhost"/>`));
    expect((await bob.receivesAny()).toString()).toContain("<forbidden ");
    await alice.sends(`<iq type="set" id="c1" to="${ROOM}"><query xmlns="${MUC}#owner"><x xmlns="jabber:x:data" type="submit">
      <field var="FORM_TYPE"><value>${MUC}#roomconfig</value></field>
      <field var="muc#roomconfig_allowinvites"><value>1</value></field></x></query></iq>`);
    await bob.sends(asks(`<invite to="carol@localhost"/>`));
    expect((await carol.receivesAny()).toString()).toContain("<invite ");
    expect(await enter(carol, "third")).toHaveLength(3);
  });

  test("to an open room makes no member (§9.5)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first");
    await alice.sends(asks(`<invite to="bob@localhost"/>`));
    forget(bob);
    expect((await enter(bob, "second")).join("")).not.toContain(`affiliation="member"`);
  });

  test("is declined through the room (§7.8.2)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first");
    for (const to of ["alice@localhost", "alice@localhost/phone", `${ROOM}/first`]) {
      await alice.sends(asks(`<invite to="bob@localhost"/>`));
      await bob.sends(asks(`<decline to="${to}"><reason>Too busy</reason></decline>`));
      await alice.receives(
        `<message from="${ROOM}" id="i1"><x xmlns="${USER}"><decline from="bob@localhost"><reason>Too busy</reason></decline></x></message>`,
      );
    }
  });

  test("is no way to write to just anybody", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    const carol = await connect("carol/tab");
    await makeRoom(alice, "first");
    await grants(alice, `<item affiliation="member" jid="carol@localhost"/>`);
    // Nor does it tell who belongs to the room.
    for (const to of ["carol@localhost", "alice@localhost", "nobody@localhost"]) {
      await bob.sends(asks(`<decline to="${to}"><reason>Buy now</reason></decline>`));
      expect((await bob.receivesAny()).toString()).toContain("<item-not-found ");
    }
    await carol.receivesNothing();
    // One answer to one invitation.
    await alice.sends(asks(`<invite to="bob@localhost"/>`));
    forget(alice, bob);
    for (const _ of [1, 2]) await bob.sends(asks(`<decline to="alice@localhost"/>`));
    await alice.receives(
      `<message from="${ROOM}" id="i1"><x xmlns="${USER}"><decline from="bob@localhost"/></x></message>`,
    );
    await alice.receivesNothing();
  });

  test("given directly is none of the room's business (XEP-0249 §2)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    const x = `<x xmlns="jabber:x:conference" jid="${ROOM}" password="pw" reason="Come" continue="true" thread="t"/>`;
    await alice.sends(`<message to="bob@localhost">${x}</message>`);
    await bob.receives(`<message from="alice@localhost/phone">${x}</message>`);
  });
});

describe("registration with a room (§7.10)", () => {
  const REGISTER = "jabber:iq:register";
  const registers = (type: "get" | "set", inner = "") =>
    `<iq type="${type}" id="r1" to="${ROOM}"><query xmlns="${REGISTER}">${inner}</query></iq>`;
  const filled = (nick: string, more = "") => `<x xmlns="jabber:x:data" type="submit">${more}
    <field var="muc#register_roomnick"><value>${nick}</value></field></x>`;
  const form = (nick: string, name = `${MUC}#register`) =>
    filled(nick, `<field var="FORM_TYPE"><value>${name}</value></field>`);
  const DONE = `<iq type="result" id="r1" from="${ROOM}"/>`;
  const isRefused = async (client: Client, condition: string) => {
    const answer = await client.receivesAny();
    expect(answer.attrs["type"]).toBe("error");
    expect(answer.toString()).toContain(`<${condition} `);
  };

  test("asks for a nickname, reserves it, and makes a member", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    const carol = await connect("carol/tab");
    await makeRoom(alice, "first");
    await enter(bob, "second");
    forget(alice);
    await bob.sends(registers("get"));
    await bob.receives(`<iq type="result" id="r1"><query xmlns="${REGISTER}"><x xmlns="jabber:x:data" type="form">{...}
      <field var="FORM_TYPE" type="hidden"><value>${MUC}#register</value></field>
      <field var="muc#register_roomnick" type="text-single" label="{any}"><required/>{...}</field></x></query></iq>`);
    await bob.sends(registers("set", form("thirdwitch")));
    await bob.receives(DONE);
    await bob.receives(
      present("second", `affiliation="member" role="participant"`, { ahead: STEP, codes: [110] }),
    );
    await alice.receives(
      present("second", `affiliation="member" role="participant" jid="bob@localhost/desk"`, { ahead: STEP }),
    );
    // §7.12
    await bob.sends(
      `<iq type="get" id="n1" to="${ROOM}"><query xmlns="http://jabber.org/protocol/disco#info" node="x-roomuser-item"/></iq>`,
    );
    await bob.receives(`<iq type="result" id="n1"><query xmlns="http://jabber.org/protocol/disco#info" node="x-roomuser-item">
      <identity category="conference" type="text" name="thirdwitch"/></query></iq>`);
    await bob.sends(registers("get"));
    await bob.receives(
      `<iq type="result" id="r1"><query xmlns="${REGISTER}">{...}<registered/><username>thirdwitch</username></query></iq>`,
    );
    // Nobody else may have it.
    await carol.sends(`<presence to="${ROOM}/thirdwitch">${JOIN}</presence>`);
    await carol.receives(failed("presence", `from="${ROOM}/thirdwitch"`, JOIN, "cancel", "conflict"));
    await carol.sends(registers("set", form("thirdwitch")));
    await isRefused(carol, "conflict");
    await carol.sends(registers("set", form("first")));
    await isRefused(carol, "conflict");
  });

  test("takes a form that does not name its kind", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first");
    await bob.sends(registers("set", filled("thirdwitch")));
    await bob.receives(DONE);
  });

  test("has no nickname for others: an empty answer (§7.12)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await makeRoom(alice, "first");
    await alice.sends(
      `<iq type="get" id="n1" to="${ROOM}"><query xmlns="http://jabber.org/protocol/disco#info" node="x-roomuser-item"/></iq>`,
    );
    await alice.receives(
      `<iq type="result" id="n1"><query xmlns="http://jabber.org/protocol/disco#info" node="x-roomuser-item"/></iq>`,
    );
  });

  test("is refused: without a room, with another form, to those whom the room does not take", async ({
    connect,
  }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await bob.sends(registers("get"));
    await isRefused(bob, "item-not-found");
    await makeRoom(alice, "first", { "{urn:jackdaw:muc}registration": "0" });
    for (const type of ["get", "set"] as const) {
      await bob.sends(registers(type, type === "set" ? form("x") : ""));
      await isRefused(bob, "not-allowed");
    }
    await grants(alice, `<item affiliation="member" jid="bob@localhost"/>`);
    await bob.sends(registers("set", form("x", "other")));
    await isRefused(bob, "bad-request");
    await bob.sends(registers("set", "<username>x</username>"));
    await isRefused(bob, "bad-request");
    await bob.sends(registers("set", form("")));
    await isRefused(bob, "bad-request");
    await grants(alice, `<item affiliation="outcast" jid="bob@localhost"/>`);
    await bob.sends(registers("get"));
    await isRefused(bob, "forbidden");
  });

  test("does not open a members-only room", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first", { membersonly: "1" });
    await bob.sends(registers("set", form("x")));
    await isRefused(bob, "not-allowed");
  });

  test("is given back (XEP-0077 §3.2)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first");
    await bob.sends(registers("set", "<remove/>"));
    await isRefused(bob, "registration-required");
    await bob.sends(registers("set", form("second")));
    await bob.receives(DONE);
    await bob.sends(registers("set", "<remove/>"));
    await bob.receives(DONE);
    forget(alice);
    await alice.sends(
      `<iq type="get" id="l1" to="${ROOM}"><query xmlns="${ADMIN}"><item affiliation="member"/></query></iq>`,
    );
    await alice.receives(`<iq type="result" id="l1"><query xmlns="${ADMIN}"/></iq>`);
  });
});
