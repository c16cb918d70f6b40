/** XEP-0357: Push Notifications. The push service is a client of this server. */
import { describe, expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import { parseStanza } from "../../src/xmpp/parse-stanza.ts";

const PUSH = "urn:xmpp:push:0";
const SERVICE = "push@localhost/app";

const enable = (node = "n1", content = "") =>
  `<iq type="set" id="on"><enable xmlns="${PUSH}" jid="${SERVICE}" node="${node}">${content}</enable></iq>`;
const disable = (node?: string) =>
  `<iq type="set" id="off"><disable xmlns="${PUSH}" jid="${SERVICE}"${node ? ` node="${node}"` : ""}/></iq>`;
const hi = `<message to="bob@localhost" type="chat"><body>Hi</body></message>`;

async function does(client: Client, request: string): Promise<void> {
  await client.sends(request);
  await client.receives(`<iq type="result"/>`);
}

const notification = (node = "n1", options = "") => `
  <iq type="set" from="localhost" to="${SERVICE}" id="{any}">
    <pubsub xmlns="http://jabber.org/protocol/pubsub">
      <publish node="${node}"><item><notification xmlns="${PUSH}">{any}</notification></item></publish>${options}
    </pubsub>
  </iq>`;

test("a user who is away is told of by every service enabled (§5, §7)", async ({ connect }) => {
  const service = await connect("push/app");
  const bob = await connect("bob/phone");
  await does(bob, enable("n1"));
  await does(bob, enable("n2"));
  await bob.closes();
  const alice = await connect("alice/desk");
  await alice.sends(hi);
  await service.receivesInAnyOrder([notification("n1"), notification("n2")]);
  await (await connect("bob/phone")).receives(`<message type="chat"><body>Hi</body>{...}</message>`);
});

test("nothing of the message is told unless the operator allows it (§9)", async ({ connect }) => {
  const service = await connect("push/app");
  const bob = await connect("bob/phone");
  await does(bob, enable());
  await bob.closes();
  await (await connect("alice/desk")).sends(hi);
  await service.receives(notification());
  expect(service.heard).toContain("message-count");
  expect(service.heard).not.toContain("Hi");
  expect(service.heard).not.toContain("alice");
});

test("publish options go along (§5)", async ({ connect }) => {
  const service = await connect("push/app");
  const bob = await connect("bob/phone");
  const type = "http://jabber.org/protocol/pubsub#publish-options";
  await does(
    bob,
    enable(
      "n1",
      `<x xmlns="jabber:x:data" type="submit"><field var="FORM_TYPE"><value>${type}</value></field><field var="secret"><value>s3</value></field></x>`,
    ),
  );
  await bob.closes();
  await (await connect("alice/desk")).sends(hi);
  await service.receives(notification("n1", "<publish-options>{any}</publish-options>"));
  expect(service.heard).toContain("<value>s3</value>");
});

test("a phone that lost its connection is woken, one that is there is not", async ({ connect }) => {
  const service = await connect("push/app");
  const bob = await connect("bob/phone");
  await does(bob, enable());
  await bob.sends(`<enable xmlns="urn:xmpp:sm:3" resume="true"/>`);
  await bob.receives(`<enabled xmlns="urn:xmpp:sm:3" id="{any}" resume="true" max="{any}"/>`);
  const alice = await connect("alice/desk");
  await alice.sends(hi);
  await service.receivesNothing();
  await bob.disconnects();
  // What was sent and not acknowledged may not have arrived.
  await service.receives(notification());
  await alice.sends(hi);
  await service.receives(notification());
});

test("a phone is woken once for each message, though its session ends without it (XEP-0198 §4)", async ({
  connect,
  clock,
}) => {
  const service = await connect("push/app");
  const bob = await connect("bob/phone");
  await does(bob, enable());
  await bob.sends(`<enable xmlns="urn:xmpp:sm:3" resume="true"/>`);
  await bob.receivesAny();
  const alice = await connect("alice/desk");
  await alice.sends(hi);
  await bob.disconnects();
  await service.receives(notification());
  await alice.sends(hi);
  await service.receives(notification());
  await clock.advance(600_000);
  await service.receivesNothing();
  // They wait for the phone now.
  await alice.sends(hi);
  await service.receives(notification());
  await service.receivesNothing();
});

test("a device of which nothing is left is woken though another one is there, and that one is not", async ({
  connect,
}) => {
  const service = await connect("push/app");
  const phone = await connect("bob/phone");
  const desk = await connect("bob/desk");
  await does(phone, enable("phone"));
  await desk.sends(enable("desk"));
  await phone.closes();
  const alice = await connect("alice/desk");
  await alice.sends(hi);
  await service.receives(notification("phone"));
  await service.receivesNothing();
  // What one's own devices send each other is no news.
  await desk.sends(hi);
  await service.receivesNothing();
});

test.for([
  ["a message of a room", `type="groupchat"`, "<body>Hi</body>"],
  [
    "an encrypted message of a room",
    `type="groupchat"`,
    `<encrypted xmlns="eu.siacs.conversations.axolotl"/>`,
  ],
  [
    "a message that only says how it is encrypted",
    `type="chat"`,
    `<encryption xmlns="urn:xmpp:eme:0" namespace="urn:x"/>`,
  ],
  ["a call", `type="chat"`, `<propose xmlns="urn:xmpp:jingle-message:0" id="c"/>`],
] as const)("%s wakes a phone that waits to come back", async ([, type, payload], { connect, server }) => {
  const service = await connect("push/app");
  const bob = await connect("bob/phone");
  await does(bob, enable());
  await bob.sends(`<enable xmlns="urn:xmpp:sm:3" resume="true"/>`);
  await bob.receivesAny();
  await bob.disconnects();
  const text = `<message from="room@muc.localhost/nick" to="bob@localhost/phone" ${type}>${payload}</message>`;
  await server.host().route(parseStanza(text));
  await service.receives(notification());
});

describe("no notification comes of", () => {
  test.for([
    ["a chat state", `<composing xmlns="http://jabber.org/protocol/chatstates"/>`],
    ["a receipt", `<received xmlns="urn:xmpp:receipts" id="1"/>`],
  ] as const)("%s", async ([, payload], { connect }) => {
    const service = await connect("push/app");
    const bob = await connect("bob/phone");
    await does(bob, enable());
    await bob.closes();
    await (await connect("alice/desk")).sends(`<message to="bob@localhost" type="chat">${payload}</message>`);
    await service.receivesNothing();
  });

  test("a service that was disabled, by its node or as a whole (§6)", async ({ connect }) => {
    const service = await connect("push/app");
    const bob = await connect("bob/phone");
    for (const node of ["n1", "n2", "n3"]) await does(bob, enable(node));
    await does(bob, disable("n1"));
    await bob.closes();
    const alice = await connect("alice/desk");
    await alice.sends(hi);
    await service.receivesInAnyOrder([notification("n2"), notification("n3")]);
    await service.receivesNothing();
    const back = await connect("bob/phone");
    await back.receives(`<message type="chat"><body>Hi</body>{...}</message>`);
    await does(back, disable());
    await back.closes();
    await alice.sends(hi);
    await service.receivesNothing();
  });
});

test("an encrypted message wakes", async ({ connect }) => {
  const service = await connect("push/app");
  const bob = await connect("bob/phone");
  await does(bob, enable());
  await bob.closes();
  await (await connect("alice/desk")).sends(
    `<message to="bob@localhost" type="chat"><encrypted xmlns="eu.siacs.conversations.axolotl"/></message>`,
  );
  await service.receives(notification());
});

test("a service that fails five times in a row is disabled (§7.1)", async ({ connect }) => {
  const service = await connect("push/app");
  const bob = await connect("bob/phone");
  await does(bob, enable());
  await bob.closes();
  const alice = await connect("alice/desk");
  for (let round = 0; round < 5; round++) {
    await alice.sends(hi);
    const request = await service.receives(notification());
    await service.sends(
      `<iq type="error" to="localhost" id="${String(request.attrs.id)}"><error type="wait"><resource-constraint xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`,
    );
  }
  await alice.sends(hi);
  await service.receivesNothing();
});

test("an answer of somebody else to the server's request counts for nothing", async ({ connect }) => {
  const service = await connect("push/app");
  const bob = await connect("bob/phone");
  await does(bob, enable());
  await bob.closes();
  const alice = await connect("alice/desk");
  for (let round = 0; round < 6; round++) {
    await alice.sends(hi);
    const request = await service.receives(notification());
    await alice.sends(
      `<iq type="error" to="localhost" id="${String(request.attrs.id)}"><error type="cancel"/></iq>`,
    );
  }
});

test("requests without a service, with a malformed one, or too many are refused", async ({ connect }) => {
  const bob = await connect("bob/phone");
  await bob.sends(`<iq type="set" id="1"><enable xmlns="${PUSH}"/></iq>`);
  await bob.receives(`<iq type="error" id="1">{any}</iq>`);
  await bob.sends(`<iq type="set" id="2"><enable xmlns="${PUSH}" jid="@"/></iq>`);
  await bob.receives(`<iq type="error" id="2">{any}</iq>`);
  for (let i = 0; i < 20; i++) await does(bob, enable(`n${i}`));
  await bob.sends(enable("one more"));
  await bob.receives(
    `<iq type="error" id="on">{...}<error type="wait"><resource-constraint xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`,
  );
});
