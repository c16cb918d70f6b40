/** XEP-0198: Stream Management. */
import { describe, expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import { letSee } from "./subscribe.ts";

const SM = "urn:xmpp:sm:3";
const BOB = "bob@localhost/desk";

const chat = (to: string, body: string) => `<message to="${to}" type="chat"><body>${body}</body></message>`;
const heard = (body: string) => `<message type="chat"><body>${body}</body></message>`;
const late = (body: string) =>
  `<message type="chat"><body>${body}</body><delay xmlns="urn:xmpp:delay" from="{any}" stamp="{any}"/></message>`;
const failed = (condition: string, h = "{none}") =>
  `<failed xmlns="${SM}" h="${h}"><${condition} xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></failed>`;

/** Enables stream management with resumption; the id to resume with. */
async function enabled(client: Client): Promise<string> {
  await client.sends(`<enable xmlns="${SM}" resume="true"/>`);
  const answer = await client.receives(`<enabled xmlns="${SM}" id="{any}" resume="true" max="600"/>`);
  return String(answer.attrs.id);
}

const resume = (id: string, h: number) => `<resume xmlns="${SM}" previd="${id}" h="${h}"/>`;

describe("enabling (§3)", () => {
  test("is offered with resource binding, and not before", async ({ raw, authenticated }) => {
    const client = raw();
    await client.opens();
    const features = await client.receives("<stream:features>{any}</stream:features>");
    expect(features.getChild("sm")).toBeFalsy();
    expect((await authenticated("alice")).heard).toContain(`<sm xmlns="${SM}"/>`);
  });

  test("before binding is an unexpected request", async ({ authenticated }) => {
    const client = await authenticated("alice");
    await client.sends(`<enable xmlns="${SM}"/>`);
    await client.receives(failed("unexpected-request"));
  });

  test("without resumption gives no id", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await alice.sends(`<enable xmlns="${SM}"/>`);
    await alice.receives(`<enabled xmlns="${SM}"/>`);
  });

  test("both spellings of true count, and the client may want less time", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await alice.sends(`<enable xmlns="${SM}" resume="1" max="60"/>`);
    await alice.receives(`<enabled xmlns="${SM}" id="{id}" resume="true" max="60"/>`);
  });

  test("for no time at all is without resumption", async ({ connect }) => {
    const client = await connect("bob/desk");
    await client.sends(`<enable xmlns="${SM}" resume="true" max="0"/>`);
    await client.receives(`<enabled xmlns="${SM}"/>`);
  });

  test("twice ends the stream", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await enabled(alice);
    await alice.sends(`<enable xmlns="${SM}"/>`);
    await alice.closed("policy-violation");
  });
});

describe("acknowledgements (§4)", () => {
  test("count the stanzas handled since stream management was enabled", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await enabled(alice);
    await alice.sends(`<r xmlns="${SM}"/>`);
    await alice.receives(`<a xmlns="${SM}" h="0"/>`);
    await alice.sends(
      `${chat("nobody@localhost", "x")}<iq type="get" id="1"><ping xmlns="urn:xmpp:ping"/></iq>`,
    );
    await alice.receives("<message type='error'>{any}</message>");
    await alice.receives('<iq type="result" id="1"/>');
    await alice.sends(`<r xmlns="${SM}"/>`);
    await alice.receives(`<a xmlns="${SM}" h="2"/>`);
  });

  test("are asked for after ten stanzas, or after five seconds", async ({ connect, clock }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await enabled(bob);
    await alice.sends(chat(BOB, "1"));
    await bob.receives(heard("1"));
    await bob.receivesNothing();
    await clock.advance(5_000);
    await bob.receives(`<r xmlns="${SM}"/>`);
    for (let i = 2; i <= 11; i++) await alice.sends(chat(BOB, String(i)));
    for (let i = 2; i <= 11; i++) await bob.receives(heard(String(i)));
    await bob.receives(`<r xmlns="${SM}"/>`);
  });

  test("of more than was sent end the stream (§6)", async ({ connect }) => {
    const bob = await connect("bob/desk");
    await enabled(bob);
    await bob.sendsRaw(`<a xmlns="${SM}" h="1"/>`);
    await bob.receives(
      `<stream:error><undefined-condition xmlns="urn:ietf:params:xml:ns:xmpp-streams"/>{...}` +
        `<handled-count-too-high xmlns="${SM}" h="1" send-count="0"/></stream:error>`,
    );
  });

  test("without it are refused", async ({ connect }) => {
    const bob = await connect("bob/desk");
    await bob.sends(`<r xmlns="${SM}"/>`);
    await bob.receives(failed("unexpected-request"));
  });
});

