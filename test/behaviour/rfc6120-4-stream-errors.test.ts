/** RFC 6120 §4.9: every stream error that a client can cause. */
import { describe, expect } from "vitest";
import { streamHeader } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import type { StreamCondition } from "../../src/xmpp/errors.ts";

const FEATURES = "<stream:features>{any}</stream:features>";
const STREAMS = `xmlns:stream="http://etherx.jabber.org/streams"`;
const header = streamHeader();

/** Condition, what is wrong, and the first bytes of a connection. */
const headers: readonly [StreamCondition, string, string | Buffer][] = [
  [
    "bad-format",
    "another element in the namespace of streams (§4.9.3.1)",
    `<stream:flow ${STREAMS} xmlns="jabber:client" version="1.0">`,
  ],
  [
    "bad-namespace-prefix",
    "another prefix than stream (§4.9.3.2)",
    `<s:stream xmlns:s="http://etherx.jabber.org/streams" xmlns="jabber:client" version="1.0">`,
  ],
  [
    "bad-namespace-prefix",
    "no prefix (§4.8.5)",
    `<stream xmlns="http://etherx.jabber.org/streams" version="1.0">`,
  ],
  ["not-well-formed", "an undeclared prefix (§11.3)", `<stream:stream xmlns="jabber:client" version="1.0">`],
  ["host-unknown", "a domain of somebody else (§4.9.3.6)", streamHeader({ to: "example.net" })],
  ["improper-addressing", "a to that is no address (§4.9.3.7)", streamHeader({ to: "@" })],
  ["invalid-from", "a from that is no address (§4.9.3.9)", streamHeader({ from: "@" })],
  [
    "invalid-namespace",
    "another namespace for the stream (§4.9.3.10)",
    header.replace("etherx.jabber.org", "example.org"),
  ],
  [
    "invalid-namespace",
    "another content namespace (§4.9.3.10)",
    header.replace("jabber:client", "jabber:other"),
  ],
  [
    "invalid-namespace",
    "the content namespace of servers (§4.9.3.10)",
    header.replace("jabber:client", "jabber:server"),
  ],
  ["unsupported-version", "no version (§4.7.5)", streamHeader({ version: undefined })],
  ["unsupported-version", "an old version (§4.9.3.25)", streamHeader({ version: "0.9" })],
  ["unsupported-version", "a version that is none (§4.9.3.25)", streamHeader({ version: "one" })],
  ["not-well-formed", "no XML at all (§4.9.3.13)", "GET / HTTP/1.1\r\n\r\n"],
  [
    "not-well-formed",
    "an attribute twice (§4.9.3.13)",
    `<stream:stream ${STREAMS} to="localhost" to="localhost">`,
  ],
  [
    "unsupported-encoding",
    "bytes that are not UTF-8 (§4.9.3.22)",
    Buffer.concat([Buffer.from("<stream:stream to='"), Buffer.from([0xff])]),
  ],
  [
    "unsupported-encoding",
    "another encoding in the declaration (§4.9.3.22)",
    header.replace(`version="1.0"?`, `version="1.0" encoding="ISO-8859-1"?`),
  ],
  ["unsupported-encoding", "UTF-16 (§4.9.3.22)", Buffer.from(`\uFEFF${header}`, "utf16le")],
  [
    "restricted-xml",
    "a document type (§11.1)",
    `<?xml version="1.0"?><!DOCTYPE stream [<!ENTITY a "b">]>${header}`,
  ],
  ["restricted-xml", "a comment (§11.1)", `<!-- hello -->${header}`],
  ["restricted-xml", "a processing instruction (§11.1)", `<?php echo 1 ?>${header}`],
  [
    "policy-violation",
    "a header without end (§4.9.3.14)",
    `<stream:stream ${STREAMS} to="${"x".repeat(11_000)}`,
  ],
];

describe("in place of a header", () => {
  test.for(headers)("%s: %s", async ([condition, , bytes], { raw }) => {
    const client = raw();
    await client.sendsRaw(bytes);
    // §4.9.1.2: even this error comes inside a stream.
    const { attributes } = await client.receivesHeader();
    expect(attributes).toMatchObject({
      from: "localhost",
      version: "1.0",
      id: expect.stringMatching(/^[\w-]{22}$/),
    });
    await client.closed(condition);
  });
});

const message = `<message to="bob@localhost"><body>Hi</body></message>`;
const SASL = `xmlns="urn:ietf:params:xml:ns:xmpp-sasl"`;

