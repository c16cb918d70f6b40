/** XEP-0114 §3: how a component's stream begins, goes on and ends. */
import { describe, expect } from "vitest";
import { test } from "../../src/testing/rig.ts";
import { componentHeader, connectComponent, handshake, rawComponent, STREAMS } from "./component-client.ts";

const SECRET = "between us";
const DOMAIN = "bridge.localhost";

test.override({ options: { components: { [DOMAIN]: SECRET, "bots.example.org": SECRET } } });

const message = (attributes: string) => `<message ${attributes}><body>Hi</body></message>`;

describe("the header", () => {
  test("is answered in the component's name, with an id that nobody can guess, and without a version", async ({
    rig,
  }) => {
    const ids = new Set<string>();
    for (let count = 0; count < 3; count++) {
      const component = rawComponent(rig);
      await component.sendsRaw(componentHeader(DOMAIN));
      const { name, prefix, ns, attributes } = await component.receivesHeader();
      expect({ name, prefix, ns }).toEqual({ name: "stream", prefix: "stream", ns: STREAMS });
      expect(attributes).toEqual({ from: DOMAIN, id: expect.any(String), "xml:lang": "en" });
      expect(component.wire.text).toContain('xmlns="jabber:component:accept"');
      ids.add(String(attributes["id"]));
    }
    expect(ids.size).toBe(3);
    for (const id of ids) expect(Buffer.from(id, "base64url").length).toBeGreaterThanOrEqual(16);
  });

  test.for([
    ["a component that is none of ours", componentHeader("other.localhost"), "host-unknown"],
    ["a domain of users", componentHeader("localhost"), "host-unknown"],
    ["an address of a component", componentHeader(`irc@${DOMAIN}`), "host-unknown"],
    ["what is no address", componentHeader("@"), "improper-addressing"],
    [
      "nobody",
      `<stream:stream xmlns="jabber:component:accept" xmlns:stream="${STREAMS}">`,
      "improper-addressing",
    ],
    ["a client", componentHeader(DOMAIN, "", "jabber:client"), "invalid-namespace"],
    ["the other method", componentHeader(DOMAIN, "", "jabber:component:connect"), "invalid-namespace"],
    ["another kind of stream", componentHeader(DOMAIN).replace(STREAMS, "urn:example"), "invalid-namespace"],
  ] as const)("for %s gets a header and the error", async ([, header, condition], { rig }) => {
    const component = rawComponent(rig);
    await component.sendsRaw(header);
    await component.receivesHeader();
    await component.closed(condition);
  });

  test("may name the domain in other letters", async ({ rig }) => {
    await connectComponent(rig, "Bridge.LOCALHOST.", SECRET);
  });
});

describe("the handshake", () => {
  test("is answered with an empty one, and stanzas flow", async ({ rig, connect }) => {
    const alice = await connect("alice/phone");
    const component = await connectComponent(rig, DOMAIN, SECRET);
    await component.sends(message(`from="#a@${DOMAIN}/b" to="alice@localhost" type="chat"`));
    await alice.receives(
      `<message from="#a@${DOMAIN}/b" to="alice@localhost" type="chat"><body>Hi</body></message>`,
    );
    await alice.sends(message(`to="#a@${DOMAIN}" id="1"`));
    await component.receives(
      `<message from="alice@localhost/phone" to="#a@${DOMAIN}" id="1"><body>Hi</body></message>`,
    );
  });

  test.for([
    ["with another secret", (id: string) => handshake(id, "guessed")],
    ["of another stream", () => handshake("another", SECRET)],
    [
      "in capital letters",
      (id: string) => handshake(id, SECRET).replace(/>.*</, (text) => text.toUpperCase()),
    ],
    ["that is empty", () => "<handshake/>"],
    ["that is too long", (id: string) => handshake(id, SECRET).replace("</", "0</")],
  ] as const)("%s is not authorized, and the connection ends", async ([, text], { rig }) => {
    const component = rawComponent(rig);
    await component.sendsRaw(componentHeader(DOMAIN));
    const { attributes } = await component.receivesHeader();
    await component.sends(text(String(attributes["id"])));
    await component.closed("not-authorized");
    expect(rig.server.components.all.some(({ speaker }) => speaker)).toBe(false);
  });

  test("comes before anything else", async ({ rig }) => {
    const component = rawComponent(rig);
    await component.sendsRaw(componentHeader(DOMAIN));
    await component.receivesHeader();
    await component.sends(message(`from="${DOMAIN}" to="alice@localhost"`));
    await component.closed("not-authorized");
  });

  test("comes in time", async ({ rig, clock }) => {
    const component = rawComponent(rig);
    await component.sendsRaw(componentHeader(DOMAIN));
    await component.receivesHeader();
    await clock.advance("121s");
    await component.closed("connection-timeout");
  });

  test("may come a byte at a time, with what follows it", async ({ rig, connect }) => {
    const alice = await connect("alice/phone");
    const component = rawComponent(rig);
    component.pipe.chunkBytes = 1;
    await component.sendsRaw(`<?xml version='1.0'?>\n${componentHeader(DOMAIN)}`);
    const { attributes } = await component.receivesHeader();
    await component.sends(
      `\n${handshake(attributes["id"], SECRET)} ${message(`from="${DOMAIN}" to="alice@localhost" type="chat"`)}`,
    );
    await component.receives("<handshake/>");
    await alice.receives(message(`type="chat"`));
  });

  test("waits longer for whoever guessed before, and it alone", async ({ rig, clock }) => {
    const attempt = async (remote: string, secret: string) => {
      const component = rawComponent(rig, { remote });
      await component.sendsRaw(componentHeader(DOMAIN));
      const { attributes } = await component.receivesHeader();
      await component.sends(handshake(attributes["id"], secret));
      return component;
    };
    for (let count = 0; count < 5; count++) {
      await (await attempt("192.0.2.1", "guessed")).closed("not-authorized");
    }
    const late = await attempt("192.0.2.1", "guessed");
    await late.receivesNothing();
    await clock.advance("2s");
    await late.closed("not-authorized");
    const other = await attempt("192.0.2.2", SECRET);
    await other.receives("<handshake/>");
  });
});

