import { xml } from "@xmpp/client";
import { describe, expect, vi } from "vitest";
import { createServer, defaultModules } from "../../src/index.ts";
import { PATIENCE_MS } from "./programs.ts";
import { test } from "./real-server.ts";
import { chat, happens, jidOf, makeXmppJs, PASSWORD, xmppJs } from "./xmpp-js-peer.ts";

/** A server of RFC 6120 alone: then xmpp.js takes SASL, resource binding and XEP-0198 one after another. */
const classic = defaultModules.filter(
  ({ name }) => !["sasl2", "bind2", "fast", "saslUpgrade"].includes(name),
);

describe.each([
  ["one step at a time", classic],
  ["all at once, where XEP-0388 lets it", defaultModules],
])("xmpp.js, %s,", (_, modules) => {
  test.override({ options: { modules } });

  test("logs in over STARTTLS and over direct TLS, and both chat", async ({ real }) => {
    await real.server.createUser("alice@localhost", PASSWORD);
    await real.server.createUser("bob@localhost", PASSWORD);

    const alice = await xmppJs(real, { username: "alice", resource: "phone" });
    const bob = await xmppJs(real, { username: "bob", resource: "desk", tls: true });
    expect(jidOf(alice)).toMatch(/^alice@localhost\/phone/);
    expect(jidOf(bob)).toMatch(/^bob@localhost\/desk/);

    await alice.client.send(chat(jidOf(bob), "Grüße & <Küsse>"));
    const received = await bob.inbox.take((stanza) => stanza.is("message"));
    expect(received.attrs).toMatchObject({
      from: jidOf(alice),
      to: jidOf(bob),
      type: "chat",
    });
    expect(received.getChildText("body")).toBe("Grüße & <Küsse>");

    await bob.client.send(chat(jidOf(alice), "back"));
    const answer = await alice.inbox.take((stanza) => stanza.is("message"));
    expect(answer.getChildText("body")).toBe("back");
    expect([...alice.errors, ...bob.errors]).toEqual([]);
  });

  test("gets a resource from the server when it asks for none", async ({ real }) => {
    await real.server.createUser("alice@localhost", PASSWORD);
    const { client } = await xmppJs(real, { username: "alice" });
    expect(client.jid.toString()).toMatch(/^alice@localhost\/.+/);
  });

  test.for(["SCRAM-SHA-1", "PLAIN"])("logs in with %s", async (mechanism, { real }) => {
    await real.server.createUser("alice@localhost", PASSWORD);
    const offered: string[] = [];
    const { client } = await xmppJs(real, {
      username: "alice",
      credentials: async (authenticate, mechanisms) => {
        offered.push(...mechanisms);
        await authenticate({ username: "alice", password: PASSWORD }, mechanism);
      },
    });
    expect(client.status).toBe("online");
    expect(offered).toContain(mechanism);
  });

  test("logs in with a password beyond ASCII", async ({ real }) => {
    await real.server.createUser("alice@localhost", "pässwörd ☕");
    // SCRAM-SHA-1: what xmpp.js writes for PLAIN is not UTF-8.
    const { client } = await xmppJs(real, { username: "alice", password: "pässwörd ☕" });
    expect(client.status).toBe("online");
  });

  test.for(["SCRAM-SHA-1", "PLAIN"])(
    "is refused by %s with a wrong password",
    async (mechanism, { real }) => {
      await real.server.createUser("alice@localhost", PASSWORD);
      const { client, errors } = makeXmppJs(real, {
        username: "alice",
        credentials: (authenticate) => authenticate({ username: "alice", password: "wrong" }, mechanism),
      });
      const refused = happens({ client }, "error");
      client.start().catch(() => {});
      await refused;
      expect(errors).toMatchObject([{ name: "SASLError", condition: "not-authorized" }]);
      await client.stop();
    },
  );

  test("exchanges requests with the server and with another client", async ({ real }) => {
    await real.server.createUser("alice@localhost", PASSWORD);
    await real.server.createUser("bob@localhost", PASSWORD);
    const alice = await xmppJs(real, { username: "alice", resource: "phone" });
    const bob = await xmppJs(real, { username: "bob", resource: "desk", tls: true });

    const ping = () => xml("ping", { xmlns: "urn:xmpp:ping" });
    await alice.client.iqCaller.get(ping(), "localhost");
    // xmpp.js answers pings by itself.
    await bob.client.iqCaller.get(ping(), jidOf(alice));

    const features = await alice.client.iqCaller.get(
      xml("query", { xmlns: "http://jabber.org/protocol/disco#info" }),
      "localhost",
    );
    expect(features.getChildren("feature").map(({ attrs }) => attrs["var"])).toContain("urn:xmpp:ping");

    const unknown = alice.client.iqCaller.get(xml("query", { xmlns: "urn:example:unknown" }), "localhost");
    await expect(unknown).rejects.toMatchObject({ condition: "service-unavailable" });
    const gone = alice.client.iqCaller.get(ping(), "bob@localhost/nowhere");
    await expect(gone).rejects.toMatchObject({ condition: "service-unavailable" });
  });

  test("sees presence of a contact come and go", async ({ real }) => {
    await real.server.createUser("alice@localhost", PASSWORD);
    await real.server.createUser("bob@localhost", PASSWORD);
    const alice = await xmppJs(real, { username: "alice", resource: "phone" });
    const bob = await xmppJs(real, { username: "bob", resource: "desk" });
    for (const { client } of [alice, bob]) {
      await client.iqCaller.get(xml("query", { xmlns: "jabber:iq:roster" }));
      await client.send(xml("presence"));
    }

    await alice.client.send(xml("presence", { to: "bob@localhost", type: "subscribe" }));
    await bob.inbox.take(({ attrs }) => attrs["type"] === "subscribe");
    await bob.client.send(xml("presence", { to: "alice@localhost", type: "subscribed" }));
    await alice.inbox.take(({ attrs }) => attrs["type"] === "subscribed");
    await alice.inbox.take(({ attrs, name }) => name === "presence" && attrs["from"] === jidOf(bob));

    await bob.client.send(xml("presence", {}, xml("show", {}, "away"), xml("status", {}, "lunch")));
    const away = await alice.inbox.take((stanza) => stanza.getChildText("show") === "away");
    expect(away.getChildText("status")).toBe("lunch");

    await bob.client.stop();
    await alice.inbox.take(({ attrs }) => attrs["type"] === "unavailable" && attrs["from"] === jidOf(bob));
  });

  test("reconnects to a server that was restarted, and finds its account", async ({ real }) => {
    const { certificate } = real;
    const options = {
      modules,
      store: { sqlite: `${real.directory}/jackdaw.sqlite` },
      config: { auth: { iterations: 4096 } },
      tls: { cert: certificate, key: real.key },
    };
    await using first = await createServer(options);
    await first.listen();
    await first.createUser("alice@localhost", PASSWORD);
    const { client, errors } = makeXmppJs(
      { server: first, certificate },
      { username: "alice", resource: "phone" },
    );
    await client.start();

    const { c2s } = first.ports;
    client.reconnect.delay = 10;
    const gone = happens({ client }, "disconnect");
    await first.close();
    await gone;
    const back = happens({ client }, "online");
    await using second = await createServer({ ...options, listen: { c2s, c2sTls: false } });
    await second.listen();
    await back;

    await client.iqCaller.get(xml("ping", { xmlns: "urn:xmpp:ping" }), "localhost");
    expect(errors[0]).toMatchObject({ name: "StreamError", condition: "system-shutdown" });
    await client.stop();
  });

  test("goes on with its session on another connection, and misses nothing (XEP-0198 §5)", async ({
    real,
  }) => {
    await real.server.createUser("alice@localhost", PASSWORD);
    await real.server.createUser("bob@localhost", PASSWORD);
    const { client, inbox } = await xmppJs(real, { username: "alice", resource: "phone" });
    await vi.waitFor(() => expect(client.streamManagement.enabled).toBe(true), { timeout: PATIENCE_MS });
    const jid = client.jid.toString();
    const bob = await xmppJs(real, { username: "bob", resource: "desk" });

    client.reconnect.delay = 10;
    const gone = happens({ client }, "disconnect");
    const resumed = new Promise<void>((resolve) => void client.streamManagement.once("resumed", resolve));
    client.socket?.socket?.destroy();
    await gone;
    await bob.client.send(chat(jid, "did you see this?"));
    await resumed;
    const message = await inbox.take((stanza) => stanza.is("message"));
    expect(message.getChildText("body")).toBe("did you see this?");
    expect(client.jid.toString()).toBe(jid);
    await client.stop();
  });
});
