/** XEP-0280: Message Carbons. */
import { describe, expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import { enter, forget, makeRoom, ROOM } from "./muc-client.ts";

const CARBONS = "urn:xmpp:carbons:2";
const HI = `<message to="bob@localhost" type="chat"><body>Hi</body></message>`;

async function enable(client: Client): Promise<Client> {
  await client.sends(`<iq type="set" id="on"><enable xmlns="${CARBONS}"/></iq>`);
  await client.receives(`<iq type="result" id="on"/>`);
  return client;
}

const copy = (side: "sent" | "received", message: string, type = "chat") => `
  <message type="${type}">
    <${side} xmlns="${CARBONS}"><forwarded xmlns="urn:xmpp:forward:0">${message}</forwarded></${side}>
  </message>`;

test("a device sees what another device of the same user sent (§8)", async ({ connect }) => {
  const phone = await connect("alice/phone");
  const laptop = await enable(await connect("alice/laptop"));
  const bob = await connect("bob/desk");
  await phone.sends(HI);
  await bob.receives(`<message from="alice@localhost/phone" type="chat"><body>Hi</body></message>`);
  await laptop.receives(`
    <message from="alice@localhost" to="alice@localhost/laptop" type="chat">
      <sent xmlns="${CARBONS}"><forwarded xmlns="urn:xmpp:forward:0">
        <message xmlns="jabber:client" from="alice@localhost/phone" to="bob@localhost" type="chat"><body>Hi</body></message>
      </forwarded></sent>
    </message>`);
  await phone.receivesNothing();
});

test("a device sees what was delivered to another one alone (§7)", async ({ connect }) => {
  const alice = await connect("alice/phone");
  const desk = await connect("bob/desk", { priority: 5 });
  const phone = await enable(await connect("bob/phone"));
  await alice.sends(HI);
  await desk.receives(`<message type="chat"><body>Hi</body></message>`);
  await phone.receives(`
    <message from="bob@localhost" to="bob@localhost/phone" type="chat">
      <received xmlns="${CARBONS}"><forwarded xmlns="urn:xmpp:forward:0">
        <message xmlns="jabber:client" from="alice@localhost/phone" to="bob@localhost" type="chat"><body>Hi</body></message>
      </forwarded></received>
    </message>`);
  await desk.receivesNothing();
});

test("a device that does not want messages itself still sees copies", async ({ connect }) => {
  const alice = await connect("alice/phone");
  const quiet = await enable(await connect("bob/quiet", { priority: -1 }));
  await alice.sends(HI);
  await quiet.receives(
    copy("received", `<message xmlns="jabber:client" type="chat"><body>Hi</body></message>`),
  );
});

describe("what nobody takes is copied as well (§7), and waits for the others", () => {
  const hi = copy(
    "received",
    `<message xmlns="jabber:client" type="chat"><body>Hi</body><stanza-id xmlns="urn:xmpp:sid:0" id="{any}" by="bob@localhost"/></message>`,
  );

  test.for([
    ["is not available yet", { presence: false }, "<presence/>"],
    ["wants none", { presence: "<presence><priority>-1</priority></presence>" }, "<presence/>"],
  ] as const)("a device that %s gets it once", async ([, options, later], { connect }) => {
    const alice = await connect("alice/phone");
    const early = await enable(await connect("bob/early", { presence: false }));
    if (options.presence) await early.sends(options.presence);
    early.forget(({ name }) => name === "presence");
    await alice.sends(HI);
    await early.receives(hi);
    await early.sends(later);
    early.forget(({ name }) => name === "presence");
    await early.receivesNothing();
    await (await connect("bob/desk")).receivesNothing();
  });

  test("another one that takes what waits leaves it nothing to get twice", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const early = await enable(await connect("bob/early", { presence: false }));
    await alice.sends(HI);
    await early.receives(hi);
    await (await connect("bob/desk")).receives(`<message type="chat"><body>Hi</body>{...}</message>`);
    await early.sends(`<presence/>`);
    early.forget(({ name }) => name === "presence");
    await early.receivesNothing();
  });
});

