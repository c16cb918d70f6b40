/** RFC 6121 §4.6, §8.5.3.1: presence that is shown to one, what follows from it, and who may ask a client. */
import { describe } from "vitest";
import type { PipeClient } from "../../src/testing/create-rig.ts";
import { test } from "../../src/testing/rig.ts";
import { letSee } from "./subscribe.ts";

const ALICE = "alice@localhost";
const BOB = "bob@localhost";
const CAROL = "carol@localhost";

const failure = (type: string, condition: string) =>
  `<error type="${type}"><${condition} xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>`;

describe("directed presence (§4.6)", () => {
  async function strangers(connect: (address: string) => Promise<PipeClient>) {
    return { alice: await connect("alice/phone"), bob: await connect("bob/desk") };
  }

  test("reaches its one recipient, who hears of no change but of the end", async ({ connect }) => {
    const { alice, bob } = await strangers(connect);
    await alice.sends(`<presence to="bob@localhost/desk"><status>Hi</status></presence>`);
    await bob.receives(
      `<presence from="alice@localhost/phone" to="bob@localhost/desk"><status>Hi</status></presence>`,
    );
    await alice.sends("<presence><show>away</show></presence>");
    await bob.receivesNothing();
    await alice.disconnects();
    await bob.receives(`<presence type="unavailable" from="alice@localhost/phone" to="bob@localhost/desk"/>`);
    await bob.receivesNothing();
  });

  test("works without initial presence", async ({ connect }) => {
    const bob = await connect("bob/desk");
    const alice = await connect("alice/phone", { presence: false });
    await alice.sends(`<presence to="bob@localhost"/>`);
    await bob.receives(`<presence from="alice@localhost/phone" to="bob@localhost"/>`);
    await alice.sends(`<presence type="unavailable"><status>Bye</status></presence>`);
    await bob.receives(
      `<presence type="unavailable" from="alice@localhost/phone"><status>Bye</status></presence>`,
    );
    await alice.disconnects();
    await bob.receivesNothing();
  });

  test("whoever was told directly is not told twice", async ({ connect }) => {
    const { alice, bob } = await strangers(connect);
    await alice.sends(`<presence to="bob@localhost"/>`);
    await alice.sends(`<presence type="unavailable" to="bob@localhost"/>`);
    await bob.receives(`<presence from="alice@localhost/phone"/>`);
    await bob.receives(`<presence type="unavailable" from="alice@localhost/phone"/>`);
    await alice.disconnects();
    await bob.receivesNothing();
  });

  test("who went away is not told", async ({ connect }) => {
    const { alice, bob } = await strangers(connect);
    await alice.sends(`<presence to="bob@localhost/desk"/>`);
    await bob.sends(`<presence to="alice@localhost/phone"/>`);
    await bob.sends(`<presence type="unavailable" to="alice@localhost/phone"/>`);
    bob.forget(() => true);
    await alice.disconnects();
    await bob.receivesNothing();
  });

  test("a subscriber is told once", async ({ connect, server }) => {
    await letSee(server, ALICE, BOB);
    const bob = await connect("bob/desk");
    const alice = await connect("alice/phone", { presence: false });
    await alice.sends(`<presence to="bob@localhost/desk"/>`);
    await alice.sends("<presence/>");
    bob.forget(() => true);
    await alice.disconnects();
    await bob.receives(`<presence type="unavailable" from="alice@localhost/phone"/>`);
    await bob.receivesNothing();
  });

  test("lets its recipient ask for that resource, and for nothing else of it (§4.6.6)", async ({
    connect,
  }) => {
    const { alice, bob } = await strangers(connect);
    await connect("alice/laptop");
    await alice.sends(`<presence to="bob@localhost/desk"><status>Hi</status></presence>`);
    bob.forget(() => true);
    await bob.sends(`<presence type="probe" to="alice@localhost/phone"/>`);
    await bob.receives(`<presence from="alice@localhost/phone"/>`);
    await bob.sends(`<presence type="probe" to="alice@localhost"/>`);
    await bob.receives(`<presence from="alice@localhost/phone"/>`);
    await bob.sends(`<presence type="probe" to="alice@localhost/laptop"/>`);
    await bob.receivesNothing();
    const other = await connect("bob/sofa");
    await other.sends(`<presence type="probe" to="alice@localhost/phone"/>`);
    await other.receivesNothing();
  });

  test("ends with a cancelled subscription (§4.6.1)", async ({ connect, server }) => {
    await letSee(server, ALICE, BOB);
    const bob = await connect("bob/desk");
    const alice = await connect("alice/phone", { presence: false });
    await alice.sends(`<presence to="bob@localhost/desk"/>`);
    await alice.sends("<presence/>");
    bob.forget(() => true);
    await alice.sends(`<presence type="unsubscribed" to="bob@localhost"/>`);
    await bob.receives(`<presence type="unavailable" from="alice@localhost/phone" to="bob@localhost"/>`);
    await alice.disconnects();
    await bob.receivesNothing();
  });

  describe("within limits", () => {
    test.override({ options: { config: { modules: { presence: { directed: 2 } } } } });

    test("goes to so many, and to those again", async ({ connect }) => {
      const { alice, bob } = await strangers(connect);
      for (const to of [CAROL, BOB]) await alice.sends(`<presence to="${to}"/>`);
      await alice.sends(`<presence to="bob@localhost/desk"/>`);
      await alice.receives(`<presence type="error">${failure("wait", "resource-constraint")}</presence>`);
      await alice.sends(`<presence to="bob@localhost"><show>away</show></presence>`);
      await bob.receives(`<presence from="alice@localhost/phone"/>`);
      await bob.receives(`<presence from="alice@localhost/phone"><show>away</show></presence>`);
      await bob.receivesNothing();
    });
  });
});

