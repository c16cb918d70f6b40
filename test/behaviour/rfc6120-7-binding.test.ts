/** RFC 6120 §7: resource binding. */
import { describe, expect } from "vitest";
import { defineModule } from "../../src/core/module.ts";
import { defaultModules } from "../../src/modules/index.ts";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import { el } from "../../src/xml/element.ts";
import { message } from "../../src/xmpp/stanza.ts";

const BIND = "urn:ietf:params:xml:ns:xmpp-bind";
const SM = "urn:xmpp:sm:3";

const bind = (resource?: string, id = "b") =>
  `<iq type="set" id="${id}"><bind xmlns="${BIND}">${resource === undefined ? "" : `<resource>${resource}</resource>`}</bind></iq>`;

const refused = (type: string, condition: string, id = "b") => `
  <iq type="error" id="${id}">{...}
    <error type="${type}"><${condition} xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>
  </iq>`;

/** The JID that the client is told. */
async function bound(client: Client, id = "b"): Promise<string> {
  const answer = await client.receives(
    `<iq type="result" id="${id}"><bind xmlns="${BIND}"><jid>{any}</jid></bind></iq>`,
  );
  return answer.getChild("bind")?.getChildText("jid") ?? "";
}

/** Lets the client's session outlive its connection (XEP-0198 §3); the id to resume with. */
async function resumable(client: Client): Promise<string> {
  await client.sends(`<enable xmlns="${SM}" resume="true"/>`);
  const enabled = await client.receives(`<enabled xmlns="${SM}" id="{any}" resume="true" max="600"/>`);
  return String(enabled.attrs.id);
}

test("binding is offered after authentication, and not before (§7.3.1)", async ({ raw, authenticated }) => {
  const client = raw();
  await client.opens();
  expect((await client.receives("<stream:features>{any}</stream:features>")).getChild("bind")).toBeFalsy();
  const alice = await authenticated("alice");
  expect(alice.heard).toContain(`<bind xmlns="${BIND}"`);
});

test("a client gets the resource it asks for (§7.7.1)", async ({ authenticated }) => {
  const client = await authenticated("alice");
  await client.sends(bind("balcony"));
  expect(await bound(client)).toBe("alice@localhost/balcony");
});

test("a resource is prepared like any other part of an address (RFC 7622 §3.4)", async ({
  authenticated,
}) => {
  const client = await authenticated("alice");
  await client.sends(bind("A&amp;\u{65}\u{301}"));
  expect(await bound(client)).toBe("alice@localhost/A&\u{e9}");
});

test("a client that asks for none gets one that nobody can guess (§7.6.1)", async ({ authenticated }) => {
  const resources = new Set<string>();
  for (const request of [bind(), bind(), bind("")]) {
    const client = await authenticated("alice");
    await client.sends(request);
    const jid = await bound(client);
    expect(jid).toMatch(/^alice@localhost\/[\w-]{22}$/);
    resources.add(jid);
  }
  expect(resources.size).toBe(3);
});

test("a resource that is none is refused, and the client may ask again (§7.7.2.1)", async ({
  authenticated,
}) => {
  const client = await authenticated("alice");
  for (const resource of [
    "\u200e\u0000".slice(0, 1),
    "x".repeat(1024),
    "a\u0007b".replace("\u0007", "\u007f"),
  ]) {
    await client.sends(bind(resource));
    await client.receives(refused("modify", "bad-request"));
  }
  await client.sends(bind("phone"));
  expect(await bound(client)).toBe("alice@localhost/phone");
});

describe("requests that are none", () => {
  const cases: [string, string][] = [
    ["a get", bind("x").replace("set", "get")],
    ["no id", `<iq type="set"><bind xmlns="${BIND}"/></iq>`],
    ["another element", `<iq type="set" id="b"><unbind xmlns="${BIND}"/></iq>`],
    ["two elements", `<iq type="set" id="b"><bind xmlns="${BIND}"/><bind xmlns="${BIND}"/></iq>`],
  ];
  test.for(cases)("%s (§8.2.3)", async ([, xml], { authenticated, rig }) => {
    const client = await authenticated("alice");
    await client.sends(xml);
    await client.receives(
      `<iq type="error">{...}<error type="modify"><bad-request xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`,
    );
    expect(rig.server.host().sessions.size).toBe(0);
  });
});

test("before binding nothing but binding is allowed (§7.1)", async ({ authenticated }) => {
  for (const stanza of [
    "<presence/>",
    `<message to="bob@localhost"/>`,
    `<iq type="get" id="1"><query xmlns="jabber:iq:roster"/></iq>`,
  ]) {
    const client = await authenticated("alice");
    await client.sends(stanza);
    await client.closed("not-authorized");
  }
});

test.for([
  [`to="bob@localhost"`, "not-authorized"],
  [`to="alice@localhost/balcony"`, "not-authorized"],
  [`to="example.net"`, "not-authorized"],
  [`to="@"`, "not-authorized"],
  [`from="bob@localhost"`, "invalid-from"],
  [`from="@"`, "invalid-from"],
] as const)(
  "before binding nobody else is spoken to or for: %s ends the stream (§7.1, §8.1.2.1)",
  async ([address, condition], { authenticated }) => {
    const client = await authenticated("alice");
    await client.sends(bind("balcony").replace("<iq", `<iq ${address}`));
    await client.closed(condition);
  },
);

test.for([`to="localhost"`, `to="alice@localhost"`, `from="alice@localhost"`, `to=""`])(
  "a request to bind may have %s",
  async (address, { authenticated }) => {
    const client = await authenticated("alice");
    await client.sends(bind("balcony").replace("<iq", `<iq ${address}`));
    expect(await bound(client)).toBe("alice@localhost/balcony");
  },
);

