/** XEP-0054: vcard-temp. */
import { describe, expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import { Jid } from "../../src/xmpp/jid.ts";

const CARD = '<vCard xmlns="vcard-temp"><FN>Alice &amp; Co</FN><N><GIVEN>Alice</GIVEN></N></vCard>';
const EMPTY = '<vCard xmlns="vcard-temp"/>';
const error = (condition: string, type = "cancel") =>
  `<error type="${type}"><${condition} xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>`;

async function publishes(client: Client, card: string): Promise<void> {
  await client.sends(`<iq type="set" id="s">${card}</iq>`);
  await client.receives(`<iq type="result" id="s"/>`);
}

async function asks(client: Client, to: string): Promise<void> {
  await client.sends(`<iq type="get" id="g"${to && ` to="${to}"`}>${EMPTY}</iq>`);
}

describe("one's own", () => {
  test("comes back as it was published, with and without an address (§3.1, §3.2)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await publishes(alice, CARD);
    const laptop = await connect("alice/laptop");
    for (const to of ["", "alice@localhost"]) {
      await asks(laptop, to);
      await laptop.receives(`<iq type="result" id="g">${CARD}</iq>`);
    }
  });

  test("is not found before there is one (§3.1)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await asks(alice, "");
    await alice.receives(`<iq type="error" id="g">${EMPTY}${error("item-not-found")}</iq>`);
  });

  test("is replaced as a whole (§3.2)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await publishes(alice, CARD);
    await publishes(alice, '<vCard xmlns="vcard-temp"><NICKNAME>a</NICKNAME></vCard>');
    await asks(alice, "");
    await alice.receives(
      `<iq type="result" id="g"><vCard xmlns="vcard-temp"><NICKNAME>a</NICKNAME></vCard></iq>`,
    );
  });

  test("is refused when it is too large, and the old one stays", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await publishes(alice, CARD);
    await alice.sends(
      `<iq type="set" id="s"><vCard xmlns="vcard-temp"><DESC>${"x".repeat(250_000)}</DESC></vCard></iq>`,
    );
    await alice.receives(`<iq type="error" id="s">${error("not-acceptable", "modify")}</iq>`);
    await asks(alice, "");
    await alice.receives(`<iq type="result" id="g">${CARD}</iq>`);
  });
});

describe("somebody else's", () => {
  test("is told by the server, whether its owner is there or not (§3.3)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await publishes(alice, CARD);
    const bob = await connect("bob/desk");
    await asks(bob, "alice@localhost");
    await bob.receives(`<iq type="result" id="g" from="alice@localhost">${CARD}</iq>`);
    await alice.receivesNothing();
    await alice.disconnects();
    await asks(bob, "alice@localhost");
    await bob.receives(`<iq type="result" id="g" from="alice@localhost">${CARD}</iq>`);
  });

  test("is unavailable when there is none, and when there is no such user (§3.3)", async ({
    connect,
    user,
  }) => {
    await user("alice");
    const bob = await connect("bob/desk");
    for (const to of ["alice@localhost", "nobody@localhost"]) {
      await asks(bob, to);
      await bob.receives(`<iq type="error" id="g">${EMPTY}${error("service-unavailable")}</iq>`);
    }
  });

  test.for(["alice@localhost", "nobody@localhost", "localhost"])(
    "at %s nobody else changes (§3.2)",
    async (to, { connect, user }) => {
      await user("alice");
      const bob = await connect("bob/desk");
      await bob.sends(`<iq type="set" id="s" to="${to}">${CARD}</iq>`);
      await bob.receives(`<iq type="error" id="s">${error("forbidden", "auth")}</iq>`);
      await asks(bob, to);
      await bob.receives(`<iq type="error" id="g">${EMPTY}${error("service-unavailable")}</iq>`);
    },
  );

  test("goes with the account", async ({ connect, server, user }) => {
    const alice = await connect("alice/phone");
    await publishes(alice, CARD);
    expect(await server.removeUser(Jid.parse("alice@localhost"))).toBe(true);
    await user("alice");
    const bob = await connect("bob/desk");
    await asks(bob, "alice@localhost");
    await bob.receives(`<iq type="error" id="g">${EMPTY}${error("service-unavailable")}</iq>`);
  });
});

test("the domain and every account announce it (§4)", async ({ connect }) => {
  const alice = await connect("alice/phone");
  for (const to of ["localhost", "alice@localhost"]) {
    await alice.sends(
      `<iq type="get" id="d" to="${to}"><query xmlns="http://jabber.org/protocol/disco#info"/></iq>`,
    );
    await alice.receives(
      `<iq type="result" id="d"><query xmlns="http://jabber.org/protocol/disco#info">{...}<feature var="vcard-temp"/></query></iq>`,
    );
  }
});

describe("of a domain that has one", () => {
  test.override({
    options: {
      config: {
        modules: { vcard: { domain: { name: "Example", url: "https://example.org", email: "a@b.example" } } },
      },
    },
  });

  test("everybody gets what the configuration says (§3.3)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    for (let time = 0; time < 2; time++) {
      await asks(alice, "localhost");
      await alice.receives(
        `<iq type="result" id="g" from="localhost"><vCard xmlns="vcard-temp"><FN>Example</FN><URL>https://example.org</URL><EMAIL><INTERNET/><USERID>a@b.example</USERID></EMAIL></vCard></iq>`,
      );
    }
  });
});

describe("with two changes a minute", () => {
  test.override({ options: { config: { modules: { vcard: { changesPerMinute: 2 } } } } });

  test("the third has to wait (XEP-0205 §4)", async ({ connect, clock }) => {
    const alice = await connect("alice/desk");
    const change = async (answer: string) => {
      await alice.sends(`<iq type="set" id="v"><vCard xmlns="vcard-temp"><FN>A</FN></vCard></iq>`);
      alice.forget((element) => element.is("presence"));
      await alice.receives(answer);
    };
    await change(`<iq type="result" id="v"/>`);
    await change(`<iq type="result" id="v"/>`);
    await change(
      `<iq type="error" id="v">{...}<error type="wait"><resource-constraint xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/>{...}</error></iq>`,
    );
    await clock.advance(30_000);
    await change(`<iq type="result" id="v"/>`);
  });
});
