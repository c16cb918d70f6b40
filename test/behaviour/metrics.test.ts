import { expect } from "vitest";
import { test } from "../../src/testing/rig.ts";

test("stanzas are counted by kind, both ways", async ({ connect, server }) => {
  const alice = await connect("alice/phone");
  const bob = await connect("bob/desk");
  const before = server.metrics.snapshot();
  await alice.sends(`<message to="bob@localhost" type="chat"><body>Hi</body></message>`);
  await bob.receives(`<message from="alice@localhost/phone" type="chat"><body>Hi</body>{...}</message>`);
  await alice.sends(`<iq type="get" id="p" to="localhost"><ping xmlns="urn:xmpp:ping"/></iq>`);
  await alice.receives(`<iq type="result" id="p" from="localhost"/>`);
  const after = server.metrics.snapshot();
  const grown = (name: string) => (after[name] ?? 0) - (before[name] ?? 0);
  expect(grown('jackdaw_stanzas_received{kind="message"}')).toBe(1);
  expect(grown('jackdaw_stanzas_received{kind="iq"}')).toBe(1);
  expect(grown('jackdaw_stanzas_sent{kind="message"}')).toBe(1);
  expect(grown('jackdaw_stanzas_sent{kind="iq"}')).toBe(1);
  expect(grown('jackdaw_stanzas_sent{kind="presence"}')).toBe(0);
});

test("streams are counted by transport and state, sessions by domain", async ({ connect, raw, server }) => {
  await connect("alice/phone");
  await connect("alice/laptop");
  raw();
  const figures = server.metrics.snapshot();
  expect(figures['jackdaw_streams{state="bound",transport="pipe"}']).toBe(2);
  expect(figures['jackdaw_streams{state="opening",transport="pipe"}']).toBe(1);
  expect(figures['jackdaw_sessions{domain="localhost",state="connected"}']).toBe(2);
});

test("log-ins are counted by mechanism and outcome", async ({ connect, raw, server, user }) => {
  await connect("alice/phone");
  const figures = server.metrics.snapshot();
  const [name = ""] = Object.keys(figures).filter((key) => key.startsWith("jackdaw_logins"));
  expect(name).toMatch(/mechanism="[A-Z0-9-]+",outcome="success"/);
  expect(figures[name]).toBe(1);

  await user("bob", "right");
  const bob = raw();
  await bob.sends(`<stream:stream to="localhost" version="1.0" xmlns="jabber:client"
    xmlns:stream="http://etherx.jabber.org/streams">`);
  const response = Buffer.from("\0bob\0wrong").toString("base64");
  await bob.sends(`<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">${response}</auth>`);
  expect(server.metrics.snapshot()['jackdaw_logins{mechanism="PLAIN",outcome="failure"}']).toBe(1);
});

test("errors are counted by their condition", async ({ connect, server }) => {
  const alice = await connect("alice/phone");
  await alice.sends(`<iq type="get" id="q" to="localhost"><query xmlns="urn:nothing"/></iq>`);
  await alice.receives(`<iq type="error" id="q">{...}</iq>`);
  await alice.sends(`<nonsense/>`);
  const figures = server.metrics.snapshot();
  expect(figures['jackdaw_stanza_errors{condition="service-unavailable"}']).toBe(1);
  expect(figures['jackdaw_stream_errors{condition="unsupported-stanza-type"}']).toBe(1);
});
