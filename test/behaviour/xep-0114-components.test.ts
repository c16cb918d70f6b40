/** XEP-0114: what a component's users may expect of the server, and the server's users of them. */
import { describe, expect } from "vitest";
import { el, presence } from "../../src/index.ts";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import { Jid } from "../../src/xmpp/jid.ts";
import { befriend } from "./befriend.ts";
import { type ComponentClient, componentHeader, connectComponent, rawComponent } from "./component-client.ts";
import { enter, gone, JOIN, present, ROOM, said, unlock } from "./muc-client.ts";
import {
  capabilities,
  itemOf,
  itemsEvent,
  presenceWithCaps,
  publishes,
  verification,
} from "./pubsub-client.ts";

const SECRET = "between us";
const DOMAIN = "bridge.localhost";
const CONTACT = `carol@${DOMAIN}`;
const STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas";
const PUBSUB = "http://jabber.org/protocol/pubsub";
const ITEMS = "http://jabber.org/protocol/disco#items";
const AWAY = `<error type="wait"><remote-server-timeout xmlns="${STANZAS}"/><text xmlns="${STANZAS}" xml:lang="en">{any}</text></error>`;

test.override({
  options: {
    components: { [DOMAIN]: { secret: SECRET, name: "Bridge" }, "bots.example.org": SECRET },
  },
});

describe("discovery", () => {
  test("lists components by the domain that they are below, else by the first one (XEP-0030 §4.1)", async ({
    connect,
  }) => {
    const alice = await connect("alice/phone");
    await alice.sends(`<iq type="get" id="i" to="localhost"><query xmlns="${ITEMS}"/></iq>`);
    await alice.receives(`<iq type="result" id="i"><query xmlns="${ITEMS}">{...}
      <item jid="${DOMAIN}" name="Bridge"/><item jid="bots.example.org"/></query></iq>`);
  });

  test("of the component is the component's", async ({ rig, connect }) => {
    const alice = await connect("alice/phone");
    const component = await connectComponent(rig, DOMAIN, SECRET);
    for (const to of [DOMAIN, CONTACT, `${CONTACT}/home`]) {
      await alice.sends(`<iq type="get" id="i" to="${to}"><query xmlns="${ITEMS}"/></iq>`);
      await component.receives(
        `<iq type="get" id="i" from="alice@localhost/phone" to="${to}"><query xmlns="${ITEMS}"/></iq>`,
      );
      await component.sends(
        `<iq type="result" id="i" to="alice@localhost/phone" from="${to}"><query xmlns="${ITEMS}"/></iq>`,
      );
      await alice.receives(`<iq type="result" id="i" from="${to}"><query xmlns="${ITEMS}"/></iq>`);
    }
  });
});

