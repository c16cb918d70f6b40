/** XEP-0163 §4.2, XEP-0060 §9.1: events for contacts of other domains, and for whoever sent their presence directly. */
import { describe, expect } from "vitest";
import { rosterService } from "../../src/modules/roster/roster.ts";
import type { XmppServer } from "../../src/server.ts";
import type { Client } from "../../src/testing/client.ts";
import { createRig } from "../../src/testing/create-rig.ts";
import { assertStanza } from "../../src/testing/match-stanza.ts";
import { test } from "../../src/testing/rig.ts";
import { Jid } from "../../src/xmpp/jid.ts";
import {
  capabilities,
  capsQuestion,
  configures,
  hears,
  hearsNothing,
  itemOf,
  itemsEvent,
  presenceWithCaps,
  publishes,
  verification,
} from "./pubsub-client.ts";

const NODE = "urn:node";
const CAPS = presenceWithCaps(verification(NODE));
const directed = (to: string, type = "") =>
  CAPS.replace("<presence", `<presence to="${to}"${type && ` type="${type}"`}`);

/** Answers the questions about its capabilities that these domains ask, in any order. */
async function tells(client: Client, ...domains: readonly string[]): Promise<void> {
  const node = `urn:test#${verification(NODE)}`;
  const query = `<query xmlns="http://jabber.org/protocol/disco#info" node="${node}">${capabilities(NODE)}</query>`;
  for (const left = new Set(domains.length > 0 ? domains : ["localhost"]); left.size > 0; ) {
    client.forget((element) => element.is("presence"));
    const asked = await client.receivesAny();
    const by = String(asked.attrs["from"]);
    assertStanza(asked, capsQuestion(node).replace('from="localhost"', `from="${by}"`));
    expect(left.delete(by)).toBe(true);
    await client.sends(`<iq type="result" id="${String(asked.attrs["id"])}" to="${by}">${query}</iq>`);
  }
}

describe("contacts of another domain of the server", () => {
  test.override({ options: { domain: ["localhost", "other.org"] } });

  async function befriendAcross(server: XmppServer): Promise<void> {
    const pair = ["alice@localhost", "bob@other.org"].map((text) => Jid.parse(text)) as [Jid, Jid];
    for (const [user, contact] of [pair, pair.toReversed() as [Jid, Jid]]) {
      const item = {
        contact,
        name: "",
        groups: [],
        ask: false,
        approved: false,
        subscription: "both",
      } as const;
      await server.host(user.domain).use(rosterService).put(user, item);
    }
  }

  test("are told what they asked for, at the resources that did, with the publisher's resource", async ({
    server,
    connect,
    user,
  }) => {
    await user("alice");
    await user("bob@other.org");
    await befriendAcross(server);
    const alice = await connect("alice/desk");
    const phone = await connect("bob@other.org/phone", { presence: false });
    const desk = await connect("bob@other.org/desk");
    await phone.sends(CAPS);
    await tells(phone, "localhost", "other.org");
    await publishes(alice, NODE, "current", "1");
    await hears(phone, itemsEvent(NODE, itemOf("current", "1")));
    expect(phone.heard).toContain('type="replyto" jid="alice@localhost/desk"');
    await hearsNothing(desk);
    await phone.sends(`<presence type="unavailable"/>`);
    await publishes(alice, NODE, "current", "2");
    await hearsNothing(phone);
  });

  test("get the last items when they come", async ({ server, connect, user }) => {
    await user("alice");
    await user("bob@other.org");
    await befriendAcross(server);
    const alice = await connect("alice/desk");
    await publishes(alice, NODE, "current", "1");
    const phone = await connect("bob@other.org/phone", { presence: false });
    await phone.sends(CAPS);
    await tells(phone, "localhost", "other.org");
    await hears(phone, itemsEvent(NODE, itemOf("current", "1")));
  });

  test("hear nothing of nodes that are not for them", async ({ server, connect, user }) => {
    await user("alice");
    await user("bob@other.org");
    await befriendAcross(server);
    const alice = await connect("alice/desk");
    await publishes(alice, NODE, "current", "0");
    await configures(alice, NODE, { access_model: "whitelist" });
    const phone = await connect("bob@other.org/phone", { presence: false });
    await phone.sends(CAPS);
    await tells(phone, "localhost", "other.org");
    await publishes(alice, NODE, "current", "1");
    await hearsNothing(phone);
  });
});