test("a device that is not available yet sees what another one got (§7)", async ({ connect }) => {
  const alice = await connect("alice/phone");
  const early = await enable(await connect("bob/early", { presence: false }));
  const desk = await connect("bob/desk");
  await alice.sends(HI);
  await desk.receives(`<message type="chat"><body>Hi</body></message>`);
  await early.receives(
    copy("received", `<message xmlns="jabber:client" type="chat"><body>Hi</body></message>`),
  );
  await early.sends(`<presence/>`);
  early.forget(({ name }) => name === "presence");
  await early.receivesNothing();
});

test("enabling and disabling twice is no error, and disabled means no copies (§10.1)", async ({
  connect,
}) => {
  const phone = await connect("alice/phone");
  const laptop = await enable(await enable(await connect("alice/laptop")));
  for (const id of ["off1", "off2"]) {
    await laptop.sends(`<iq type="set" id="${id}"><disable xmlns="${CARBONS}"/></iq>`);
    await laptop.receives(`<iq type="result" id="${id}"/>`);
  }
  await phone.sends(HI);
  await laptop.receivesNothing();
});

test("a device learns the archive's id of what another sent (XEP-0313 §3.5)", async ({ connect }) => {
  const phone = await connect("alice/phone");
  const laptop = await enable(await connect("alice/laptop"));
  await connect("bob/desk");
  await phone.sends(HI);
  await laptop.receives(
    copy(
      "sent",
      `<message xmlns="jabber:client" type="chat"><body>Hi</body><stanza-id xmlns="urn:xmpp:sid:0" by="alice@localhost" id="{any}"/></message>`,
    ),
  );
});

const GONE = '<error type="cancel"><gone xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>';

describe("what is copied (§6.1)", () => {
  const cases: readonly (readonly [string, string, string, boolean])[] = [
    ["a chat message without a body", "chat", '<x xmlns="urn:example"/>', true],
    ["a normal message with a body", "normal", "<body>x</body>", true],
    ["a normal message without", "normal", '<x xmlns="urn:example"/>', false],
    ["a receipt", "normal", '<received xmlns="urn:xmpp:receipts" id="1"/>', true],
    ["a marker", "normal", '<displayed xmlns="urn:xmpp:chat-markers:0" id="1"/>', true],
    ["a chat state", "normal", '<composing xmlns="http://jabber.org/protocol/chatstates"/>', true],
    ["a direct invitation", "normal", '<x xmlns="jabber:x:conference" jid="r@muc.example"/>', true],
    ["an error for a message with a body", "error", `<body>x</body>${GONE}`, true],
    ["an error for what it does not repeat", "error", GONE, true],
    ["an error for what is not copied", "error", `<x xmlns="urn:example"/>${GONE}`, false],
    ["a headline", "headline", "<body>x</body>", false],
    ["a private message (§9)", "chat", `<body>x</body><private xmlns="${CARBONS}"/>`, false],
    ["one not to be copied (XEP-0334)", "chat", '<body>x</body><no-copy xmlns="urn:xmpp:hints"/>', false],
  ];
  test.for(cases)("%s", async ([, type, payload, isCopied], { connect }) => {
    const phone = await connect("alice/phone");
    const laptop = await enable(await connect("alice/laptop"));
    await connect("bob/desk");
    await phone.sends(`<message to="bob@localhost/desk" type="${type}">${payload}</message>`);
    if (isCopied) {
      const message = `<message xmlns="jabber:client" type="${type}">${payload}</message>`;
      await laptop.receives(copy("sent", message, type));
    } else await laptop.receivesNothing();
  });

  test.for([
    ["of this server", ROOM, ""],
    ["elsewhere", "coven@rooms.example", `<x xmlns="http://jabber.org/protocol/muc#user"/>`],
  ] as const)(
    "a whisper to somebody in a room %s is seen by the devices that are there",
    async ([, room, mark], { connect }) => {
      const phone = await connect("alice/phone");
      const tablet = await enable(await connect("alice/tablet"));
      const laptop = await enable(await connect("alice/laptop"));
      if (room === ROOM) {
        await makeRoom(phone, "alice");
        await enter(tablet, "alice");
      } else await tablet.sends(`<presence to="${room}/alice"/>`);
      forget(phone, tablet, laptop);
      await phone.sends(`<message to="${room}/bob" type="chat"><body>x</body>${mark}</message>`);
      const message = `<message xmlns="jabber:client" type="chat"><body>x</body>${mark}<stanza-id xmlns="urn:xmpp:sid:0" id="{any}" by="alice@localhost"/></message>`;
      await tablet.receives(copy("sent", message));
      if (room === ROOM) {
        // Nobody of that name is there.
        const error = `<message xmlns="jabber:client" type="error" from="${room}/bob"><body>x</body><error type="cancel" by="${room}">{any}</error></message>`;
        await tablet.receives(copy("received", error, "error"));
      }
      await laptop.receivesNothing();
    },
  );

  test("a whisper in a room reaches each device by itself", async ({ connect, server }) => {
    await connect("alice/phone", { priority: 3 });
    const laptop = await enable(await connect("alice/laptop"));
    const bob = await connect("bob/desk");
    await bob.sends(
      `<message to="alice@localhost/phone" type="chat"><body>x</body><x xmlns="http://jabber.org/protocol/muc#user"/></message>`,
    );
    await laptop.receivesNothing();
    expect(server.host().sessions.size).toBe(3);
  });
});

