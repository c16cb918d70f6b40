/** XEP-0160 Best Practices for Handling Offline Messages, version 1.0.1: what is kept, for how long, and how much. */
import { describe, expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import type { Rig } from "../../src/testing/create-rig.ts";
import { test } from "../../src/testing/rig.ts";
import { Jid } from "../../src/xmpp/jid.ts";
import { letSee } from "./subscribe.ts";

const STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas";
const DAY = 86_400_000;

/** What bob gets: the message with a mark of the server and the time it came. */
function late(body: string, stamp = "{any}", type?: string): string {
  const attribute = type === undefined ? "" : ` type="${type}"`;
  return `<message to="bob@localhost" from="alice@localhost/phone"${attribute}><body>${body}</body>
    <delay xmlns="urn:xmpp:delay" from="localhost" stamp="${stamp}">Offline Storage</delay></message>`;
}

async function writes(alice: Client, ...bodies: string[]): Promise<void> {
  for (const body of bodies) await alice.sends(`<message to="bob@localhost"><body>${body}</body></message>`);
}

function rejection(payload: string): string {
  return `<message type="error" from="bob@localhost">${payload}
    <error type="cancel"><service-unavailable xmlns="${STANZAS}"/></error></message>`;
}

/** How many messages the store holds. */
async function waiting(rig: Rig): Promise<number> {
  const table = await rig.server.host().table<{ user: string }>({
    name: "offline",
    version: 1,
    columns: { user: "text" },
    key: ["user"],
  });
  return await table.count({});
}

describe("of the messages for a user who is away", () => {
  test.for([
    ["without a type", "", undefined],
    ["of type normal", ` type="normal"`, "normal"],
    ["of type chat", ` type="chat"`, "chat"],
  ] as const)(
    "those %s are kept (§3) and delivered with the server's mark and the time they came (§2)",
    async ([, attribute, type], { connect, user, clock }) => {
      await user("bob");
      const alice = await connect("alice/phone");
      await clock.advance(8_250);
      const stamp = new Date(clock.now()).toISOString();
      await alice.sends(`<message to="bob@localhost"${attribute}><body>Are you there?</body></message>`);
      await alice.receivesNothing();
      await clock.advance(DAY);
      const bob = await connect("bob/desk");
      await bob.receives(late("Are you there?", stamp, type));
      await bob.receivesNothing();
    },
  );

  test("those to a resource that is gone are kept if they are of type chat (RFC 6121 §8.5.3.2.1)", async ({
    connect,
    user,
  }) => {
    await user("bob");
    const alice = await connect("alice/phone");
    await alice.sends(`<message to="bob@localhost/car" type="chat"><body>Hi</body></message>`);
    const bob = await connect("bob/desk");
    await bob.receives(late("Hi", "{any}", "chat").replace("bob@localhost", "bob@localhost/car"));
  });

  test.for(["groupchat", "headline", "error"])(
    "those of type %s are not kept (§3)",
    async (type, { connect, rig, user }) => {
      await user("bob");
      const alice = await connect("alice/phone");
      await alice.sends(`<message to="bob@localhost" type="${type}"><body>News</body></message>`);
      expect(await waiting(rig)).toBe(0);
      const bob = await connect("bob/desk");
      await bob.receivesNothing();
    },
  );

  test("chat states alone are not kept, and nobody hears of it (§3)", async ({ connect, user, rig }) => {
    await user("bob");
    const alice = await connect("alice/phone");
    const state = `<composing xmlns="http://jabber.org/protocol/chatstates"/>`;
    await alice.sends(`<message to="bob@localhost" type="chat">${state}</message>`);
    await alice.sends(
      `<message to="bob@localhost" type="chat"><thread>t</thread>${state}<no-store xmlns="urn:xmpp:hints"/></message>`,
    );
    await alice.sends(
      `<message to="bob@localhost" type="chat">${state}<origin-id xmlns="urn:xmpp:sid:0" id="o"/></message>`,
    );
    await alice.receivesNothing();
    expect(await waiting(rig)).toBe(0);
    await alice.sends(`<message to="bob@localhost" type="chat"><body>Hi</body>${state}</message>`);
    expect(await waiting(rig)).toBe(1);
    // XEP-0334 §4.4
    await alice.sends(
      `<message to="bob@localhost" type="chat">${state}<store xmlns="urn:xmpp:hints"/></message>`,
    );
    expect(await waiting(rig)).toBe(2);
  });

  test("those that are not to be stored bounce (XEP-0334 §4.2)", async ({ connect, user, server }) => {
    await user("bob");
    await letSee(server, "bob@localhost", "alice@localhost");
    const alice = await connect("alice/phone");
    const payload = `<body>Psst</body><no-store xmlns="urn:xmpp:hints"/>`;
    await alice.sends(`<message to="bob@localhost">${payload}</message>`);
    await alice.receives(rejection(payload));
  });

  test("those that are not to be stored tell strangers nothing (RFC 6121 §11)", async ({
    connect,
    user,
    rig,
  }) => {
    await user("bob");
    const mallory = await connect("mallory/evil");
    const message = `<message to="bob@localhost"><body>?</body><no-store xmlns="urn:xmpp:hints"/></message>`;
    await mallory.sends(message);
    await mallory.receivesNothing();
    await connect("bob/phone");
    await mallory.sends(message);
    await mallory.receivesNothing();
    expect(await waiting(rig)).toBe(0);
  });

  test("those for nobody bounce", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await alice.sends(`<message to="bob@localhost"><body>Hi</body></message>`);
    await alice.receives(rejection("<body>Hi</body>"));
  });
});

