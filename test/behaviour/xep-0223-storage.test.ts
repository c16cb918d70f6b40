/** XEP-0222, XEP-0223 and what is stored that way: bookmarks (XEP-0402), keys of devices (XEP-0384), avatars (XEP-0084). */
import { test } from "../../src/testing/rig.ts";
import { befriend } from "./befriend.ts";
import {
  asks,
  hears,
  hearsNothing,
  itemOf,
  itemsAnswer,
  itemsEvent,
  itemsRequest,
  PUBSUB,
  publication,
  publishes,
  refusal,
  wants,
} from "./pubsub-client.ts";

const BOOKMARKS = "urn:xmpp:bookmarks:1";
const PRIVATE = {
  persist_items: "true",
  max_items: "max",
  send_last_published_item: "never",
  access_model: "whitelist",
};
const DEVICES = "urn:xmpp:omemo:2:devices";
const BUNDLES = "urn:xmpp:omemo:2:bundles";

test("bookmarks are the owner's alone, and on every device (XEP-0402 §3)", async ({ server, connect }) => {
  const phone = await connect("alice/phone");
  const desk = await connect("alice/desk");
  const bob = await connect("bob/desk");
  await befriend(server, "alice@localhost", "bob@localhost");
  for (const client of [desk, bob]) await wants(client, BOOKMARKS);
  await publishes(phone, BOOKMARKS, "room@muc", "1", PRIVATE);
  await publishes(phone, BOOKMARKS, "hall@muc", "2", PRIVATE);
  await hears(desk, itemsEvent(BOOKMARKS, itemOf("room@muc", "1")));
  await hears(desk, itemsEvent(BOOKMARKS, itemOf("hall@muc", "2")));
  await asks(
    phone,
    "set",
    "",
    `<pubsub xmlns="${PUBSUB}"><retract node="${BOOKMARKS}" notify="true"><item id="room@muc"/></retract></pubsub>`,
  );
  await hears(phone, `<iq type="result" id="q"/>`);
  await hears(desk, itemsEvent(BOOKMARKS, `<retract id="room@muc"/>`));
  await hearsNothing(bob);
  await asks(bob, "get", "alice@localhost", itemsRequest(BOOKMARKS));
  await hears(bob, refusal("cancel", "not-allowed", "closed-node"));
  await asks(desk, "get", "", itemsRequest(BOOKMARKS));
  await hears(desk, itemsAnswer(BOOKMARKS, itemOf("hall@muc", "2")));
});

test("private data do not go to a node that others may read (XEP-0223 §3)", async ({ connect }) => {
  const alice = await connect("alice/desk");
  await publishes(alice, BOOKMARKS, "a", "1");
  await asks(alice, "set", "", publication(BOOKMARKS, "b", "secret", PRIVATE));
  await hears(alice, refusal("cancel", "conflict", "precondition-not-met"));
});

test("keys are there for strangers, one bundle by its device (XEP-0384 §5.3)", async ({ connect }) => {
  const alice = await connect("alice/desk");
  const eve = await connect("eve/desk");
  await publishes(alice, DEVICES, "current", "1 2", { access_model: "open" });
  for (const id of ["1", "2"])
    await publishes(alice, BUNDLES, id, `keys of ${id}`, { access_model: "open", max_items: "max" });
  await alice.closes();
  await asks(eve, "get", "alice@localhost", itemsRequest(DEVICES));
  await hears(eve, itemsAnswer(DEVICES, itemOf("current", "1 2")));
  await asks(eve, "get", "alice@localhost", itemsRequest(BUNDLES, `<item id="2"/>`));
  await hears(eve, itemsAnswer(BUNDLES, itemOf("2", "keys of 2")));
});

test("contacts are told of a new avatar and fetch it (XEP-0084 §4)", async ({ server, connect }) => {
  const alice = await connect("alice/desk");
  const bob = await connect("bob/desk");
  const eve = await connect("eve/desk");
  await befriend(server, "alice@localhost", "bob@localhost");
  for (const client of [bob, eve]) await wants(client, "urn:xmpp:avatar:metadata");
  const hash = "111f4b3c50d7b0df729d299bc6f8e9ef9066971f";
  const data = "iVBORw0KGgo".repeat(5000);
  await publishes(alice, "urn:xmpp:avatar:data", hash, data);
  await publishes(alice, "urn:xmpp:avatar:metadata", hash, "png");
  await hears(bob, itemsEvent("urn:xmpp:avatar:metadata", itemOf(hash, "png")));
  await asks(bob, "get", "alice@localhost", itemsRequest("urn:xmpp:avatar:data", `<item id="${hash}"/>`));
  await hears(bob, itemsAnswer("urn:xmpp:avatar:data", itemOf(hash, data)));
  await hearsNothing(eve);
});