describe("requests of a component", () => {
  test("reach the server, accounts and devices, as anybody's do", async ({ rig, connect }) => {
    const alice = await connect("alice/phone");
    const component = await connectComponent(rig, DOMAIN, SECRET);
    const ping = (to: string) =>
      `<iq type="get" id="p" from="${CONTACT}" to="${to}"><ping xmlns="urn:xmpp:ping"/></iq>`;
    await component.sends(ping("localhost"));
    await component.receives(`<iq type="result" id="p" from="localhost" to="${CONTACT}"/>`);
    await component.sends(ping("alice@localhost/phone"));
    await alice.receives(ping("alice@localhost/phone"));
    await alice.sends(`<iq type="result" id="p" to="${CONTACT}"/>`);
    await component.receives(`<iq type="result" id="p" from="alice@localhost/phone" to="${CONTACT}"/>`);
  });

  test.for([
    ["get", "upload.localhost", `<request xmlns="urn:xmpp:http:upload:0" filename="a" size="1"/>`],
    ["get", "alice@localhost", `<query xmlns="jabber:iq:roster"/>`],
    ["set", "alice@localhost", `<query xmlns="jabber:iq:roster"><item jid="x@y"/></query>`],
    ["set", "alice@localhost", `<query xmlns="urn:xmpp:mam:2"/>`],
    ["set", "alice@localhost", `<enable xmlns="urn:xmpp:push:0" jid="${DOMAIN}"/>`],
    ["set", "alice@localhost", `<enable xmlns="urn:xmpp:carbons:2"/>`],
    ["set", "alice@localhost", `<vCard xmlns="vcard-temp"/>`],
    ["set", "alice@localhost", `<block xmlns="urn:xmpp:blocking"><item jid="x@y"/></block>`],
    ["get", "alice@localhost", `<query xmlns="jabber:iq:private"><a xmlns="urn:a"/></query>`],
    [
      "set",
      "alice@localhost",
      `<pubsub xmlns="${PUBSUB}"><publish node="n"><item id="1"/></publish></pubsub>`,
    ],
    ["set", "pubsub.localhost", `<pubsub xmlns="${PUBSUB}"><create node="n"/></pubsub>`],
    ["get", "localhost", `<services xmlns="urn:xmpp:extdisco:2"/>`],
    ["set", "localhost", `<query xmlns="jabber:iq:register"><remove/></query>`],
    [
      "set",
      "localhost",
      `<query xmlns="jabber:iq:register"><username>a</username><password>b</password></query>`,
    ],
    [
      "set",
      "localhost",
      `<command xmlns="http://jabber.org/protocol/commands" node="http://jabber.org/protocol/admin#add-user"/>`,
    ],
  ] as const)("get it nothing that is for users: %s to %s %s", async ([type, to, payload], { rig }) => {
    await rig.user("alice");
    const component = await connectComponent(rig, DOMAIN, SECRET);
    for (const from of [DOMAIN, CONTACT, `alice@${DOMAIN}/x`]) {
      await component.sends(`<iq type="${type}" id="r" from="${from}" to="${to}">${payload}</iq>`);
      const answer = await component.receivesAny();
      expect(answer.attrs).toMatchObject({ type: "error", from: to, to: from });
    }
    expect(await rig.server.host().accounts.count("localhost")).toBe(1);
  });

  test("make no rooms, as those of strangers make none", async ({ rig }) => {
    const component = await connectComponent(rig, DOMAIN, SECRET);
    await component.sends(`<presence from="${CONTACT}/irc" to="${ROOM}/carol">${JOIN}</presence>`);
    const answer = await component.receivesAny();
    expect(answer.attrs).toMatchObject({ type: "error", from: `${ROOM}/carol` });
  });
});

describe("messages of a component", () => {
  test("wait for those who are away, and are in their archive", async ({ rig, connect, user }) => {
    await user("alice");
    const component = await connectComponent(rig, DOMAIN, SECRET);
    await component.sends(
      `<message from="${CONTACT}" to="alice@localhost" type="chat" id="m"><body>Hi</body></message>`,
    );
    await component.receivesNothing();
    const alice = await connect("alice/phone");
    await alice.receives(`<message from="${CONTACT}" type="chat" id="m"><body>Hi</body>{...}</message>`);
    await alice.sends(`<iq type="set" id="q"><query xmlns="urn:xmpp:mam:2"/></iq>`);
    await alice.receives(`<message><result xmlns="urn:xmpp:mam:2" id="{any}"><forwarded xmlns="urn:xmpp:forward:0">{...}
      <message xmlns="jabber:client" from="${CONTACT}" type="chat"><body>Hi</body></message></forwarded></result></message>`);
  });

  test("are seen by all devices, and so is what is said to it (XEP-0280)", async ({ rig, connect }) => {
    const phone = await connect("alice/phone");
    const desk = await connect("alice/desk", { priority: -1 });
    phone.forget((element) => element.is("presence"));
    await desk.sends(`<iq type="set" id="c"><enable xmlns="urn:xmpp:carbons:2"/></iq>`);
    await desk.receives(`<iq type="result" id="c"/>`);
    const component = await connectComponent(rig, DOMAIN, SECRET);
    await component.sends(
      `<message from="${CONTACT}/x" to="alice@localhost/phone" type="chat"><body>Hi</body></message>`,
    );
    const carbon = (
      side: string,
      header: string,
    ) => `<message type="chat" from="alice@localhost"><${side} xmlns="urn:xmpp:carbons:2">
      <forwarded xmlns="urn:xmpp:forward:0"><message xmlns="jabber:client" ${header} type="chat"><body>Hi</body></message></forwarded></${side}></message>`;
    await phone.receives(`<message type="chat"><body>Hi</body></message>`);
    await desk.receives(carbon("received", `from="${CONTACT}/x"`));
    await phone.sends(`<message to="${CONTACT}" type="chat"><body>Hi</body></message>`);
    await component.receives(`<message type="chat"><body>Hi</body></message>`);
    await desk.receives(carbon("sent", `to="${CONTACT}"`));
  });

  test("stay in their order, whatever is between them (RFC 6120 §10.1)", async ({ rig, connect }) => {
    const alice = await connect("alice/phone");
    const component = await connectComponent(rig, DOMAIN, SECRET);
    const text = Array.from({ length: 600 }, (_, id) =>
      id % 2 === 0
        ? `<message from="${CONTACT}" to="alice@localhost" type="chat" id="${id}"><body>Hi</body></message>`
        : `<iq type="result" from="${CONTACT}" to="alice@localhost/phone" id="${id}"/>`,
    );
    await component.sendsRaw(text.join(""));
    for (let id = 0; id < 600; id++) expect((await alice.receivesAny()).attrs["id"]).toBe(String(id));
  });

  test("have the language of its stream, unless they say another (RFC 6120 §4.7.4)", async ({
    rig,
    connect,
  }) => {
    const alice = await connect("alice/phone");
    const component = await connectComponent(rig, DOMAIN, SECRET, {}, ` xml:lang="de"`);
    await component.sends(
      `<message from="${CONTACT}" to="alice@localhost" type="chat"><body>Hallo</body></message>`,
    );
    await alice.receives(`<message xml:lang="de" type="chat"><body>Hallo</body></message>`);
  });

  test("do not come from whom the user has blocked (XEP-0191)", async ({ rig, connect }) => {
    const alice = await connect("alice/phone");
    const component = await connectComponent(rig, DOMAIN, SECRET);
    await alice.sends(
      `<iq type="set" id="b"><block xmlns="urn:xmpp:blocking"><item jid="${DOMAIN}"/></block></iq>`,
    );
    alice.forget(() => true);
    await component.sends(
      `<message from="${CONTACT}" to="alice@localhost" type="chat"><body>Hi</body></message>`,
    );
    await component.receives(
      `<message type="error"><body>Hi</body><error type="cancel"><service-unavailable xmlns="${STANZAS}"/></error></message>`,
    );
    await alice.receivesNothing();
  });
});