describe("a second connection", () => {
  test("is a conflict; the first one stays", async ({ rig, connect }) => {
    const alice = await connect("alice/phone");
    const first = await connectComponent(rig, DOMAIN, SECRET);
    const second = rawComponent(rig);
    await second.sendsRaw(componentHeader(DOMAIN));
    const { attributes } = await second.receivesHeader();
    await second.sends(handshake(attributes["id"], SECRET));
    await second.closed("conflict");
    await first.receives(`<iq type="get" id="{ping}"><ping xmlns="urn:xmpp:ping"/></iq>`);
    await first.sends(`<iq type="result" id="{ping}" from="${DOMAIN}" to="localhost"/>`);
    await rig.clock.advance("1m");
    await alice.sends(message(`to="a@${DOMAIN}"`));
    await first.receives(message(""));
  });

  test("finds out whether the first one is dead", async ({ rig, clock }) => {
    const first = await connectComponent(rig, DOMAIN, SECRET);
    const second = rawComponent(rig);
    await second.sendsRaw(componentHeader(DOMAIN));
    const { attributes } = await second.receivesHeader();
    await second.sends(handshake(attributes["id"], SECRET));
    await second.closed("conflict");
    await first.receives(`<iq type="get"><ping xmlns="urn:xmpp:ping"/></iq>`);
    await clock.advance("10s");
    await first.closed("connection-timeout");
    await connectComponent(rig, DOMAIN, SECRET);
  });

  test("tells nothing to those who do not know the secret", async ({ rig }) => {
    await connectComponent(rig, DOMAIN, SECRET);
    const second = rawComponent(rig);
    await second.sendsRaw(componentHeader(DOMAIN));
    const { attributes } = await second.receivesHeader();
    await second.sends(handshake(attributes["id"], "guessed"));
    await second.closed("not-authorized");
  });
});

