import { domainToASCII } from "node:url";
import { Accounts } from "./auth/accounts.ts";
import { Admins } from "./auth/admins.ts";
import { selectMechanisms } from "./auth/mechanisms.ts";
import { Throttle } from "./auth/throttle.ts";
import { Components } from "./components/components.ts";
import type { ComponentReceiver, LocalComponent } from "./components/local-component.ts";
import type { Config } from "./config/config.ts";
import { parseModules } from "./config/modules.ts";
import { DataFolder } from "./core/data-folder.ts";
import { DomainHost } from "./core/domain-host.ts";
import type { Host, WholeServer } from "./core/host.ts";
import type { Module } from "./core/module.ts";
import { HttpRouter } from "./http/http-router.ts";
import { HttpServer } from "./http/http-server.ts";
import type { HttpPeer } from "./http/peer.ts";
import { StreamEndpoints } from "./http/stream-endpoints.ts";
import { type Doorkeeper, Listeners, type Ports } from "./listeners.ts";
import { defaultModules } from "./modules/index.ts";
import { ConnectionCounter } from "./net/listener.ts";
import type { Transport } from "./net/transport.ts";
import { Turn } from "./net/turn.ts";
import { Network } from "./routing/network.ts";
import { httpCounter, measure, streamCounters } from "./server-metrics.ts";
import { keepAlive, type Reachable } from "./session/keep-alive.ts";
import { StanzaCounters } from "./session/stanza-counters.ts";
import { setUpHost } from "./set-up-host.ts";
import type { LateWrite, Store, Table, TableSpec } from "./store/store.ts";
import { ClientStream } from "./stream/client-stream.ts";
import type { ComponentStream } from "./stream/component-stream.ts";
import type { ClientEnvironment } from "./stream/stream-host.ts";
import { joinTaps, type Tap } from "./stream/tap.ts";
import { UnfinishedStreams } from "./stream/unfinished-streams.ts";
import type { Clock, Timer } from "./util/clock.ts";
import { networkMatcher } from "./util/ip-network.ts";
import { LogTail } from "./util/log-tail.ts";
import type { Logger } from "./util/logger.ts";
import { createMetrics, type Metrics } from "./util/metrics.ts";
import type { Random } from "./util/random.ts";
import { Rates } from "./util/rates.ts";
import { Jid } from "./xmpp/jid.ts";
import type { Stanza } from "./xmpp/stanza.ts";

/** What a server takes from outside; everything else is in its configuration. */
export interface ServerParts {
  readonly config: Config;
  readonly store: Store;
  /** The store's file: what is kept in files is beside it. Without one it is temporary. */
  readonly storeFile?: string | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Default: the server's own list. */
  readonly modules?: readonly Module[] | undefined;
  /** In place of files: one certificate for all domains. */
  readonly certificate?: { readonly key: string; readonly cert: string } | undefined;
}

/** How long streams, and then requests, may take to end by themselves at shut-down; milliseconds. */
const SHUTDOWN_GRACE_MS = 3_000;

/** Lines of the log that are remembered. */
const LOG_TAIL = 1_000;

