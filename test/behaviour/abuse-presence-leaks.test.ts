/**
 * RFC 6120 §13.10.2, RFC 6121 §11: who may not see a user's presence does not learn from any answer whether the user is
 * there, be it the answer to stanzas that nobody would send for another reason.
 */
import { describe, expect } from "vitest";
import type { PipeClient, Rig } from "../../src/testing/create-rig.ts";
import { test } from "../../src/testing/rig.ts";

const PAYLOADS: Readonly<Record<string, string>> = {
  body: "<body>?</body>",
  nothing: "",
  "chat state": `<composing xmlns="http://jabber.org/protocol/chatstates"/>`,
  "no-store": `<body>?</body><no-store xmlns="urn:xmpp:hints"/>`,
  "no-copy": `<body>?</body><no-copy xmlns="urn:xmpp:hints"/>`,
  receipt: `<request xmlns="urn:xmpp:receipts"/>`,
};
const REQUESTS: readonly string[] = [
  `<query xmlns="http://jabber.org/protocol/disco#info"/>`,
  `<query xmlns="http://jabber.org/protocol/disco#info" node="x"/>`,
  `<query xmlns="http://jabber.org/protocol/disco#items"/>`,
  `<query xmlns="jabber:iq:last"/>`,
  `<query xmlns="jabber:iq:version"/>`,
  `<query xmlns="jabber:iq:roster"/>`,
  `<query xmlns="jabber:iq:register"/>`,
  `<query xmlns="urn:xmpp:mam:2"/>`,
  `<ping xmlns="urn:xmpp:ping"/>`,
  `<time xmlns="urn:xmpp:time"/>`,
  `<x xmlns="urn:example:unknown"/>`,
];
const MESSAGE_TYPES = ["normal", "chat", "headline", "groupchat", "error"];
const PRESENCE_TYPES = ["unavailable", "probe", "unsubscribe", "unsubscribed", "subscribed", "error"];

/** One of each kind, to that address; each has its number as id. */
function questions(to: string): string[] {
  const messages = MESSAGE_TYPES.flatMap((type) =>
    Object.values(PAYLOADS).map((payload) => ["message", type, payload]),
  );
  const presences = PRESENCE_TYPES.map((type) => ["presence", type, ""]);
  const requests = ["get", "set"].flatMap((type) => REQUESTS.map((payload) => ["iq", type, payload]));
  return [...messages, ...presences, ...requests].map(
    ([kind, type, payload], id) => `<${kind} to="${to}" type="${type}" id="${id}">${payload}</${kind}>`,
  );
}

/** What the client hears of each question, without what the server makes up anew each time. */
async function answers(rig: Rig, client: PipeClient, addresses: readonly string[]): Promise<string[]> {
  const heard: string[] = [];
  for (const question of addresses.flatMap(questions)) {
    const { length } = client.heard;
    await client.sends(question);
    await rig.settle();
    heard.push(`${question} → ${client.heard.slice(length)}`);
  }
  return heard;
}

describe("nobody learns whether a user is there", () => {
  test("who is a stranger and knows no resource", async ({ rig, connect }) => {
    await rig.user("alice");
    const mallory = await connect("mallory/evil");
    const addresses = ["alice@localhost", "alice@localhost/guess"];
    const away = await answers(rig, mallory, addresses);
    await connect("alice/phone");
    expect(await answers(rig, mallory, addresses)).toEqual(away);
  });

  test("who is blocked, be the resource known", async ({ rig, connect }) => {
    const alice = await connect("alice/phone");
    await alice.sends(
      `<iq type="set" id="b"><block xmlns="urn:xmpp:blocking"><item jid="mallory@localhost"/></block></iq>`,
    );
    await alice.receives(`<iq type="result" id="b"/>`);
    const mallory = await connect("mallory/evil");
    const addresses = ["alice@localhost", "alice@localhost/phone", "alice@localhost/guess"];
    const there = await answers(rig, mallory, addresses);
    await alice.receivesNothing();
    await alice.disconnects();
    expect(await answers(rig, mallory, addresses)).toEqual(there);
  });
});