describe("what somebody sends to the own account", () => {
  const note = `<message xmlns="jabber:client" type="chat"><body>note</body><stanza-id xmlns="urn:xmpp:sid:0" id="{any}" by="alice@localhost"/></message>`;

  test.for([
    ["alice@localhost", "whoever wants messages gets it, the others a copy"],
    ["alice@localhost/desk", "the device that it is for gets it, the others a copy"],
  ])("%s: %s, each once", async ([to], { connect }) => {
    const desk = await enable(await connect("alice/desk", { priority: 5 }));
    const phone = await enable(await connect("alice/phone"));
    const laptop = await enable(await connect("alice/laptop"));
    for (const client of [desk, phone, laptop]) client.forget(({ name }) => name === "presence");
    await phone.sends(`<message to="${to}" type="chat"><body>note</body></message>`);
    await desk.receives(
      `<message type="chat"><body>note</body><stanza-id xmlns="urn:xmpp:sid:0" id="{any}" by="alice@localhost"/></message>`,
    );
    await laptop.receives(copy("received", note));
    for (const client of [desk, phone, laptop]) await client.receivesNothing();
  });
});

test("what has a type that nobody knows is copied as a normal one (RFC 6121 §5.2.2)", async ({ connect }) => {
  const alice = await connect("alice/phone");
  const laptop = await enable(await connect("alice/laptop"));
  laptop.forget(({ name }) => name === "presence");
  await connect("bob/desk");
  await alice.sends(`<message to="bob@localhost" type="x-new"><body>x</body></message>`);
  await laptop.receives(
    copy("sent", `<message xmlns="jabber:client" type="x-new"><body>x</body></message>`, "x-new"),
  );
});

test("the private element stays in what is delivered (§9)", async ({ connect }) => {
  const alice = await connect("alice/phone");
  const bob = await connect("bob/desk");
  const payload = `<body>x</body><private xmlns="${CARBONS}"/>`;
  await alice.sends(`<message to="bob@localhost" type="chat">${payload}</message>`);
  await bob.receives(`<message type="chat">${payload}</message>`);
});

test("a copy that bounces goes back to nobody (§10.3)", async ({ connect }) => {
  const phone = await connect("alice/phone");
  const laptop = await enable(await connect("alice/laptop"));
  await connect("bob/desk");
  await phone.sends(HI);
  await laptop.receives(copy("sent", `<message xmlns="jabber:client" type="chat"><body>Hi</body></message>`));
  await laptop.sends(`<message to="alice@localhost" type="error"><error type="cancel"/></message>`);
  await phone.receivesNothing();
});

test("namespaces of the original survive in the copy", async ({ connect }) => {
  const phone = await connect("alice/phone");
  const laptop = await enable(await connect("alice/laptop"));
  await connect("bob/desk");
  await phone.sends(
    `<message xmlns:p="urn:example:p" to="bob@localhost" type="chat"><body>a &lt; b</body><p:x p:y="1"><z xmlns="urn:z"/></p:x></message>`,
  );
  await laptop.receives(
    copy(
      "sent",
      `<message xmlns="jabber:client" type="chat"><body>a &lt; b</body><x xmlns="urn:example:p" {...}>{any}</x></message>`.replace(
        " {...}",
        ' p:y="1" xmlns:p="urn:example:p"',
      ),
    ),
  );
});
