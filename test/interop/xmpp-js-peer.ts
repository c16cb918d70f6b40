import { setDefaultCACertificates } from "node:tls";
import { type Client, type ClientOptions, client, xml } from "@xmpp/client";
import type { Element } from "ltx";
import { onTestFinished, vi } from "vitest";
import { Inbox } from "./inbox.ts";
import { PATIENCE_MS } from "./programs.ts";
import type { RealServer } from "./real-server.ts";

export const PASSWORD = "correct horse";

/** A client of xmpp.js, and what came to it. */
export interface XmppJsPeer {
  readonly client: Client;
  readonly inbox: Inbox<Element>;
  readonly errors: Error[];
}

export type XmppJsOptions = Partial<ClientOptions> & { readonly tls?: boolean };

/** A client of xmpp.js that trusts the server's certificate and nothing else. */
export function makeXmppJs(
  { server, certificate }: Pick<RealServer, "server" | "certificate">,
  options: XmppJsOptions = {},
): XmppJsPeer {
  setDefaultCACertificates([certificate]);
  const { tls = false, ...rest } = options;
  const service = tls ? `xmpps://localhost:${server.ports.c2sTls}` : `xmpp://localhost:${server.ports.c2s}`;
  const peer = {
    client: client({ service, domain: "localhost", password: PASSWORD, ...rest }),
    inbox: new Inbox<Element>(),
    errors: [] as Error[],
  };
  peer.client.on("error", (error: Error) => peer.errors.push(error));
  peer.client.on("stanza", (stanza: Element) => peer.inbox.add(stanza));
  onTestFinished(async () => {
    peer.client.reconnect.removeAllListeners();
    if (peer.client.status === "online") await peer.client.stop();
  });
  return peer;
}

export async function xmppJs(real: RealServer, options: XmppJsOptions): Promise<XmppJsPeer> {
  const peer = makeXmppJs(real, options);
  await peer.client.start();
  return peer;
}

/** A client of a server in another process, with the password "secret", that does not come back by itself. */
export async function xmppJsAt(port: number, username: string): Promise<Client> {
  const service = `xmpp://localhost:${port}`;
  const one = client({ service, domain: "localhost", username, password: "secret" });
  one.on("error", () => {});
  one.reconnect.stop();
  await one.start();
  await vi.waitUntil(() => one.streamManagement.enabled, { timeout: PATIENCE_MS });
  return one;
}

export function jidOf({ client }: Pick<XmppJsPeer, "client">): string {
  return client.jid.toString();
}

/** Unlike `once` of node:events not ended by an "error". */
export function happens({ client }: Pick<XmppJsPeer, "client">, event: string): Promise<void> {
  return new Promise((resolve) => void client.once(event, () => resolve()));
}

export function chat(to: string, body: string): Element {
  return xml("message", { to, type: "chat", id: body }, xml("body", {}, body));
}

/** The bodies of the messages that come from now on. */
export function bodiesOf({ client }: Pick<XmppJsPeer, "client">): string[] {
  const bodies: string[] = [];
  client.on("stanza", (stanza) => {
    const body = stanza.is("message") && stanza.getChildText("body");
    if (typeof body === "string") bodies.push(body);
  });
  return bodies;
}

/** Settles when the server has handled all that was sent before. */
export async function settled({ client }: Pick<XmppJsPeer, "client">): Promise<void> {
  await client.iqCaller.get(xml("ping", { xmlns: "urn:xmpp:ping" }), "localhost");
}
