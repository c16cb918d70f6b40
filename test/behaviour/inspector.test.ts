/** What an administrator sees of an account's or a room's traffic. */
import { describe, expect } from "vitest";
import { type Sighting, Watch } from "../../src/admin/inspector/watch.ts";
import type { XmppServer } from "../../src/server.ts";
import { test } from "../../src/testing/rig.ts";
import { Jid } from "../../src/xmpp/jid.ts";

function watch(
  server: XmppServer,
  address: string,
): { readonly seen: Sighting[]; readonly stop: () => void } {
  const seen: Sighting[] = [];
  const stop = server.addTap(
    new Watch(
      Jid.parse(address),
      () => server.host().clock.now(),
      (one) => seen.push(one),
    ),
  );
  return { seen, stop };
}

describe("watching an account", () => {
  test("shows what its clients send and get, with direction and kind", async ({ server, connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    const { seen, stop } = watch(server, "alice@localhost");
    await alice.sends(`<message to="bob@localhost" type="chat" id="m1"><body>Hi</body></message>`);
    await alice.sends(`<iq type="get" id="p"><ping xmlns="urn:xmpp:ping"/></iq>`);
    await bob.sends(`<presence><status>here</status></presence>`);
    expect(seen.map(({ direction, kind, session }) => [direction, kind, session])).toEqual([
      ["in", "message", "alice@localhost/phone"],
      ["out", "message", "bob@localhost/desk"],
      ["in", "iq", "alice@localhost/phone"],
      ["out", "iq", "alice@localhost/phone"],
    ]);
    expect(seen[0]).toMatchObject({
      at: server.host().clock.now(),
      xml: `<message to="bob@localhost" id="m1" type="chat"><body>Hi</body></message>`,
    });
    stop();
    await alice.sends(`<presence/>`);
    expect(seen).toHaveLength(4);
  });

  test("shows a log-in from its name on, and none of its secrets", async ({ server, raw, user }) => {
    await user("alice", "sesame");
    const { seen } = watch(server, "alice@localhost");
    const alice = raw();
    await alice.sends(`<stream:stream to="localhost" from="alice@localhost" version="1.0" xmlns="jabber:client"
      xmlns:stream="http://etherx.jabber.org/streams">`);
    const proof = Buffer.from("\0alice\0sesame").toString("base64");
    await alice.sends(`<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">${proof}</auth>`);
    expect(seen.map(({ direction, xml }) => `${direction} ${/^<[\w:]+/.exec(xml)?.[0]}`)).toEqual([
      "out <features",
      "in <auth",
      "out <success",
    ]);
    expect(seen[0]?.xml).toContain(`<mechanism>PLAIN</mechanism>`);
    expect(JSON.stringify(seen)).not.toContain(proof);
  });

  test("shows nothing of others", async ({ server, connect }) => {
    const bob = await connect("bob/desk");
    const carol = await connect("carol/desk");
    const { seen } = watch(server, "alice@localhost");
    await bob.sends(
      `<message to="carol@localhost" type="chat"><body>alice@localhost is away</body></message>`,
    );
    await carol.receives(`<message from="bob@localhost/desk" type="chat">{...}</message>`);
    await bob.sends(`<iq type="get" id="x" to="not an address@@"><ping xmlns="urn:xmpp:ping"/></iq>`);
    expect(seen).toEqual([]);
  });
});

test("a room's address shows what its occupants send there and get from there", async ({
  server,
  connect,
}) => {
  const alice = await connect("alice/phone");
  const { seen } = watch(server, "room@rooms.localhost");
  await alice.sends(`<presence to="room@rooms.localhost/me"/>`);
  await alice.sends(`<message to="room@rooms.localhost" type="groupchat" id="g"><body>x</body></message>`);
  expect(seen.map(({ direction, kind, xml }) => [direction, kind, /type="(\w+)"/.exec(xml)?.[1]])).toEqual([
    ["in", "presence", undefined],
    ["out", "presence", "error"],
    ["in", "message", "groupchat"],
    ["out", "message", "error"],
  ]);
});
