/** XEP-0060 §6.3, §6.4, §12.18: what subscribers decide about their subscriptions. */
import { describe, expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import { formatDateTime } from "../../src/xmpp/datetime.ts";
import {
  asks,
  configures,
  form,
  hears,
  hearsNothing,
  itemOf,
  itemsEvent,
  OWNER,
  PUBSUB,
  publishes,
  refusal,
} from "./pubsub-client.ts";
import { letSee } from "./subscribe.ts";

const ALICE = "alice@localhost";
const BOB = "bob@localhost";
const NODE = "urn:node";
const OPTIONS = `${PUBSUB}#subscribe_options`;

type Fields = Parameters<typeof form>[1];

const pubsub = (inner: string) => `<pubsub xmlns="${PUBSUB}">${inner}</pubsub>`;
const subscribe = (options = "") => pubsub(`<subscribe node="${NODE}" jid="${BOB}"/>${options}`);
const options = (inner = "", jid = ` jid="${BOB}"`) =>
  pubsub(`<options node="${NODE}"${jid}>${inner}</options>`);
const optionsForm = (fields: Fields) => form("subscribe_options", fields);
const DONE = `<iq type="result" id="q"/>`;
const INVALID = refusal("modify", "bad-request", "invalid-options");

async function sets(bob: Client, fields: Fields): Promise<void> {
  await asks(bob, "set", ALICE, options(optionsForm(fields)));
}

/** alice's open node, to which bob is subscribed. */
async function subscribed(connect: (name: string) => Promise<Client>): Promise<[alice: Client, bob: Client]> {
  const alice = await connect("alice/desk");
  const bob = await connect("bob/desk");
  await publishes(alice, NODE, "a", "0", { access_model: "open", send_last_published_item: "never" });
  await asks(bob, "set", ALICE, subscribe());
  await hears(bob, `<iq type="result" id="q">{...}</iq>`);
  return [alice, bob];
}

const result = (fields: string) =>
  `<x xmlns="jabber:x:data" type="result"><field var="FORM_TYPE" type="hidden"><value>${OPTIONS}</value></field>${fields}</x>`;
const DEFAULTS = result(`
  <field var="pubsub#deliver"><value>1</value></field><field var="pubsub#show-values"/>
  <field var="pubsub#expire">{...}</field>`);

describe("the options", () => {
  test("are shown in a form (§6.3.3) and set with it (§6.3.7)", async ({ connect }) => {
    const [, bob] = await subscribed(connect);
    await asks(bob, "get", ALICE, options());
    const answer = await bob.receives(
      `<iq type="result" id="q"><pubsub xmlns="${PUBSUB}"><options node="${NODE}" jid="${BOB}">
        <x xmlns="jabber:x:data" type="form">{...}</x></options></pubsub></iq>`,
    );
    expect(String(answer)).toContain(`<value>${OPTIONS}</value>`);
    expect(String(answer)).toMatch(/var="pubsub#deliver" type="boolean"[^>]*><value>1<\/value>/);
    await sets(bob, { deliver: "false", "show-values": ["chat", "online"] });
    await hears(bob, DONE);
    await asks(bob, "get", ALICE, options());
    const changed = String(await bob.receives(`<iq type="result" id="q">{...}</iq>`));
    expect(changed).toMatch(/var="pubsub#deliver"[^>]*><value>0<\/value>/);
    expect(changed).toMatch(
      /<\/option><value>chat<\/value><value>online<\/value>|<value>chat<\/value><value>online<\/value><option>/,
    );
  });

  test("are given along with the subscription, and told (§6.3.8)", async ({ connect }) => {
    const alice = await connect("alice/desk");
    const bob = await connect("bob/desk");
    await publishes(alice, NODE, "a", "0", { access_model: "open", send_last_published_item: "never" });
    await asks(bob, "set", ALICE, subscribe(`<options>${optionsForm({ deliver: "0" })}</options>`));
    await hears(
      bob,
      `<iq type="result" id="q"><pubsub xmlns="${PUBSUB}"><subscription node="${NODE}" jid="${BOB}" subscription="subscribed"/>
        <options>${result(`<field var="pubsub#deliver"><value>0</value></field>{...}`)}</options></pubsub></iq>`,
    );
    await publishes(alice, NODE, "a", "1");
    await hearsNothing(bob);
    await asks(bob, "set", ALICE, subscribe(`<options node="${NODE}">${optionsForm({})}</options>`));
    await hears(bob, refusal("modify", "bad-request"));
  });

  test("have defaults, of the service and of each node (§6.4)", async ({ connect }) => {
    const [, bob] = await subscribed(connect);
    await asks(bob, "get", ALICE, pubsub("<default/>"));
    await hears(
      bob,
      `<iq type="result" id="q"><pubsub xmlns="${PUBSUB}"><default>${DEFAULTS}</default></pubsub></iq>`,
    );
    await asks(bob, "get", ALICE, pubsub(`<default node="${NODE}"/>`));
    await hears(
      bob,
      `<iq type="result" id="q"><pubsub xmlns="${PUBSUB}"><default node="${NODE}">${DEFAULTS}</default></pubsub></iq>`,
    );
  });

  test("outlive a restart of the server's memory", async ({ connect, server }) => {
    const [alice, bob] = await subscribed(connect);
    await sets(bob, { deliver: "0" });
    await hears(bob, DONE);
    await server.commit();
    await server.host().emit("store:lost", {});
    await publishes(alice, NODE, "a", "1");
    await hearsNothing(bob);
  });
});

describe("are refused", () => {
  test("to whoever is not subscribed (§6.3.4.2), or asks for somebody else (§6.3.4.1)", async ({
    connect,
  }) => {
    const [, bob] = await subscribed(connect);
    const carol = await connect("carol/desk");
    await asks(carol, "get", ALICE, options("", ` jid="carol@localhost"`));
    await hears(carol, refusal("modify", "unexpected-request", "not-subscribed"));
    await asks(carol, "get", ALICE, options());
    await hears(carol, refusal("auth", "forbidden"));
    await asks(bob, "get", ALICE, options("", ""));
    await hears(bob, refusal("modify", "bad-request", "jid-required"));
    await asks(bob, "get", ALICE, pubsub(`<options jid="${BOB}"/>`));
    await hears(bob, refusal("modify", "bad-request", "nodeid-required"));
  });

  test.for<[what: string, fields: Fields]>([
    ["digests, which there are none of", { digest: "1" }],
    ["a body, which nobody can make", { include_body: "true" }],
    ["a presence that there is not", { "show-values": ["asleep"] }],
    ["an end that is no time", { expire: "tomorrow" }],
    ["an end in the past", { expire: "2020-01-01T00:00:00Z" }],
  ])("for %s (§6.3.7.2)", async ([, fields], { connect }) => {
    const [, bob] = await subscribed(connect);
    await sets(bob, fields);
    await hears(bob, INVALID);
  });

  test("without a form, or with another one", async ({ connect }) => {
    const [, bob] = await subscribed(connect);
    await asks(bob, "set", ALICE, options());
    await hears(bob, INVALID);
    await asks(bob, "set", ALICE, options(form("node_config", { title: "x" })));
    await hears(bob, INVALID);
  });
});

describe("events come", () => {
  test("not while delivery is off", async ({ connect }) => {
    const [alice, bob] = await subscribed(connect);
    await sets(bob, { deliver: "0" });
    await hears(bob, DONE);
    await publishes(alice, NODE, "a", "1");
    await hearsNothing(bob);
    await sets(bob, { deliver: "1" });
    await hears(bob, DONE);
    await publishes(alice, NODE, "a", "2");
    await hears(bob, itemsEvent(NODE, itemOf("a", "2")));
  });

  test("only in the presence that was chosen (§12.4)", async ({ connect }) => {
    const [alice, bob] = await subscribed(connect);
    await sets(bob, { "show-values": ["chat", "online"] });
    await hears(bob, DONE);
    await publishes(alice, NODE, "a", "1");
    await hears(bob, itemsEvent(NODE, itemOf("a", "1")));
    await bob.sends("<presence><show>dnd</show></presence>");
    await publishes(alice, NODE, "a", "2");
    await hearsNothing(bob);
    await bob.sends("<presence><show>chat</show></presence>");
    await publishes(alice, NODE, "a", "3");
    await hears(bob, itemsEvent(NODE, itemOf("a", "3")));
  });

  test("until the subscription ends (§12.18), which the subscriber is told", async ({ connect, clock }) => {
    const [alice, bob] = await subscribed(connect);
    await sets(bob, { expire: formatDateTime(clock.now() + 60_000) });
    await hears(bob, DONE);
    await publishes(alice, NODE, "a", "1");
    await hears(bob, itemsEvent(NODE, itemOf("a", "1")));
    await clock.advance(60_000);
    await asks(bob, "get", ALICE, pubsub("<subscriptions/>"));
    await hears(bob, `<iq type="result" id="q"><pubsub xmlns="${PUBSUB}"><subscriptions/></pubsub></iq>`);
    await asks(alice, "get", "", `<pubsub xmlns="${OWNER}"><subscriptions node="${NODE}"/></pubsub>`);
    await hears(
      alice,
      `<iq type="result" id="q"><pubsub xmlns="${OWNER}"><subscriptions node="${NODE}"/></pubsub></iq>`,
    );
    await publishes(alice, NODE, "a", "2");
    await hears(
      bob,
      `<message type="headline">{...}<event xmlns="${PUBSUB}#event"><subscription node="${NODE}" jid="${BOB}" subscription="none"/></event></message>`,
    );
    await publishes(alice, NODE, "a", "3");
    await hearsNothing(bob);
  });

  test("no more from a node for subscribers, once the subscription has ended", async ({ connect, clock }) => {
    const [alice, bob] = await subscribed(connect);
    await configures(alice, NODE, { access_model: "authorize" });
    await sets(bob, { expire: formatDateTime(clock.now() + 60_000) });
    await hears(bob, DONE);
    await asks(bob, "get", ALICE, pubsub(`<items node="${NODE}"/>`));
    await hears(bob, `<iq type="result" id="q">{...}</iq>`);
    await clock.advance(60_000);
    await asks(bob, "get", ALICE, pubsub(`<items node="${NODE}"/>`));
    await hears(bob, refusal("auth", "not-authorized", "presence-subscription-required"));
  });
});

describe("requests that wait for an answer (§8.7)", () => {
  const COMMANDS = "http://jabber.org/protocol/commands";
  const GET_PENDING = `${PUBSUB}#get-pending`;

  test("are shown again, of the node that the owner chooses, until they are answered", async ({
    connect,
    server,
  }) => {
    const alice = await connect("alice/desk");
    const bob = await connect("bob/desk");
    await letSee(server, "alice@localhost", "bob@localhost");
    const executes = async (inner = "", session = "") => {
      await asks(
        alice,
        "set",
        ALICE,
        `<command xmlns="${COMMANDS}" node="${GET_PENDING}"${session}>${inner}</command>`,
      );
      alice.forget((element) => element.is("presence"));
    };
    await executes();
    await alice.receives(`
      <iq type="result" id="q"><command xmlns="${COMMANDS}" node="${GET_PENDING}" sessionid="{any}" status="completed"
        xml:lang="en"><note type="info">{any}</note></command></iq>`);
    await publishes(alice, NODE, "a", "1", { access_model: "authorize" });
    await asks(bob, "set", ALICE, subscribe());
    await hears(bob, `<iq type="result" id="q">{...}</iq>`);
    const question = `<message from="${ALICE}" id="{any}"><x xmlns="jabber:x:data" type="form">{...}</x></message>`;
    alice.forget((element) => element.is("presence") || element.is("message"));
    await executes();
    const form = await alice.receives(`
      <iq type="result" id="q"><command xmlns="${COMMANDS}" node="${GET_PENDING}" sessionid="{any}" status="executing"
        xml:lang="en">{...}<x xmlns="jabber:x:data" type="form">{...}</x></command></iq>`);
    expect(String(form)).toContain(`<option><value>${NODE}</value></option>`);
    const session = / sessionid="[^"]+"/.exec(String(form))?.[0];
    await executes(
      `<x xmlns="jabber:x:data" type="submit"><field var="pubsub#node"><value>${NODE}</value></field></x>`,
      session,
    );
    await alice.receives(question);
    await alice.receives(`<iq type="result" id="q">{...}</iq>`);
  });
});
