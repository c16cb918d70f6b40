/** RFC 6121 §3: who may see whose presence. */
import { describe, expect } from "vitest";
import { rosterService } from "../../src/modules/roster/roster.ts";
import type { PipeClient, Rig } from "../../src/testing/create-rig.ts";
import { test } from "../../src/testing/rig.ts";
import { Jid } from "../../src/xmpp/jid.ts";

const ROSTER = "jabber:iq:roster";

type Connect = Rig["connect"];

/** A client that asked for its roster, whatever there is in it; with presence unless told otherwise. */
async function interested(connect: Connect, address: string, presence = true): Promise<PipeClient> {
  const client = await connect(address, { presence });
  await client.sends(`<iq type="get" id="get"><query xmlns="${ROSTER}"/></iq>`);
  await client.receives(`<iq type="result" id="get"><query xmlns="${ROSTER}" ver="{any}">{any}</query></iq>`);
  return client;
}

async function pushed(client: PipeClient, attributes: string): Promise<void> {
  await client.receives(
    `<iq type="set"><query xmlns="${ROSTER}" ver="{any}"><item ${attributes}/></query></iq>`,
  );
}

const failure = (type: string, condition: string) =>
  `<error type="${type}"><${condition} xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>`;

const DELAY = `<delay xmlns="urn:xmpp:delay" from="localhost" stamp="{any}"/>`;

/** Bob sees Alice and Alice sees Bob, and nobody has anything unread. */
async function befriend(alice: PipeClient, bob: PipeClient): Promise<void> {
  await alice.sends(`<presence type="subscribe" to="bob@localhost"/>`);
  await bob.sends(`<presence type="subscribed" to="alice@localhost"/>`);
  await bob.sends(`<presence type="subscribe" to="alice@localhost"/>`);
  await alice.sends(`<presence type="subscribed" to="bob@localhost"/>`);
  for (const client of [alice, bob]) client.forget(() => true);
}

describe("from request to mutual subscription (§3.1)", () => {
  test("each step is told to both sides, and the roster says where they are", async ({ connect }) => {
    const alice = await interested(connect, "alice/phone");
    const bob = await interested(connect, "bob/desk");

    await alice.sends(
      `<presence id="req" type="subscribe" to="bob@localhost/desk"><status>It is me</status><nick xmlns="http://jabber.org/protocol/nick">Al</nick></presence>`,
    );
    await pushed(alice, `jid="bob@localhost" subscription="none" ask="subscribe"`);
    await bob.receives(
      `<presence id="req" type="subscribe" from="alice@localhost" to="bob@localhost"><status>It is me</status><nick xmlns="http://jabber.org/protocol/nick">Al</nick></presence>`,
    );
    // §3.1.3: until Bob says so, nothing of it is in his roster.
    await bob.receivesNothing();

    await bob.sends(`<presence id="yes" type="subscribed" to="alice@localhost"/>`);
    await pushed(bob, `jid="alice@localhost" subscription="from"`);
    await alice.receives(`<presence id="yes" type="subscribed" from="bob@localhost" to="alice@localhost"/>`);
    await pushed(alice, `jid="bob@localhost" subscription="to"`);
    await alice.receives(`<presence from="bob@localhost/desk" to="alice@localhost">${DELAY}</presence>`);
    await alice.receivesNothing();
    await bob.receivesNothing();

    await bob.sends(`<presence type="subscribe" to="alice@localhost"/>`);
    await pushed(bob, `jid="alice@localhost" subscription="from" ask="subscribe"`);
    await alice.receives(`<presence type="subscribe" from="bob@localhost" to="alice@localhost"/>`);
    await alice.sends(`<presence type="subscribed" to="bob@localhost"/>`);
    await pushed(alice, `jid="bob@localhost" subscription="both"`);
    await bob.receives(`<presence type="subscribed" from="alice@localhost" to="bob@localhost"/>`);
    await pushed(bob, `jid="alice@localhost" subscription="both"`);
    await bob.receives(`<presence from="alice@localhost/phone" to="bob@localhost">${DELAY}</presence>`);
  });

  test("a request goes to available resources, a change to interested ones", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const reader = await interested(connect, "bob/reader", false);
    const chatter = await connect("bob/chatter");
    await alice.sends(`<presence type="subscribe" to="bob@localhost"/>`);
    await chatter.receives(`<presence type="subscribe" from="alice@localhost"/>`);
    await reader.receivesNothing();
    await chatter.sends(`<presence type="subscribed" to="alice@localhost"/>`);
    await pushed(reader, `jid="alice@localhost" subscription="from"`);
    await chatter.receivesNothing();
  });

  test("the name and groups that the user gave the contact stay", async ({ connect }) => {
    const alice = await interested(connect, "alice/phone");
    await alice.sends(
      `<iq type="set" id="s"><query xmlns="${ROSTER}"><item jid="bob@localhost" name="Bob"><group>Work</group></item></query></iq>`,
    );
    alice.forget(() => true);
    await alice.sends(`<presence type="subscribe" to="bob@localhost"/>`);
    await alice.receives(
      `<iq type="set"><query xmlns="${ROSTER}" ver="{any}"><item jid="bob@localhost" name="Bob" subscription="none" ask="subscribe"><group>Work</group></item></query></iq>`,
    );
  });

  test("a contact who lets see already answers at once (§3.1.3 rule 2)", async ({ connect }) => {
    const alice = await interested(connect, "alice/phone");
    const bob = await interested(connect, "bob/desk");
    await befriend(alice, bob);
    await alice.sends(`<presence id="again" type="subscribe" to="bob@localhost"/>`);
    await bob.receivesNothing();
    // A.3.3: Alice sees Bob already, so that is nothing new to her; his presence may be.
    await alice.receives(`<presence from="bob@localhost/desk">${DELAY}</presence>`);
    await alice.receivesNothing();
  });
});

