/** XEP-0357: Push Notifications. The push service is a client of this server. */
import { describe, expect } from "vitest";
import { test } from "../../src/testing/rig.ts";
import { Jid } from "../../src/xmpp/jid.ts";
import { parseStanza } from "../../src/xmpp/parse-stanza.ts";
import { confirms, disable, does, enable, mayResume, notification, PUSH } from "./push-client.ts";

const STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas";
const hi = `<message to="bob@localhost" type="chat"><body>Hi</body></message>`;

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
  await mayResume(bob);
  const alice = await connect("alice/desk");
  await alice.sends(hi);
  await service.receivesNothing();
  await bob.disconnects();
  // What was sent and not acknowledged may not have arrived.
  await confirms(service);
  await alice.sends(hi);
  await confirms(service);
});

test("a phone is woken once for each message, though its session ends without it (XEP-0198 §4)", async ({
  connect,
  clock,
}) => {
  const service = await connect("push/app");
  const bob = await connect("bob/phone");
  await does(bob, enable());
  await mayResume(bob);
  const alice = await connect("alice/desk");
  await alice.sends(hi);
  await bob.disconnects();
  await confirms(service);
  await alice.sends(hi);
  await confirms(service);
  await clock.advance(600_000);
  await service.receivesNothing();
  // They wait for the phone now.
  await alice.sends(hi);
  await confirms(service);
  await service.receivesNothing();
});

test("a phone that came back and was lost again before it acknowledged is woken again (XEP-0198 §5)", async ({
  connect,
  authenticated,
}) => {
  const service = await connect("push/app");
  const bob = await connect("bob/phone");
  await does(bob, enable());
  const id = await mayResume(bob);
  await bob.disconnects();
  await (await connect("alice/desk")).sends(hi);
  await confirms(service);
  const back = await authenticated("bob");
  await back.sends(`<resume xmlns="urn:xmpp:sm:3" previd="${id}" h="0"/>`);
  await back.receives(`<resumed xmlns="urn:xmpp:sm:3" previd="${id}" h="{any}"/>`);
  await service.receivesNothing();
  await back.disconnects();
  await confirms(service);
  await service.receivesNothing();
});

test("a phone that lost its connection while it was getting what waited is woken by what comes (XEP-0160)", async ({
  connect,
  user,
  clock,
}) => {
  const service = await connect("push/app");
  await user("bob");
  const alice = await connect("alice/desk");
  // More than goes out at once.
  await alice.sends(hi.repeat(101));
  const bob = await connect("bob/phone", { presence: false });
  await does(bob, enable());
  await bob.sends(`<enable xmlns="urn:xmpp:sm:3" resume="true"/><presence/>`);
  await bob.disconnects();
  await clock.advance(60_000);
  service.forget(() => true);
  await alice.sends(hi);
  await service.receives(notification());
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
  ["an invitation", "", `<x xmlns="jabber:x:conference" jid="room@muc.localhost"/>`],
] as const)("%s wakes a phone that waits to come back", async ([, type, payload], { connect, server }) => {
  const service = await connect("push/app");
  const bob = await connect("bob/phone");
  await does(bob, enable());
  await mayResume(bob);
  await bob.disconnects();
  const text = `<message from="room@muc.localhost/nick" to="bob@localhost/phone" ${type}>${payload}</message>`;
  await server.host().route(parseStanza(text));
  await service.receives(notification());
});

test("a call by Jingle alone (XEP-0166) wakes a phone that waits to come back, once", async ({
  connect,
  server,
}) => {
  const service = await connect("push/app");
  const bob = await connect("bob/phone");
  await does(bob, enable());
  await mayResume(bob);
  await bob.disconnects();
  for (const action of ["session-initiate", "transport-info"]) {
    const text = `<iq type="set" id="${action}" from="alice@localhost/desk" to="bob@localhost/phone"><jingle xmlns="urn:xmpp:jingle:1" action="${action}" sid="s"/></iq>`;
    await server.host().route(parseStanza(text));
  }
  await confirms(service);
  await service.receivesNothing();
});

