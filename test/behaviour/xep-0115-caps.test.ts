/** XEP-0115: Entity Capabilities: what the server believes of clients' capabilities, and its own. */
import { describe, expect } from "vitest";
import { test } from "../../src/testing/rig.ts";
import {
  asks,
  capabilities,
  capsQuestion,
  hears,
  hearsNothing,
  isAsked,
  itemOf,
  itemsEvent,
  presenceWithCaps,
  publishes,
  verification,
  wants,
} from "./pubsub-client.ts";

const NODE = "urn:node";
const INFO = "http://jabber.org/protocol/disco#info";
describe("a client", () => {
  test("is asked for what it announced (§6.2), and others who announce the same are not", async ({
    connect,
  }) => {
    const alice = await connect("alice/desk");
    const ver = verification(NODE);
    await alice.sends(presenceWithCaps(ver));
    await isAsked(alice, `urn:test#${ver}`, capabilities(NODE));
    const bob = await connect("bob/desk");
    await bob.sends(presenceWithCaps(ver));
    await hearsNothing(bob);
    for (const client of [alice, bob]) {
      await publishes(client, NODE, "a", "1");
      await hears(client, itemsEvent(NODE, itemOf("a", "1")));
    }
  });

  test("that announces the same again is not asked again", async ({ connect }) => {
    const alice = await connect("alice/desk");
    const ver = verification(NODE);
    await alice.sends(presenceWithCaps(ver));
    await isAsked(alice, `urn:test#${ver}`);
    await alice.sends(presenceWithCaps(ver));
    await hearsNothing(alice);
  });

  test("that lies is not believed, nor is what it says of others (§5.4, §9.3)", async ({ connect }) => {
    const eve = await connect("eve/desk");
    const ver = verification(NODE);
    await eve.sends(presenceWithCaps(ver));
    await isAsked(eve, `urn:test#${ver}`, capabilities("urn:forged"));
    await publishes(eve, "urn:forged", "a", "1");
    await hearsNothing(eve);
    const alice = await connect("alice/desk");
    await alice.sends(presenceWithCaps(ver));
    await isAsked(alice, `urn:test#${ver}`, capabilities(NODE));
    await publishes(alice, NODE, "a", "1");
    await hears(alice, itemsEvent(NODE, itemOf("a", "1")));
  });

  test("that does not answer keeps nobody waiting", async ({ connect, clock }) => {
    const eve = await connect("eve/desk");
    const ver = verification(NODE);
    await eve.sends(presenceWithCaps(ver));
    await isAsked(eve, `urn:test#${ver}`);
    const alice = await connect("alice/desk");
    await alice.sends(presenceWithCaps(ver));
    await isAsked(alice, `urn:test#${ver}`, capabilities(NODE));
    await publishes(alice, NODE, "a", "1");
    await hears(alice, itemsEvent(NODE, itemOf("a", "1")));
    await clock.advance(120_000);
  });

  test("with a hash that nobody knows is believed of itself alone (§5.4)", async ({ connect }) => {
    const alice = await connect("alice/desk");
    await alice.sends(presenceWithCaps("x", "md4"));
    await isAsked(alice, "urn:test#x", capabilities(NODE));
    await publishes(alice, NODE, "a", "1");
    await hears(alice, itemsEvent(NODE, itemOf("a", "1")));
    const bob = await connect("bob/desk");
    await bob.sends(presenceWithCaps("x", "md4"));
    await isAsked(bob, "urn:test#x");
  });

  test("that answers with an error, or changes its mind while it is asked, is heard", async ({ connect }) => {
    const alice = await connect("alice/desk");
    await alice.sends(presenceWithCaps("first"));
    alice.forget((element) => element.is("presence"));
    const asked = await alice.receives(capsQuestion("urn:test#first"));
    const ver = verification(NODE);
    await alice.sends(presenceWithCaps(ver));
    await hearsNothing(alice);
    await alice.sends(
      `<iq type="error" id="${String(asked.attrs["id"])}" to="localhost"><error type="cancel"><item-not-found xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`,
    );
    await isAsked(alice, `urn:test#${ver}`, capabilities(NODE));
    await publishes(alice, NODE, "a", "1");
    await hears(alice, itemsEvent(NODE, itemOf("a", "1")));
  });

  test("is not asked when it announces nothing, or in the format of old (§10)", async ({ connect }) => {
    const alice = await connect("alice/desk");
    await alice.sends(
      `<presence><c xmlns="http://jabber.org/protocol/caps" node="urn:test" ver="1.0"/></presence>`,
    );
    await alice.sends("<presence><show>away</show></presence>");
    await hearsNothing(alice);
  });

  test("that announces nothing any more is told nothing any more", async ({ connect }) => {
    const alice = await connect("alice/desk");
    await wants(alice, NODE);
    await publishes(alice, NODE, "a", "1");
    await hears(alice, itemsEvent(NODE, itemOf("a", "1")));
    await alice.sends("<presence/>");
    await publishes(alice, NODE, "a", "2");
    await hearsNothing(alice);
  });
});

test("the server announces what it can do (§6.3), and tells it under that name (§6.2)", async ({
  authenticated,
  connect,
}) => {
  const bob = await authenticated("bob");
  const own =
    /<c xmlns="http:\/\/jabber\.org\/protocol\/caps" hash="sha-1" node="([^"]+)" ver="([^"]+)"\/>/.exec(
      bob.heard,
    );
  const newer =
    /<c xmlns="urn:xmpp:caps"><hash xmlns="urn:xmpp:hashes:2" algo="sha-256">([^<]+)<\/hash><\/c>/.exec(
      bob.heard,
    );
  const alice = await connect("alice/desk");
  await asks(alice, "get", "localhost", `<query xmlns="${INFO}"/>`);
  const plain = (await alice.receivesAny()).getChild("query")?.children.join("");
  for (const node of [`${own?.[1]}#${own?.[2]}`, `urn:xmpp:caps#sha-256.${newer?.[1]}`]) {
    await asks(alice, "get", "localhost", `<query xmlns="${INFO}" node="${node}"/>`);
    const query = (await alice.receivesAny()).getChild("query");
    expect(query?.attrs["node"]).toBe(node);
    expect(query?.children.join("")).toBe(plain);
  }
  const features = [...(plain ?? "").matchAll(/<feature var="([^"]+)"/g)].map((match) => match[1]);
  for (const feature of ["http://jabber.org/protocol/caps", "urn:xmpp:caps"])
    expect(features).toContain(feature);
});