describe("requests that wait (§3.1.3 rule 4)", () => {
  const REQUEST = `<presence id="first" type="subscribe" from="alice@localhost" to="bob@localhost"><status>Please</status></presence>`;

  test("are shown at each log-in until they are answered, one of each contact", async ({ connect, user }) => {
    await user("bob");
    const alice = await connect("alice/phone");
    await alice.sends(
      `<presence id="first" type="subscribe" to="bob@localhost"><status>Please</status></presence>`,
    );
    await alice.sends(`<presence id="second" type="subscribe" to="bob@localhost"/>`);

    const desk = await connect("bob/desk");
    await desk.receives(REQUEST);
    await desk.receivesNothing();
    await desk.sends("<presence><show>away</show></presence>");
    desk.forget((element) => element.attrs.type === undefined);
    await desk.receivesNothing();

    const sofa = await connect("bob/sofa");
    await sofa.receives(REQUEST);
    await sofa.sends(`<presence type="unsubscribed" to="alice@localhost"/>`);
    const bed = await connect("bob/bed");
    await bed.receivesNothing();
  });

  test.describe("in the store", () => {
    test.override({ options: { store: "sqlite" } });

    test("outlive what is in memory", async ({ connect, user, server }) => {
      await user("bob");
      const alice = await connect("alice/phone");
      await alice.sends(
        `<presence id="first" type="subscribe" to="bob@localhost"><status>Please</status></presence>`,
      );
      // As after lost writes: everything comes from the store again.
      await server.host().emit("store:lost", {});
      const bob = await connect("bob/desk");
      await bob.receives(REQUEST);
    });
  });

  test.describe("within limits", () => {
    test.override({ options: { config: { modules: { presence: { requests: 1, requestSize: "200 B" } } } } });

    test("of a large one who asks is kept", async ({ connect, user }) => {
      await user("bob");
      const alice = await connect("alice/phone");
      await alice.sends(
        `<presence id="first" type="subscribe" to="bob@localhost"><status>${"x".repeat(300)}</status></presence>`,
      );
      const bob = await connect("bob/desk");
      await bob.receives(`<presence id="first" type="subscribe" from="alice@localhost" to="bob@localhost"/>`);
    });

    test("one too many is refused", async ({ connect, user }) => {
      await user("bob");
      const alice = await connect("alice/phone");
      const eve = await connect("eve/phone");
      await alice.sends(`<presence type="subscribe" to="bob@localhost"/>`);
      await eve.sends(`<presence type="subscribe" to="bob@localhost"/>`);
      await eve.receives(`<presence type="error">${failure("wait", "resource-constraint")}</presence>`);
      const bob = await connect("bob/desk");
      await bob.receives(`<presence type="subscribe" from="alice@localhost"/>`);
      await bob.receivesNothing();
    });
  });
});