test("a second resource on one stream is refused (§7.7.2)", async ({ connect }) => {
  const client = await connect("alice/phone");
  await client.sends(bind("other", "again"));
  const answer = await client.receives(`<iq type="error" id="again">{any}</iq>`);
  expect(answer.getChild("error")).toBeTruthy();
});

test("an account may have several resources (§7.1)", async ({ connect }) => {
  const phone = await connect("alice/phone");
  const laptop = await connect("alice/laptop");
  await phone.sends(`<message to="alice@localhost/laptop" type="chat"><body>1</body></message>`);
  await laptop.receives(`<message from="alice@localhost/phone" type="chat"><body>1</body></message>`);
});

test("the same resource of another account is another one", async ({ connect }) => {
  const alice = await connect("alice/phone");
  const bob = await connect("bob/phone");
  await alice.receivesNothing();
  expect([alice.gone, bob.gone]).toEqual([false, false]);
});

describe("a resource that is taken (§7.7.2.2)", () => {
  test("the new connection replaces the old one", async ({ connect, rig }) => {
    const old = await connect("alice/phone");
    const fresh = await connect("alice/phone");
    await old.closed("conflict");
    await fresh.sends(`<message to="alice@localhost/phone" type="chat"><body>1</body></message>`);
    await fresh.receives(`<message type="chat"><body>1</body></message>`);
    expect(rig.server.host().sessions.size).toBe(1);
  });

  describe("where the old one stays", () => {
    test.override({ options: { config: { limits: { resourceConflict: "refuse" } } } });

    test("the new connection is refused, and may ask for another", async ({ connect, authenticated }) => {
      const old = await connect("alice/phone");
      const fresh = await authenticated("alice");
      await fresh.sends(bind("phone"));
      await fresh.receives(refused("cancel", "conflict"));
      await fresh.sends(bind("phone2"));
      expect(await bound(fresh)).toBe("alice@localhost/phone2");
      await old.receivesNothing();
    });

    test("a resource is free again when its connection is gone", async ({ connect }) => {
      const old = await connect("alice/phone");
      await old.disconnects();
      const fresh = await connect("alice/phone");
      expect(fresh.jid).toBe("alice@localhost/phone");
    });

    test("nor does it belong to a session that waits to be resumed (XEP-0198 §5)", async ({ connect }) => {
      const old = await connect("alice/phone");
      await resumable(old);
      await old.disconnects();
      const fresh = await connect("alice/phone");
      expect(fresh.jid).toBe("alice@localhost/phone");
    });
  });
});

describe("too many resources (§7.6.2.1)", () => {
  test.override({ options: { config: { limits: { resourcesPerAccount: 2 } } } });

  test("one more is refused until one is gone", async ({ connect, authenticated }) => {
    const first = await connect("alice/1");
    await connect("alice/2");
    await connect("bob/1");
    const third = await authenticated("alice");
    await third.sends(bind("3"));
    await third.receives(refused("wait", "resource-constraint"));
    await first.disconnects();
    await third.sends(bind("3"));
    expect(await bound(third)).toBe("alice@localhost/3");
  });

  test("sessions that wait to be resumed make room, the one that was away longest first (XEP-0198 §5)", async ({
    connect,
    authenticated,
    clock,
  }) => {
    const away = await connect("alice/1");
    const awayLonger = await connect("alice/2");
    await resumable(awayLonger);
    await clock.advance(1000);
    const id = await resumable(away);
    await away.disconnects();
    await awayLonger.disconnects();
    await connect("alice/3");
    const back = await authenticated("alice");
    await back.sends(`<resume xmlns="${SM}" previd="${id}" h="0"/>`);
    await back.receives(`<resumed xmlns="${SM}" previd="${id}" h="0"/>`);
  });

  test("a full account's resource can still be replaced", async ({ connect }) => {
    const first = await connect("alice/1");
    await connect("alice/2");
    await connect("alice/1");
    await first.closed("conflict");
  });

  test("requests at the same time do not slip through together", async ({ authenticated, rig }) => {
    const clients = [];
    for (let count = 0; count < 4; count++) clients.push(await authenticated("alice"));
    await Promise.all(clients.map((client, index) => client.sends(bind(`r${index}`))));
    expect(rig.server.host().sessions.size).toBe(2);
  });
});

describe("what the resource is sent at once", () => {
  const eager = defineModule({
    name: "eager",
    implements: [],
    setup(host) {
      host.hook("session:open", "observe", ({ session }) => {
        session.send(message({ type: "chat", to: session.jid }, el("body", {}, "welcome")));
      });
    },
  });
  test.override({ options: { modules: [...defaultModules, eager] } });

  test("comes behind its address (§7.6.1)", async ({ authenticated }) => {
    const client = await authenticated("alice");
    await client.sends(bind("phone"));
    expect(await bound(client)).toBe("alice@localhost/phone");
    await client.receives(`<message type="chat"><body>welcome</body></message>`);
  });
});

test("old clients that ask for a session are told that they have one (RFC 3921 §3)", async ({ connect }) => {
  const client = await connect("alice/phone");
  expect(client.heard).toContain(
    `<session xmlns="urn:ietf:params:xml:ns:xmpp-session"><optional/></session>`,
  );
  await client.sends(`<iq type="set" id="s"><session xmlns="urn:ietf:params:xml:ns:xmpp-session"/></iq>`);
  await client.receives(`<iq type="result" id="s"/>`);
});