describe("a component that is not connected", () => {
  test("answers messages, requests and requests for a subscription, and nothing else", async ({
    connect,
  }) => {
    const alice = await connect("alice/phone");
    await alice.sends(`<message to="${CONTACT}" id="1"><body>Hi</body></message>`);
    await alice.receives(`<message type="error" id="1" from="${CONTACT}"><body>Hi</body>${AWAY}</message>`);
    await alice.sends(`<iq type="get" to="${DOMAIN}" id="2"><ping xmlns="urn:xmpp:ping"/></iq>`);
    await alice.receives(
      `<iq type="error" id="2" from="${DOMAIN}"><ping xmlns="urn:xmpp:ping"/>${AWAY}</iq>`,
    );
    await alice.sends(`<iq type="result" to="${DOMAIN}" id="3"/>`);
    await alice.sends(`<message type="error" to="${CONTACT}" id="4"/>`);
    for (const type of ["unavailable", "unsubscribe", "unsubscribed", "probe", "error"]) {
      await alice.sends(`<presence type="${type}" to="${CONTACT}"/>`);
    }
    alice.forget((element) => element.is("iq"));
    await alice.receivesNothing();
  });

  test("answers who wants to enter a room of it", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await alice.sends(`<presence to="room@${DOMAIN}/alice">${JOIN}</presence>`);
    await alice.receives(`<presence type="error" from="room@${DOMAIN}/alice">${JOIN}${AWAY}</presence>`);
  });

  test("answers for itself when it went with a request", async ({ rig, connect }) => {
    const alice = await connect("alice/phone");
    const component = await connectComponent(rig, DOMAIN, SECRET);
    for (const id of ["1", "2"]) {
      await alice.sends(`<iq type="get" to="${DOMAIN}" id="${id}"><ping xmlns="urn:xmpp:ping"/></iq>`);
      await component.receives(`<iq type="get" id="${id}"><ping xmlns="urn:xmpp:ping"/></iq>`);
    }
    await component.sends(`<iq type="result" to="alice@localhost/phone" from="${DOMAIN}" id="1"/>`);
    await alice.receives(`<iq type="result" id="1"/>`);
    await component.disconnects();
    await alice.receives(`<iq type="error" id="2" from="${DOMAIN}">${AWAY}</iq>`);
    await alice.receivesNothing();
  });
});