describe("what cannot be", () => {
  test("a contact on a server that nobody knows", async ({ connect }) => {
    const alice = await interested(connect, "alice/phone");
    await alice.sends(`<presence id="r" type="subscribe" to="carol@example.org"/>`);
    await pushed(alice, `jid="carol@example.org" subscription="none" ask="subscribe"`);
    await alice.receives(
      `<presence id="r" type="error" from="carol@example.org">${failure("cancel", "remote-server-not-found")}</presence>`,
    );
  });

  test("a user who does not exist is not told from one who is away (§8.5.1)", async ({ connect }) => {
    const alice = await interested(connect, "alice/phone");
    await alice.sends(`<presence type="subscribe" to="nobody@localhost"/>`);
    await pushed(alice, `jid="nobody@localhost" subscription="none" ask="subscribe"`);
    await alice.receivesNothing();
  });

  test("a request to nobody, or to oneself", async ({ connect }) => {
    const alice = await interested(connect, "alice/phone");
    await alice.sends(`<presence type="subscribe"/>`);
    await alice.receives(`<presence type="error">${failure("modify", "bad-request")}</presence>`);
    await alice.sends(`<presence type="subscribe" to="alice@localhost/laptop"/>`);
    await alice.receives(`<presence type="error">${failure("cancel", "not-allowed")}</presence>`);
  });
});

describe("cancelling (§3.2)", () => {
  test("the user is seen no more, and the contact knows", async ({ connect }) => {
    const alice = await interested(connect, "alice/phone");
    const bob = await interested(connect, "bob/desk");
    await befriend(alice, bob);
    await bob.sends(`<presence id="no" type="unsubscribed" to="alice@localhost"/>`);
    await pushed(bob, `jid="alice@localhost" subscription="to"`);
    await alice.receives(`<presence type="unavailable" from="bob@localhost/desk" to="alice@localhost"/>`);
    await alice.receives(`<presence id="no" type="unsubscribed" from="bob@localhost" to="alice@localhost"/>`);
    await pushed(alice, `jid="bob@localhost" subscription="from"`);
    await bob.sends("<presence><show>dnd</show></presence>");
    await bob.sends(`<presence type="unavailable"/>`);
    await alice.receivesNothing();
  });

  test("also when the contact is away", async ({ connect }) => {
    const alice = await interested(connect, "alice/phone");
    const bob = await interested(connect, "bob/desk");
    await befriend(alice, bob);
    await alice.disconnects();
    await bob.sends(`<presence type="unsubscribed" to="alice@localhost"/>`);
    const again = await connect("alice/phone");
    await again.receivesNothing();
    await again.sends(`<iq type="get" id="get"><query xmlns="${ROSTER}"/></iq>`);
    await again.receives(
      `<iq type="result" id="get"><query xmlns="${ROSTER}" ver="{any}"><item jid="bob@localhost" subscription="from"/></query></iq>`,
    );
  });
});

test("unsubscribing: the user stops seeing the contact (§3.3)", async ({ connect }) => {
  const alice = await interested(connect, "alice/phone");
  const bob = await interested(connect, "bob/desk");
  await befriend(alice, bob);
  await alice.sends(`<presence id="bye" type="unsubscribe" to="bob@localhost"/>`);
  await pushed(alice, `jid="bob@localhost" subscription="from"`);
  await bob.receives(`<presence id="bye" type="unsubscribe" from="alice@localhost" to="bob@localhost"/>`);
  await pushed(bob, `jid="alice@localhost" subscription="to"`);
  await alice.receives(`<presence type="unavailable" from="bob@localhost/desk"/>`);
  await alice.receivesNothing();
});

