/** What one client may ask of the server (RFC 6120 §13.12, XEP-0205): every limit of the section `limits`. */
import { describe, expect } from "vitest";
import { createRig } from "../../src/testing/create-rig.ts";
import { test } from "../../src/testing/rig.ts";
import { connectClear } from "./socket-client.ts";

const FEATURES = "<stream:features>{any}</stream:features>";
const nested = (depth: number) => `${"<a>".repeat(depth)}${"</a>".repeat(depth)}`;
const list = (count: number, item: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => item(index)).join(" ");

describe("XML", () => {
  test.override({
    options: {
      config: {
        limits: { stanzaBytes: 20_000, depth: 10, attributes: 12, attributeBytes: 1_500, namespaces: 9 },
      },
    },
  });

  /** What is still allowed, and what is not. */
  const cases: [name: string, allowed: string, refused: string][] = [
    ["stanzaBytes", `<body>${"x".repeat(19_000)}</body>`, `<body>${"x".repeat(20_000)}</body>`],
    ["stanzaBytes, in attributes", "", list(20, (index) => `<a b="${"x".repeat(1_000)}" c="${index}"/>`)],
    ["depth", nested(9), nested(10)],
    [
      "attributes",
      `<a ${list(12, (index) => `a${index}="1"`)}/>`,
      `<a ${list(13, (index) => `a${index}="1"`)}/>`,
    ],
    ["attributeBytes", `<a b="${"x".repeat(1_500)}"/>`, `<a b="${"x".repeat(1_501)}"/>`],
    [
      "namespaces",
      `<a ${list(7, (index) => `xmlns:p${index}="urn:x"`)}/>`,
      `<a ${list(8, (index) => `xmlns:p${index}="urn:x"`)}/>`,
    ],
  ];

  test.for(cases)("%s", async ([, allowed, refused], { connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await alice.sends(`<message to="${bob.jid}">${allowed}</message>`);
    await bob.receives(`<message>${allowed}</message>`);
    await alice.sends(`<message to="${bob.jid}">${refused}</message>`);
    await alice.closed("policy-violation");
    await bob.receivesNothing();
  });

  test("what never ends is refused as soon as it is too much", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await alice.sends(`<message to="bob@localhost"><body>${"x".repeat(21_000)}`);
    await alice.closed("policy-violation");
  });

  test("before authentication less is allowed", async ({ raw }) => {
    const client = raw();
    await client.opens();
    await client.receives(FEATURES);
    await client.sends(
      `<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">${"A".repeat(10_100)}`,
    );
    await client.closed("policy-violation");
  });
});

describe("authenticationTime", () => {
  test.override({ options: { config: { limits: { authenticationTime: "20s" } } } });

  test("a client that does not open its stream is dropped", async ({ raw, clock }) => {
    const client = raw();
    await clock.advance(20_000);
    await client.receivesHeader();
    await client.closed("connection-timeout");
  });

  test("one that does not authenticate, too", async ({ raw, clock }) => {
    const client = raw();
    await clock.advance(19_000);
    await client.opens();
    await client.receives(FEATURES);
    await client.receivesNothing();
    await clock.advance(1_000);
    await client.closed("connection-timeout");
  });

  test("one that does not bind, too", async ({ authenticated, clock }) => {
    const client = await authenticated("alice");
    await clock.advance(20_000);
    await client.closed("connection-timeout");
  });

  test("one that has bound may stay", async ({ connect, clock }) => {
    const client = await connect("alice/phone");
    await clock.advance(60_000);
    await client.receivesNothing();
  });
});