describe("resumption (§5)", () => {
  test("gives the client what it missed, and nothing twice", async ({ connect, authenticated }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    const id = await enabled(bob);
    await alice.sends(chat(BOB, "seen"));
    await bob.receives(heard("seen"));
    await bob.disconnects();
    await alice.sends(`${chat(BOB, "missed 1")}${chat("bob@localhost", "missed 2")}`);
    const again = await authenticated("bob");
    await again.sends(resume(id, 1));
    await again.receives(`<resumed xmlns="${SM}" previd="${id}" h="0"/>`);
    await again.receives(heard("missed 1"));
    await again.receives(heard("missed 2"));
    await again.receives(`<r xmlns="${SM}"/>`);
    await again.sends(`<a xmlns="${SM}" h="3"/>${chat("alice@localhost/phone", "back")}`);
    await alice.receives(heard("back"));
  });

  test("asks for an acknowledgement of every ten stanzas that were missed", async ({
    connect,
    authenticated,
  }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    const id = await enabled(bob);
    await bob.disconnects();
    await alice.sends(chat(BOB, "x").repeat(20));
    await alice.receivesNothing();
    const again = await authenticated("bob");
    await again.sends(resume(id, 0));
    await again.receives(`<resumed xmlns="${SM}" previd="${id}" h="0"/>`);
    for (let ten = 0; ten < 2; ten++) {
      for (let i = 0; i < 10; i++) await again.receives(heard("x"));
      await again.receives(`<r xmlns="${SM}"/>`);
    }
    await again.receivesNothing();
  });

  test("is invisible to others: no presence goes out", async ({ server, connect, authenticated, clock }) => {
    const watcher = await connect("alice/watcher");
    await letSee(server, "bob@localhost", "alice@localhost");
    const bob = await connect("bob/desk");
    await watcher.receives(`<presence from="${BOB}"/>`);
    const id = await enabled(bob);
    await bob.disconnects();
    await watcher.receivesNothing();
    const again = await authenticated("bob");
    await again.sends(resume(id, 0));
    await again.receives(`<resumed xmlns="${SM}" previd="${id}" h="0"/>`);
    await watcher.receivesNothing();
    await again.disconnects();
    await clock.advance(600_000);
    await watcher.receives(`<presence type="unavailable" from="${BOB}"/>`);
  });

  test("replaces a stream that still looks alive", async ({ connect, authenticated }) => {
    const bob = await connect("bob/desk");
    const id = await enabled(bob);
    const again = await authenticated("bob");
    await again.sends(resume(id, 0));
    await again.receives(`<resumed xmlns="${SM}" previd="${id}" h="0"/>`);
    await bob.closed("conflict");
    await again.sends('<iq type="get" id="1"><ping xmlns="urn:xmpp:ping"/></iq>');
    await again.receives('<iq type="result" id="1"/>');
  });

  test("is for the same account alone", async ({ connect, authenticated }) => {
    const bob = await connect("bob/desk");
    const id = await enabled(bob);
    await bob.disconnects();
    const mallory = await authenticated("mallory");
    await mallory.sends(resume(id, 0));
    await mallory.receives(failed("item-not-found"));
  });

  test("of a session that is over fails, and says what it had handled", async ({
    connect,
    authenticated,
    clock,
  }) => {
    const bob = await connect("bob/desk");
    const id = await enabled(bob);
    await bob.sends(chat("nobody@localhost", "x"));
    await bob.receives("<message type='error'>{any}</message>");
    await bob.disconnects();
    await clock.advance(600_000);
    const again = await authenticated("bob");
    await again.sends(resume(id, 1));
    await again.receives(failed("item-not-found", "1"));
    await again.sends('<iq type="set" id="b"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>');
    await again.receives('<iq type="result" id="b">{any}</iq>');
  });

  test("with an h that was never sent ends the stream", async ({ connect, authenticated }) => {
    const bob = await connect("bob/desk");
    const id = await enabled(bob);
    await bob.disconnects();
    const again = await authenticated("bob");
    await again.sends(resume(id, 5));
    await again.receives(
      `<stream:error><undefined-condition xmlns="urn:ietf:params:xml:ns:xmpp-streams"/>{...}` +
        `<handled-count-too-high xmlns="${SM}" h="5" send-count="0"/></stream:error>`,
    );
  });

  test("may happen many times", async ({ connect, authenticated }) => {
    const alice = await connect("alice/phone");
    let bob: Client = await connect("bob/desk");
    const id = await enabled(bob);
    for (let round = 0; round < 5; round++) {
      await bob.disconnects();
      await alice.sends(chat(BOB, `round ${round}`));
      bob = await authenticated("bob");
      await bob.sends(resume(id, round));
      await bob.receives(`<resumed xmlns="${SM}" previd="${id}" h="0"/>`);
      await bob.receives(heard(`round ${round}`));
      await bob.receives(`<r xmlns="${SM}"/>`);
    }
  });
});