/** A running server. Everything hangs on this value; several live in one process. */
export class XmppServer implements WholeServer {
  readonly metrics: Metrics = createMetrics();
  readonly store: Store;
  readonly log: Logger;
  readonly logTail: LogTail;
  readonly components: Components;
  readonly #failed = (error: unknown): void =>
    this.log.error("the server failed", { error: error instanceof Error ? error.stack : String(error) });
  /** What is done when an administrator asks for the end of the server. Default: `close`. */
  onShutDown: () => void = () => void this.close().catch(this.#failed);
  readonly #parts: ServerParts;
  readonly #network = new Network();
  readonly #hosts = new Map<string, DomainHost>();
  readonly #streams = new Set<ClientStream>();
  readonly #unfinished = new UnfinishedStreams();
  readonly #folder: DataFolder;
  readonly #tables = new Map<string, Table<never>>();
  readonly #turn: Turn;
  readonly #connections: ConnectionCounter;
  readonly #router: HttpRouter;
  readonly #http: HttpServer;
  readonly #streamEndpoints: StreamEndpoints;
  readonly #listeners: Listeners;
  readonly #environment: { -readonly [K in keyof ClientEnvironment]: ClientEnvironment[K] };
  #config: Config;
  #accounts: Accounts | undefined;
  #admins: Admins | undefined;
  #keepAlive: Timer | undefined;
  #measurement: Disposable | undefined;
  #closing: Promise<void> | undefined;
  #taps: readonly Tap[] = [];

  /** Opens the store's tables and sets up every domain; listens to nothing yet. If it fails the store is closed. */
  static async start(parts: ServerParts): Promise<XmppServer> {
    const server = new XmppServer(parts);
    try {
      await server.#setUp();
    } catch (error) {
      server.#turn.stop();
      for (const host of server.#hosts.values()) await host.stop();
      await parts.store.close();
      await server.#folder.close();
      throw error;
    }
    return server;
  }

  private constructor(parts: ServerParts) {
    const { config, store, clock, random } = parts;
    this.#parts = parts;
    this.#config = config;
    this.store = store;
    this.logTail = new LogTail(LOG_TAIL, () => clock.now());
    const log = (this.log = this.logTail.of(parts.log));
    this.#folder = new DataFolder(parts.storeFile);
    this.#turn = new Turn(store, clock, log);
    this.#turn.onLost = () => {
      this.#accounts?.forget();
      void this.#admins?.reread().catch(this.#failed);
      for (const host of this.#hosts.values()) host.storeLost();
    };
    const isTrusted = networkMatcher(config.proxies.trusted);
    this.#connections = new ConnectionCounter(
      config.limits.streamsPerAddress,
      isTrusted,
      connectionRates(config, clock),
    );
    this.metrics.total(
      "jackdaw_connections_refused",
      "connections over the limits of their address",
      () => this.#connections.refusals,
    );
    this.#router = new HttpRouter({
      bodyBytes: config.http.bodyBytes,
      log,
      commit: () => this.commit(),
      answered: httpCounter(this.metrics),
    });
    this.#http = new HttpServer({
      limits: config.http,
      isTrusted,
      fetch: (request, peer) => this.#router.fetch(request, peer),
      defaultDomain: domainToASCII(config.domains[0]?.name ?? "localhost"),
    });
    const forStreams = {
      turn: this.#turn,
      connections: this.#connections,
      clock,
      accept: (transport: Transport) => void this.accept(transport),
      acceptComponent: (transport: Transport) => void this.acceptComponent(transport),
    };
    this.#streamEndpoints = new StreamEndpoints({
      ...forStreams,
      ...config,
      server: this.#http,
      router: this.#router,
      origins: config.http.origins,
      log,
      random,
      serves: (domain) => this.#hosts.has(domain),
    });
    this.#listeners = new Listeners({
      ...forStreams,
      log,
      http: this.#http,
      certificate: parts.certificate,
      isTrusted,
    });
    this.#environment = {
      clock,
      random,
      log,
      limits: config.limits,
      authenticationAttempts: config.auth.maxFailures,
      tlsRequired: config.tls.required,
      offersAll: config.auth.offerAll,
      tap: undefined,
      ...streamCounters(this.metrics),
      hostFor: (domain) => this.#hosts.get(domain),
      defaultDomain: config.domains[0]?.name ?? "localhost",
    };
    this.components = new Components(
      {
        ...this.#environment,
        network: this.#network,
        throttle: new Throttle(clock, config.auth.backoff),
        metrics: this.metrics,
        gone: (stream) => this.#unfinished.gone(stream),
      },
      config,
    );
  }

  /** The ports in use, 0 for none; the first of several. */
  get ports(): Ports {
    return this.#listeners.ports;
  }

  /** From now on `gate` is shown every stanza that is to go anywhere; what it returns true for does not. */
  setGate(gate: (stanza: Stanza) => boolean): void {
    this.#network.gate = gate;
  }

  /** From now on `keeper` stands at the ports. */
  keepDoors(keeper: Doorkeeper): void {
    this.#listeners.doorkeeper = keeper;
  }

  get isListening(): boolean {
    return Object.values(this.ports).some((port) => port > 0);
  }

  get storeHealth(): WholeServer["storeHealth"] {
    const { writtenAt, failedAt } = this.#turn;
    return { writtenAt, failedAt };
  }

  get config(): Config {
    return this.#config;
  }

  get streams(): ReadonlySet<ClientStream> {
    return this.#streams;
  }

  get hosts(): ReadonlyMap<string, DomainHost> {
    return this.#hosts;
  }

  /** @throws Error when the domain is not served. */
  host(domain: string = this.#environment.defaultDomain): Host {
    return this.#hostOf(domain);
  }

  async #setUp(): Promise<void> {
    const { clock, random, store } = this.#parts;
    const { log } = this;
    const config = this.#config;
    const modules = this.#parts.modules ?? defaultModules;
    const settings = parseModules(config, modules);
    const accounts = (this.#accounts = await Accounts.open(store, {
      clock,
      random,
      iterations: config.auth.iterations,
    }));
    const admins = (this.#admins = await Admins.open(store));
    admins.configure(configuredAdmins(config));
    const { mechanisms, plainWithoutTls, anonymous } = config.auth;
    const external = config.tls.clientCertificates.ca !== undefined;
    const stanzas = new StanzaCounters(this.metrics);
    this.#network.onError = (condition) => stanzas.refused(condition);
    const shared = {
      accounts,
      mechanisms: selectMechanisms({ mechanisms, plainWithoutTls, anonymous, external }),
      throttle: new Throttle(clock, config.auth.backoff),
      network: this.#network,
      domains: config.domains.map(({ name }) => name),
      ports: () => this.ports,
      metrics: this.metrics,
      stanzas,
      clock,
      random,
      startedAt: clock.now(),
      resourcesPerAccount: config.limits.resourcesPerAccount,
      resourceConflict: config.limits.resourceConflict,
      admins,
      shutDown: () => this.onShutDown(),
      server: this,
      openTable: <R extends object>(spec: TableSpec<R>) => this.#openTable(spec),
      beforeCommit: (late: LateWrite) => this.store.beforeCommit(late),
      hear: (transport: Pick<Transport, "destroy">) => this.#turn.hear(transport),
      commit: () => this.commit(),
      apart: (write: () => void) => this.#turn.apart(write),
      openFolder: (path: string) => this.#folder.open(path),
    };
    for (const { name, url } of config.domains) {
      const http = this.#router.add({ name, url });
      const host = new DomainHost({ ...shared, domain: name, http, log: log.child({ host: name }) });
      this.#hosts.set(name, host);
      this.#network.add(host.router);
      await setUpHost(host, modules, settings);
    }
    this.components.configure(config);
    await store.commit();
    this.#keepAlive = keepAlive(
      clock,
      () => this.#config.limits,
      () => this.#reachable(),
    );
    this.#measurement = measure(this, this.#turn);
  }

  /** Opens the ports of the configuration. @throws ListenError, CertificateError */
  async listen(): Promise<void> {
    await this.#listeners.open(this.#config);
    const { https, http } = this.ports;
    if (https || http) this.#router.port = { secure: https > 0, number: https || http };
  }

  /** Answers a request over HTTP: also one that came another way than through the server's ports. */
  fetch(request: Request, peer: HttpPeer = { remote: "", secure: true }): Promise<Response> {
    return this.#router.fetch(request, peer);
  }

  /** Any byte pipe may be a client; a closed server closes it. */
  accept(transport: Transport): ClientStream {
    const stream = new ClientStream(transport, this.#environment, (closed) => {
      this.#streams.delete(closed);
      this.#unfinished.gone(closed);
    });
    if (this.#closing) transport.destroy(new Error("the server is closed"));
    else this.#streams.add(stream);
    return stream;
  }

  /** Any byte pipe may be an external component's (XEP-0114); a closed server closes it. */
  acceptComponent(transport: Transport): ComponentStream {
    const stream = this.components.accept(transport);
    if (this.#closing) transport.destroy(new Error("the server is closed"));
    return stream;
  }

  /** See `Server.component`. */
  component(domain: string, receive: ComponentReceiver): LocalComponent {
    return this.components.open(domain, receive);
  }

  /** Lets `tap` hear what streams carry, until the returned function is called. */
  addTap(tap: Tap): () => void {
    this.#setTaps([...this.#taps, tap]);
    return () => this.#setTaps(this.#taps.filter((other) => other !== tap));
  }

  #setTaps(taps: readonly Tap[]): void {
    this.#taps = taps;
    this.#environment.tap = this.components.tap = joinTaps(taps);
  }

  /** The turn that in-memory transports flush with. */
  get turn(): Turn {
    return this.#turn;
  }

  /** @throws StanzaError `conflict` when it exists. */
  async createUser(jid: string, password: string): Promise<void> {
    const user = Jid.parse(jid);
    await this.#hostOf(user.domain).accounts.create(user, password);
    await this.commit();
  }

  /** Removes an account with everything in it; whether there was one. */
  async removeUser(user: Jid): Promise<boolean> {
    const removed = await this.#hostOf(user.domain).removeUser(user);
    await this.commit();
    return removed;
  }

  /** Settles when everything done so far is durable. @throws StoreError when it is lost. */
  commit(): Promise<void> {
    return this.#turn.commit();
  }

  /** Takes over what a running server can: certificates, administrators, limits. @throws CertificateError */
  async reload(config: Config): Promise<void> {
    await this.#listeners.reload(config);
    this.components.configure(config);
    this.#admins?.configure(configuredAdmins(config));
    this.#environment.limits = config.limits;
    this.#environment.authenticationAttempts = config.auth.maxFailures;
    this.#environment.tlsRequired = config.tls.required;
    this.#streamEndpoints.limit(config.limits.stanzaBytes);
    this.#connections.limit = config.limits.streamsPerAddress;
    this.#connections.attempts = connectionRates(config, this.#environment.clock);
    this.#config = config;
  }

  /** Ends every stream with `system-shutdown` (RFC 6120 §4.9.3.20), commits, and leaves nothing open. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#keepAlive?.cancel();
    this.#measurement?.[Symbol.dispose]();
    const closed = this.#listeners.close();
    this.#router.close();
    this.#streamEndpoints.close();
    const answered = this.#http.close();
    for (const host of this.#hosts.values()) await host.stopping();
    // Those with stream management last: they keep what the others could not take, and give it to offline storage.
    const sessions = Array.from(this.#allSessions());
    for (const session of sessions) if (!session.management) session.close("system-shutdown");
    for (const session of sessions) if (session.management) session.close("system-shutdown");
    for (const stream of this.#streams) stream.close("system-shutdown");
    // What the sessions had to say at their end is for components as well.
    this.components.close();
    await this.#streamsEnd();
    await Promise.all([closed, answered]);
    // Whose connection is gone may still have something under way that writes.
    await settles(() => this.#router.isIdle);
    await Promise.all([...this.#hosts.values()].map((host) => host.stop()));
    try {
      await this.commit();
    } finally {
      this.#turn.stop();
      await this.store.close();
      await this.#folder.close();
    }
  }

  /** Settles when all connections are gone and their work is done; those that take too long are cut. */
  async #streamsEnd(): Promise<void> {
    const open = () => [...this.#streams, ...this.components.streams];
    for (const stream of open()) this.#unfinished.add(stream);
    await settles(() => open().length === 0 && this.#unfinished.isEmpty);
    for (const stream of open()) stream.transport.destroy();
    await nextPoll();
  }

  #openTable<R extends object>(spec: TableSpec<R>): Table<R> | Promise<Table<R>> {
    const open = this.#tables.get(spec.name) as Table<R> | undefined;
    if (open) return open;
    const table = this.store.table(spec);
    return Promise.resolve(table).then((opened) => {
      this.#tables.set(spec.name, opened as Table<never>);
      return opened;
    });
  }

  #hostOf(domain: string): DomainHost {
    const host = this.#hosts.get(domain);
    if (!host) throw new Error(`${domain} is not a domain of this server`);
    return host;
  }

  *#allSessions() {
    for (const host of this.#hosts.values()) yield* host.sessions.all();
  }

  *#reachable(): Iterable<Reachable> {
    yield* this.#allSessions();
    yield* this.components.reachable;
  }
}

function configuredAdmins({ admins }: Config): readonly Jid[] {
  return admins.map((admin) => Jid.parse(admin).bare);
}

/** Waits for that, but not for ever. */
async function settles(isOver: () => boolean): Promise<void> {
  const until = Date.now() + SHUTDOWN_GRACE_MS;
  while (!isOver() && Date.now() < until) await nextPoll();
}

function nextPoll(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, 5));
}

/** XEP-0205 §4.2: how often one address may connect. */
function connectionRates({ limits }: Config, clock: Clock): Rates {
  return new Rates(limits.attemptsPerAddress ?? limits.streamsPerAddress * ATTEMPTS, clock);
}

/** For each connection that an address may have so many attempts in a minute: unless the configuration says how many. */
const ATTEMPTS = 10;