describe("idleTime, pingTimeout", () => {
  test.override({ options: { config: { limits: { idleTime: "5m", pingTimeout: "20s" } } } });
  const PING = `<iq from="localhost" to="alice@localhost/phone" type="get" id="{id}"><ping xmlns="urn:xmpp:ping"/></iq>`;

  test("a quiet client is asked, and stays when it answers (XEP-0199 §4.1)", async ({ connect, clock }) => {
    const client = await connect("alice/phone");
    await clock.advance(5 * 60_000);
    await client.receivesNothing();
    await clock.advance(10_000);
    await client.receives(PING);
    await client.sends(`<iq to="localhost" type="result" id="{id}"/>`);
    await clock.advance(60_000);
    await client.receivesNothing();
  });

  test("an error is an answer as well", async ({ connect, clock }) => {
    const client = await connect("alice/phone");
    await clock.advance(5 * 60_000 + 10_000);
    await client.receives(PING);
    await client.sends(
      `<iq type="error" id="{id}"><error type="cancel"><service-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`,
    );
    await clock.advance(60_000);
    await client.receivesNothing();
  });

  test("one that does not is dropped, and its session ends", async ({ connect, clock, rig }) => {
    const client = await connect("alice/phone");
    await clock.advance(5 * 60_000 + 10_000);
    await client.receives(PING);
    await clock.advance(19_000);
    await client.receivesNothing();
    await clock.advance(1_000);
    await client.closed("connection-timeout");
    expect(rig.server.host().sessions.size).toBe(0);
  });

  test("white space is a sign of life (RFC 6120 §4.6.1)", async ({ connect, clock }) => {
    const client = await connect("alice/phone");
    for (let minutes = 0; minutes < 20; minutes += 4) {
      await clock.advance(4 * 60_000);
      await client.sends(" ");
    }
    await client.receivesNothing();
  });
});

describe("bytesPerSecond, burstBytes", () => {
  const limits = { bytesPerSecond: 1_000, burstBytes: 10_000 };
  test.override({ options: { config: { limits } } });
  const message = (index: number) =>
    `<message to="bob@localhost/desk" type="chat" id="${index}"><body>${"x".repeat(400)}</body></message>`;

  test("who sends too much is read slowly, and nothing is lost", async ({ connect, clock }) => {
    const bob = await connect("bob/desk");
    const alice = await connect("alice/phone");
    const count = 100;
    alice.pipe.chunkBytes = 500;
    await alice.sends(Array.from({ length: count }, (_, index) => message(index)).join(""));
    const taken = () => bob.heard.match(/<message /g)?.length ?? 0;
    const size = message(10).length;
    expect(taken()).toBeGreaterThan(0);
    let seconds = 0;
    for (; taken() < count; seconds++) {
      expect(taken() * size).toBeLessThanOrEqual(limits.burstBytes + seconds * limits.bytesPerSecond + 500);
      expect(alice.pipe.paused).toBe(true);
      await clock.advance(1_000);
    }
    expect(seconds).toBeGreaterThan(30);
    for (let index = 0; index < count; index++) await bob.receives(message(index));
    await clock.advance(20_000);
    expect(alice.pipe.paused).toBe(false);
  });

  test("others are not slowed by it", async ({ connect }) => {
    const bob = await connect("bob/desk");
    const alice = await connect("alice/phone");
    const carol = await connect("carol/phone");
    await alice.sends(Array.from({ length: 40 }, (_, index) => message(index)).join(""));
    expect(alice.pipe.paused).toBe(true);
    bob.forget(() => true);
    await carol.sends(message(0));
    await bob.receives(message(0));
  });

  test("a slowed stream can end", async ({ connect, rig }) => {
    const alice = await connect("alice/phone");
    await alice.sends(Array.from({ length: 40 }, (_, index) => message(index)).join(""));
    await alice.disconnects();
    expect(rig.server.streams.size).toBe(0);
  });
});

