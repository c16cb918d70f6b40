/** XEP-0386: Bind 2, and the parts of XEP-0198 §9, XEP-0280 and XEP-0352 that go along with it. */
import { describe, expect } from "vitest";
import { defineModule } from "../../src/core/module.ts";
import { defaultModules } from "../../src/modules/index.ts";
import type { Client } from "../../src/testing/client.ts";
import type { PipeClient } from "../../src/testing/create-rig.ts";
import { test } from "../../src/testing/rig.ts";
import { Jid } from "../../src/xmpp/jid.ts";
import { Stanza } from "../../src/xmpp/stanza.ts";
import {
  BIND2,
  FEATURES,
  failure,
  LAPTOP,
  loggedIn,
  offerOf,
  opened,
  PHONE,
  plain,
  SASL2,
  userAgent,
} from "./sasl2-client.ts";
import { letSee } from "./subscribe.ts";

const SM = "urn:xmpp:sm:3";
const CSI = "urn:xmpp:csi:0";
const CARBONS = "urn:xmpp:carbons:2";
const TAG = "<tag>AwesomeXMPP</tag>";

const chat = (to: string, body: string) => `<message to="${to}" type="chat"><body>${body}</body></message>`;
const bindWith = (content: string) => `<bind xmlns="${BIND2}">${content}</bind>`;

interface Login {
  readonly client?: string;
  readonly more?: string;
}

/** Logs in as alice and binds with that content. */
async function binds(client: Client, content = "", { client: id, more = "" }: Login = {}) {
  await opened(client, "alice@localhost");
  await client.sends(
    plain("alice", "secret", `${id === undefined ? "" : userAgent(id)}${bindWith(content)}${more}`),
  );
  return client;
}

async function bound(client: Client, content = "", login: Login = {}): Promise<Client> {
  await binds(client, content, login);
  const success = await loggedIn(client);
  expect(success.getChild("bound", BIND2)).toBeTruthy();
  return client;
}

describe("the offer (§4.1)", () => {
  test("lists what can be enabled with the resource", async ({ raw }) => {
    const inline = offerOf(await opened(raw())).getChild("inline");
    const features = inline?.getChild("bind", BIND2)?.getChild("inline")?.getChildren("feature") ?? [];
    expect(features.map(({ attrs }) => attrs["var"])).toEqual(expect.arrayContaining([SM, CSI, CARBONS]));
  });

  describe("when a module is switched off", () => {
    test.override({ options: { config: { modules: { carbons: false } } } });

    test("has it no more, and asking for it does nothing", async ({ raw, user }) => {
      await user("alice", "secret");
      expect(offerOf(await opened(raw())).toString()).not.toContain(CARBONS);
      await bound(raw(), `<enable xmlns="${CARBONS}"/>`);
    });
  });
});

describe("the resource (§4.3)", () => {
  test("begins with the tag, and is the same for the same client and tag", async ({ raw, user }) => {
    await user("alice", "secret");
    const resources = [];
    for (const [tag, id] of [
      [TAG, PHONE],
      [TAG, PHONE.toUpperCase()],
      ["<tag>x</tag>", PHONE],
      [TAG, LAPTOP],
    ]) {
      const client = await bound(raw(), tag, { client: id ?? "" });
      resources.push(Jid.parse(client.jid).resource);
      expect(client.jid).not.toContain(id?.slice(0, 8));
    }
    const [phone, again, other, laptop] = resources;
    expect(phone).toMatch(/^AwesomeXMPP\/[\w-]{16}$/);
    expect(again).toBe(phone);
    expect(new Set([phone, other, laptop]).size).toBe(3);
  });

  test("is another one each time for a client that does not say which it is", async ({ raw, user }) => {
    await user("alice", "secret");
    const one = await bound(raw(), TAG, { client: "not a UUID" });
    const other = await bound(raw(), TAG);
    expect(one.jid).toMatch(/^alice@localhost\/AwesomeXMPP\/[\w-]{16}$/);
    expect(other.jid).not.toBe(one.jid);
  });

  test.for([
    ["no tag", ""],
    ["an empty tag", "<tag/>"],
    ["a tag too long", `<tag>${"x".repeat(257)}</tag>`],
    ["a tag that no resource may contain", "<tag>a\u202Eb\uFFFF</tag>".replace("\uFFFF", "\u0378")],
  ])("is the server's alone with %s", async ([, content = ""], { raw, user }) => {
    await user("alice", "secret");
    const client = await bound(raw(), content);
    expect(client.jid).toMatch(/^alice@localhost\/[\w-]{16}$/);
  });
});