describe("who gets them", () => {
  test("is the first resource to become available, and it alone, once and in order", async ({
    connect,
    user,
  }) => {
    await user("bob");
    const alice = await connect("alice/phone");
    await writes(alice, "one", "two", "three");
    const desk = await connect("bob/desk");
    for (const body of ["one", "two", "three"]) await desk.receives(late(body));
    await desk.receivesNothing();
    const phone = await connect("bob/phone");
    desk.forget(() => true);
    await phone.receivesNothing();
    await desk.disconnects();
    await phone.disconnects();
    const again = await connect("bob/desk");
    await again.receivesNothing();
  });

  test("is nobody without presence or with a negative priority, until that changes (§2)", async ({
    connect,
    user,
  }) => {
    await user("bob");
    const alice = await connect("alice/phone");
    await writes(alice, "one");
    const silent = await connect("bob/silent", { presence: false });
    await silent.receivesNothing();
    const desk = await connect("bob/desk", { priority: -1 });
    await desk.receivesNothing();
    await desk.sends("<presence><priority>1</priority></presence>");
    desk.forget((element) => element.is("presence"));
    await desk.receives(late("one"));
  });

  test("is a resource that has come, gone and come again on one stream", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await bob.sends(`<presence type="unavailable"/>`);
    bob.forget(() => true);
    await writes(alice, "one");
    await bob.receivesNothing();
    await bob.sends("<presence/>");
    bob.forget((element) => element.is("presence"));
    await bob.receives(late("one"));
  });
});

describe("how much is kept for one user that no archive keeps is limited:", () => {
  describe("by number", () => {
    test.override({ options: { config: { modules: { mam: false, offline: { messages: 2, share: 100 } } } } });

    test("beyond it senders get <service-unavailable/> (§2), until there is room again", async ({
      connect,
      user,
    }) => {
      await user("bob");
      const alice = await connect("alice/phone");
      await writes(alice, "one", "two");
      await alice.receivesNothing();
      await writes(alice, "three");
      await alice.receives(rejection("<body>three</body>"));
      const bob = await connect("bob/desk");
      await bob.receives(late("one"));
      await bob.receives(late("two"));
      await bob.disconnects();
      await writes(alice, "four", "five");
      await alice.receivesNothing();
      await writes(alice, "six");
      await alice.receives(rejection("<body>six</body>"));
    });

    test("one user's messages take nobody else's room", async ({ connect, user }) => {
      await user("bob");
      await user("carol");
      const alice = await connect("alice/phone");
      await writes(alice, "one", "two");
      await alice.sends(`<message to="carol@localhost"><body>Hi</body></message>`);
      await alice.receivesNothing();
    });
  });

  describe("for one sender", () => {
    test.override({
      options: { config: { modules: { mam: false, offline: { messages: 4, size: "4 KB", share: 50 } } } },
    });
    const wait = `<error type="wait"><resource-constraint xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>`;

    test("they may take their share and no more, from whatever resource; others have theirs", async ({
      connect,
      user,
      server,
    }) => {
      await user("bob");
      const alice = await connect("alice/phone");
      const laptop = await connect("alice/laptop", { presence: false });
      const carol = await connect("carol/desk");
      await writes(alice, "one");
      await writes(laptop, "two");
      await laptop.receivesNothing();
      await writes(laptop, "three");
      await laptop.receives(`<message type="error" from="bob@localhost"><body>three</body>${wait}</message>`);
      await writes(carol, "four", "five");
      await carol.receivesNothing();
      await writes(carol, "six");
      await carol.receives(rejection("<body>six</body>"));
      expect(server.metrics.snapshot()["jackdaw_offline_refused"]).toBe(2);
      const bob = await connect("bob/desk");
      for (let n = 0; n < 4; n++) await bob.receivesAny();
      await bob.disconnects();
      await writes(alice, "seven");
      await alice.receivesNothing();
    });

    test("that goes for the size as well", async ({ connect, user }) => {
      await user("bob");
      const alice = await connect("alice/phone");
      const large = "x".repeat(1500);
      await writes(alice, large);
      await alice.receivesNothing();
      await writes(alice, large);
      await alice.receives(`<message type="error" from="bob@localhost"><body>{any}</body>${wait}</message>`);
    });
  });

  describe("by size", () => {
    test.override({
      options: { config: { modules: { mam: false, offline: { size: "2 KB", share: 100 } } } },
    });

    test("in bytes, not in characters", async ({ connect, user }) => {
      await user("bob");
      const alice = await connect("alice/phone");
      await writes(alice, "é".repeat(600));
      await alice.receivesNothing();
      await writes(alice, "é".repeat(400));
      await alice.receives(rejection(`<body>${"é".repeat(400)}</body>`));
      await writes(alice, "short");
      await alice.receivesNothing();
    });
  });
});