const unauthenticated: readonly [StreamCondition, string, string][] = [
  ["not-authorized", "a message (§4.9.3.12)", message],
  ["not-authorized", "presence (§4.9.3.12)", "<presence/>"],
  ["not-authorized", "a request (§4.9.3.12)", `<iq type="get" id="1"><query xmlns="jabber:iq:roster"/></iq>`],
  [
    "not-authorized",
    "resource binding (§7.1)",
    `<iq type="set" id="1"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>`,
  ],
  ["unsupported-stanza-type", "an element that nobody knows (§4.9.3.24)", `<pubsub xmlns="urn:example:x"/>`],
  ["unsupported-stanza-type", "an element of SASL that is none", `<hello ${SASL}/>`],
  [
    "policy-violation",
    "more than 10 KB (§4.9.3.14)",
    `<auth ${SASL} mechanism="PLAIN">${"A".repeat(11_000)}</auth>`,
  ],
];

describe("before authentication", () => {
  test.for(unauthenticated)("%s: %s", async ([condition, , xml], { raw }) => {
    const client = raw();
    await client.opens();
    await client.receives(FEATURES);
    await client.sends(xml);
    await client.closed(condition);
  });
});

const bound: readonly [StreamCondition, string, string | Buffer][] = [
  ["not-well-formed", "an undeclared prefix (§11.3)", "<x:message/>"],
  ["not-well-formed", "an undeclared prefix deep inside", "<message><a><x:b/></a></message>"],
  ["not-well-formed", "an undeclared prefix of an attribute", `<message><a x:b="c"/></message>`],
  [
    "invalid-from",
    "somebody else's address (§8.1.2.1)",
    `<message from="mallory@localhost" to="bob@localhost"/>`,
  ],
  ["invalid-from", "a from that is no address", `<message from="@" to="bob@localhost"/>`],
  ["invalid-from", "an empty from", `<message from="" to="bob@localhost"/>`],
  ["not-authorized", "authentication once more (§6.3.5)", `<auth ${SASL} mechanism="PLAIN">AGEAYg==</auth>`],
  ["not-well-formed", "an end tag of something else (§4.9.3.13)", "<message><body></message></body>"],
  ["not-well-formed", "a lone ampersand", "<message><body>a & b</body></message>"],
  ["not-well-formed", "a character that XML does not have", "<message><body>&#0;</body></message>"],
  ["not-well-formed", "a control character as it is", "<message><body>\u0001</body></message>"],
  ["not-well-formed", "an unquoted attribute", "<message to=bob/>"],
  ["not-well-formed", "]]> in text", "<message><body>]]></body></message>"],
  ["not-well-formed", "text between stanzas", "hello"],
  [
    "unsupported-encoding",
    "bytes that are not UTF-8 (§4.9.3.22)",
    Buffer.from([0x3c, 0x6d, 0x3e, 0xc3, 0x28]),
  ],
  [
    "unsupported-encoding",
    "a surrogate in UTF-8 (§4.9.3.22)",
    Buffer.from([0x3c, 0x6d, 0x3e, 0xed, 0xa0, 0x80]),
  ],
  ["restricted-xml", "a comment (§11.1)", "<message><!-- x --></message>"],
  ["restricted-xml", "a processing instruction (§11.1)", "<message><?x y?></message>"],
  ["restricted-xml", "a document type (§11.1)", `<!DOCTYPE x><message/>`],
  ["restricted-xml", "an entity that XML does not have (§11.1)", "<message><body>&nbsp;</body></message>"],
  ["unsupported-stanza-type", "another element in the content namespace (§4.9.3.24)", "<note/>"],
  ["unsupported-stanza-type", "another namespace (§4.9.3.24)", `<message xmlns="urn:example:x"/>`],
  ["unsupported-stanza-type", "the content namespace of servers", `<message xmlns="jabber:server"/>`],
];

describe("on a bound stream", () => {
  test.for(bound)("%s: %s", async ([condition, , bytes], { connect, rig }) => {
    const client = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await client.sendsRaw(bytes);
    await client.closed(condition);
    expect(rig.server.host().sessions.size).toBe(1);
    await bob.receivesNothing();
  });
});

describe("a stream that an error ended", () => {
  test("takes nothing more (§4.9.1.1)", async ({ connect }) => {
    const client = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await client.sends(`<note/><message to="${bob.jid}" type="chat"><body>Hi</body></message>`);
    await client.closed("unsupported-stanza-type");
    await bob.receivesNothing();
  });

  test("did what came before the error", async ({ connect }) => {
    const client = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await client.sends(`<message to="${bob.jid}" type="chat"><body>Hi</body></message><note/>`);
    await client.closed("unsupported-stanza-type");
    await bob.receives(`<message type="chat"><body>Hi</body></message>`);
  });

  test("says nothing of the inside of the server", async ({ connect }) => {
    const client = await connect("alice/phone");
    await client.sends("<message><body>&#0;</body></message>");
    expect(client.heard).not.toMatch(/\.ts|node_modules|at \w+ \(/);
    await client.closed("not-well-formed");
  });
});
