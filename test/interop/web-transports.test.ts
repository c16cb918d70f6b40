/** Independent libraries over WebSocket (RFC 7395) and BOSH (XEP-0124, XEP-0206). */
import { describe, expect } from "vitest";
import { PATIENCE_MS } from "./programs.ts";
import { test } from "./real-server.ts";
import { happens, leaves, makeStanza } from "./stanza-peer.ts";
import { bodiesOf, chat, jidOf, makeXmppJs, PASSWORD, settled } from "./xmpp-js-peer.ts";

test.override({ options: { listen: { c2s: false, c2sTls: false, https: 0 } } });

describe("@xmpp/client over WebSocket", () => {
  test("logs in, chats, and resumes", async ({ real }) => {
    for (const name of ["alice", "bob"]) await real.server.createUser(`${name}@localhost`, PASSWORD);
    const service = `wss://localhost:${real.server.ports.https}/xmpp-websocket`;
    const [alice, bob] = ["alice", "bob"].map((username) =>
      makeXmppJs(real, { service, username, resource: "ws" }),
    );
    if (!alice || !bob) throw new Error("two peers were made");
    alice.client.reconnect.delay = 10;
    for (const { client } of [alice, bob]) await client.start();
    const heard = bodiesOf(alice);
    await bob.client.send(chat(jidOf(alice), "Grüße <3 😀"));
    await expect.poll(() => heard, { timeout: PATIENCE_MS }).toEqual(["Grüße <3 😀"]);

    await expect.poll(() => alice.client.streamManagement.enabled, { timeout: PATIENCE_MS }).toBe(true);
    const resumed = new Promise((resolve) => void alice.client.streamManagement.once("resumed", resolve));
    // Without a word of XMPP: the session waits for it to come back.
    (alice.client.socket as unknown as { socket: { close(): void } }).socket.close();
    await bob.client.send(chat(jidOf(alice), "meanwhile"));
    await settled(bob);
    await resumed;
    await expect.poll(() => heard, { timeout: PATIENCE_MS }).toEqual(["Grüße <3 😀", "meanwhile"]);
  });
});

describe.each(["websocket", "bosh"] as const)("stanza over %s", (transport) => {
  test("logs in, asks and chats", async ({ real }) => {
    for (const name of ["alice", "bob"]) await real.server.createUser(`${name}@localhost`, "secret");
    const { https } = real.server.ports;
    const transports = {
      websocket: `wss://localhost:${https}/xmpp-websocket`,
      bosh: `https://localhost:${https}/http-bind`,
    };
    const connect = async (jid: string) => {
      const peer = makeStanza(real, {
        jid,
        resource: "web",
        transports: { [transport]: transports[transport] },
        transportPreferenceOrder: [transport],
      });
      const started = happens(peer.client, "session:started");
      peer.client.connect();
      await started;
      return peer;
    };
    const alice = await connect("alice@localhost");
    const bob = await connect("bob@localhost");
    expect(alice.client.jid).toBe("alice@localhost/web");
    expect((await alice.client.getDiscoInfo("localhost")).features).toContain("urn:xmpp:ping");
    bob.client.sendPresence();
    await bob.presence.take(() => true);
    const bodies = Array.from({ length: 20 }, (_, n) => `${n} & <${n}>`);
    for (const body of bodies) alice.client.sendMessage({ to: "bob@localhost", type: "chat", body });
    const heard: (string | undefined)[] = [];
    for (const _ of bodies) heard.push((await bob.messages.take(() => true)).body);
    expect(heard).toEqual(bodies);
    await leaves(alice.client);
    await expect.poll(() => real.server.host().sessions.size).toBe(1);
    // stanza fails by itself at what ends a session of BOSH with an error, which the end of the server is.
    await leaves(bob.client);
  });
});
