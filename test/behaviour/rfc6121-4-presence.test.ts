/** RFC 6121 §4: who is told when a resource comes, changes and goes. */
import { describe, expect } from "vitest";
import { rosterService } from "../../src/modules/roster/roster.ts";
import { test } from "../../src/testing/rig.ts";
import { Jid } from "../../src/xmpp/jid.ts";
import { befriend } from "./befriend.ts";
import { letSee } from "./subscribe.ts";

const ALICE = "alice@localhost";
const BOB = "bob@localhost";
const CAROL = "carol@localhost";

const failure = (type: string, condition: string) =>
  `<error type="${type}"><${condition} xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>`;

const delay = (stamp = "{any}") => `<delay xmlns="urn:xmpp:delay" from="localhost" stamp="${stamp}"/>`;

describe("initial presence (§4.2)", () => {
  test("reaches subscribers, and the own resources, itself among them", async ({ connect, server }) => {
    await befriend(server, ALICE, BOB);
    const bob = await connect("bob/desk");
    const phone = await connect("alice/phone");
    bob.forget(() => true);
    phone.forget(() => true);
    const laptop = await connect("alice/laptop", { presence: false });
    await laptop.sends(
      `<presence id="p"><show>away</show><c xmlns="http://jabber.org/protocol/caps" ver="x"/></presence>`,
    );

    const payload = `<show>away</show><c xmlns="http://jabber.org/protocol/caps" ver="x"/>`;
    await bob.receives(
      `<presence id="p" from="alice@localhost/laptop" to="bob@localhost">${payload}</presence>`,
    );
    await phone.receives(
      `<presence id="p" from="alice@localhost/laptop" to="alice@localhost">${payload}</presence>`,
    );
    await laptop.receives(
      `<presence id="p" from="alice@localhost/laptop" to="alice@localhost">${payload}</presence>`,
    );
    await bob.receivesNothing();
    await phone.receivesNothing();
  });

  test("shows the new resource those that are there, with the time of their presence", async ({
    connect,
    server,
    clock,
  }) => {
    await befriend(server, ALICE, BOB);
    const bob = await connect("bob/desk", { presence: false });
    const tablet = await connect("bob/tablet", { presence: false });
    await bob.sends(`<presence id="b"><status>Here</status></presence>`);
    await tablet.sends(`<presence id="t"/>`);
    const there = new Date(clock.now()).toISOString();
    const phone = await connect("alice/phone", { presence: false });
    await phone.sends(`<presence id="a"/>`);
    await clock.advance(60_000);
    const laptop = await connect("alice/laptop", { presence: false });
    await laptop.sends(`<presence id="l"/>`);

    await laptop.receivesInAnyOrder([
      `<presence id="l" from="alice@localhost/laptop"/>`,
      `<presence id="a" from="alice@localhost/phone">${delay(there)}</presence>`,
      `<presence id="b" from="bob@localhost/desk"><status>Here</status>${delay(there)}</presence>`,
      `<presence id="t" from="bob@localhost/tablet">${delay(there)}</presence>`,
    ]);
    await laptop.receivesNothing();
    // What the laptop was shown is nothing new to the phone.
    await phone.receivesInAnyOrder([
      `<presence id="a"/>`,
      `<presence id="b">{any}</presence>`,
      `<presence id="t">{any}</presence>`,
      `<presence id="l" from="alice@localhost/laptop"/>`,
    ]);
    await phone.receivesNothing();
  });

  test("is nothing to those who may not see it, and shows nothing of them", async ({ connect, server }) => {
    // Bob sees Alice; she does not see him.
    await letSee(server, ALICE, BOB);
    const bob = await connect("bob/desk");
    const carol = await connect("carol/desk");
    const alice = await connect("alice/phone", { presence: false });
    await alice.sends("<presence/>");
    await bob.receives(`<presence from="alice@localhost/phone"/>`);
    await carol.receivesNothing();
    await alice.receives(`<presence from="alice@localhost/phone"/>`);
    await alice.receivesNothing();
    await bob.sends("<presence><show>dnd</show></presence>");
    await alice.receivesNothing();
  });
});

