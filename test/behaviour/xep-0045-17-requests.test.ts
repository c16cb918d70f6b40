/** XEP-0045 Multi-User Chat, version 1.35.5, §11, §17.4, §18.1.2, and XEP-0410, version 1.1.0: requests, pings, ghosts. */
import { describe, expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import { enter, failed, forget, gone, meet, ROOM, SERVICE } from "./muc-client.ts";

const PING = `<ping xmlns="urn:xmpp:ping"/>`;
const VERSION = `<query xmlns="jabber:iq:version"/>`;

async function together(connect: (address: string) => Promise<Client>) {
  const [alice, bob] = await meet(connect);
  forget(alice);
  return { alice, bob };
}

describe("a ping to oneself (XEP-0410 §3.3)", () => {
  test("is answered by the room for those who are there", async ({ connect }) => {
    const { bob } = await together(connect);
    await bob.sends(`<iq type="get" id="p1" to="${ROOM}/second">${PING}</iq>`);
    await bob.receives(`<iq type="result" id="p1" from="${ROOM}/second"/>`);
  });

  test.for([`${ROOM}/first`, `${ROOM}/carol`, `nowhere@${SERVICE}/carol`])(
    "is not acceptable from those who are not: %s",
    async (to, { connect }) => {
      const { alice } = await together(connect);
      const carol = await connect("carol/tab");
      await carol.sends(`<iq type="get" id="p1" to="${to}">${PING}</iq>`);
      await carol.receives(failed("iq", `id="p1" from="${to}"`, PING, "cancel", "not-acceptable"));
      await alice.receivesNothing();
    },
  );

  test("of another client under the same nickname is that of one who is not there", async ({ connect }) => {
    const { bob } = await together(connect);
    const tab = await connect("bob/tab");
    await tab.sends(`<iq type="get" id="p1" to="${ROOM}/second">${PING}</iq>`);
    await tab.receives(failed("iq", `id="p1" from="${ROOM}/second"`, PING, "cancel", "not-acceptable"));
    await bob.receivesNothing();
  });

  test("of the room or the service is answered as well", async ({ connect }) => {
    const { bob } = await together(connect);
    for (const to of [ROOM, SERVICE]) {
      await bob.sends(`<iq type="get" id="p1" to="${to}">${PING}</iq>`);
      await bob.receives(`<iq type="result" id="p1" from="${to}"/>`);
    }
  });
});

describe("a request from one occupant to another (§17.4)", () => {
  test("gets there and back, and neither learns the other's address", async ({ connect }) => {
    const { alice, bob } = await together(connect);
    await bob.sends(`<iq type="get" id="v1" to="${ROOM}/first">${VERSION}</iq>`);
    await alice.receives(`<iq type="get" id="{id}" from="${ROOM}/second">${VERSION}</iq>`);
    const answer = `<query xmlns="jabber:iq:version"><name>Test</name></query>`;
    await alice.sends(`<iq type="result" id="{id}" to="${ROOM}/second">${answer}</iq>`);
    await bob.receives(`<iq type="result" id="v1" from="${ROOM}/first">${answer}</iq>`);
    // Once only.
    await alice.sends(`<iq type="result" id="{id}" to="${ROOM}/second">${answer}</iq>`);
    await bob.receivesNothing();
  });

  test("is a ping as well, to another than oneself", async ({ connect }) => {
    const { alice, bob } = await together(connect);
    await bob.sends(`<iq type="get" id="v1" to="${ROOM}/first">${PING}</iq>`);
    await alice.receives(`<iq type="get" id="{id}" from="${ROOM}/second">${PING}</iq>`);
    await alice.sends(
      `<iq type="error" id="{id}" to="${ROOM}/second"><error type="cancel"><feature-not-implemented xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`,
    );
    // Nothing in it says that it is the room's.
    await bob.receives(
      `<iq type="error" id="v1" from="${ROOM}/first"><error type="cancel"><feature-not-implemented xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`,
    );
  });

  test("is answered by nobody else than the one who was asked", async ({ connect }) => {
    const { alice, bob } = await together(connect);
    const carol = await connect("carol/tab");
    await enter(carol, "third");
    forget(alice, bob);
    await bob.sends(`<iq type="get" id="v1" to="${ROOM}/first">${VERSION}</iq>`);
    await alice.receives(`<iq type="get" id="{id}" from="${ROOM}/second">${VERSION}</iq>`);
    await carol.sends(`<iq type="result" id="{id}" to="${ROOM}/second"/>`);
    await bob.receivesNothing();
  });

  test("for a vCard is answered by the account", async ({ connect }) => {
    const { alice, bob } = await together(connect);
    const card = `<vCard xmlns="vcard-temp"><FN>First Witch</FN></vCard>`;
    await alice.sends(`<iq type="set" id="s1">${card}</iq>`);
    await alice.receives(`<iq type="result" id="s1"/>`);
    await bob.sends(`<iq type="get" id="v1" to="${ROOM}/first"><vCard xmlns="vcard-temp"/></iq>`);
    await bob.receives(`<iq type="result" id="v1" from="${ROOM}/first">${card}</iq>`);
    await alice.receivesNothing();
  });

  test("to nobody is not found; from outside, or to a room, refused", async ({ connect }) => {
    const { bob } = await together(connect);
    const carol = await connect("carol/tab");
    await bob.sends(`<iq type="get" id="v1" to="${ROOM}/nobody">${VERSION}</iq>`);
    await bob.receives(failed("iq", `id="v1" from="${ROOM}/nobody"`, VERSION, "cancel", "item-not-found"));
    await carol.sends(`<iq type="get" id="v1" to="${ROOM}/first">${VERSION}</iq>`);
    await carol.receives(failed("iq", `id="v1" from="${ROOM}/first"`, VERSION, "cancel", "not-acceptable"));
    await bob.sends(`<iq type="get" id="v1" to="${ROOM}">${VERSION}</iq>`);
    await bob.receives(failed("iq", `id="v1" from="${ROOM}"`, VERSION, "cancel", "service-unavailable"));
  });
});

describe("a ghost (§18.1.2)", () => {
  const bounce = (condition: string, inner = "") =>
    `<message type="error" to="${ROOM}/first">${inner}<error type="cancel"><${condition} xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></message>`;

  test.for([
    "gone",
    "item-not-found",
    "recipient-unavailable",
    "remote-server-not-found",
    "remote-server-timeout",
  ])("is removed with 333 when something comes back with %s (§11.1)", async (condition, { connect }) => {
    const { alice, bob } = await together(connect);
    await bob.sends(bounce(condition));
    await bob.receives(gone("second", `affiliation="none" role="none"`, { codes: [110, 333] }));
    await alice.receives(
      gone("second", `affiliation="none" role="none" jid="bob@localhost/desk"`, { codes: [333] }),
    );
  });

  test("is none who only refuses something; the sender of a private message hears of it", async ({
    connect,
  }) => {
    const { alice, bob } = await together(connect);
    await bob.sends(bounce("not-acceptable"));
    await alice.receivesNothing();
    await bob.sends(bounce("not-acceptable", `<x xmlns="http://jabber.org/protocol/muc#user"/>`));
    await alice.receives(
      `<message type="error" from="${ROOM}/second"><error type="cancel"><not-acceptable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>
        <occupant-id xmlns="urn:xmpp:occupant-id:0" id="{any}"/></message>`,
    );
    await bob.receivesNothing();
  });

  test("is asked when a server knows of no such resource, and is none if it answers", async ({ connect }) => {
    const { alice, bob } = await together(connect);
    for (const answer of ["there", "gone"]) {
      await bob.sends(bounce("service-unavailable"));
      await bob.sends(bounce("service-unavailable"));
      forget(alice);
      await bob.receives(`<iq type="get" id="{${answer}}" from="${ROOM}">${PING}</iq>`);
      await bob.receivesNothing();
      if (answer === "there") await bob.sends(`<iq type="result" id="{there}" to="${ROOM}"/>`);
      await alice.receivesNothing();
    }
    await bob.sends(
      `<iq type="error" id="{gone}" to="${ROOM}"><error type="cancel"><service-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`,
    );
    await alice.receives(
      gone("second", `affiliation="none" role="none" jid="bob@localhost/desk"`, { codes: [333] }),
    );
  });
});

test("the end of the service is told to all occupants with 332 (§11.2)", async ({ connect, server }) => {
  const { alice, bob } = await together(connect);
  void server.close();
  await bob.receives(gone("second", `affiliation="none" role="none"`, { codes: [110, 332] }));
  await bob.closed("system-shutdown");
  await alice.receives(
    gone("first", `affiliation="none" role="none" jid="alice@localhost/phone"`, { codes: [110, 332] }),
  );
  await alice.closed("system-shutdown");
  expect(server.streams.size).toBe(0);
});
