/** XEP-0198 Stream Management, version 1.6.3, with clients that do not keep to it, or come back at a bad moment. */
import { describe, expect } from "vitest";
import type { XmppServer } from "../../src/server.ts";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import { el } from "../../src/xml/element.ts";
import { message } from "../../src/xmpp/stanza.ts";
import { opened, PHONE, plain, requestToken, SASL2, tokenIn, userAgent, withToken } from "./sasl2-client.ts";

const SM = "urn:xmpp:sm:3";
const BOB = "bob@localhost/desk";

const chat = (to: string, body: string) => `<message to="${to}" type="chat"><body>${body}</body></message>`;
const heard = (body: string) => `<message type="chat"><body>${body}</body></message>`;
const ack = (h: string | number) => `<a xmlns="${SM}" h="${h}"/>`;
const resume = (id: string, h: string | number) => `<resume xmlns="${SM}" previd="${id}" h="${h}"/>`;
const resumed = (id: string, h: number) => `<resumed xmlns="${SM}" previd="${id}" h="${h}"/>`;
const REQUEST = `<r xmlns="${SM}"/>`;

async function enabled(client: Client): Promise<string> {
  await client.sends(`<enable xmlns="${SM}" resume="true"/>`);
  const answer = await client.receives(`<enabled xmlns="${SM}" id="{any}" resume="true" max="600"/>`);
  return String(answer.attrs.id);
}

describe("an acknowledgement", () => {
  test("of less than before changes nothing", async ({ connect, authenticated }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    const id = await enabled(bob);
    await alice.sends(`${chat(BOB, "1")}${chat(BOB, "2")}${chat(BOB, "3")}`);
    for (const body of ["1", "2", "3"]) await bob.receives(heard(body));
    await bob.sends(ack(2) + ack(1) + ack(0) + ack(2));
    await bob.disconnects();
    const again = await authenticated("bob");
    await again.sends(resume(id, 1));
    await again.receives(resumed(id, 0));
    await again.receives(heard("3"));
  });

  test.for(["", "-1", "1.5", "one", "99999999999", "4294967296"])(
    "of %j stanzas ends the stream",
    async (h, { connect }) => {
      const bob = await connect("bob/desk");
      await enabled(bob);
      await bob.sends(ack(h));
      await bob.closed("invalid-xml");
    },
  );

  test("of the most there can be is too much", async ({ connect }) => {
    const bob = await connect("bob/desk");
    await enabled(bob);
    await bob.sends(ack(4294967295));
    await bob.receives(
      `<stream:error>{...}<handled-count-too-high xmlns="${SM}" h="4294967295" send-count="0"/></stream:error>`,
    );
    await bob.closed();
  });

  test("is not waited for: thousands of them and of requests are dealt with in their order", async ({
    connect,
  }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await enabled(bob);
    await bob.sends(`${ack(0)}<r xmlns="${SM}"/>`.repeat(500) + chat("alice@localhost/phone", "through"));
    for (let n = 0; n < 500; n++) await bob.receives(ack(0));
    await alice.receives(heard("through"));
  });
});