describe("a stanza", () => {
  test.for([
    ["from a user of the server", `from="alice@localhost" to="bob@localhost"`, "invalid-from"],
    ["from another component", `from="bots.example.org" to="bob@localhost"`, "invalid-from"],
    ["from a domain that ends alike", `from="x${DOMAIN}" to="bob@localhost"`, "invalid-from"],
    ["from below the component", `from="a.${DOMAIN}" to="bob@localhost"`, "invalid-from"],
    ["from what is no address", `from="@${DOMAIN}" to="bob@localhost"`, "invalid-from"],
    ["from nobody", `to="bob@localhost"`, "improper-addressing"],
    ["to nobody", `from="${DOMAIN}"`, "improper-addressing"],
    ["to nothing", `from="${DOMAIN}" to=""`, "improper-addressing"],
  ] as const)(
    "%s ends the stream and reaches nobody",
    async ([, attributes, condition], { rig, connect }) => {
      const bob = await connect("bob/desk");
      const component = await connectComponent(rig, DOMAIN, SECRET);
      await component.sends(message(attributes));
      await component.closed(condition);
      await bob.receivesNothing();
    },
  );

  test("to a malformed address is answered, since gateways hand on what people typed", async ({ rig }) => {
    const component = await connectComponent(rig, DOMAIN, SECRET);
    await component.sends(message(`from="a@${DOMAIN}" to="b@@c" id="m"`));
    await component.receives(`<message type="error" id="m" from="localhost" to="a@${DOMAIN}">
      <error type="modify"><jid-malformed xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></message>`);
    await component.sends(`<message type="error" from="a@${DOMAIN}" to="b@@c"/>`);
    await component.receivesNothing();
  });

  test("of no kind ends the stream", async ({ rig }) => {
    for (const xml of ["<handshake/>", `<presence xmlns="urn:example"/>`, "<letter/>"]) {
      const component = await connectComponent(rig, DOMAIN, SECRET);
      await component.sends(xml);
      await component.closed("unsupported-stanza-type");
    }
  });

  test("may be as large as the limit, and not larger", async ({ rig, connect }) => {
    await connect("alice/phone");
    const component = await connectComponent(rig, DOMAIN, SECRET);
    const body = (size: number) =>
      `<message from="${DOMAIN}" to="alice@localhost" type="chat"><body>${"x".repeat(size)}</body></message>`;
    await component.sendsRaw(body(990_000));
    await component.receivesNothing();
    await component.sendsRaw(body(1_000_000));
    await component.closed("policy-violation");
  });

  test("is an IQ as the rules are, or is refused", async ({ rig }) => {
    const component = await connectComponent(rig, DOMAIN, SECRET);
    const header = `from="${DOMAIN}" to="localhost"`;
    for (const iq of [
      `<iq type="get" id="1" ${header}/>`,
      `<iq type="what" id="1" ${header}><a xmlns="urn:a"/></iq>`,
      `<iq type="get" ${header}><a xmlns="urn:a"/></iq>`,
    ]) {
      await component.sends(iq);
      await component.receives(`<iq type="error">{...}<error type="modify"><bad-request
        xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`);
    }
  });
});

describe("XML that is not allowed", () => {
  test.for([
    ["not well-formed", "<message></presence>", "not-well-formed"],
    ["a comment", "<!-- hi -->", "restricted-xml"],
    ["a document type", "<!DOCTYPE x>", "restricted-xml"],
    ["an entity", `<message from="${DOMAIN}" to="localhost">&hi;</message>`, "restricted-xml"],
    ["deep nesting", `<message>${"<a>".repeat(100)}`, "policy-violation"],
  ] as const)("ends the stream: %s", async ([, xml, condition], { rig }) => {
    const component = await connectComponent(rig, DOMAIN, SECRET);
    await component.sendsRaw(xml);
    await component.closed(condition);
  });

  test("before the handshake may be small only", async ({ rig }) => {
    const component = rawComponent(rig);
    await component.sendsRaw(componentHeader(DOMAIN));
    await component.receivesHeader();
    await component.sendsRaw(`<handshake>${"0".repeat(11_000)}`);
    await component.closed("policy-violation");
  });
});

