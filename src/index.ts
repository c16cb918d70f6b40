/** Jackdaw inside a Node process: `createServer` and the types that go with it. Nothing else is public. */
import type { ComponentReceiver, LocalComponent } from "./components/local-component.ts";
import { parseConfig } from "./config/config.ts";
import type { Host } from "./core/host.ts";
import type { Module } from "./core/module.ts";
import type { HttpPeer } from "./http/peer.ts";
import type { Ports } from "./listeners.ts";
import { selfSigned } from "./net/self-signed.ts";
import type { Transport } from "./net/transport.ts";
import { XmppServer } from "./server.ts";
import { createMemoryStore } from "./store/memory.ts";
import { openSqliteStore } from "./store/sqlite.ts";
import type { Store } from "./store/store.ts";
import type { ClientStream } from "./stream/client-stream.ts";
import type { ComponentStream } from "./stream/component-stream.ts";
import { type Clock, systemClock } from "./util/clock.ts";
import { type Logger, silentLogger } from "./util/logger.ts";
import type { Metrics } from "./util/metrics.ts";
import { type Random, systemRandom } from "./util/random.ts";

export type { ComponentReceiver, LocalComponent } from "./components/local-component.ts";
export type { Host, SessionState } from "./core/host.ts";
export { defineModule, defineService, type Module, type Service } from "./core/module.ts";
export type {
  DiscoNodes,
  Identity,
  ServiceDisco,
  ServiceHost,
  ServicePlace,
  ServiceSpec,
} from "./core/service-host.ts";
export type { HttpRoutes, HttpSide } from "./http/http-side.ts";
export type { HttpPeer } from "./http/peer.ts";
export type { Ports } from "./listeners.ts";
export { defaultModules } from "./modules/index.ts";
export type { Transport, TransportEvents } from "./net/transport.ts";
export type { Hook, Hooks, Stage } from "./routing/hooks.ts";
export type { IqHandler, IqRequest } from "./routing/iq-table.ts";
export type { ServiceReceiver } from "./routing/service-router.ts";
export type { Session } from "./session/session.ts";
export type { Column, Range, Store, Table, TableSpec } from "./store/store.ts";
export type { ClientStream } from "./stream/client-stream.ts";
export type { ComponentStream } from "./stream/component-stream.ts";
export type { StreamFeature } from "./stream/stream-feature.ts";
export type { Clock, Timer } from "./util/clock.ts";
export type { Logger } from "./util/logger.ts";
export type { Metrics } from "./util/metrics.ts";
export type { Random } from "./util/random.ts";
export { ConfigError, type Schema, t } from "./util/schema.ts";
export { childElements, Element, el, serialize } from "./xml/element.ts";
export { StanzaError, StreamError } from "./xmpp/errors.ts";
export { Jid, JidError } from "./xmpp/jid.ts";
export { type Header, iq, message, presence, Stanza } from "./xmpp/stanza.ts";

/** Everything is optional: `createServer()` serves `localhost` from memory on two free ports of 127.0.0.1. */
export interface ServerOptions {
  /** One domain, or several; the first is the default one. Default: "localhost". */
  readonly domain?: string | readonly string[];
  /** Default: "memory". */
  readonly store?: "memory" | { readonly sqlite: string } | Store;
  /** Ports on 127.0.0.1: 0 for any free one, false for none. Default: 0 for c2s, c2sTls and, once there are components, component; false for https and http. */
  readonly listen?: Readonly<Partial<Record<keyof Ports, number | false>>>;
  /** Default: `defaultModules`. */
  readonly modules?: readonly Module[];
  /** External components (XEP-0114): the secrets that they show, by their domains. */
  readonly components?: Readonly<
    Record<string, string | { readonly secret: string; readonly name?: string }>
  >;
  /** Sections of server.config.json; what the other options say goes first. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly clock?: Clock;
  readonly random?: Random;
  /** Default: silent. */
  readonly logger?: Logger;
  /** PEM texts, or "self-signed" (the default): a certificate made at `listen` and kept in memory. */
  readonly tls?: { readonly key: string; readonly cert: string } | "self-signed";
}

export interface Server extends AsyncDisposable {
  /** The ports in use, 0 where nothing listens. */
  readonly ports: Ports;
  readonly metrics: Metrics;
  /** Opens the ports. @throws Error naming the port when it is taken. */
  listen(): Promise<void>;
  /** Ends all streams with `system-shutdown`, commits, and leaves no handle open. */
  close(): Promise<void>;
  /** Any byte pipe may be a client: tests need no port. */
  accept(transport: Transport): ClientStream;
  /**
   * Answers a request over HTTP: tests need no port, and a program with a web server of its own may hand over requests.
   * Default of `peer`: an address that is not known, over a connection that nobody can read.
   */
  fetch(request: Request, peer?: HttpPeer): Promise<Response>;
  /** @throws StanzaError `conflict` when the account exists. */
  createUser(jid: string, password: string): Promise<void>;
  /** Any byte pipe may be an external component's. */
  acceptComponent(transport: Transport): ComponentStream;
  /**
   * Speaks for a whole domain, as a gateway or a bot does, inside of this process: `receive` gets every stanza to it, whatever
   * comes before the `@`. It is listed by the domain that it is below, else by the first one.
   * @throws Error when the domain is taken, JidError when it is none.
   */
  component(domain: string, receive: ComponentReceiver): LocalComponent;
  /** One domain's side of the module API. Default: the first domain. */
  host(domain?: string): Host;
}

/** @throws ConfigError for options that cannot be, StoreError when the store cannot be opened. */
export async function createServer(options: ServerOptions = {}): Promise<Server> {
  const domains = typeof options.domain === "string" ? [options.domain] : (options.domain ?? ["localhost"]);
  const listen = { c2s: 0, c2sTls: 0, https: false, http: false, component: 0, ...options.listen } as const;
  const config = parseConfig({
    ...options.config,
    domains,
    ...(options.components && { components: options.components }),
    listen: Object.fromEntries(Object.entries(listen).map(([name, port]) => [name, onLoopback(port)])),
  });
  const { c2s, c2sTls, https = [] } = config.listen;
  const listens = c2s.length + c2sTls.length + https.length > 0;
  const certificate =
    typeof options.tls === "object"
      ? options.tls
      : listens
        ? await selfSigned(config.domains.map(nameOf), { now: Date.now() })
        : undefined;
  const { store = "memory" } = options;
  const server = await XmppServer.start({
    config,
    store: openStore(store),
    storeFile: typeof store === "object" && "sqlite" in store ? store.sqlite : undefined,
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
    log: options.logger ?? silentLogger,
    modules: options.modules,
    certificate,
  });
  return Object.assign(server, { [Symbol.asyncDispose]: () => server.close() });
}

function onLoopback(port: number | false | undefined): string | false {
  return port === false || port === undefined ? false : `127.0.0.1:${port}`;
}

function nameOf(domain: { readonly name: string }): string {
  return domain.name;
}

function openStore(store: NonNullable<ServerOptions["store"]>): Store {
  if (store === "memory") return createMemoryStore();
  return "sqlite" in store ? openSqliteStore({ path: store.sqlite, exclusive: true }) : store;
}
