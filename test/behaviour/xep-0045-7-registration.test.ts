/** XEP-0045 Multi-User Chat, version 1.35.5, §7.10, §7.12: nicknames are reserved. */
import { describe, expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import {
  ADMIN,
  enter,
  failed,
  forget,
  gone,
  grants,
  JOIN,
  MUC,
  makeRoom,
  present,
  ROOM,
  STEP,
} from "./muc-client.ts";

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

  test("needs the password of a room that has one: members read what was said", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first", { passwordprotectedroom: "1", roomsecret: "pw" });
    await bob.sends(registers("set", form("x")));
    await isRefused(bob, "not-allowed");
    await enter(bob, "second", { inside: "<password>pw</password>" });
    await bob.sends(registers("set", form("x")));
    await bob.receives(DONE);
  });

  const NEWCOMERS: Record<string, string> = { "{urn:jackdaw:muc}newcomer-minutes": "10" };
  test.for([
    { what: "in a moderated room", fields: { moderatedroom: "1" }, items: "" },
    {
      what: "that a moderator took",
      fields: { moderatedroom: "0" },
      items: `<item nick="second" role="visitor"/>`,
    },
    { what: "that newcomers wait for", fields: NEWCOMERS, items: "" },
  ])("is no way to voice $what", async ({ fields, items }, { connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first", fields);
    await enter(bob, "second");
    if (items !== "") await grants(alice, items);
    for (const type of ["get", "set"] as const) {
      forget(bob);
      await bob.sends(registers(type, type === "set" ? form("x") : ""));
      await isRefused(bob, "not-allowed");
    }
    await bob.sends(`<presence to="${ROOM}/second" type="unavailable"/>`);
    forget(bob);
    await bob.sends(registers("set", form("x")));
    await isRefused(bob, "not-allowed");
    await enter(bob, "second");
    await grants(alice, `<item nick="second" role="participant"/>`);
    forget(bob);
    await bob.sends(registers("set", form("x")));
    await bob.receives(DONE);
  });

  test("that is given back does not bring back a voice that a moderator took", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first");
    await enter(bob, "second");
    await bob.sends(registers("set", form("second")));
    await grants(alice, `<item nick="second" role="visitor"/>`);
    forget(bob);
    await bob.sends(`<presence to="${ROOM}/second" type="unavailable"/>`);
    await bob.receives(gone("second", `affiliation="member" role="none"`, { codes: [110] }));
    await bob.sends(registers("set", "<remove/>"));
    await bob.receives(DONE);
    const [, own] = await enter(bob, "second");
    expect(own).toContain(`affiliation="none" role="visitor"`);
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