describe("whoever sent their presence directly (XEP-0060 §9.1.3)", () => {
  test("hears of open nodes until they are gone, and not which resource published", async ({ connect }) => {
    const alice = await connect("alice/desk");
    await publishes(alice, NODE, "current", "1", { access_model: "open" });
    await publishes(alice, `${NODE}:2`, "current", "1");
    const eve = await connect("eve/phone");
    await eve.sends(directed("alice@localhost"));
    await tells(eve);
    await hears(eve, itemsEvent(NODE, itemOf("current", "1")));
    await publishes(alice, NODE, "current", "2");
    await hears(eve, itemsEvent(NODE, itemOf("current", "2")));
    expect(eve.heard).not.toContain("alice@localhost/desk");
    await eve.sends(directed("alice@localhost", "unavailable"));
    await publishes(alice, NODE, "current", "3");
    await hearsNothing(eve);
  });

  test("until their session ends, too", async ({ connect }) => {
    const alice = await connect("alice/desk");
    await publishes(alice, NODE, "current", "1", { access_model: "open" });
    const eve = await connect("eve/phone");
    await eve.sends(directed("alice@localhost"));
    await tells(eve);
    eve.forget(() => true);
    await eve.closes();
    const again = await connect("eve/phone");
    await publishes(alice, NODE, "current", "2");
    await hearsNothing(again);
  });

  test("hears nothing of nodes for those who see the presence, nor when the owner blocks them", async ({
    connect,
  }) => {
    const alice = await connect("alice/desk");
    await publishes(alice, NODE, "current", "1");
    const eve = await connect("eve/phone");
    await eve.sends(directed("alice@localhost"));
    await tells(eve);
    await publishes(alice, NODE, "current", "2");
    await hearsNothing(eve);
    await configures(alice, NODE, { access_model: "open" });
    await alice.sends(
      `<iq type="set" id="b"><block xmlns="urn:xmpp:blocking"><item jid="eve@localhost"/></block></iq>`,
    );
    await publishes(alice, NODE, "current", "3").catch(() => {});
    eve.forget((element) => element.is("presence"));
    await eve.receivesNothing();
  });
});

test("one account remembers so many and no more", async () => {
  await using rig = await createRig({ config: { modules: { pep: { visitors: 1 } } } });
  const alice = await rig.connect("alice/desk");
  await publishes(alice, NODE, "current", "1", { access_model: "open" });
  const [eve, mallory] = [await rig.connect("eve/phone"), await rig.connect("mallory/phone")];
  await eve.sends(directed("alice@localhost"));
  await tells(eve);
  await mallory.sends(directed("alice@localhost"));
  await publishes(alice, NODE, "current", "2");
  await hearsNothing(mallory);
});

test("of strangers one account has only a few, and an account that is not there none", async ({
  connect,
}) => {
  const alice = await connect("alice/desk");
  await publishes(alice, NODE, "current", "0", { access_model: "open" });
  const first = await connect("eve0/phone");
  await first.sends(directed("nobody@localhost"));
  await first.receivesNothing();
  await first.sends(directed("alice@localhost"));
  await tells(first);
  await hears(first, itemsEvent(NODE, itemOf("current", "0")));
  for (let index = 1; index < 20; index++) {
    await (await connect(`eve${index}/phone`)).sends(directed("alice@localhost"));
  }
  const late = await connect("mallory/phone");
  await late.sends(directed("alice@localhost"));
  await hearsNothing(late);
});