describe("contacts", () => {
  async function subscribe(alice: Client, component: ComponentClient): Promise<void> {
    await alice.sends(`<presence type="subscribe" to="${CONTACT}"/>`);
    await component.receives(`<presence type="subscribe" from="alice@localhost" to="${CONTACT}"/>`);
    await component.sends(`<presence type="subscribed" from="${CONTACT}" to="alice@localhost"/>`);
    await component.sends(`<presence type="subscribe" from="${CONTACT}" to="alice@localhost"/>`);
    await alice.sends(`<presence type="subscribed" to="${CONTACT}"/>`);
    await component.receives(`<presence type="subscribed" from="alice@localhost" to="${CONTACT}"/>`);
    await component.receives(`<presence from="alice@localhost/phone" to="${CONTACT}">{any}</presence>`);
    alice.forget(() => true);
  }

  test("are asked for, agree, come, change and go; and see the user", async ({ rig, connect }) => {
    const alice = await connect("alice/phone");
    const component = await connectComponent(rig, DOMAIN, SECRET);
    await subscribe(alice, component);
    await component.sends(
      `<presence from="${CONTACT}/irc" to="alice@localhost"><show>away</show></presence>`,
    );
    await alice.receives(`<presence from="${CONTACT}/irc"><show>away</show></presence>`);
    await component.sends(`<presence type="unavailable" from="${CONTACT}/irc" to="alice@localhost"/>`);
    await alice.receives(`<presence type="unavailable" from="${CONTACT}/irc"/>`);
    await alice.sends("<presence><show>dnd</show></presence>");
    await component.receives(
      `<presence from="alice@localhost/phone" to="${CONTACT}"><show>dnd</show></presence>`,
    );
    await component.sends(`<presence type="probe" from="${CONTACT}" to="alice@localhost"/>`);
    await component.receives(
      `<presence from="alice@localhost/phone" to="${CONTACT}"><show>dnd</show>{...}</presence>`,
    );
    alice.forget(() => true);
    await alice.closes();
    await component.receives(`<presence type="unavailable" from="alice@localhost/phone" to="${CONTACT}"/>`);
    await connect("alice/desk");
    await component.receivesInAnyOrder([
      `<presence from="alice@localhost/desk" to="${CONTACT}"/>`,
      `<presence type="probe" from="alice@localhost" to="${CONTACT}"/>`,
    ]);
  });

  test("are gone for everybody when the connection is, and come again with it", async ({ rig, connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    const component = await connectComponent(rig, DOMAIN, SECRET);
    await subscribe(alice, component);
    await component.sends(`<presence from="${CONTACT}/irc" to="alice@localhost"/>`);
    await component.sends(`<presence from="x@${DOMAIN}/y" to="bob@localhost/desk"/>`);
    await component.sends(`<presence from="x@${DOMAIN}/z" to="bob@localhost/desk"/>`);
    await component.sends(`<presence type="unavailable" from="x@${DOMAIN}/z" to="bob@localhost/desk"/>`);
    alice.forget(() => true);
    bob.forget(() => true);
    await component.disconnects();
    await alice.receives(`<presence type="unavailable" from="${CONTACT}/irc"/>`);
    await bob.receives(`<presence type="unavailable" from="x@${DOMAIN}/y" to="bob@localhost/desk"/>`);
    await bob.receivesNothing();

    const again = await connectComponent(rig, DOMAIN, SECRET);
    await again.sends(`<presence from="${CONTACT}/irc" to="alice@localhost"/>`);
    await alice.receives(`<presence from="${CONTACT}/irc"/>`);
    await again.closes();
    await alice.receives(`<presence type="unavailable" from="${CONTACT}/irc"/>`);
  });

  test("that many saw are gone in their turn, and never behind their return", async ({ rig, connect }) => {
    const alice = await connect("alice/phone");
    const component = await connectComponent(rig, DOMAIN, SECRET);
    const shown = (count: number) => `<presence from="n${count}@${DOMAIN}/x" to="alice@localhost"/>`;
    await component.sendsRaw(Array.from({ length: 2000 }, (_, count) => shown(count)).join(""));
    alice.forget(() => true);
    component.pipe.end();
    await connectComponent(rig, DOMAIN, SECRET);
    for (let count = 0; count < 2000; count++) {
      await alice.receives(`<presence type="unavailable" from="n${count}@${DOMAIN}/x"/>`);
    }
    await alice.receivesNothing();
  });
});

describe("a room of the server", () => {
  test("lets a component's users in, and out when its connection ends", async ({ rig, connect }) => {
    const alice = await connect("alice/phone");
    await enter(alice, "alice");
    await unlock(alice);
    const component = await connectComponent(rig, DOMAIN, SECRET);
    await component.sends(`<presence from="${CONTACT}/irc" to="${ROOM}/carol">${JOIN}</presence>`);
    await alice.receives(present("carol", `jid="${CONTACT}/irc" affiliation="none" role="participant"`));
    component.forget(() => true);
    await component.sends(
      `<message from="${CONTACT}/irc" to="${ROOM}" type="groupchat"><body>Hi</body></message>`,
    );
    await alice.receives(said("carol", "<body>Hi</body>"));
    await component.receives(said("carol", "<body>Hi</body>", ` to="${CONTACT}/irc"`));
    await alice.sends(`<message to="${ROOM}/carol" type="chat"><body>psst</body></message>`);
    await component.receives(
      `<message from="${ROOM}/alice" to="${CONTACT}/irc" type="chat"><body>psst</body>{...}</message>`,
    );
    await component.disconnects();
    await alice.receives(gone("carol", `jid="${CONTACT}/irc" affiliation="none" role="none"`));
  });
});

test("events go to a component that wants them (XEP-0163 §4)", async ({ rig, connect }) => {
  const alice = await connect("alice/phone");
  const component = await connectComponent(rig, DOMAIN, SECRET);
  await befriend(rig.server, "alice@localhost", CONTACT);
  const caps = presenceWithCaps(verification("urn:node"));
  await component.sends(caps.replace("<presence", `<presence from="${CONTACT}/irc" to="alice@localhost"`));
  const asked = await component.receivesAny();
  expect(asked.attrs).toMatchObject({ type: "get", to: `${CONTACT}/irc` });
  const node = `urn:test#${verification("urn:node")}`;
  await component.sends(`<iq type="result" id="${asked.attrs["id"]}" from="${CONTACT}/irc" to="${asked.attrs["from"]}">
    <query xmlns="http://jabber.org/protocol/disco#info" node="${node}">${capabilities("urn:node")}</query></iq>`);
  alice.forget(() => true);
  await publishes(alice, "urn:node", "1", "text");
  await component.receives(itemsEvent("urn:node", itemOf("1", "text")));
});

test("a node's subscribers may be a component's (XEP-0060)", async ({ rig, connect }) => {
  const alice = await connect("alice/phone");
  const component = await connectComponent(rig, DOMAIN, SECRET);
  const to = `to="pubsub.localhost"`;
  await alice.sends(
    `<iq type="set" id="c" ${to}><pubsub xmlns="${PUBSUB}"><create node="news"/></pubsub></iq>`,
  );
  await alice.receives(`<iq type="result" id="c">{...}</iq>`);
  await component.sends(`<iq type="set" id="s" from="${CONTACT}" ${to}>
    <pubsub xmlns="${PUBSUB}"><subscribe node="news" jid="${CONTACT}"/></pubsub></iq>`);
  await component.receives(`<iq type="result" id="s">{...}</iq>`);
  await alice.sends(
    `<iq type="set" id="p" ${to}><pubsub xmlns="${PUBSUB}"><publish node="news"><item id="1"><a xmlns="urn:a"/></item></publish></pubsub></iq>`,
  );
  await alice.receives(`<iq type="result" id="p">{...}</iq>`);
  await component.receives(`<message from="pubsub.localhost" to="${CONTACT}" type="headline">
    <event xmlns="${PUBSUB}#event"><items node="news"><item id="1"><a xmlns="urn:a"/></item></items></event></message>`);
});

test("a push service may be a component (XEP-0357)", async ({ rig, connect }) => {
  const component = await connectComponent(rig, DOMAIN, SECRET);
  const bob = await connect("bob/phone");
  await bob.sends(`<iq type="set" id="on"><enable xmlns="urn:xmpp:push:0" jid="${DOMAIN}" node="n"/></iq>`);
  await bob.receives(`<iq type="result" id="on"/>`);
  await bob.closes();
  const alice = await connect("alice/desk");
  await alice.sends(`<message to="bob@localhost" type="chat"><body>Hi</body></message>`);
  await component.receives(`<iq type="set" from="localhost" to="${DOMAIN}" id="{push}"><pubsub xmlns="http://jabber.org/protocol/pubsub">
    <publish node="n"><item><notification xmlns="urn:xmpp:push:0">{any}</notification></item></publish></pubsub></iq>`);
  await component.sends(`<iq type="result" id="{push}" from="${DOMAIN}" to="localhost"/>`);
  expect(rig.server.metrics.snapshot()).toMatchObject({
    [`jackdaw_component_stanzas{direction="sent",domain="${DOMAIN}"}`]: 1,
    [`jackdaw_component_stanzas{direction="received",domain="${DOMAIN}"}`]: 1,
    [`jackdaw_components{domain="${DOMAIN}",state="connected"}`]: 1,
    'jackdaw_components{domain="bots.example.org",state="away"}': 1,
  });
});

describe("the configuration may change while the server runs", () => {
  test("components come, go and have other secrets", async ({ rig, connect }) => {
    const alice = await connect("alice/phone");
    const { server } = rig;
    const { config } = server;
    const bridge = await connectComponent(rig, DOMAIN, SECRET);
    const bots = await connectComponent(rig, "bots.example.org", SECRET);
    await server.reload({ ...config, components: { [DOMAIN]: { secret: SECRET, name: "IRC" } } });
    await bridge.receivesNothing();
    await bots.closed("host-gone");
    await alice.sends(`<iq type="get" id="i" to="localhost"><query xmlns="${ITEMS}"/></iq>`);
    await alice.receives(
      `<iq type="result" id="i"><query xmlns="${ITEMS}">{...}<item jid="${DOMAIN}" name="IRC"/></query></iq>`,
    );
    expect(alice.heard).not.toContain("bots.example.org");
    const late = rawComponent(rig);
    await late.sendsRaw(componentHeader("bots.example.org"));
    await late.receivesHeader();
    await late.closed("host-unknown");

    await server.reload({ ...config, components: { [DOMAIN]: { secret: "another", name: undefined } } });
    await bridge.closed("reset");
    await connectComponent(rig, DOMAIN, "another");
  });
});

describe("a component in the same process", () => {
  test("gets every stanza to its domain, sends what it likes, and is missed when it goes", async ({
    server,
    connect,
  }) => {
    const alice = await connect("alice/phone");
    const bot = server.component("bot.localhost", (stanza) => {
      if (stanza.kind === "message") void bot.send(stanza.with({ from: stanza.to, to: stanza.from }));
      return stanza.has("ping", "urn:xmpp:ping") ? stanza.payload[0] : undefined;
    });
    await alice.sends(`<message to="echo@bot.localhost" type="chat" id="1"><body>Hi</body></message>`);
    await alice.receives(`<message from="echo@bot.localhost" type="chat" id="1"><body>Hi</body></message>`);
    await alice.sends(`<iq to="bot.localhost" type="get" id="2"><ping xmlns="urn:xmpp:ping"/></iq>`);
    await alice.receives(`<iq from="bot.localhost" type="result" id="2"><ping xmlns="urn:xmpp:ping"/></iq>`);
    await alice.sends(`<iq to="bot.localhost" type="get" id="3"><other xmlns="urn:x"/></iq>`);
    await alice.receives(`<iq from="bot.localhost" type="error" id="3"><other xmlns="urn:x"/>
      <error type="cancel"><service-unavailable xmlns="${STANZAS}"/></error></iq>`);
    await bot.send(presence({ to: Jid.parse("alice@localhost") }));
    await alice.receives(`<presence from="bot.localhost"/>`);
    const asked = bot.request("get", Jid.parse("localhost"), el("ping", { xmlns: "urn:xmpp:ping" }), 1000);
    expect(await asked).toBeUndefined();
    bot.close();
    await alice.receives(`<presence type="unavailable" from="bot.localhost"/>`);
    expect(() => bot.send(presence({ to: Jid.parse("alice@localhost") }))).toThrow("closed");
    expect(server.host().serves("bot.localhost")).toBe(false);
  });

  test("speaks for nobody else, and takes nobody's domain", async ({ server }) => {
    const bot = server.component("bot.localhost", () => undefined);
    const to = Jid.parse("alice@localhost");
    expect(() => bot.send(presence({ to, from: Jid.parse("bob@localhost") }))).toThrow(
      "bob@localhost is not of bot.localhost",
    );
    expect(() => bot.send(presence({}))).toThrow("needs a to");
    for (const taken of ["localhost", DOMAIN, "bot.localhost", "conference.localhost"]) {
      expect(() => server.component(taken, () => undefined)).toThrow(`two hosts for ${taken}`);
    }
  });
});