describe("on other servers", () => {
  test.override({ options: { domain: ["localhost", "example.org"] } });

  test("contacts are asked by a probe from bare JID to bare JID (§4.3.1)", async ({ connect, server }) => {
    const probes: string[] = [];
    server.host("example.org").hook("presence:received", "guard", ({ stanza }) => {
      if (stanza.type === "probe") probes.push(stanza.toString());
    });
    const bob = await connect("bob@example.org/desk");
    const alice = await connect("alice@localhost/phone");
    await bob.sends(`<presence type="subscribed" to="alice@localhost"/>`);
    await alice.sends(`<presence type="subscribe" to="bob@example.org"/>`);
    await bob.receivesNothing();
    await alice.disconnects();
    const again = await connect("alice@localhost/phone");
    expect(probes).toEqual([`<presence to="bob@example.org" from="alice@localhost" type="probe"/>`]);
    await again.receives(
      `<presence from="bob@example.org/desk" to="alice@localhost"><delay xmlns="urn:xmpp:delay" from="example.org" stamp="{any}"/></presence>`,
    );
  });
});

describe("changes (§4.4) and the end (§4.5)", () => {
  test("each change reaches the same, and nothing is shown again", async ({ connect, server }) => {
    await befriend(server, ALICE, BOB);
    const bob = await connect("bob/desk");
    const alice = await connect("alice/phone");
    for (const client of [alice, bob]) client.forget(() => true);
    await alice.sends("<presence><show>xa</show></presence>");
    await bob.receives(
      `<presence from="alice@localhost/phone" to="bob@localhost"><show>xa</show></presence>`,
    );
    await alice.receives(`<presence from="alice@localhost/phone"><show>xa</show></presence>`);
    await alice.receivesNothing();
  });

  test("a farewell goes on as it is, to the sender too", async ({ connect, server }) => {
    await befriend(server, ALICE, BOB);
    const bob = await connect("bob/desk");
    const laptop = await connect("alice/laptop");
    const alice = await connect("alice/phone");
    for (const client of [alice, laptop, bob]) client.forget(() => true);
    await alice.sends(`<presence type="unavailable"><status>Gone fishing</status></presence>`);
    for (const client of [bob, laptop, alice]) {
      await client.receives(
        `<presence type="unavailable" from="alice@localhost/phone"><status>Gone fishing</status></presence>`,
      );
    }
    await alice.disconnects();
    await bob.receivesNothing();
    await laptop.receivesNothing();
  });

  test("after it presence is initial again", async ({ connect, server }) => {
    await befriend(server, ALICE, BOB);
    const bob = await connect("bob/desk");
    const alice = await connect("alice/phone");
    await alice.sends(`<presence type="unavailable"/>`);
    alice.forget(() => true);
    await alice.sends("<presence/>");
    await alice.receives(`<presence from="alice@localhost/phone"/>`);
    await alice.receives(`<presence from="bob@localhost/desk">${delay()}</presence>`);
    bob.forget(() => true);
  });

  test.for(["closes", "disconnects"] as const)(
    "a client that %s is unavailable",
    async (how, { connect, server }) => {
      await befriend(server, ALICE, BOB);
      const bob = await connect("bob/desk");
      const laptop = await connect("alice/laptop");
      const alice = await connect("alice/phone");
      for (const client of [alice, laptop, bob]) client.forget(() => true);
      await alice[how]();
      await bob.receives(`<presence type="unavailable" from="alice@localhost/phone" to="bob@localhost"/>`);
      await laptop.receives(
        `<presence type="unavailable" from="alice@localhost/phone" to="alice@localhost"/>`,
      );
      await bob.receivesNothing();
    },
  );

  test("one that never was available goes unnoticed", async ({ connect, server }) => {
    await befriend(server, ALICE, BOB);
    const bob = await connect("bob/desk");
    const alice = await connect("alice/phone", { presence: false });
    await alice.disconnects();
    await bob.receivesNothing();
  });
});