describe("earlier sessions (§4.2)", () => {
  test("of the same client end, those of others stay", async ({ raw, user, server }) => {
    await user("alice", "secret");
    const first = await bound(raw(), "<tag>old name</tag>", { client: PHONE });
    const laptop = await bound(raw(), TAG, { client: LAPTOP });
    const unknown = await bound(raw(), TAG);
    await bound(raw(), TAG, { client: PHONE });
    await first.closed("conflict");
    await laptop.receivesNothing();
    await unknown.receivesNothing();
    expect(server.host().sessions.size).toBe(3);
  });
});

describe("features", () => {
  test("carbons are enabled", async ({ raw, connect, user }) => {
    await user("alice", "secret");
    const laptop = await bound(raw(), `<enable xmlns="${CARBONS}"/>`);
    await user("bob");
    const bob = await connect("bob/desk");
    const phone = await bound(raw());
    await phone.sends(chat("bob@localhost/desk", "hi"));
    await bob.receives(chat("bob@localhost/desk", "hi"));
    await laptop.receives(`<message type="chat"><sent xmlns="${CARBONS}">{any}</sent></message>`);
    await phone.receivesNothing();
  });

  test.for([
    ["inactive", false],
    ["active", true],
  ] as const)("the session begins %s", async ([state, isTold], { raw, connect, server, user }) => {
    await user("alice", "secret");
    await letSee(server, "bob@localhost", "alice@localhost");
    const alice = await bound(raw(), `<${state} xmlns="${CSI}"/>`);
    await alice.sends("<presence/>");
    await connect("bob/desk");
    alice.forget(({ attrs }) => String(attrs["from"]).startsWith("alice"));
    if (!isTold) {
      await alice.receivesNothing();
      await alice.sends(`<active xmlns="${CSI}"/>`);
      alice.forget(({ attrs }) => String(attrs["from"]).startsWith("alice"));
    }
    await alice.receives(`<presence from="bob@localhost/desk"/>`);
  });

  test("stream management is enabled, and counts from then on (XEP-0198 §9.1)", async ({ raw, user }) => {
    await user("alice", "secret");
    const client = await binds(raw(), `<enable xmlns="${SM}" resume="true"/>`);
    const success = await loggedIn(client);
    expect(success.getChild("bound", BIND2)?.getChild("enabled", SM)?.attrs).toMatchObject({
      resume: "true",
    });
    await client.sends(`${chat("nobody@localhost", "x")}<r xmlns="${SM}"/>`);
    await client.receives(`<message type="error">{any}</message>`);
    await client.receives(`<a xmlns="${SM}" h="1"/>`);
  });

  test("are not offered once more", async ({ raw, user }) => {
    await user("alice", "secret");
    const client = await binds(raw(), `<enable xmlns="${SM}"/>`);
    await client.receives(`<success xmlns="${SASL2}">{any}</success>`);
    const features = await client.receives(FEATURES);
    expect(features.getChild("bind")).toBeFalsy();
    expect(features.getChild("sm", SM)).toBeFalsy();
  });
});

describe("resumption (XEP-0198 §9.2)", () => {
  const resume = (id: string, h: number) => `<resume xmlns="${SM}" previd="${id}" h="${h}"/>`;

  /** A session of alice that lost its connection; its address and the id to resume with. */
  async function lost(client: PipeClient): Promise<{ jid: string; id: string }> {
    await binds(client, `<enable xmlns="${SM}" resume="true"/>`, { client: PHONE });
    const success = await loggedIn(client);
    const id = String(success.getChild("bound", BIND2)?.getChild("enabled", SM)?.attrs["id"]);
    await client.disconnects();
    return { jid: client.jid, id };
  }

  test("goes first: the session is the old one, nothing is bound and no features come", async ({
    raw,
    connect,
    user,
    server,
  }) => {
    await user("alice", "secret");
    await user("bob");
    const { jid, id } = await lost(raw());
    const bob = await connect("bob/desk");
    await bob.sends(chat(jid, "missed"));
    const again = await binds(raw(), TAG, { client: PHONE, more: resume(id, 0) });
    await again.receives(
      `<success xmlns="${SASL2}"><authorization-identifier>${jid}</authorization-identifier>` +
        `<resumed xmlns="${SM}" previd="${id}" h="0"/></success>`,
    );
    await again.receives(`<message type="chat"><body>missed</body></message>`);
    await again.receives(`<r xmlns="${SM}"/>`);
    await again.receivesNothing();
    expect(server.host().sessions.size).toBe(2);
  });

  test("that fails is told, and a resource is bound", async ({ raw, user }) => {
    await user("alice", "secret");
    const { jid } = await lost(raw());
    const again = await binds(raw(), "", { client: PHONE, more: resume("nonsense", 0) });
    await again.receives(
      `<success xmlns="${SASL2}"><authorization-identifier>${jid}</authorization-identifier>` +
        `<failed xmlns="${SM}"><item-not-found xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></failed>` +
        `<bound xmlns="${BIND2}"><metadata xmlns="urn:xmpp:mam:2"/></bound></success>`,
    );
    await again.receives(FEATURES);
  });

  test("of somebody else's session fails", async ({ raw, user }) => {
    await user("alice", "secret");
    await user("bob", "secret");
    const { id } = await lost(raw());
    const bob = raw();
    await opened(bob);
    await bob.sends(plain("bob", "secret", resume(id, 0)));
    const success = await loggedIn(bob);
    expect(success.getChild("failed", SM)).toBeTruthy();
    expect(bob.jid).toBe("bob@localhost");
  });

  test("with more acknowledged than was sent ends the stream (XEP-0198 §6)", async ({ raw, user }) => {
    await user("alice", "secret");
    const { id } = await lost(raw());
    const again = raw();
    await opened(again);
    await again.sends(plain("alice", "secret", resume(id, 7)));
    await again.receives(`<stream:error>{any}</stream:error>`);
    await again.receivesEnd();
  });
});

