/** What people publish of themselves: each payload reaches contacts as it is, and a new device, and may be taken back. */

import { test } from "../../src/testing/rig.ts";
import { befriend } from "./befriend.ts";
import {
  asks,
  hears,
  hearsNothing,
  itemsAnswer,
  itemsEvent,
  itemsRequest,
  PUBSUB,
  wants,
} from "./pubsub-client.ts";

const PAYLOADS: readonly [specification: string, node: string, payload: string][] = [
  [
    "XEP-0080 User Location",
    "http://jabber.org/protocol/geoloc",
    `<geoloc xmlns="http://jabber.org/protocol/geoloc" xml:lang="en"><accuracy>20</accuracy><country>Italy</country><lat>45.44</lat><lon>12.33</lon></geoloc>`,
  ],
  [
    "XEP-0107 User Mood",
    "http://jabber.org/protocol/mood",
    `<mood xmlns="http://jabber.org/protocol/mood"><annoyed/><text>curse my nurse!</text></mood>`,
  ],
  [
    "XEP-0108 User Activity",
    "http://jabber.org/protocol/activity",
    `<activity xmlns="http://jabber.org/protocol/activity"><relaxing><partying/></relaxing><text xml:lang="en">My nurse&apos;s birthday!</text></activity>`,
  ],
  [
    "XEP-0118 User Tune",
    "http://jabber.org/protocol/tune",
    `<tune xmlns="http://jabber.org/protocol/tune"><artist>Yes</artist><length>686</length><rating>8</rating></tune>`,
  ],
  [
    "XEP-0172 User Nickname",
    "http://jabber.org/protocol/nick",
    `<nick xmlns="http://jabber.org/protocol/nick">Ishmael</nick>`,
  ],
  [
    "XEP-0277 Microblogging",
    "urn:xmpp:microblog:0",
    `<entry xmlns="http://www.w3.org/2005/Atom"><title type="text">hanging out</title><id>tag:montague.lit,2008-05-08:posts-1</id><link rel="alternate" href="https://montague.lit/"/><thr:in-reply-to xmlns:thr="http://purl.org/syndication/thread/1.0" ref="tag:x"/></entry>`,
  ],
  [
    "XEP-0292 vCard4 over XMPP",
    "urn:xmpp:vcard4",
    `<vcard xmlns="urn:ietf:params:xml:ns:vcard-4.0"><fn><text>Peter Saint-Andre</text></fn><n><surname>Saint-Andre</surname><given>Peter</given><additional/></n></vcard>`,
  ],
];

test.for(PAYLOADS)("%s", async ([, node, payload], { connect, server, user }) => {
  await user("juliet");
  await user("romeo");
  await befriend(server, "juliet@localhost", "romeo@localhost");
  const juliet = await connect("juliet/balcony");
  const romeo = await connect("romeo/orchard");
  const stranger = await connect("tybalt/street");
  for (const client of [romeo, stranger]) await wants(client, node);
  const item = `<item id="current">${payload}</item>`;
  await asks(
    juliet,
    "set",
    "",
    `<pubsub xmlns="${PUBSUB}"><publish node="${node}">${item}</publish></pubsub>`,
  );
  await hears(
    juliet,
    `<iq type="result" id="q"><pubsub xmlns="${PUBSUB}"><publish node="${node}"><item id="current"/></publish></pubsub></iq>`,
  );
  await hears(romeo, itemsEvent(node, item));
  await hearsNothing(stranger);
  await asks(romeo, "get", "juliet@localhost", itemsRequest(node));
  await hears(romeo, itemsAnswer(node, item));
  const phone = await connect("romeo/phone");
  await wants(phone, node);
  await hears(phone, itemsEvent(node, item));
  await asks(
    juliet,
    "set",
    "",
    `<pubsub xmlns="${PUBSUB}"><retract node="${node}" notify="true"><item id="current"/></retract></pubsub>`,
  );
  await hears(juliet, `<iq type="result" id="q"/>`);
  await hears(romeo, itemsEvent(node, `<retract id="current"/>`));
});
