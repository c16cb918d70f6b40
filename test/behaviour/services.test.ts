/** Address spaces of modules below a domain (`host.service`), and what service discovery tells of them. */
import { expect } from "vitest";
import { defineModule } from "../../src/core/module.ts";
import type { ServiceHost } from "../../src/core/service-host.ts";
import { createServer } from "../../src/index.ts";
import { defaultModules } from "../../src/modules/index.ts";
import { createRig } from "../../src/testing/create-rig.ts";
import { test } from "../../src/testing/rig.ts";
import { el } from "../../src/xml/element.ts";
import { StanzaError } from "../../src/xmpp/errors.ts";
import { Jid } from "../../src/xmpp/jid.ts";
import type { Stanza } from "../../src/xmpp/stanza.ts";

const INFO = "http://jabber.org/protocol/disco#info";
const ITEMS = "http://jabber.org/protocol/disco#items";
const NAMES = ["echo"];

/** Sends messages back, refuses some, and keeps presence. */
const seen: Stanza[] = [];
let opened: ServiceHost | undefined;
const echo = defineModule({
  name: "echo",
  implements: [],
  services: () => NAMES,
  setup(host) {
    for (const domain of host.serviceDomains(NAMES)) {
      const service = host.service(domain, {
        disco: {
          identities: [{ category: "component", type: "generic", name: "Echo" }],
          features: ["urn:example:echo"],
          forms: [el("x", { xmlns: "jabber:x:data", type: "result" })],
          nodes: [
            {
              info: (node) => (node === "n" ? el("query", { xmlns: INFO, node }) : undefined),
              items: (node) => (node === "n" ? el("query", { xmlns: ITEMS, node }) : undefined),
            },
          ],
          items: () => el("query", { xmlns: ITEMS }, el("item", { jid: `room@${domain}` })),
        },
        message(stanza, session) {
          if (stanza.text("body") === "refuse") throw new StanzaError("not-acceptable");
          if (stanza.text("body") === "break") throw new Error("broken");
          const { from, to } = stanza;
          return host.route(stanza.with({ from: to, to: from, id: session?.jid.resource }));
        },
        presence: (stanza) => void seen.push(stanza),
        iq: (stanza) => {
          if (stanza.type !== "get") return void seen.push(stanza);
          throw new StanzaError("feature-not-implemented");
        },
      });
      opened = service;
      service.iq("get", "urn:example:echo", "q", () => el("at", {}, "host"));
      service.iq("get", "urn:example:echo", "q", () => el("at", {}, "address"), "address");
      service.iq("get", "urn:example:echo", "q", () => el("at", {}, "resource"), "resource");
    }
  },
});

const bare = defineModule({
  name: "bare",
  implements: [],
  services: () => ["bare"],
  setup(host) {
    for (const domain of host.serviceDomains(["bare"])) {
      host.service(domain, { disco: { identities: [], features: [] } });
    }
  },
});

test.override({ options: { modules: [...defaultModules, echo, bare] } });

test("is among the items of its parent, by the name of its first identity", async ({ connect }) => {
  const alice = await connect("alice/phone");
  await alice.sends(`<iq type="get" id="d1" to="localhost"><query xmlns="${ITEMS}"/></iq>`);
  await alice.receives(
    `<iq type="result" id="d1"><query xmlns="${ITEMS}">{...}
      <item jid="echo.localhost" name="Echo"/><item jid="bare.localhost"/></query></iq>`,
  );
});

test("tells its identities, features, forms, items and nodes, and has those features that all services have", async ({
  connect,
}) => {
  const alice = await connect("alice/phone");
  await alice.sends(`<iq type="get" id="d1" to="echo.localhost"><query xmlns="${INFO}"/></iq>`);
  await alice.receives(
    `<iq type="result" id="d1" from="echo.localhost"><query xmlns="${INFO}">
      <identity category="component" type="generic" name="Echo"/>{...}
      <feature var="${INFO}"/><feature var="${ITEMS}"/>
      <feature var="urn:xmpp:ping"/><feature var="urn:example:echo"/>
      <x xmlns="jabber:x:data" type="result"/></query></iq>`,
  );
  await alice.sends(`<iq type="get" id="d2" to="echo.localhost"><query xmlns="${ITEMS}"/></iq>`);
  await alice.receives(
    `<iq type="result" id="d2"><query xmlns="${ITEMS}"><item jid="room@echo.localhost"/></query></iq>`,
  );
  for (const namespace of [INFO, ITEMS]) {
    await alice.sends(
      `<iq type="get" id="d3" to="echo.localhost"><query xmlns="${namespace}" node="n"/></iq>`,
    );
    await alice.receives(`<iq type="result" id="d3"><query xmlns="${namespace}" node="n"/></iq>`);
    await alice.sends(
      `<iq type="get" id="d4" to="echo.localhost"><query xmlns="${namespace}" node="x"/></iq>`,
    );
    await alice.receives(
      `<iq type="error" id="d4"><query xmlns="${namespace}" node="x"/>
        <error type="cancel"><item-not-found xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`,
    );
  }
});