describe("what another device gets", () => {
  const CARBONS = `<iq type="set" id="on"><enable xmlns="urn:xmpp:carbons:2"/></iq>`;
  const toDesk = (payload: string, type = "chat") =>
    `<message to="bob@localhost/desk" from="alice@localhost/desk" type="${type}">${payload}</message>`;

  test.for([
    ["with copies (XEP-0280)", true],
    ["without", false],
  ] as const)(
    "wakes a phone that waits to come back, %s, where it says something",
    async ([, hasCopies], { connect, server }) => {
      const service = await connect("push/app");
      const phone = await connect("bob/phone");
      await does(phone, enable());
      if (hasCopies) await does(phone, CARBONS);
      await mayResume(phone);
      await connect("bob/desk");
      await phone.disconnects();
      const deliver = (text: string) => server.host().route(parseStanza(text));
      await deliver(toDesk(`<composing xmlns="http://jabber.org/protocol/chatstates"/>`));
      await deliver(toDesk(`<received xmlns="urn:xmpp:receipts" id="1"/>`));
      await deliver(toDesk(`<displayed xmlns="urn:xmpp:chat-markers:0" id="1"/>`));
      await deliver(toDesk("<body>Hi</body>", "groupchat"));
      await service.receivesNothing();
      await deliver(toDesk("<body>Hi</body>"));
      await confirms(service);
      await service.receivesNothing();
    },
  );

  test("or writes does not, nor what that sends to the own account", async ({ connect }) => {
    const service = await connect("push/app");
    const phone = await connect("bob/phone");
    await does(phone, enable());
    await does(phone, CARBONS);
    await mayResume(phone);
    const desk = await connect("bob/desk", { priority: -1 });
    await phone.disconnects();
    await desk.sends(`<message to="alice@localhost" type="chat"><body>Hi</body></message>${hi}`);
    await service.receivesNothing();
  });
});

describe("no notification comes of", () => {
  test.for([
    ["a chat state", `<composing xmlns="http://jabber.org/protocol/chatstates"/>`],
    ["a receipt", `<received xmlns="urn:xmpp:receipts" id="1"/>`],
    ["a marker", `<displayed xmlns="urn:xmpp:chat-markers:0" id="1"/>`],
    ["what is not to be kept", `<body>Hi</body><no-store xmlns="urn:xmpp:hints"/>`],
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

test("a service says itself that it stops serving a node (§8), and nobody says so for it", async ({
  connect,
}) => {
  const service = await connect("push/app");
  const bob = await connect("bob/phone");
  for (const node of ["n1", "n2"]) await does(bob, enable(node));
  const stops = (node: string) =>
    `<message to="bob@localhost"><pubsub xmlns="http://jabber.org/protocol/pubsub" node="${node}"><affiliation jid="bob@localhost" affiliation="none"/></pubsub></message>`;
  const alice = await connect("alice/desk");
  await service.sends(stops("n1"));
  await alice.sends(stops("n2"));
  for (const node of ["n1", "n2"]) await bob.receives(stops(node));
  await bob.closes();
  await alice.sends(hi);
  await service.receives(notification("n2"));
  await service.receivesNothing();
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

test("a request without a service, or with a malformed one, is refused", async ({ connect }) => {
  const bob = await connect("bob/phone");
  for (const [service, error] of [
    ["", `<error type="modify"><bad-request xmlns="${STANZAS}"/></error>`],
    [`jid="@"`, `<error type="modify"><jid-malformed xmlns="${STANZAS}"/></error>`],
  ]) {
    await bob.sends(`<iq type="set" id="1"><enable xmlns="${PUSH}" ${service}/></iq>`);
    await bob.receives(`<iq type="error" id="1">{...}${error}</iq>`);
  }
});

test("with too many services one more is refused, and counted; one that is there may change", async ({
  connect,
  server,
}) => {
  const bob = await connect("bob/phone");
  for (let i = 0; i < 20; i++) await does(bob, enable(`n${i}`));
  await bob.sends(enable("one more"));
  await bob.receives(
    `<iq type="error" id="on">{...}<error type="wait"><resource-constraint xmlns="${STANZAS}"/></error></iq>`,
  );
  await does(bob, enable("n7"));
  expect(server.metrics.snapshot()["jackdaw_push_refused"]).toBe(1);
});

test("who gets the name of an account that is gone gets none of its services", async ({
  connect,
  server,
  user,
}) => {
  const service = await connect("push/app");
  await does(await connect("bob/phone"), enable());
  await server.host().removeUser(Jid.parse("bob@localhost"));
  await user("bob");
  await (await connect("alice/desk")).sends(hi);
  await service.receivesNothing();
});