describe("what the session gets", () => {
  const eager = defineModule({
    name: "eager",
    implements: [],
    setup(host) {
      host.hook("session:open", "observe", ({ session }) => {
        const text = Stanza.ofText(
          { kind: "message", type: "chat", from: host.jid, to: session.jid },
          [{ name: "body", ns: "jabber:client" }],
          "<body>welcome</body>",
        );
        session.send(text);
      });
    },
  });
  test.override({ options: { modules: [...defaultModules, eager] } });

  test("comes behind success and features", async ({ raw, user }) => {
    await user("alice", "secret");
    const client = await bound(raw());
    await client.receives(`<message type="chat"><body>welcome</body></message>`);
  });
});

describe("where nothing can be bound", () => {
  test.override({ options: { config: { limits: { resourcesPerAccount: 1 } } } });

  test("the client is let in without a resource", async ({ raw, user }) => {
    await user("alice", "secret");
    await bound(raw());
    const client = await binds(raw());
    const success = await loggedIn(client);
    expect(success.getChild("bound", BIND2)).toBeFalsy();
    expect(client.jid).toBe("alice@localhost");
  });

  test("a client takes its own place", async ({ raw, user }) => {
    await user("alice", "secret");
    const first = await bound(raw(), TAG, { client: PHONE });
    await bound(raw(), TAG, { client: PHONE });
    await first.closed("conflict");
  });
});

test("nothing is bound, and no session ends, when authentication fails (§4.2)", async ({
  raw,
  user,
  server,
}) => {
  await user("alice", "secret");
  const first = await bound(raw(), TAG, { client: PHONE });
  const client = raw();
  await opened(client);
  await client.sends(plain("alice", "wrong", `${userAgent(PHONE)}${bindWith(TAG)}`));
  await client.receives(failure("not-authorized"));
  await first.receivesNothing();
  expect(server.host().sessions.size).toBe(1);
});

describe("offline messages (§4.2)", () => {
  test("that are in the archive are not sent to a client that binds like this", async ({
    connect,
    raw,
    user,
  }) => {
    await user("alice", "secret");
    const bob = await connect("bob/desk");
    await bob.sends(chat("alice@localhost", "archived"));
    await bob.receivesNothing();
    const alice = await bound(raw());
    await alice.sends("<presence/>");
    await alice.receives("<presence>{any}</presence>");
    await alice.receivesNothing();
  });

  test("that another device is getting, and those behind them, reach that one alone", async ({
    connect,
    raw,
    user,
  }) => {
    await user("alice", "secret");
    const bob = await connect("bob/desk");
    // As much as goes out before the rest has to wait.
    await bob.sends(chat("alice@localhost", "one").repeat(100));
    const desk = await connect("alice/desk", { presence: false });
    desk.pipe.stopReading();
    await desk.sends("<presence/>");
    await bob.sends(chat("alice@localhost", "two"));
    const phone = await bound(raw());
    await phone.sends("<presence/>");
    desk.pipe.readAgain();
    await desk.receives(`<presence from="{any}/desk">{any}</presence>`);
    for (let n = 0; n < 100; n++) await desk.receives(`<message type="chat"><body>one</body>{...}</message>`);
    desk.forget(({ name }) => name === "presence");
    await desk.receives(`<message type="chat"><body>two</body>{...}</message>`);
    phone.forget(({ name }) => name === "presence");
    await phone.receivesNothing();
  });

  describe("without an archive", () => {
    test.override({ options: { config: { modules: { mam: false } } } });

    test("are sent: nobody else has them", async ({ connect, raw, user }) => {
      await user("alice", "secret");
      const bob = await connect("bob/desk");
      await bob.sends(chat("alice@localhost", "kept"));
      await bob.receivesNothing();
      const alice = await bound(raw());
      await alice.sends("<presence/>");
      await alice.receives("<presence>{any}</presence>");
      await alice.receives(`<message type="chat"><body>kept</body>{...}</message>`);
    });
  });
});
