/** XEP-0049: Private XML Storage. */
import { test } from "../../src/testing/rig.ts";

const get = (piece: string) => `<iq type="get" id="g"><query xmlns="jabber:iq:private">${piece}</query></iq>`;
const set = (piece: string) => `<iq type="set" id="s"><query xmlns="jabber:iq:private">${piece}</query></iq>`;
const result = (piece: string) =>
  `<iq type="result" id="g"><query xmlns="jabber:iq:private">${piece}</query></iq>`;
const refused = (condition: string, type: string) =>
  `<iq type="error">{...}<error type="${type}"><${condition} xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`;
const bookmarks =
  '<storage xmlns="storage:bookmarks"><conference jid="r@muc.example" name="a &lt; b"/></storage>';

test("what was stored comes back, also to another resource and after a new start of it (§3.1, §3.2)", async ({
  connect,
}) => {
  const alice = await connect("alice/phone");
  await alice.sends(set(bookmarks));
  await alice.receives(`<iq type="result" id="s"/>`);
  const laptop = await connect("alice/laptop");
  await laptop.sends(get('<storage xmlns="storage:bookmarks"/>'));
  await laptop.receives(result(bookmarks));
  await laptop.sends(set('<storage xmlns="storage:bookmarks"/>'));
  await laptop.receives(`<iq type="result" id="s"/>`);
  await alice.sends(get('<storage xmlns="storage:bookmarks"/>'));
  await alice.receives(result('<storage xmlns="storage:bookmarks"/>'));
});

test("what was never stored comes back empty", async ({ connect }) => {
  const alice = await connect("alice/phone");
  await alice.sends(get('<x xmlns="urn:example"/>'));
  await alice.receives(result('<x xmlns="urn:example"/>'));
});

test("a piece is found by its namespace, and by its name where there are several (§3.2)", async ({
  connect,
}) => {
  const alice = await connect("alice/phone");
  const roster = '<roster xmlns="roster:delimiter">::</roster>';
  const inside = '<a xmlns="roster:delimiter more"/>';
  await alice.sends(set(inside + roster));
  await alice.receives(`<iq type="result" id="s"/>`);
  // Gajim asks by this name for what it stores by the other one.
  await alice.sends(get('<storage xmlns="roster:delimiter"/>'));
  await alice.receives(result(roster));
  const storage = '<storage xmlns="roster:delimiter">/</storage>';
  await alice.sends(set(storage));
  await alice.receives(`<iq type="result" id="s"/>`);
  for (const piece of [storage, roster]) {
    await alice.sends(get(piece));
    await alice.receives(result(piece));
  }
});

test("nobody else reads or writes it", async ({ connect }) => {
  await connect("alice/phone");
  const bob = await connect("bob/desk");
  for (const request of [get('<x xmlns="urn:example"/>'), set('<x xmlns="urn:example"/>')]) {
    await bob.sends(request.replace("<iq ", '<iq to="alice@localhost" '));
    await bob.receives(refused("service-unavailable", "cancel"));
  }
});

test("pieces without a namespace of their own, none, too large ones and too many are refused", async ({
  connect,
}) => {
  const alice = await connect("alice/phone");
  for (const request of [set(""), set("<x/>"), set('<x xmlns="jabber:client"/>'), get("")]) {
    await alice.sends(request);
    await alice.receives(refused("not-acceptable", "modify"));
  }
  await alice.sends(set(`<x xmlns="urn:example">${"a".repeat(100_001)}</x>`));
  await alice.receives(refused("not-acceptable", "modify"));
  await alice.sends(set(Array.from({ length: 101 }, (_, index) => `<x xmlns="urn:${index}"/>`).join("")));
  await alice.receives(refused("resource-constraint", "wait"));
});