describe("what a session leaves unacknowledged (§4)", () => {
  test("goes to offline storage when it is not resumed in time, with its time", async ({
    connect,
    clock,
  }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await enabled(bob);
    await bob.disconnects();
    await alice.sends(`${chat(BOB, "1")}${chat("bob@localhost", "2")}`);
    await alice.receivesNothing();
    await clock.advance(600_000);
    await alice.receivesNothing();
    const again = await connect("bob/desk");
    await again.receives(late("1"));
    await again.receives(late("2"));
  });

  test("goes to another resource when there is one", async ({ connect, clock }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await enabled(bob);
    await bob.disconnects();
    await alice.sends(chat(BOB, "1"));
    const other = await connect("bob/laptop");
    await clock.advance(600_000);
    await other.receives(`<presence type="unavailable" from="${BOB}"/>`);
    await other.receives(late("1"));
  });

  test("is kept as well when the stream ends properly but with things unacknowledged", async ({
    connect,
  }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await enabled(bob);
    await alice.sends(chat(BOB, "1"));
    await bob.receives(heard("1"));
    await bob.closes();
    await (await connect("bob/laptop")).receives(late("1"));
  });

  test("is forgotten once it is acknowledged", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await enabled(bob);
    await alice.sends(chat(BOB, "1"));
    await bob.receives(heard("1"));
    await bob.sends(`<a xmlns="${SM}" h="1"/>`);
    await bob.closes();
    await (await connect("bob/laptop")).receivesNothing();
  });

  describe("is bounded", () => {
    const modules = { streamManagement: { unackedStanzas: 10, requestAfter: 100 } };
    test.override({ options: { config: { modules } } });

    async function chats(from: Client, to: Client, count: number): Promise<void> {
      await from.sends(chat(BOB, "x").repeat(count));
      for (let i = 0; i < count; i++) await to.receives(heard("x"));
    }

    test("a client that never acknowledges is dropped", async ({ connect, clock }) => {
      const alice = await connect("alice/phone");
      const bob = await connect("bob/desk");
      await enabled(bob);
      await chats(alice, bob, 10);
      for (let count = 0; count < 3; count++) {
        await clock.advance(20_000);
        // Who says nothing at all is taken for gone before.
        await bob.sends(" ");
      }
      bob.forget((element) => element.is("r"));
      await alice.sends(chat(BOB, "x"));
      await bob.receives(heard("x"));
      await bob.closed("resource-constraint");
    });

    test("a client that resumes has its time once more", async ({ connect, authenticated, clock }) => {
      const alice = await connect("alice/phone");
      const bob = await connect("bob/desk");
      const id = await enabled(bob);
      await chats(alice, bob, 30);
      await bob.disconnects();
      await clock.advance(5 * 60_000);
      const again = await authenticated("bob");
      await again.sends(resume(id, 0));
      await again.receives(`<resumed xmlns="${SM}" previd="${id}" h="0"/>`);
      again.forget((element) => element.is("r"));
      await chats(alice, again, 40);
    });

    test("but not by how much comes at once, which nobody can acknowledge before", async ({
      connect,
      clock,
    }) => {
      const alice = await connect("alice/phone");
      const bob = await connect("bob/desk");
      await enabled(bob);
      await chats(alice, bob, 30);
      await clock.advance(20_000);
      await bob.sends(`<a xmlns="${SM}" h="30"/>`);
      await clock.advance(40_000);
      bob.forget((element) => element.is("r"));
      await chats(alice, bob, 30);
    });
  });

  test("requests are answered in the place of a client that is gone", async ({ connect, clock }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await enabled(bob);
    await bob.disconnects();
    await alice.sends(`<iq to="${BOB}" type="get" id="q"><query xmlns="urn:example"/></iq>`);
    await alice.receivesNothing();
    await clock.advance(600_000);
    await alice.receives(`<iq type="error" id="q">{any}</iq>`);
  });
});
