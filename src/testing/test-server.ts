import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Module, ServerOptions } from "../index.ts";
import { ConnectionCounter, type Listener, listen } from "../net/listener.ts";
import { type SecureContextOptions, secureContexts } from "../net/secure-contexts.ts";
import { SocketTransport } from "../net/socket-transport.ts";
import type { TlsSettings } from "../net/tls-socket.ts";
import type { XmppServer } from "../server.ts";
import type { Stream } from "../stream/stream.ts";
import { systemRandom } from "../util/random.ts";
import type { StreamCondition } from "../xmpp/errors.ts";
import { type ConnectOptions as ClientOptions, createRig, type PipeClient, type Rig } from "./create-rig.ts";
import { Faults, type KillOptions } from "./faults.ts";
import { Passing } from "./passing.ts";
import type { StanzaPattern } from "./pattern.ts";
import { Pipe } from "./pipe.ts";
import { PipeDuplex } from "./pipe-duplex.ts";
import { SeededRandom } from "./seeded-random.ts";
import type { Seen } from "./seen.ts";
import { TestAuthority } from "./test-authority.ts";
import { RealClock, type TestClock } from "./test-clock.ts";
import type { TestUser } from "./test-user.ts";
import { type ExpectNoneOptions, type ExpectOptions, Traffic } from "./traffic.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** All of it is optional: `TestServer.start()` serves `localhost` on a free port of 127.0.0.1, from memory. */
export interface TestServerOptions {
  /** One domain, or several; the first is the default one. Default: `localhost`. */
  readonly domain?: string | readonly string[];
  /** Accounts: names, or names with passwords. */
  readonly users?: readonly (string | { readonly name: string; readonly password?: string })[];
  /** `virtual`: time stands still until `clock.advance`. Default: `real`. */
  readonly clock?: "virtual" | "real";
  /** `seq`: whatever is made up (ids, resources, nonces) is the same in each run. Default: `random`. */
  readonly ids?: "seq" | "random";
  /** For everything that is left to chance. Default: 1. */
  readonly seed?: number;
  /** STARTTLS on `port` and TLS from the first byte on `tlsPort`, with a certificate of `ca`. Default: no TLS. */
  readonly tls?: boolean;
  /** Default: any free one; false: none. */
  readonly port?: number | false;
  /** Sections of server.config.json. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Default: the server's own. */
  readonly modules?: readonly Module[];
  readonly store?: ServerOptions["store"];
}

/** What a test server can be reached as. */
export type ServiceName = "xmpp" | "xmpps";

/** One authority for the process: those who trust it once trust every test server. */
let authority: TestAuthority | undefined;

/** How long clients on sockets may take to answer when time is turned; real milliseconds without a word. */
const FOREIGN_QUIET_MS = 10;

/** How long clients may take to go when the server closes; real milliseconds. */
const CLOSE_GRACE_MS = 100;

