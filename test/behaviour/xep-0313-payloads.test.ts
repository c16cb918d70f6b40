/**
 * What clients say to each other about messages goes through the server as it is, also to their other devices (XEP-0280), and
 * is archived where it changes what a history shows (XEP-0313 §5): receipts (XEP-0184), markers (XEP-0333), corrections
 * (XEP-0308), replies (XEP-0461), reactions (XEP-0444), fallbacks (XEP-0428), styling (XEP-0393); chat states (XEP-0085) are
 * not. XEP-0490 goes by PEP.
 */
import { expect } from "vitest";
import { readXml } from "../../src/testing/read-xml.ts";
import { test } from "../../src/testing/rig.ts";
import { serialize } from "../../src/xml/element.ts";
import { queryArchive } from "./archive-client.ts";

test.for([
  ["a request for a receipt", `<body>Hi</body><request xmlns="urn:xmpp:receipts"/>`, true],
  ["a receipt", `<received xmlns="urn:xmpp:receipts" id="m0"/>`, true],
  ["a markable message", `<body>Hi</body><markable xmlns="urn:xmpp:chat-markers:0"/>`, true],
  ["a marker", `<displayed xmlns="urn:xmpp:chat-markers:0" id="m0"/>`, true],
  [
    "a chat state with a message",
    `<body>Hi</body><active xmlns="http://jabber.org/protocol/chatstates"/>`,
    true,
  ],
  ["a chat state alone", `<composing xmlns="http://jabber.org/protocol/chatstates"/>`, false],
  ["a correction", `<body>Hello</body><replace xmlns="urn:xmpp:message-correct:0" id="m0"/>`, true],
  [
    "a reply with its fallback",
    `<body>&gt; Hi\nHello</body><reply xmlns="urn:xmpp:reply:0" to="bob@localhost/desk" id="m0"/>` +
      `<fallback xmlns="urn:xmpp:fallback:0" for="urn:xmpp:reply:0"><body start="0" end="5"/></fallback>`,
    true,
  ],
  [
    "a reaction",
    `<reactions xmlns="urn:xmpp:reactions:0" id="m0"><reaction>\u{1F44D}</reaction><reaction>\u{1F468}\u{200D}\u{1F469}</reaction></reactions>`,
    true,
  ],
  ["no reaction any more", `<reactions xmlns="urn:xmpp:reactions:0" id="m0"/>`, true],
  ["styled text", "<body>*bold* _it_ ~no~ `code`\n```\n  a  b\n```\n&gt; quote</body>", true],
  ["text that is not styled", `<body>*a*</body><unstyled xmlns="urn:xmpp:styling:0"/>`, true],
] as const)(
  "%s goes through untouched, is copied, and is archived as it should be",
  async ([, payload, isArchived], { connect }) => {
    const alice = await connect("alice/phone");
    const laptop = await connect("alice/laptop");
    await laptop.sends(`<iq type="set" id="c"><enable xmlns="urn:xmpp:carbons:2"/></iq>`);
    await laptop.receives(`<iq type="result" id="c"/>`);
    const bob = await connect("bob/desk");
    await alice.sends(`<message to="bob@localhost/desk" type="chat" id="m1">${payload}</message>`);
    const received = await bob.receivesAny();
    const inner = (message: typeof received) =>
      message
        .getChildElements()
        .filter((child) => child.getName() !== "stanza-id")
        .map(serialize);
    expect(inner(received)).toEqual(inner(readXml(`<message xmlns="jabber:client">${payload}</message>`)));
    expect(received.attrs).toMatchObject({ id: "m1", type: "chat", from: "alice@localhost/phone" });
    const copy = (await laptop.receivesAny())
      .getChild("sent", "urn:xmpp:carbons:2")
      ?.getChild("forwarded", "urn:xmpp:forward:0")
      ?.getChild("message", "jabber:client");
    expect(copy && inner(copy)).toEqual(inner(received));
    for (const client of [alice, bob]) {
      const { results } = await queryArchive(client);
      expect(results.map(({ message }) => inner(message))).toEqual(isArchived ? [inner(received)] : []);
    }
  },
);

test("what was displayed is known on every device (XEP-0490 §3), and only there", async ({ connect }) => {
  const node = "urn:xmpp:mds:displayed:0";
  const pubsub = "http://jabber.org/protocol/pubsub";
  const field = (name: string, value: string) => `<field var="${name}"><value>${value}</value></field>`;
  const item = `<item id="alice@localhost"><displayed xmlns="${node}"><stanza-id xmlns="urn:xmpp:sid:0" by="bob@localhost" id="0f7"/></displayed></item>`;
  const options =
    field("FORM_TYPE", `${pubsub}#publish-options`) +
    field("pubsub#persist_items", "true") +
    field("pubsub#max_items", "max") +
    field("pubsub#send_last_published_item", "never") +
    field("pubsub#access_model", "whitelist");
  const phone = await connect("bob/phone");
  const alice = await connect("alice/desk");
  const laptop = await connect("bob/laptop");
  await laptop.sends(
    `<iq type="set" id="s"><pubsub xmlns="${pubsub}"><publish node="${node}">${item}</publish><publish-options><x xmlns="jabber:x:data" type="submit">${options}</x></publish-options></pubsub></iq>`,
  );
  await laptop.receives(`<iq type="result" id="s">{any}</iq>`);
  const ask = `<iq type="get" id="g" to="bob@localhost"><pubsub xmlns="${pubsub}"><items node="${node}"/></pubsub></iq>`;
  phone.forget((element) => element.is("presence"));
  await phone.sends(ask);
  await phone.receives(
    `<iq type="result" id="g"><pubsub xmlns="${pubsub}"><items node="${node}">${item}</items></pubsub></iq>`,
  );
  await alice.sends(ask);
  await alice.receives(`<iq type="error" id="g">{any}</iq>`);
});
