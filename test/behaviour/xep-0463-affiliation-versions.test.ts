/** XEP-0463 MUC Affiliations Versioning, version 0.2.0. */
import { describe, expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import { enter, failed, forget, grants, makeRoom, ROOM, USER } from "./muc-client.ts";

const MAV = "urn:xmpp:muc:affiliations:1";
const OPEN = { whois: "anyone", persistentroom: "1" };

const mav = (since?: string) => `<mav xmlns="${MAV}"${since === undefined ? "" : ` since="${since}"`}/>`;

/** Enters and asks; what came, and the version that the self-presence names. */
async function asks(client: Client, nick: string, since?: string) {
  const seen = await enter(client, nick, { inside: mav(since) });
  const self = seen.find((each) => each.includes(`code="110"`)) ?? "";
  return { seen, version: /<mav [^>]*until="([^"]+)"/.exec(self)?.[1] ?? "" };
}

const leave = (client: Client, nick: string) =>
  client.sends(`<presence to="${ROOM}/${nick}" type="unavailable"/>`);

describe("whoever enters and asks", () => {
  test("sees all affiliations before any presence, and their version in the own (§5.2.1)", async ({
    connect,
  }) => {
    const alice = await connect("alice/phone");
    await makeRoom(alice, "first", OPEN);
    await grants(alice, `<item affiliation="member" jid="bob@localhost"/>`);
    const { seen, version } = await asks(await connect("bob/phone"), "second");
    expect(version).not.toBe("");
    expect(seen[0]).toContain(
      `<x xmlns="${USER}"><mav xmlns="${MAV}" until="${version}"/><item jid="alice@localhost" affiliation="owner"/><item jid="bob@localhost" affiliation="member"/></x>`,
    );
    expect(seen[0]).toContain(`<message `);
    expect(seen.slice(1).every((each) => each.startsWith("<presence"))).toBe(true);
  });

  test("hears what has changed since, or nothing when nothing has", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    await makeRoom(alice, "first", OPEN);
    await grants(
      alice,
      `<item affiliation="member" jid="bob@localhost"/><item affiliation="member" jid="c@localhost"/>`,
    );
    const { version } = await asks(bob, "second");
    await leave(bob, "second");
    forget(bob);
    const same = await asks(bob, "second", version);
    expect(same.version).toBe(version);
    expect(same.seen.every((each) => each.startsWith("<presence"))).toBe(true);
    await leave(bob, "second");
    forget(bob);
    await grants(
      alice,
      `<item affiliation="none" jid="c@localhost"/><item affiliation="admin" jid="d@localhost"/>`,
    );
    await grants(alice, `<item affiliation="member" jid="d@localhost"/>`);
    const later = await asks(bob, "second", version);
    expect(later.seen[0]).toContain(
      `<mav xmlns="${MAV}" since="${version}" until="${later.version}"/><item jid="c@localhost" affiliation="none"/><item jid="d@localhost" affiliation="member"/></x>`,
    );
  });

  test("with a version that nobody knows gets all of it", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await makeRoom(alice, "first", OPEN);
    const { seen, version } = await asks(await connect("alice/two"), "first", "never");
    expect(seen[0]).toContain(
      `<mav xmlns="${MAV}" until="${version}"/><item jid="alice@localhost" affiliation="owner"/>`,
    );
  });

  test("is refused where addresses are secret (§5.2.3), and not shown who is banned", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    await makeRoom(alice, "first");
    const { seen, version } = await asks(bob, "second");
    const error = failed("message", `from="${ROOM}" id="x"`, "", "auth", "forbidden");
    expect(seen[0]?.replace(/ id="[^"]*"/, ` id="x"`).replace(` to="bob@localhost/phone"`, "")).toContain(
      error.slice(error.indexOf("<error")),
    );
    // §5.2.1: in every self-presence.
    expect(version).not.toBe("");
    await leave(bob, "second");
    forget(bob);
    await grants(alice, `<item affiliation="outcast" jid="evil@localhost"/>`);
    await alice.sends(
      `<iq type="set" id="o" to="${ROOM}"><query xmlns="http://jabber.org/protocol/muc#owner"><x xmlns="jabber:x:data" type="submit"><field var="FORM_TYPE"><value>http://jabber.org/protocol/muc#roomconfig</value></field><field var="muc#roomconfig_whois"><value>anyone</value></field></x></query></iq>`,
    );
    const open = await asks(bob, "second");
    expect(open.seen.join("")).not.toContain("evil");
    expect((await asks(await connect("alice/two"), "first")).seen[0]).toContain("evil@localhost");
  });
});