describe("unregistered users (XEP-0175)", () => {
  test.override({ options: { config: { auth: { anonymous: true } } } });

  test("have a roster of their own that is gone with them", async ({ raw, connect }) => {
    const bob = await connect("bob/desk");
    const guest = raw();
    await guest.opens();
    await guest.receivesAny();
    await guest.sends(`<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="ANONYMOUS">=</auth>`);
    await guest.receives(`<success xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>`);
    await guest.opens();
    await guest.receivesAny();
    await guest.sends(`<iq type="set" id="b"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>`);
    await guest.receivesAny();
    await guest.sends(`<iq type="get" id="r"><query xmlns="jabber:iq:roster"/></iq>`);
    await guest.receives(`<iq type="result" id="r"><query xmlns="jabber:iq:roster" ver="{any}"/></iq>`);
    await guest.sends(`<presence to="bob@localhost/desk"/>`);
    const { attrs } = await bob.receives("<presence/>");
    await guest.sends(`<presence type="subscribe" to="bob@localhost"/>`);
    await bob.receives(`<presence type="subscribe"/>`);
    await bob.sends(`<presence type="subscribed" to="${String(attrs.from).split("/")[0]}"/>`);
    guest.forget(() => true);
    await guest.disconnects();
    await bob.receives(`<presence type="unavailable" from="${String(attrs.from)}"/>`);
    await bob.receivesNothing();
    const again = await connect("bob/sofa");
    await again.receivesNothing();
  });
});

describe("requests of strangers (§8.5.3.1)", () => {
  const ping = `<iq type="get" id="q" to="alice@localhost/phone"><ping xmlns="urn:xmpp:ping"/></iq>`;

  test("are delivered", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await bob.sends(ping);
    await alice.receives(`<iq type="get" from="bob@localhost/desk"><ping xmlns="urn:xmpp:ping"/></iq>`);
  });

  describe("where that is not wanted", () => {
    test.override({ options: { config: { modules: { presence: { iqFromStrangers: false } } } } });

    test("are answered as if nobody were there", async ({ connect }) => {
      const alice = await connect("alice/phone");
      const bob = await connect("bob/desk");
      await bob.sends(ping);
      await bob.receives(`<iq type="error" id="q">{...}${failure("cancel", "service-unavailable")}</iq>`);
      await alice.receivesNothing();
    });

    test("but those of subscribers, recipients of directed presence and the user pass", async ({
      connect,
      server,
    }) => {
      await letSee(server, ALICE, BOB);
      const alice = await connect("alice/phone");
      await alice.sends(`<presence to="carol@localhost"/>`);
      for (const sender of ["bob/desk", "carol/desk", "alice/laptop"]) {
        const client = await connect(sender);
        alice.forget(() => true);
        await client.sends(ping);
        await alice.receives(`<iq type="get"><ping xmlns="urn:xmpp:ping"/></iq>`);
        await alice.sends(`<iq type="result" id="q" to="${client.jid}"/>`);
        client.forget((element) => element.is("presence"));
        await client.receives(`<iq type="result" id="q"/>`);
      }
    });
  });
});
