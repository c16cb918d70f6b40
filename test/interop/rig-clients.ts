/** Clients of other people against the test server. */
import type { EventEmitter } from "node:events";
import { setDefaultCACertificates } from "node:tls";
import { type Client, type ClientOptions, client, xml } from "@xmpp/client";
import { onTestFinished } from "vitest";
import { TestServer, type TestServerOptions } from "../../src/testing/index.ts";

/** With romeo and juliet; gone with the test. */
export async function serve(options: TestServerOptions = {}): Promise<TestServer> {
  const server = await TestServer.start({ users: ["romeo", "juliet"], ...options });
  if (options.tls) setDefaultCACertificates([server.ca]);
  onTestFinished(() => server.close());
  return server;
}

/** romeo with @xmpp/client, and what he complained of. */
export interface Romeo extends Client {
  readonly failures: (Error & { readonly condition?: string; readonly code?: string })[];
  /** Bodies of the messages that he got. */
  readonly bodies: string[];
}

export function romeoOf(server: TestServer, options: Partial<ClientOptions> = {}): Romeo {
  const made = client({ ...server.user("romeo").connectOptions, ...options });
  const romeo: Romeo = Object.assign(made, { failures: [], bodies: [] });
  romeo.on("error", (error: Error) => romeo.failures.push(error));
  romeo.on("stanza", (stanza) => {
    const body = stanza.getChildText("body");
    if (typeof body === "string") romeo.bodies.push(body);
  });
  romeo.reconnect.delay = 1;
  onTestFinished(async () => {
    romeo.reconnect.stop();
    if (romeo.status !== "offline") await romeo.stop().catch(() => {});
  });
  return romeo;
}

/** Logged in, present, and with stream management. */
export async function settledRomeo(server: TestServer, options: Partial<ClientOptions> = {}): Promise<Romeo> {
  const romeo = romeoOf(server, options);
  await romeo.start();
  await romeo.send(xml("presence"));
  // With SASL2 the server enables it while it binds (XEP-0386), else the client asks afterwards.
  while (!romeo.streamManagement.enabled) await new Promise((resolve) => void setTimeout(resolve, 1));
  await server.expect({ to: "romeo", kind: "presence" });
  return romeo;
}

export function chat(body: string, to = "juliet@localhost") {
  return xml("message", { to, type: "chat", id: body }, xml("body", {}, body));
}

export function happens(emitter: EventEmitter, event: string): Promise<unknown> {
  return new Promise((resolve) => void emitter.once(event, resolve));
}