describe("namespaces", () => {
  const forwarded = (content: string) =>
    `<message from="a@${DOMAIN}" to="alice@localhost" type="chat"><forwarded xmlns="urn:xmpp:forward:0">
      <message xmlns="${content}" from="b@c" type="chat"><body>Hi</body></message></forwarded></message>`;

  test("are those of clients inside of the server, wherever they stand", async ({ rig, connect }) => {
    const alice = await connect("alice/phone");
    const component = await connectComponent(rig, DOMAIN, SECRET);
    await component.sends(forwarded("jabber:component:accept"));
    await alice.receives(forwarded("jabber:client"));
    await component.sends(forwarded("jabber:client"));
    await alice.receives(forwarded("jabber:client"));
    expect(alice.heard).not.toContain("jabber:component");
  });

  test("may be declared on each stanza, and with a prefix", async ({ rig, connect }) => {
    const alice = await connect("alice/phone");
    const component = await connectComponent(rig, DOMAIN, SECRET);
    const to = `from="a@${DOMAIN}" to="alice@localhost" type="chat"`;
    for (const xml of [
      `<message xmlns="jabber:component:accept" ${to}><body>Hi</body></message>`,
      `<message xmlns="jabber:client" ${to}><body>Hi</body></message>`,
      `<c:message xmlns:c="jabber:component:accept" ${to}><c:body>Hi</c:body></c:message>`,
    ]) {
      await component.sends(xml);
      await alice.receives(message(`type="chat"`));
    }
    expect(alice.heard).not.toContain("jabber:component");
  });

  test("on the way to the component are its own, but for what is forwarded", async ({ rig, connect }) => {
    const alice = await connect("alice/phone");
    const component = await connectComponent(rig, DOMAIN, SECRET);
    const { length } = component.wire.text;
    await alice.sends(forwarded("jabber:client").replace(/from="a.*? to=".*?"/, `to="a@${DOMAIN}"`));
    await component.receives(forwarded("jabber:client").replace(/from="a.*? to=".*?"/, ""));
    const text = component.wire.text.slice(length);
    expect(text).toMatch(/^<message to="a@bridge.localhost" from="alice@localhost\/phone"/);
    expect(text).not.toMatch(/^<message[^>]* xmlns=/);
    expect(text.match(/jabber:client/g)).toHaveLength(1);
  });
});

describe("the stream ends", () => {
  test("when the component says so", async ({ rig }) => {
    const component = await connectComponent(rig, DOMAIN, SECRET);
    await component.closes();
    expect(rig.server.components.streams.size).toBe(0);
  });

  test("when the component has an error", async ({ rig }) => {
    const component = await connectComponent(rig, DOMAIN, SECRET);
    await component.sendsRaw(
      `<stream:error><conflict xmlns="urn:ietf:params:xml:ns:xmpp-streams"/></stream:error></stream:stream>`,
    );
    await component.receivesEnd();
    await component.disconnected();
  });

  test("when the server does", async ({ rig }) => {
    const component = await connectComponent(rig, DOMAIN, SECRET);
    const waiting = rawComponent(rig);
    await waiting.sendsRaw(componentHeader("bots.example.org"));
    await waiting.receivesHeader();
    const closed = rig.server.close();
    await component.closed("system-shutdown");
    await waiting.closed("system-shutdown");
    await closed;
  });

  test("when the component is quiet and does not answer; white space is a sign of life", async ({
    rig,
    clock,
  }) => {
    const component = await connectComponent(rig, DOMAIN, SECRET);
    await clock.advance("14m");
    await component.sendsRaw(" \n");
    await clock.advance("14m");
    await component.receivesNothing();
    await clock.advance("2m");
    await component.receives(
      `<iq type="get" from="localhost" to="${DOMAIN}"><ping xmlns="urn:xmpp:ping"/></iq>`,
    );
    await clock.advance("30s");
    await component.closed("connection-timeout");
  });
});

describe("a component that sends too fast", () => {
  const components = { bytesPerSecond: "10 KB", burstBytes: "20 KB" };
  test.override({ options: { components: { [DOMAIN]: SECRET }, config: { limits: { components } } } });

  test("is held up, and loses nothing", async ({ rig, connect, clock }) => {
    const alice = await connect("alice/phone");
    const component = await connectComponent(rig, DOMAIN, SECRET);
    const body = `<body>${"x".repeat(5_000)}</body>`;
    for (let id = 0; id < 10; id++) {
      await component.sends(
        `<message from="${DOMAIN}" to="alice@localhost" type="chat" id="${id}">${body}</message>`,
      );
    }
    expect(component.pipe.paused).toBe(true);
    expect(rig.server.metrics.snapshot()).toMatchObject({ 'jackdaw_streams_limited{limit="rate"}': 1 });
    await clock.advance("10s");
    expect(component.pipe.paused).toBe(false);
    for (let id = 0; id < 10; id++) {
      expect((await alice.receivesAny()).attrs["id"]).toBe(String(id));
    }
  });
});

describe("a component that does not read", () => {
  const components = { unsentSoft: "20 KB", unsentHard: "100 KB" };
  test.override({ options: { components: { [DOMAIN]: SECRET }, config: { limits: { components } } } });

  test("is not read from, then dropped; who sent what it did not get is told", async ({ rig, connect }) => {
    const alice = await connect("alice/phone");
    const component = await connectComponent(rig, DOMAIN, SECRET);
    component.pipe.stopReading();
    const text = "x".repeat(10_000);
    const send = (id: number) =>
      alice.sends(`<message to="a@${DOMAIN}" id="${id}"><body>${text}</body></message>`);
    for (let id = 0; id < 5; id++) await send(id);
    expect(component.pipe.paused).toBe(true);
    await alice.receivesNothing();
    for (let id = 5; id < 10; id++) await send(id);
    await component.disconnected();
    for (let id = 0; id < 10; id++) {
      await alice.receives(`<message type="error" id="${id}" from="a@${DOMAIN}">
        <error type="wait"><remote-server-timeout xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></message>`);
    }
    expect(rig.server.metrics.snapshot()).toMatchObject({
      'jackdaw_streams_limited{limit="output"}': 1,
      'jackdaw_streams_limited{limit="unread"}': 1,
    });
  });
});