describe("unsentSoft, unsentHard", () => {
  const limits = { unsentSoft: 20_000, unsentHard: 60_000 };
  test.override({ options: { config: { limits } } });
  const message = `<message to="bob@localhost/desk" type="chat"><body>${"x".repeat(9_900)}</body></message>`;

  test("nothing is read of a client that does not read, until it does", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    bob.pipe.stopReading();
    for (let count = 0; count < 3; count++) await alice.sends(message);
    expect([alice.pipe.paused, bob.pipe.paused]).toEqual([false, true]);
    await bob.sends(`<message to="${alice.jid}" type="chat"><body>Wait</body></message>`);
    await alice.receivesNothing();
    bob.pipe.readAgain();
    for (let count = 0; count < 3; count++) await bob.receives(message);
    await alice.receives(`<message type="chat"><body>Wait</body></message>`);
    expect(bob.pipe.paused).toBe(false);
  });

  test("one that leaves too much is dropped, others are not", async ({ connect, rig }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    bob.pipe.stopReading();
    for (let count = 0; count < 7; count++) await alice.sends(message);
    expect(bob.gone).toBe(true);
    expect(rig.server.host().sessions.size).toBe(1);
    expect(alice.gone).toBe(false);
  });

  test("one that floods itself with answers is slowed to what it reads", async ({ connect }) => {
    const alice = await connect("alice/phone");
    alice.pipe.stopReading();
    const request = (id: number) =>
      `<iq type="get" id="${id}"><x xmlns="urn:x">${"x".repeat(5_000)}</x></iq>`;
    const count = 30;
    for (let id = 0; id < count; id++) await alice.sends(request(id));
    expect(alice.gone).toBe(false);
    expect(alice.pipe.untaken).toBeGreaterThan(0);
    alice.pipe.readAgain();
    for (let id = 0; id < count; id++) await alice.receives(`<iq type="error" id="${id}">{any}</iq>`);
    expect(alice.pipe.untaken).toBe(0);
  });

  test("output that the system takes at once holds nobody up, on a real port as well", async () => {
    const rig = await createRig({
      listen: { c2s: 0, c2sTls: false },
      config: { limits: { unsentSoft: 10_000 }, tls: { required: false }, auth: { plainWithoutTls: true } },
    });
    await rig.server.listen();
    await rig.user("alice", "secret");
    const client = await connectClear(rig);
    await client.opens();
    await client.receives(FEATURES);
    const auth = Buffer.from("\0alice\0secret").toString("base64");
    await client.sends(`<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">${auth}</auth>`);
    await client.receives(`<success xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>`);
    await client.opens();
    await client.receives(FEATURES);
    await client.sends(`<iq type="set" id="b"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>`);
    await client.receives(`<iq type="result" id="b">{any}</iq>`);
    for (const id of ["1", "2", "3"]) {
      await client.sends(`<iq type="get" id="${id}"><x xmlns="urn:x">${"x".repeat(11_000)}</x></iq>`);
      await client.receives(`<iq type="error" id="${id}">{any}</iq>`);
    }
    await client.closes();
    await rig.close();
  });
});

describe("stanzasPerTurn", () => {
  test.override({ options: { config: { limits: { stanzasPerTurn: 5 } } } });

  test("a long batch lets others in between, and keeps its order", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/phone");
    const carol = await connect("carol/desk");
    const message = (body: string) =>
      `<message to="carol@localhost/desk" type="chat"><body>${body}</body></message>`;
    const batch = Array.from({ length: 100 }, (_, index) => message(`${index}`));
    const flood = alice.sends(batch.join(""));
    await bob.sends(message("bob"));
    await flood;
    const bodies = [...carol.heard.matchAll(/<body>(\w+)<\/body>/g)].map(([, body]) => body);
    expect(bodies.indexOf("bob")).toBeLessThan(20);
    expect(bodies.filter((body) => body !== "bob")).toEqual(batch.map((_, index) => `${index}`));
  });

  test("what comes during a batch is read afterwards", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const carol = await connect("carol/desk");
    const message = (body: number) =>
      `<message to="carol@localhost/desk" type="chat"><body>${body}</body></message>`;
    const sent: Promise<void>[] = [];
    for (let index = 0; index < 60; index++) sent.push(alice.sends(message(index)));
    await Promise.all(sent);
    for (let index = 0; index < 60; index++) await carol.receives(message(index));
  });
});
