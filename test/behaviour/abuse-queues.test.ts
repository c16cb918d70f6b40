/** XEP-0205 §2: what others may make the server keep for a client that is not looking. */
import { describe } from "vitest";
import { test } from "../../src/testing/rig.ts";

const SM = "urn:xmpp:sm:3";
/** A stanza without content is as large as its attributes are. */
const empty = (to: string, id: number) =>
  `<message to="${to}" type="chat" id="${id}" a="${"x".repeat(8000)}" b="${"x".repeat(8000)}"/>`;

describe("what was not acknowledged (XEP-0198)", () => {
  const modules = { streamManagement: { unackedBytes: "100 KB" } };
  test.override({ options: { config: { modules } } });

  test("counts attributes as well", async ({ connect }) => {
    const bob = await connect("bob/phone");
    await bob.sends(`<enable xmlns="${SM}"/>`);
    await bob.receives(`<enabled xmlns="${SM}"/>`);
    const mallory = await connect("mallory/evil");
    for (let id = 0; id < 7; id++) await mallory.sends(empty(bob.jid, id));
    bob.forget((element) => element.is("message") || element.is("r"));
    await bob.closed("resource-constraint");
  });
});

describe("what waits for an inactive client (XEP-0352)", () => {
  test.override({ options: { config: { modules: { csi: { heldSize: "50 KB" } } } } });

  test("is sent when it grows too large, however few stanzas it is", async ({ connect }) => {
    const bob = await connect("bob/phone");
    await bob.sends(`<inactive xmlns="urn:xmpp:csi:0"/>`);
    const mallory = await connect("mallory/evil");
    const event = (node: number) =>
      `<message to="${bob.jid}" type="headline" id="${node}"><event xmlns="http://jabber.org/protocol/pubsub#event"><items node="${node}"><item>${"x".repeat(15_000)}</item></items></event></message>`;
    for (let node = 0; node < 3; node++) await mallory.sends(event(node));
    await bob.receivesNothing();
    await mallory.sends(event(3));
    for (let node = 0; node < 4; node++)
      await bob.receives(`<message type="headline" id="${node}">{any}</message>`);
    // What was replaced does not count any more.
    for (let round = 0; round < 5; round++) await mallory.sends(event(7));
    await bob.receivesNothing();
  });
});