describe("a client that comes back", () => {
  test("while a stanza of it is still being dealt with has it counted, once", async ({
    connect,
    authenticated,
    server,
  }) => {
    let finish: () => void = () => undefined;
    let asked = 0;
    server.host().iq("get", "urn:slow", "q", async () => {
      asked++;
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return el("done", { xmlns: "urn:slow" });
    });
    const alice = await connect("alice/phone");
    const id = await enabled(alice);
    await alice.sends(`<iq type="get" id="q"><q xmlns="urn:slow"/></iq>`);
    const again = await authenticated("alice");
    await again.sends(resume(id, 0));
    await again.receivesNothing();
    await alice.closed("conflict");
    finish();
    await again.receives(resumed(id, 1));
    await again.receives(`<iq type="result" id="q"><done xmlns="urn:slow"/></iq>`);
    await again.receives(REQUEST);
    await again.sends(REQUEST);
    await again.receives(ack(1));
    expect(asked).toBe(1);
  });

  test("and goes again before that is done leaves a session that can be resumed", async ({
    connect,
    authenticated,
    server,
    clock,
  }) => {
    let finish: () => void = () => undefined;
    server.host().iq("get", "urn:slow", "q", () => new Promise<void>((resolve) => void (finish = resolve)));
    const alice = await connect("alice/phone");
    const id = await enabled(alice);
    await alice.sends(`<iq type="get" id="q"><q xmlns="urn:slow"/></iq>`);
    const second = await authenticated("alice");
    await second.sends(resume(id, 0));
    await second.disconnects();
    finish();
    await clock.advance("5m");
    const third = await authenticated("alice");
    await third.sends(resume(id, 0));
    await third.receives(resumed(id, 1));
    await third.receives(`<iq type="result" id="q"/>`);
    await third.disconnects();
    await clock.advance("10m");
    expect(server.host().sessions.size).toBe(0);
  });

  describe("gets what comes in that very moment once, behind the answer,", () => {
    const COUNT = 50;

    /** Alice's session, busy until `finish` is called; in every step from then on there is a message for it. */
    async function crowded(connect: (address: string) => Promise<Client>, server: XmppServer) {
      const { promise, resolve: finish } = Promise.withResolvers<void>();
      server.host().iq("get", "urn:slow", "q", () => promise);
      const alice = await connect("alice/phone");
      const id = await enabled(alice);
      await alice.sends(`<iq type="get" id="q"><q xmlns="urn:slow"/></iq>`);
      const [session] = server.host().sessions.all();
      void promise.then(async () => {
        for (let n = 0; n < COUNT; n++) {
          session?.send(message({ type: "chat", to: session.jid }, el("body", {}, String(n))));
          await Promise.resolve();
        }
      });
      return { id, finish };
    }

    async function receivesAll(client: Client): Promise<void> {
      client.forget((element) => element.is("r") || element.is("iq"));
      for (let n = 0; n < COUNT; n++) await client.receives(heard(String(n)));
      await client.sends(ack(COUNT + 1));
      await client.receivesNothing();
    }

    test("with <resume/>", async ({ connect, authenticated, server }) => {
      const { id, finish } = await crowded(connect, server);
      const again = await authenticated("alice");
      await again.sends(resume(id, 0));
      finish();
      await again.receives(resumed(id, 1));
      await receivesAll(again);
    });

    test("along with SASL2", async ({ connect, raw, server }) => {
      const { id, finish } = await crowded(connect, server);
      const again = raw();
      await opened(again, "alice@localhost");
      await again.sends(plain("alice", "secret of alice", resume(id, 0)));
      finish();
      const success = await again.receives(`<success xmlns="${SASL2}">{any}</success>`);
      expect(success.getChild("resumed", SM)?.attrs).toMatchObject({ previd: id, h: "1" });
      await receivesAll(again);
    });
  });

  test("to a session that ends meanwhile is told so", async ({ connect, authenticated, server }) => {
    let finish: () => void = () => undefined;
    server.host().iq("get", "urn:slow", "q", () => new Promise<void>((resolve) => void (finish = resolve)));
    const alice = await connect("alice/phone");
    const id = await enabled(alice);
    await alice.sends(`<iq type="get" id="q"><q xmlns="urn:slow"/></iq>`);
    const again = await authenticated("alice");
    await again.sends(resume(id, 0));
    for (const session of Array.from(server.host().sessions.all())) session.close("policy-violation");
    finish();
    await again.receives(
      `<failed xmlns="${SM}" h="0"><item-not-found xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></failed>`,
    );
    expect(server.host().sessions.size).toBe(0);
  });

  test("twice at once has the session on one stream, with nothing lost or doubled", async ({
    connect,
    authenticated,
  }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    const id = await enabled(bob);
    await bob.disconnects();
    await alice.sends(chat(BOB, "waiting"));
    const one = await authenticated("bob");
    const other = await authenticated("bob");
    await Promise.all([one.sends(resume(id, 0)), other.sends(resume(id, 0))]);
    await one.receives(resumed(id, 0));
    await one.receives(heard("waiting"));
    await one.receives(REQUEST);
    await one.closed("conflict");
    await other.receives(resumed(id, 0));
    await other.receives(heard("waiting"));
    await other.receives(REQUEST);
    await other.sends(ack(1));
    await alice.sends(chat(BOB, "more"));
    await other.receives(heard("more"));
  });

  test("behind a resource it is binding, or has bound, is refused", async ({ authenticated, connect }) => {
    const id = await enabled(await connect("bob/desk"));
    const again = await authenticated("bob");
    await again.sends(
      `<iq type="set" id="b"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>${resume(id, 0)}`,
    );
    await again.receives(`<iq type="result" id="b">{any}</iq>`);
    await again.receives(
      `<failed xmlns="${SM}"><unexpected-request xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></failed>`,
    );
  });

  test.for(["", "-1", "x", "4294967296"])(
    "and has handled %j stanzas is refused, and may try again",
    async (h, { connect, authenticated }) => {
      const id = await enabled(await connect("bob/desk"));
      const again = await authenticated("bob");
      await again.sends(resume(id, h));
      await again.receives(
        `<failed xmlns="${SM}"><bad-request xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></failed>`,
      );
      await again.sends(resume(id, 0));
      await again.receives(resumed(id, 0));
    },
  );
});

test("a session goes on whatever its client logs in with: SASL, SASL2, a token, and SASL again", async ({
  connect,
  raw,
  authenticated,
}) => {
  const first = await connect("alice/phone");
  const bob = await connect("bob/desk");
  const id = await enabled(first);
  await bob.sends(chat("alice@localhost/phone", "1"));
  await first.receives(heard("1"));
  const second = raw();
  await opened(second, "alice@localhost");
  const more = userAgent(PHONE) + requestToken() + resume(id, 1);
  await second.sends(plain("alice", "secret of alice", more));
  const success = await second.receives(`<success xmlns="${SASL2}">{any}</success>`);
  expect(success.getChildText("authorization-identifier")).toBe("alice@localhost/phone");
  expect(success.getChild("resumed", SM)?.attrs).toMatchObject({ previd: id, h: "0" });
  await first.closed("conflict");
  const token = tokenIn(success);
  if (!token) throw new Error("no token");
  await second.sends(chat(BOB, "2"));
  await bob.receives(heard("2"));
  const third = raw();
  await opened(third, "alice@localhost");
  await third.sends(withToken(token.token, { more: resume(id, 1) }));
  const again = await third.receives(`<success xmlns="${SASL2}">{any}</success>`);
  expect(again.getChild("resumed", SM)?.attrs).toMatchObject({ previd: id, h: "1" });
  await second.closed("conflict");
  const fourth = await authenticated("alice");
  await fourth.sends(resume(id, 1));
  await fourth.receives(resumed(id, 1));
  await bob.sends(chat("alice@localhost/phone", "3"));
  await fourth.receives(heard("3"));
});