describe("priority (§4.7.2.3)", () => {
  test.for(["-128", "127", "+5", " 7 "])("%j is one", async (priority, { connect }) => {
    const alice = await connect("alice/phone", { presence: false });
    await alice.sends(`<presence><priority>${priority}</priority></presence>`);
    await alice.receives(
      `<presence from="alice@localhost/phone"><priority>${priority}</priority></presence>`,
    );
  });

  test.for(["-129", "128", "1.5", "high", "", "1e1", "0x1", "5</priority><priority>5"])(
    "%j is none",
    async (priority, { connect, server }) => {
      await letSee(server, ALICE, BOB);
      const bob = await connect("bob/desk");
      const alice = await connect("alice/phone", { presence: false });
      await alice.sends(`<presence><priority>${priority}</priority></presence>`);
      await alice.receives(`<presence type="error">{...}${failure("modify", "bad-request")}</presence>`);
      await bob.receivesNothing();
    },
  );
});

describe("probes (§4.3.2)", () => {
  const probe = (to: string, id = "pr") => `<presence type="probe" id="${id}" to="${to}"/>`;

  test("a subscriber gets the last presence of each available resource, with its own id", async ({
    connect,
    server,
  }) => {
    await letSee(server, ALICE, BOB);
    const bob = await connect("bob/desk");
    const phone = await connect("alice/phone", { presence: false });
    await phone.sends(`<presence id="p1"><show>dnd</show></presence>`);
    const laptop = await connect("alice/laptop", { presence: false });
    await laptop.sends(`<presence id="l1"/>`);
    const silent = await connect("alice/watch", { presence: false });
    bob.forget(() => true);
    await bob.sends(probe(ALICE));
    await bob.receivesInAnyOrder([
      `<presence id="p1" from="alice@localhost/phone"><show>dnd</show>${delay()}</presence>`,
      `<presence id="l1" from="alice@localhost/laptop">${delay()}</presence>`,
    ]);
    await bob.receivesNothing();
    await silent.receivesNothing();
  });

  test("of a full JID only whether it is there", async ({ connect, server }) => {
    await letSee(server, ALICE, BOB);
    const bob = await connect("bob/desk");
    const alice = await connect("alice/phone", { presence: false });
    await alice.sends("<presence><show>dnd</show></presence>");
    bob.forget(() => true);
    await bob.sends(probe("alice@localhost/phone"));
    await bob.receives(`<presence from="alice@localhost/phone"/>`);
    await bob.sends(probe("alice@localhost/laptop"));
    await bob.receives(`<presence type="unavailable" from="alice@localhost/laptop"/>`);
  });

  test("whoever is not available is said to be so, from the bare JID and with the probe's id", async ({
    connect,
    server,
    user,
  }) => {
    await user("alice");
    await letSee(server, ALICE, BOB);
    const bob = await connect("bob/desk");
    await bob.sends(probe(ALICE, "pr7"));
    await bob.receives(`<presence type="unavailable" id="pr7" from="alice@localhost"/>`);
  });

  test("a stranger is told the same of everybody: nothing", async ({ connect, user }) => {
    const received: string[] = [];
    const bob = await connect("bob/desk");
    await bob.sends(`<iq type="get" id="r"><query xmlns="jabber:iq:roster"/></iq>`);
    await bob.receivesAny();
    await connect("alice/phone");
    await user(CAROL);
    for (const to of [ALICE, "alice@localhost/phone", CAROL, "nobody@localhost"]) {
      const before = bob.heard.length;
      await bob.sends(probe(to));
      received.push(bob.heard.slice(before));
    }
    // §4.3.2 rule 1 is an unsubscribed, which says nothing to who was not subscribed (A.3.4).
    expect(received).toEqual(["", "", "", ""]);
  });

  test("who believes to be subscribed learns that it is not so (§4.3.2 rule 1)", async ({
    connect,
    server,
    user,
  }) => {
    await user("alice");
    await befriend(server, ALICE, BOB);
    const list = await server.host().use(rosterService).of(Jid.parse(ALICE));
    await list.remove(Jid.parse(BOB));
    const bob = await connect("bob/desk");
    await bob.sends(`<iq type="get" id="r"><query xmlns="jabber:iq:roster"/></iq>`);
    await bob.receivesAny();
    await bob.sends(probe(ALICE));
    await bob.receives(`<presence type="unsubscribed" id="pr" from="alice@localhost" to="bob@localhost"/>`);
    await bob.receives(
      `<iq type="set"><query xmlns="jabber:iq:roster" ver="{any}"><item jid="alice@localhost" subscription="from"/></query></iq>`,
    );
  });
});
