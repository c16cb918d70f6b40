/** Clients of other people against the test server, one for each way to it. */
import { setDefaultCACertificates } from "node:tls";
import { createClient } from "stanza";
import { onTestFinished } from "vitest";
import type { ServiceName, TestServer } from "../../src/testing/index.ts";
import { chat, settledRomeo } from "./rig-clients.ts";
import { $msg, $pres, makeStrophe, Strophe, type StropheTransport } from "./strophe-peer.ts";

/** romeo, as a test needs him whatever he is made of. */
export interface RigPeer {
  /** Bodies of the messages that he got. */
  readonly bodies: readonly string[];
  says(body: string, to: string): void;
}

export interface Way {
  readonly name: string;
  readonly tls: boolean;
  /** Logged in and available. */
  connect(server: TestServer): Promise<RigPeer>;
}

/** Every way to the test server, with a client library that goes it. */
export const ways: readonly Way[] = [
  { name: "@xmpp/client over TCP", tls: false, connect: (server) => xmppJs(server, "xmpp") },
  { name: "@xmpp/client over STARTTLS", tls: true, connect: (server) => xmppJs(server, "xmpp") },
  { name: "@xmpp/client over direct TLS", tls: true, connect: (server) => xmppJs(server, "xmpps") },
  {
    name: "@xmpp/client on the port of HTTPS",
    tls: true,
    connect: (server) => xmppJs(server, "https", "xmpps"),
  },
  { name: "@xmpp/client over WebSocket", tls: true, connect: (server) => xmppJs(server, "wss") },
  { name: "stanza over WebSocket in clear", tls: false, connect: (server) => stanza(server, "websocket") },
  { name: "stanza over BOSH in clear", tls: false, connect: (server) => stanza(server, "bosh") },
  { name: "strophe.js over WebSocket", tls: true, connect: (server) => strophe(server, "websocket") },
  { name: "strophe.js over BOSH", tls: true, connect: (server) => strophe(server, "bosh") },
];

async function xmppJs(server: TestServer, name: ServiceName, scheme: string = name): Promise<RigPeer> {
  const service = server.service(name).replace(/^\w+:/, `${scheme}:`).replace("127.0.0.1", "localhost");
  const romeo = await settledRomeo(server, { service });
  return {
    bodies: romeo.bodies,
    says: (body, to) => void romeo.send(chat(body, to)).catch(() => {}),
  };
}

async function stanza(server: TestServer, transport: "websocket" | "bosh"): Promise<RigPeer> {
  const { jid, password } = server.user("romeo");
  const places = { websocket: server.service("ws"), bosh: server.service("bosh") };
  const transports = { websocket: false, bosh: false, [transport]: places[transport] };
  const client = createClient({ jid, password, transports });
  onTestFinished(() => client.disconnect());
  const bodies: string[] = [];
  client.on("message", ({ body }) => void (body !== undefined && bodies.push(body)));
  await new Promise<void>((resolve) => {
    client.once("session:started", () => resolve());
    client.connect();
  });
  client.sendPresence();
  await server.expect({ to: "romeo", kind: "presence" });
  return { bodies, says: (body, to) => void client.sendMessage({ to, body, type: "chat" }) };
}

async function strophe(server: TestServer, transport: StropheTransport): Promise<RigPeer> {
  setDefaultCACertificates([server.ca]);
  const { jid, password } = server.user("romeo");
  const peer = makeStrophe({ server: server.server, certificate: server.ca }, transport, {
    jid,
    password,
  });
  await peer.reaches(Strophe.Status.CONNECTED);
  const bodies: string[] = [];
  peer.connection.addHandler(
    (stanza: unknown) => {
      const { textContent } = stanza as { textContent: string | null };
      bodies.push(textContent ?? "");
      return true;
    },
    "",
    "message",
    "",
    "",
    "",
  );
  peer.send($pres());
  await server.expect({ to: "romeo", kind: "presence" });
  return { bodies, says: (body, to) => peer.send($msg({ to, type: "chat" }).c("body").t(body)) };
}
