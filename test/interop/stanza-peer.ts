import { setDefaultCACertificates } from "node:tls";
import { type Agent, type AgentConfig, createClient, type Stanzas } from "stanza";
import { onTestFinished } from "vitest";
import { Inbox } from "./inbox.ts";
import type { RealServer } from "./real-server.ts";
import { StanzaTlsTransport } from "./stanza-tls-transport.ts";

/** A client of stanza, and what came to it. */
export interface StanzaPeer {
  readonly client: Agent;
  readonly messages: Inbox<Stanzas.ReceivedMessage>;
  readonly presence: Inbox<Stanzas.ReceivedPresence>;
}

/** Every mechanism of stanza that binds wants tls-unique, which it does not know how to get; over TLS alone they are offered. */
const UNUSABLE = ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS"];

export function makeStanza({ server, certificate }: RealServer, options: AgentConfig): StanzaPeer {
  setDefaultCACertificates([certificate]);
  const client = createClient({
    password: "secret",
    transports: { tls: `xmpps://localhost:${server.ports.c2sTls}` },
    transportPreferenceOrder: ["tls"],
    ...options,
  });
  client.transports = { ...client.transports, tls: StanzaTlsTransport };
  if (options.transportPreferenceOrder === undefined) for (const name of UNUSABLE) client.sasl.disable(name);
  const peer: StanzaPeer = { client, messages: new Inbox(), presence: new Inbox() };
  client.on("message", (message) => peer.messages.add(message));
  client.on("presence", (presence) => peer.presence.add(presence));
  onTestFinished(() => leaves(client));
  return peer;
}

/** The next event of this name. */
export function happens(
  client: Agent,
  event: "session:started" | "auth:failed" | "disconnected",
): Promise<void> {
  return new Promise((resolve) => void client.once(event as "disconnected", () => resolve()));
}

export async function leaves(client: Agent): Promise<void> {
  if (!client.transport) return;
  // XEP-0198 §4: or the server would keep what it does not know to have arrived. stanza leaves it to us.
  if (client.sm.started) await client.send("sm", { type: "ack", handled: client.sm.handled });
  const gone = happens(client, "disconnected");
  client.disconnect();
  await gone;
}

export async function stanza(real: RealServer, jid: string, options: AgentConfig = {}): Promise<StanzaPeer> {
  const peer = makeStanza(real, { jid, resource: "stanza", ...options });
  const started = happens(peer.client, "session:started");
  peer.client.connect();
  await started;
  return peer;
}