test.for([
  ["echo.localhost", "host"],
  ["room@echo.localhost", "address"],
  ["room@echo.localhost/nick", "resource"],
] as const)("answers requests to %s", async ([to, place], { connect }) => {
  const alice = await connect("alice/phone");
  await alice.sends(`<iq type="get" id="q1" to="${to}"><q xmlns="urn:example:echo"/></iq>`);
  await alice.receives(`<iq type="result" id="q1" from="${to}"><at>${place}</at></iq>`);
});

test("answers what every service answers: pings, version, time", async ({ connect }) => {
  const alice = await connect("alice/phone");
  await alice.sends(`<iq type="get" id="p1" to="bare.localhost"><ping xmlns="urn:xmpp:ping"/></iq>`);
  await alice.receives(`<iq type="result" id="p1" from="bare.localhost"/>`);
  await alice.sends(`<iq type="get" id="p2" to="bare.localhost"><query xmlns="jabber:iq:version"/></iq>`);
  await alice.receives(
    `<iq type="result" id="p2" from="bare.localhost"><query xmlns="jabber:iq:version">{any}</query></iq>`,
  );
  await alice.sends(`<iq type="get" id="p3" to="x@bare.localhost"><ping xmlns="urn:xmpp:ping"/></iq>`);
  await alice.receives(
    `<iq type="error" id="p3" from="x@bare.localhost"><ping xmlns="urn:xmpp:ping"/>
      <error type="cancel"><service-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`,
  );
});

test("gets messages with the sender's session, presence, and requests that nobody else takes", async ({
  connect,
}) => {
  const alice = await connect("alice/phone");
  await alice.sends(`<message to="room@echo.localhost" type="chat"><body>hi</body></message>`);
  await alice.receives(
    `<message from="room@echo.localhost" id="phone" type="chat"><body>hi</body></message>`,
  );
  seen.length = 0;
  await alice.sends(`<presence to="room@echo.localhost/me"/>`);
  await alice.sends(`<iq type="result" id="i0" to="room@echo.localhost/me"/>`);
  await alice.sends(`<iq type="get" id="i1" to="room@echo.localhost/me"><q xmlns="urn:example:other"/></iq>`);
  await alice.receives(
    `<iq type="error" id="i1" from="room@echo.localhost/me"><q xmlns="urn:example:other"/>
      <error type="cancel"><feature-not-implemented xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`,
  );
  expect(seen.map(({ kind, to }) => `${kind} ${to?.toString()}`)).toEqual([
    "presence room@echo.localhost/me",
    "iq room@echo.localhost/me",
  ]);
});

test("what its handlers throw is answered", async ({ connect }) => {
  const alice = await connect("alice/phone");
  await alice.sends(`<message id="m1" to="echo.localhost"><body>refuse</body></message>`);
  await alice.receives(
    `<message id="m1" from="echo.localhost" type="error"><body>refuse</body>
      <error type="modify"><not-acceptable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></message>`,
  );
  await alice.sends(`<message id="m3" to="bare.localhost"><body>hi</body></message>`);
  await alice.receives(
    `<message id="m3" from="bare.localhost" type="error"><body>hi</body>
      <error type="cancel"><service-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></message>`,
  );
});

test("a fault of its own is logged, and answered without what it was about", async () => {
  const rig = await createRig({ modules: [...defaultModules, echo] });
  const alice = await rig.connect("alice/phone");
  await alice.sends(`<message id="m2" to="echo.localhost"><body>break</body></message>`);
  await alice.receives(
    `<message id="m2" from="echo.localhost" type="error">
      <error type="cancel"><internal-server-error xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></message>`,
  );
  await rig.close();
  expect(rig.errors).toEqual([expect.stringContaining("Error: broken")]);
});

test("asks in its own name and in that of an address below it", async ({ connect }) => {
  const alice = await connect("alice/phone");
  const service = opened as ServiceHost;
  const question = el("q", { xmlns: "urn:example:echo" });
  for (const [capture, name] of [
    ["a", "echo.localhost"],
    ["b", "room@echo.localhost"],
  ] as const) {
    const from = name === service.domain ? undefined : Jid.parse(name);
    const answer = service.request("get", Jid.parse("alice@localhost/phone"), question, 1000, from);
    await alice.receives(
      `<iq type="get" id="{${capture}}" from="${name}"><q xmlns="urn:example:echo"/></iq>`,
    );
    await alice.sends(`<iq type="result" id="{${capture}}" to="${name}"><a xmlns="urn:x"/></iq>`);
    expect((await answer)?.getName()).toBe("a");
  }
});

test("a name that is taken is refused when the server starts", async () => {
  const other = defineModule({
    name: "other",
    implements: [],
    services: () => NAMES,
    setup: () => {},
  });
  await expect(
    createServer({ modules: [echo, other], listen: { c2s: false, c2sTls: false } }),
  ).rejects.toThrow('modules.other: "echo.localhost" is a service of modules.echo already');
});
