/** XEP-0390: Entity Capabilities 2.0: what clients announce is asked for and proved. */
import { createHash } from "node:crypto";
import { test } from "../../src/testing/rig.ts";
import {
  capabilities,
  hears,
  hearsNothing,
  isAsked,
  itemOf,
  itemsEvent,
  publishes,
} from "./pubsub-client.ts";

const NODE = "urn:node";
const INFO = "http://jabber.org/protocol/disco#info";

const modern = (nodes: readonly string[], lang = "") => {
  const features = [INFO, ...nodes.map((node) => `${node}+notify`)].toSorted().map((name) => `${name}\x1f`);
  const input = `${features.join("")}\x1cclient\x1fpc\x1f${lang}\x1fTest\x1f\x1e\x1c\x1c`;
  return createHash("sha256").update(input).digest("base64");
};
const modernPresence = (...hashes: readonly [string, string][]) =>
  `<presence><c xmlns="urn:xmpp:caps">${hashes.map(([algo, value]) => `<hash xmlns="urn:xmpp:hashes:2" algo="${algo}">${value}</hash>`).join("")}</c></presence>`;

test("is asked for by its own node (§5.5) and believed before XEP-0115 (§7.2)", async ({ connect }) => {
  const alice = await connect("alice/desk");
  const value = modern([NODE]);
  const both = modernPresence(["x-hash", "0"], ["sha-256", value]).replace(
    "</presence>",
    `<c xmlns="http://jabber.org/protocol/caps" hash="sha-1" node="urn:test" ver="x"/></presence>`,
  );
  await alice.sends(both);
  await isAsked(alice, `urn:xmpp:caps#sha-256.${value}`, capabilities(NODE));
  await publishes(alice, NODE, "a", "1");
  await hears(alice, itemsEvent(NODE, itemOf("a", "1")));
});

test("is not believed without proof (§6.2.1)", async ({ connect }) => {
  const alice = await connect("alice/desk");
  const value = modern(["urn:other"]);
  await alice.sends(modernPresence(["sha-256", value]));
  await isAsked(alice, `urn:xmpp:caps#sha-256.${value}`, capabilities(NODE));
  await publishes(alice, NODE, "a", "1");
  await hearsNothing(alice);
});

test("a language that the client inherits from its stream counts (§4.1)", async ({ raw, user }) => {
  await user("alice");
  const alice = raw();
  await alice.opens({ "xml:lang": "de" });
  await alice.receivesAny();
  const secret = Buffer.from("\0alice\0secret of alice").toString("base64");
  await alice.sends(`<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">${secret}</auth>`);
  await alice.receivesAny();
  await alice.opens({ "xml:lang": "de" });
  await alice.receivesAny();
  await alice.sends(`<iq type="set" id="b"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>`);
  await alice.receivesAny();
  const value = modern([NODE], "de");
  await alice.sends(modernPresence(["sha-256", value]));
  await isAsked(alice, `urn:xmpp:caps#sha-256.${value}`, capabilities(NODE));
  await publishes(alice, NODE, "a", "1");
  await hears(alice, itemsEvent(NODE, itemOf("a", "1")));
});