describe("a change", () => {
  test("is told with the step that it is, whether somebody asked or not (§5.2.2)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    await makeRoom(alice, "first", OPEN);
    const { version } = await asks(bob, "second");
    forget(alice, bob);
    await grants(alice, `<item affiliation="member" jid="bob@localhost"/>`);
    const told = (await bob.receivesAny()).toString();
    const next = /<mav [^>]*since="([^"]+)" until="([^"]+)"/.exec(told);
    expect(next?.[1]).toBe(version);
    expect(told).toContain(`affiliation="member"`);
    await grants(alice, `<item affiliation="member" jid="away@localhost"/>`);
    await bob.receives(
      `<message from="${ROOM}" id="{any}"><x xmlns="${USER}"><mav xmlns="${MAV}" since="${next?.[2]}" until="{any}"/><item affiliation="member" jid="away@localhost" role="none"/></x></message>`,
    );
    expect(alice.heard).toContain(`<mav xmlns="${MAV}" since="${next?.[2]}"`);
  });

  test("of a whole domain is told in a message, whoever of it is there", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    await makeRoom(alice, "first", OPEN);
    const { version } = await asks(bob, "second");
    await grants(alice, `<item affiliation="member" jid="bob@localhost"/>`);
    for (const domain of ["evil.example", "localhost"]) {
      forget(bob);
      await grants(alice, `<item affiliation="outcast" jid="${domain}"/>`);
      await bob.receives(
        `<message from="${ROOM}" id="{any}"><x xmlns="${USER}"><mav xmlns="${MAV}" since="{any}" until="{any}"/><item affiliation="outcast" jid="${domain}" role="none"/></x></message>`,
      );
    }
    await leave(bob, "second");
    forget(bob);
    // Each change once, and no word of who is banned to those who may not list them.
    const later = (await asks(bob, "second", version)).seen[0];
    expect(later?.match(/<item jid="[^"]+" affiliation="[^"]+"/g)).toEqual([
      '<item jid="bob@localhost" affiliation="member"',
      '<item jid="evil.example" affiliation="none"',
      '<item jid="localhost" affiliation="none"',
    ]);
  });

  test("of a reserved nickname alone is none", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    await makeRoom(alice, "first", OPEN);
    await grants(alice, `<item affiliation="member" jid="bob@localhost"/>`);
    const { version } = await asks(bob, "second");
    await grants(alice, `<item affiliation="member" jid="bob@localhost" nick="second"/>`);
    await leave(bob, "second");
    forget(bob);
    expect((await asks(bob, "second", version)).version).toBe(version);
  });
});

test("whoever has lost track may ask anew", async ({ connect }) => {
  const alice = await connect("alice/phone");
  const bob = await connect("bob/phone");
  await makeRoom(alice, "first", OPEN);
  await enter(bob, "second");
  const { seen, version } = await asks(bob, "second");
  expect(seen[0]).toContain(`<mav xmlns="${MAV}" until="${version}"/>`);
  await grants(alice, `<item affiliation="member" jid="bob@localhost"/>`);
  expect((await bob.receivesAny()).toString()).toContain(`since="${version}"`);
});

test("the question is nobody else's to see (§5.1)", async ({ connect }) => {
  const alice = await connect("alice/phone");
  await makeRoom(alice, "first", OPEN);
  await asks(await connect("bob/phone"), "second");
  expect((await alice.receivesAny()).toString()).not.toContain("<mav");
});

describe("versions", () => {
  test.override({ options: { store: "sqlite", config: { modules: { muc: { affiliationLog: 2 } } } } });

  test("outlive restarts, as many as are kept", async ({ rig }) => {
    const alice = await rig.connect("alice/phone");
    await makeRoom(alice, "first", OPEN);
    const zero = (await asks(await rig.connect("alice/two"), "first")).version;
    await grants(alice, `<item affiliation="member" jid="a@localhost"/>`);
    const one = (await asks(await rig.connect("alice/three"), "first")).version;
    await rig.restart({});
    const again = await rig.connect("alice/phone");
    expect((await asks(again, "first", zero)).seen[0]).toContain(`since="${zero}"`);
    await grants(again, `<item affiliation="member" jid="b@localhost"/>`);
    await grants(again, `<item affiliation="member" jid="c@localhost"/>`);
    await rig.restart({});
    const last = await rig.connect("alice/phone");
    const known = (await asks(last, "first", one)).seen[0];
    expect(known).toContain(`since="${one}"`);
    expect(known).not.toContain("a@localhost");
    const two = await rig.connect("alice/two");
    expect((await asks(two, "first", zero)).seen[0]).not.toContain("since=");
  });
});