/** A real server inside a test, with its users, that can be watched, scripted and broken on purpose. */
export class TestServer implements AsyncDisposable {
  /** The server and its clients in memory; what is below this one. */
  readonly rig: Rig<TestClock>;
  /** What goes wrong on purpose. */
  readonly faults: Faults;
  readonly #traffic: Traffic;
  readonly #options: TestServerOptions;
  readonly #users = new Map<string, TestUser>();
  readonly #sockets = new Set<Stream>();
  #listeners: { port: Listener | undefined; tlsPort: Listener | undefined } = {
    port: undefined,
    tlsPort: undefined,
  };

  /** @throws ConfigError, ListenError */
  static async start(options: TestServerOptions = {}): Promise<TestServer> {
    const { ids = "random", seed } = options;
    const random = new SeededRandom(seed ?? 1, ids);
    const rig = await createRig<TestClock>({
      domain: options.domain ?? "localhost",
      clock: options.clock === "virtual" ? new VirtualClock() : new RealClock(),
      random: ids === "seq" || seed !== undefined ? random : systemRandom,
      config: forTests(options),
      ...(options.modules && { modules: options.modules }),
      ...(options.store && { store: options.store }),
    });
    const server = new TestServer(rig, options, new SeededRandom(seed ?? 1));
    try {
      await server.#open();
    } catch (error) {
      await server.close();
      throw error;
    }
    return server;
  }

  private constructor(rig: Rig<TestClock>, options: TestServerOptions, random: SeededRandom) {
    this.rig = rig;
    this.#options = options;
    const resolve = (name: string) => this.#resolve(name);
    const settle = () => this.settle();
    this.#traffic = new Traffic({
      resolve,
      settle,
      hasForeignClients: () => this.#sockets.size > 0,
      transcript: () => this.transcript,
    });
    this.faults = new Faults({
      clock: rig.clock,
      random,
      resolve,
      settle,
      streams: () => this.server.streams,
      sessions: () => [...this.server.hosts.values()].flatMap((host) => [...host.sessions.all()]),
    });
    rig.clock.settle = settle;
  }

  /** The server itself, for what the rig has no words for. */
  get server(): XmppServer {
    return this.rig.server;
  }

  get clock(): TestClock {
    return this.rig.clock;
  }

  /** The default domain. */
  get domain(): string {
    return this.server.host().domain;
  }

  /** For clients in clear, or with STARTTLS; 0: none. */
  get port(): number {
    return this.#listeners.port?.port ?? 0;
  }

  /** For TLS from the first byte; 0: none. */
  get tlsPort(): number {
    return this.#listeners.tlsPort?.port ?? 0;
  }

  /** PEM: the authority that signed the server's certificate; the same for all servers of a process. */
  get ca(): string {
    return authorityOfProcess().cert;
  }

  /** What the server logged as an error. */
  get errors(): readonly string[] {
    return this.rig.errors;
  }

  /** Who said what so far; secrets are masked. */
  get transcript(): string {
    return this.rig.transcript.toString();
  }

  /** Where clients connect to. @throws Error when the server does not offer it. */
  service(name: ServiceName): string {
    const port = name === "xmpp" ? this.port : this.tlsPort;
    if (port === 0) throw new Error(`the server has no ${name} service; see the options port and tls`);
    return `${name}://127.0.0.1:${port}`;
  }

  /** @throws Error when it was not among `users` nor added. */
  user(name: string): TestUser {
    const user = this.#users.get(this.#resolve(name));
    if (!user) throw new Error(`there is no user ${name}; name them in the option users, or call addUser`);
    return user;
  }

  /** Makes an account. Default for the password: one of its own. */
  async addUser(name: string, password?: string): Promise<TestUser> {
    const jid = await this.rig.user(name, password);
    const [local = "", domain = ""] = jid.split("@");
    const secret = password ?? this.rig.passwordOf(jid);
    const service = () => this.service(this.#options.port === false ? "xmpps" : "xmpp");
    const user: TestUser = {
      name: local,
      domain,
      jid,
      password: secret,
      get connectOptions() {
        return { service: service(), domain, username: local, jid, password: secret };
      },
    };
    this.#users.set(jid, user);
    return user;
  }

  /** A connection that no port is needed for: what is written to it the server reads. It counts as encrypted. */
  connect(): Duplex {
    const pipe = new Pipe(this.server.turn);
    const duplex = new PipeDuplex(pipe);
    this.#accept(pipe.transport);
    return duplex;
  }

  /** A minimal client that a test scripts: `"romeo"`, or `"romeo/phone"`. It is logged in and available. */
  client(address: string, options?: ClientOptions): Promise<PipeClient> {
    return this.rig.connect(address, options);
  }

  /** The first stanza that fits and that no expectation had before. @throws Error with the transcript. */
  expect(pattern: StanzaPattern, options?: ExpectOptions): Promise<Seen> {
    return this.#traffic.expect(pattern, options);
  }

  /** Nothing that fits came since the last stanza that was expected, and nothing does. @throws Error with the transcript. */
  expectNone(pattern: StanzaPattern, options?: ExpectNoneOptions): Promise<void> {
    return this.#traffic.expectNone(pattern, options);
  }

  /** What fits from now on, as it comes; ends with the server. */
  stanzas(pattern?: StanzaPattern): AsyncGenerator<Seen, void> {
    return this.#traffic.stanzas(pattern);
  }

  /** What went by so far is of no interest to `expect` and `expectNone`. */
  forget(): void {
    this.#traffic.forget();
  }

  /** See {@link Faults.kill}. */
  kill(user: string, options?: KillOptions): void {
    this.faults.kill(user, options);
  }

  /** See {@link Faults.streamError}. */
  streamError(user: string, condition: StreamCondition, text?: string): void {
    this.faults.streamError(user, condition, text);
  }

  /** See {@link Faults.refuseResume}. */
  refuseResume(user: string): void {
    this.faults.refuseResume(user);
  }

  /** Settles when the server has dealt with everything, and clients on sockets say nothing more. */
  async settle(): Promise<void> {
    await this.rig.settle();
    if (this.#sockets.size === 0) return;
    for (let seen = -1; seen !== this.#traffic.all.length; ) {
      seen = this.#traffic.all.length;
      await sleep(FOREIGN_QUIET_MS);
      await this.rig.settle();
    }
  }

  /** Tells the clients, gives them a moment, and cuts those that are still there. No handle stays open. */
  async close(): Promise<void> {
    this.#traffic.end();
    const listeners = Object.values(this.#listeners).map((listener) => listener?.close());
    for (const stream of this.#sockets) stream.close("system-shutdown");
    const until = performance.now() + CLOSE_GRACE_MS;
    while (this.#sockets.size > 0 && performance.now() < until) await sleep(1);
    for (const stream of this.#sockets) stream.transport.destroy();
    await this.rig.close();
    for (const closed of listeners) await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #open(): Promise<void> {
    this.server.addTap({
      received: (stream, element) => {
        const passing = Passing.received(stream, element);
        this.#record(stream, passing);
        return this.faults.takes(passing) ? "taken" : undefined;
      },
      sent: (stream, text) => {
        const passing = Passing.sending(stream, text, (seen) => this.#record(stream, seen));
        if (this.faults.takes(passing)) return "taken";
        this.#record(stream, passing);
        return undefined;
      },
      closed: (stream) => void this.#sockets.delete(stream),
    });
    for (const user of this.#options.users ?? []) {
      await (typeof user === "string" ? this.addUser(user) : this.addUser(user.name, user.password));
    }
    const { port = 0, tls = false } = this.#options;
    if (port !== false) this.#listeners.port = await this.#listen(port, false);
    if (port !== false && tls) this.#listeners.tlsPort = await this.#listen(0, true);
  }

  #record(stream: Stream, seen: Seen): void {
    // The rig writes down what its own clients say.
    const arrow = seen.direction === "in" ? "→" : "←";
    if (this.#sockets.has(stream)) this.rig.transcript.add(seen.client || "somebody", arrow, seen.xml);
    this.#traffic.record(seen);
  }

  async #listen(port: number, directTls: boolean): Promise<Listener> {
    const domains = [...this.server.hosts.keys()];
    const settings = this.#options.tls ? await tlsFor(domains, this.server.config.tls) : undefined;
    return listen({
      host: "127.0.0.1",
      port,
      connections: new ConnectionCounter(Number.POSITIVE_INFINITY),
      log: this.server.log,
      accept: (socket, remote) => {
        const transport = new SocketTransport(socket, remote, this.server.turn, settings);
        if (directTls) transport.startTls("");
        this.#accept(transport);
      },
    });
  }

  #accept(transport: Parameters<XmppServer["accept"]>[0]): void {
    this.#sockets.add(this.server.accept(transport));
  }

  /** "romeo" is a user of the default domain; what has an `@`, or is a domain, is an address. */
  #resolve(name: string): string {
    const [bare = "", ...resource] = name.split("/");
    const isAddress = bare.includes("@") || this.server.hosts.has(bare) || bare.includes(".");
    return [isAddress ? bare : `${bare}@${this.domain}`, ...resource].join("/");
  }
}

function authorityOfProcess(): TestAuthority {
  authority ??= new TestAuthority();
  return authority;
}

async function tlsFor(domains: readonly string[], config: SecureContextOptions): Promise<TlsSettings> {
  const pair = authorityOfProcess().issue(domains);
  const contextFor = await secureContexts(new Map(domains.map((domain) => [domain, pair])), config);
  return { contextFor, requestClientCertificate: false };
}

/** What a server on a test's own machine need not fear. */
function forTests({ config = {}, tls = false }: TestServerOptions): Record<string, unknown> {
  return {
    ...config,
    tls: { required: tls, ...(config["tls"] as object | undefined) },
    auth: { plainWithoutTls: !tls, backoff: "off", ...(config["auth"] as object | undefined) },
    limits: { bytesPerSecond: "off", ...(config["limits"] as object | undefined) },
  };
}