describe("pre-approval (§3.4)", () => {
  test("is offered after authentication", async ({ authenticated }) => {
    expect((await authenticated("alice")).heard).toContain(`<sub xmlns="urn:xmpp:features:pre-approval"/>`);
  });

  test("lets a request pass without a question, once", async ({ connect }) => {
    const alice = await interested(connect, "alice/phone");
    const bob = await interested(connect, "bob/desk");
    await bob.sends(`<presence type="subscribed" to="alice@localhost"/>`);
    await pushed(bob, `jid="alice@localhost" subscription="none" approved="true"`);
    await alice.receivesNothing();

    await alice.sends(`<presence id="req" type="subscribe" to="bob@localhost"/>`);
    await pushed(alice, `jid="bob@localhost" subscription="none" ask="subscribe"`);
    await alice.receives(`<presence id="req" type="subscribed" from="bob@localhost" to="alice@localhost"/>`);
    await pushed(alice, `jid="bob@localhost" subscription="to"`);
    await alice.receives(`<presence from="bob@localhost/desk">${DELAY}</presence>`);
    await pushed(bob, `jid="alice@localhost" subscription="from"`);
    await bob.receivesNothing();

    await alice.sends(`<presence type="unsubscribe" to="bob@localhost"/>`);
    for (const client of [alice, bob]) client.forget(() => true);
    await alice.sends(`<presence type="subscribe" to="bob@localhost"/>`);
    await bob.receives(`<presence type="subscribe" from="alice@localhost"/>`);
  });

  test("can be taken back, and nobody else hears of either", async ({ connect }) => {
    const alice = await interested(connect, "alice/phone");
    const bob = await interested(connect, "bob/desk");
    await bob.sends(`<presence type="subscribed" to="alice@localhost"/>`);
    await pushed(bob, `jid="alice@localhost" subscription="none" approved="true"`);
    await bob.sends(`<presence type="unsubscribed" to="alice@localhost"/>`);
    await pushed(bob, `jid="alice@localhost" subscription="none"`);
    await alice.receivesNothing();
    await alice.sends(`<presence type="subscribe" to="bob@localhost"/>`);
    await bob.receives(`<presence type="subscribe" from="alice@localhost"/>`);
  });
});

describe("removing a contact (§2.5.2)", () => {
  test("ends both directions, on both sides", async ({ connect }) => {
    const alice = await interested(connect, "alice/phone");
    const bob = await interested(connect, "bob/desk");
    await befriend(alice, bob);
    await alice.sends(
      `<iq type="set" id="rm"><query xmlns="${ROSTER}"><item jid="bob@localhost" subscription="remove"/></query></iq>`,
    );
    await pushed(alice, `jid="bob@localhost" subscription="remove"`);
    await alice.receives(`<presence type="unavailable" from="bob@localhost/desk"/>`);
    await alice.receives(`<iq type="result" id="rm"/>`);
    await alice.receivesNothing();

    await bob.receives(`<presence type="unavailable" from="alice@localhost/phone"/>`);
    await bob.receives(`<presence type="unsubscribe" from="alice@localhost"/>`);
    await pushed(bob, `jid="alice@localhost" subscription="to"`);
    await bob.receives(`<presence type="unsubscribed" from="alice@localhost"/>`);
    await pushed(bob, `jid="alice@localhost" subscription="none"`);
    await bob.receivesNothing();
  });

  test("takes back a request that was not answered", async ({ connect }) => {
    const alice = await interested(connect, "alice/phone");
    const bob = await interested(connect, "bob/desk");
    await alice.sends(`<presence type="subscribe" to="bob@localhost"/>`);
    await alice.sends(
      `<iq type="set" id="rm"><query xmlns="${ROSTER}"><item jid="bob@localhost" subscription="remove"/></query></iq>`,
    );
    bob.forget(() => true);
    const laptop = await connect("bob/laptop");
    await laptop.receivesNothing();
  });
});

test("with an account everything goes that it was to others", async ({ connect, server, rig }) => {
  const alice = await interested(connect, "alice/phone");
  const bob = await interested(connect, "bob/desk");
  const carol = await connect("carol/desk");
  await befriend(alice, bob);
  await carol.sends(`<presence type="subscribe" to="alice@localhost"/>`);
  carol.forget(() => true);
  await alice.sends(`<presence type="subscribe" to="dave@localhost"/>`);

  await server.removeUser(Jid.parse("alice@localhost"));
  await rig.settle();

  await bob.receives(`<presence type="unavailable" from="alice@localhost/phone"/>`);
  await bob.receives(`<presence type="unsubscribe" from="alice@localhost"/>`);
  await pushed(bob, `jid="alice@localhost" subscription="to"`);
  await bob.receives(`<presence type="unsubscribed" from="alice@localhost"/>`);
  await pushed(bob, `jid="alice@localhost" subscription="none"`);
  const rosters = server.host().use(rosterService);
  expect(await rosters.item(Jid.parse("carol@localhost"), Jid.parse("alice@localhost"))).toMatchObject({
    subscription: "none",
    ask: false,
  });

  const again = await interested(connect, "alice/phone");
  await again.sends(`<iq type="get" id="get"><query xmlns="${ROSTER}"/></iq>`);
  await again.receives(`<iq type="result" id="get"><query xmlns="${ROSTER}" ver="{any}"/></iq>`);
});
