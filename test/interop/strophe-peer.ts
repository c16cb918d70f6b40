import { setDefaultCACertificates } from "node:tls";
import { $iq, $msg, $pres, Strophe } from "strophe.js";
import { onTestFinished } from "vitest";
import { Inbox } from "./inbox.ts";
import { XmlHttpRequest } from "./xml-http-request.ts";

/** What of a server such a client has to know. */
interface ServerOnPorts {
  readonly server: { readonly ports: { readonly https: number } };
  /** PEM. */
  readonly certificate: string;
}

export type StropheTransport = "websocket" | "bosh";

/** A stanza as strophe hands it over. */
export interface StropheStanza {
  readonly tagName: string;
  getAttribute(name: string): string | null;
  readonly textContent: string | null;
}

/** A client of strophe.js, and what came to it. */
export interface StrophePeer {
  readonly connection: InstanceType<typeof Strophe.Connection>;
  ask(iq: { tree(): object }): Promise<StropheStanza>;
  readonly stanzas: Inbox<StropheStanza>;
  /** Settles when the connection has that status. */
  reaches(status: number): Promise<void>;
  send(stanza: { tree(): object }): void;
  leaves(): Promise<void>;
}

export { $iq, $msg, $pres, Strophe };

function connectionTo({ server, certificate }: ServerOnPorts, transport: StropheTransport) {
  setDefaultCACertificates([certificate]);
  Object.assign(globalThis, { XMLHttpRequest: XmlHttpRequest });
  Strophe.setLogLevel(Strophe.LogLevel.FATAL);
  const { https } = server.ports;
  const url =
    transport === "bosh" ? `https://localhost:${https}/http-bind` : `wss://localhost:${https}/xmpp-websocket`;
  return new Strophe.Connection(url);
}

/** A client that goes on with another one's session of BOSH (XEP-0124), as on another page. */
export function attachStrophe(real: ServerOnPorts, { connection: other }: StrophePeer): StrophePeer {
  const { sid, rid } = other._proto as unknown as { sid: string; rid: number };
  const { jid } = other;
  other.reset();
  const peer = peerOn(connectionTo(real, "bosh"));
  peer.connection.attach(jid, sid, String(rid), (status: number) => peer.statuses.add(status), 60, 1, 2);
  return peer;
}

/** A client that is connecting. */
export function makeStrophe(
  real: ServerOnPorts,
  transport: StropheTransport,
  { jid, password = "secret" }: { jid: string; password?: string },
): StrophePeer {
  const peer = peerOn(connectionTo(real, transport));
  peer.connection.connect(jid, password, (status: number) => peer.statuses.add(status));
  return peer;
}

function peerOn(
  connection: InstanceType<typeof Strophe.Connection>,
): StrophePeer & { statuses: Inbox<number> } {
  const statuses = new Inbox<number>();
  const stanzas = new Inbox<StropheStanza>();
  connection.addHandler(
    (stanza: unknown) => {
      stanzas.add(stanza as StropheStanza);
      return true;
    },
    "",
    "",
    "",
    "",
    "",
  );
  const peer = {
    connection,
    statuses,
    stanzas,
    ask: (iq: { tree(): object }) =>
      new Promise<StropheStanza>((resolve, reject) => {
        connection.sendIQ(iq.tree() as never, (answer: unknown) => resolve(answer as StropheStanza), reject);
      }),
    reaches: async (status: number) => void (await statuses.take((taken) => taken === status)),
    send: (stanza: { tree(): object }) => connection.send(stanza.tree() as never),
    leaves: async () => {
      if (!connection.connected) return;
      connection.disconnect("done");
      await peer.reaches(Strophe.Status.DISCONNECTED);
    },
  };
  // The server may be gone by then, which strophe would take long to believe.
  onTestFinished(() => connection.reset());
  return peer;
}

export async function strophe(
  real: ServerOnPorts,
  transport: StropheTransport,
  jid: string,
): Promise<StrophePeer> {
  const peer = makeStrophe(real, transport, { jid });
  await peer.reaches(Strophe.Status.CONNECTED);
  return peer;
}
