import { setDefaultCACertificates } from "node:tls";
import { type Agent, type AgentConfig, createClient, type Stanzas } from "stanza";
import { describe, expect, onTestFinished } from "vitest";
import { Inbox } from "./inbox.ts";
import { type RealServer, test } from "./real-server.ts";
import { StanzaTlsTransport } from "./stanza-tls-transport.ts";

interface Peer {
  readonly client: Agent;
  readonly messages: Inbox<Stanzas.ReceivedMessage>;
  readonly presence: Inbox<Stanzas.ReceivedPresence>;
}

/** Every mechanism of stanza that binds wants tls-unique, which it does not know how to get. */
const UNUSABLE = ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS"];

function makePeer({ server, certificate }: RealServer, options: AgentConfig): Peer {
  setDefaultCACertificates([certificate]);
  const client = createClient({
    password: "secret",
    transports: { tls: `xmpps://localhost:${server.ports.c2sTls}` },
    transportPreferenceOrder: ["tls"],
    ...options,
  });
  client.transports = { tls: StanzaTlsTransport };
  for (const name of UNUSABLE) client.sasl.disable(name);
  const peer: Peer = { client, messages: new Inbox(), presence: new Inbox() };
  client.on("message", (message) => peer.messages.add(message));
  client.on("presence", (presence) => peer.presence.add(presence));
  onTestFinished(() => leaves(client));
  return peer;
}

/** The next event of this name. */
function happens(client: Agent, event: "session:started" | "auth:failed" | "disconnected"): Promise<void> {
  return new Promise((resolve) => void client.once(event as "disconnected", () => resolve()));
}

async function leaves(client: Agent): Promise<void> {
  if (!client.transport) return;
  // XEP-0198 §4: or the server would keep what it does not know to have arrived. stanza leaves it to us.
  if (client.sm.started) await client.send("sm", { type: "ack", handled: client.sm.handled });
  const gone = happens(client, "disconnected");
  client.disconnect();
  await gone;
}

async function online(real: RealServer, jid: string, options: AgentConfig = {}): Promise<Peer> {
  const peer = makePeer(real, { jid, resource: "stanza", ...options });
  const started = happens(peer.client, "session:started");
  peer.client.connect();
  await started;
  return peer;
}

describe("stanza", () => {
  test.beforeEach(async ({ real }) => {
    for (const name of ["alice", "bob"]) await real.server.createUser(`${name}@localhost`, "secret");
  });

  test.for(["SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"])("logs in with %s", async (mechanism, { real }) => {
    const peer = makePeer(real, { jid: "alice@localhost", resource: "phone" });
    for (const name of ["SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"]) {
      if (name !== mechanism) peer.client.sasl.disable(name);
    }
    const started = happens(peer.client, "session:started");
    peer.client.connect();
    await started;
    expect(peer.client.jid).toBe("alice@localhost/phone");
  });

  test("is refused with a wrong password", async ({ real }) => {
    const { client } = makePeer(real, { jid: "alice@localhost", password: "wrong" });
    const failed = happens(client, "auth:failed");
    const gone = happens(client, "disconnected");
    client.connect();
    await failed;
    await gone;
  });

  test("asks the server what clients ask", async ({ real }) => {
    const { client } = await online(real, "alice@localhost");
    await client.ping("localhost");
    const info = await client.getDiscoInfo("localhost");
    expect(info.identities).toContainEqual(expect.objectContaining({ category: "server", type: "im" }));
    expect(info.features).toEqual(expect.arrayContaining(["urn:xmpp:ping", "jabber:iq:version"]));
    await client.getDiscoItems("localhost");
    expect(await client.getSoftwareVersion("localhost")).toMatchObject({ name: "Jackdaw" });
    const { utc } = await client.getTime("localhost");
    expect(Math.abs(Date.now() - (utc?.getTime() ?? 0))).toBeLessThan(60_000);
    expect((await client.getLastActivity("localhost")).seconds).toBeGreaterThanOrEqual(0);
    const unknown = client.sendIQ({ type: "get", to: "localhost", privateStorage: {} });
    await expect(unknown).rejects.toMatchObject({
      error: { condition: "service-unavailable", type: "cancel" },
    });
  });

  test("keeps contacts, sees their presence and chats", async ({ real }) => {
    const alice = await online(real, "alice@localhost");
    const bob = await online(real, "bob@localhost");
    for (const { client } of [alice, bob]) {
      expect((await client.getRoster()).items).toEqual([]);
      client.sendPresence();
    }

    await alice.client.updateRosterItem({
      jid: "bob@localhost",
      name: "Bob",
      groups: ["Büro"],
      subscription: "none",
    });
    alice.client.subscribe("bob@localhost");
    await bob.presence.take(({ type, from }) => type === "subscribe" && from === "alice@localhost");
    bob.client.acceptSubscription("alice@localhost");
    await alice.presence.take(({ type }) => type === "subscribed");
    await alice.presence.take(({ from, type }) => from === "bob@localhost/stanza" && type === undefined);
    expect((await alice.client.getRoster()).items).toMatchObject([
      { jid: "bob@localhost", name: "Bob", groups: ["Büro"], subscription: "to" },
    ]);

    alice.client.sendMessage({ to: "bob@localhost", type: "chat", body: "Grüße & <Küsse>" });
    const message = await bob.messages.take(() => true);
    expect(message).toMatchObject({ from: "alice@localhost/stanza", type: "chat", body: "Grüße & <Küsse>" });

    await leaves(bob.client);
    await alice.presence.take(({ from, type }) => from === "bob@localhost/stanza" && type === "unavailable");
    for (const body of ["first", "second"])
      alice.client.sendMessage({ to: "bob@localhost", type: "chat", body });
    await alice.client.ping("localhost");
    const again = await online(real, "bob@localhost");
    again.client.sendPresence();
    for (const body of ["first", "second"]) {
      expect(await again.messages.take(() => true)).toMatchObject({
        body,
        delay: { timestamp: expect.any(Date) },
      });
    }
  });
});