describe("for how long", () => {
  describe("is configured:", () => {
    test.override({ options: { config: { modules: { offline: { keep: "1d", messages: 2, share: 100 } } } } });

    test("what waited longer is not delivered, what did not is", async ({ connect, user, clock }) => {
      await user("bob");
      const alice = await connect("alice/phone");
      await writes(alice, "old");
      await clock.advance(DAY - 1_800_000);
      await writes(await connect("alice/phone"), "new");
      await clock.advance(1_800_001);
      const bob = await connect("bob/desk");
      await bob.receives(late("new"));
      await bob.receivesNothing();
    });

    test("it is deleted within the hour, and makes room", async ({ connect, user, clock, rig }) => {
      await user("bob");
      const alice = await connect("alice/phone");
      await writes(alice, "one", "two");
      await clock.advance(DAY + 3_600_000);
      expect(await waiting(rig)).toBe(0);
      const again = await connect("alice/phone");
      await writes(again, "three", "four");
      await again.receivesNothing();
    });
  });

  describe('is "off":', () => {
    test.override({ options: { config: { modules: { offline: { keep: "off" } } } } });

    test("messages wait for ever", async ({ connect, user, clock }) => {
      await user("bob");
      const alice = await connect("alice/phone");
      await writes(alice, "one");
      await clock.advance(2 * 3_600_000);
      const bob = await connect("bob/desk");
      await bob.receives(late("one"));
    });
  });
});

test("with the account they go", async ({ connect, user, server, rig }) => {
  await user("bob");
  await user("carol");
  const alice = await connect("alice/phone");
  await writes(alice, "one");
  await alice.sends(`<message to="carol@localhost"><body>Hi</body></message>`);
  await server.removeUser(Jid.parse("bob@localhost"));
  expect(await waiting(rig)).toBe(1);
  const bob = await connect("bob/desk");
  await bob.receivesNothing();
});

describe("a mark in the server's name", () => {
  const forged = `<delay xmlns="urn:xmpp:delay" from="LOCALHOST" stamp="2002-09-10T23:08:25Z"/>`;
  const foreign = `<delay xmlns="urn:xmpp:delay" from="room@example.org" stamp="2002-09-10T23:08:25Z"/>`;

  test("that a client made is discarded, others stay (XEP-0203 §5)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await alice.sends(`<message to="bob@localhost">${forged}<body>Hi</body>${foreign}</message>`);
    await bob.receives(`<message><body>Hi</body>${foreign}</message>`);
  });

  test("is one and only one on a message that was kept (XEP-0203 §2)", async ({ connect, user }) => {
    await user("bob");
    const alice = await connect("alice/phone");
    await alice.sends(`<message to="bob@localhost"><body>Hi</body>${forged}</message>`);
    const bob = await connect("bob/desk");
    await bob.receives(late("Hi"));
  });
});

test("it is announced in disco#info (§4)", async ({ connect }) => {
  const alice = await connect("alice/phone");
  await alice.sends(
    `<iq type="get" id="d" to="localhost"><query xmlns="http://jabber.org/protocol/disco#info"/></iq>`,
  );
  await alice.receives(
    `<iq type="result" id="d"><query xmlns="http://jabber.org/protocol/disco#info">{...}<feature var="msgoffline"/></query></iq>`,
  );
});
