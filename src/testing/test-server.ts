import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { BOSH_PATH, WEBSOCKET_PATH } from "../http/stream-endpoints.ts";
import type { XmppServer } from "../server.ts";
import { createMemoryStore, type MemoryStore } from "../store/memory.ts";
import type { Stream } from "../stream/stream.ts";
import { systemRandom } from "../util/random.ts";
import type { Element } from "../xml/element.ts";
import type { StreamCondition } from "../xmpp/errors.ts";
import { Jid } from "../xmpp/jid.ts";
import {
  type ArchivedView,
  archiveIn,
  type ContactView,
  exportAccount,
  rosterIn,
  type SessionView,
  viewSession,
} from "./account-view.ts";
import { type ConnectOptions, createRig, type PipeClient, type Rig } from "./create-rig.ts";
import { Endpoints } from "./endpoints.ts";
import type { KillOptions } from "./faults/cut.ts";
import { FaultyStore, isSimulated } from "./faults/faulty-store.ts";
import { Seams } from "./faults/seams.ts";
import { Faults } from "./faults.ts";
import { type Handler, Handlers, type StanzaHandler } from "./handlers.ts";
import { likenesses } from "./mimic/likenesses.ts";
import { Mimicry } from "./mimic/mimicry.ts";
import { Passing } from "./passing.ts";
import type { StanzaPattern } from "./pattern.ts";
import { Pipe } from "./pipe.ts";
import { PipeDuplex } from "./pipe-duplex.ts";
import { writeScript } from "./scansion/record.ts";
import { runScript } from "./scansion/run.ts";
import { SeededRandom } from "./seeded-random.ts";
import { bareOf, type Seen } from "./seen.ts";
import { processAuthority } from "./test-authority.ts";
import { RealClock, type TestClock } from "./test-clock.ts";
import { configForTests, httpListen, type TestServerOptions } from "./test-options.ts";
import { furnishRoom, type RoomFixture, type RoomView, roomAddress, viewRoom } from "./test-rooms.ts";
import { type TestUser, TestUsers } from "./test-users.ts";
import { type ExpectNoneOptions, type ExpectOptions, Traffic } from "./traffic.ts";
import type { UserFixture } from "./user-fixture.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** What a test server can be reached as. */
export type ServiceName = "xmpp" | "xmpps" | "ws" | "wss" | "bosh" | "http" | "https";

/** How long clients may take to go when the server closes; real milliseconds. */
const CLOSE_GRACE_MS = 100;

/** What a server was at one time. */
export interface Snapshot {
  /**
   * Makes the server what it was. All connections are cut without a word, and nothing of sessions or rooms is left that
   * the store does not have, as when a server is started again; its ports stay.
   */
  restore(): Promise<void>;
}

/** A real server inside a test, with its users, that can be watched, scripted and broken on purpose. */
export class TestServer implements AsyncDisposable {
  /** The server and its clients in memory; what is below this one. */
  readonly rig: Rig<TestClock>;
  /** What goes wrong on purpose. */
  readonly faults: Faults;
  readonly #traffic: Traffic;
  readonly #handlers: Handlers;
  readonly #endpoints: Endpoints;
  readonly #options: TestServerOptions;
  readonly #random: SeededRandom;
  readonly #users: TestUsers;
  readonly #seams: Seams;
  readonly #mimicry: Mimicry | undefined;
  #store: MemoryStore;
  readonly #failures: string[] = [];

  /** @throws ConfigError, ListenError */
  static async start(options: TestServerOptions = {}): Promise<TestServer> {
    const { domain = "localhost", ids = "random", seed, tls, modules } = options;
    const random = new SeededRandom(seed ?? 1, ids);
    const domains = [domain].flat();
    const store = createMemoryStore();
    const seams = new Seams();
    const clock = options.clock === "virtual" ? new VirtualClock() : new RealClock();
    clock.skew = () => seams.skew.all.reduce((sum, skew) => sum + skew, 0);
    const rig = await createRig<TestClock>({
      domain,
      store: new FaultyStore(store, seams.store),
      listen: httpListen(options),
      clock,
      random: ids === "seq" || seed !== undefined ? random : systemRandom,
      config: configForTests(options),
      ...(modules && { modules }),
      ...(tls && { tls: processAuthority().issue(domains) }),
    });
    const server = new TestServer(rig, options, random, store, seams);
    try {
      await server.#open();
    } catch (error) {
      await server.close();
      throw error;
    }
    return server;
  }

  private constructor(
    rig: Rig<TestClock>,
    options: TestServerOptions,
    random: SeededRandom,
    store: MemoryStore,
    seams: Seams,
  ) {
    this.rig = rig;
    this.#options = options;
    this.#random = random;
    this.#store = store;
    this.#seams = seams;
    this.#mimicry = options.mimic && new Mimicry(likenesses[options.mimic]);
    const resolve = (name: string) => this.#resolve(name);
    const settle = () => this.settle();
    const { clock } = rig;
    rig.foreignActivity = () => (this.#foreign().length > 0 ? this.#traffic.all.length : undefined);
    this.#users = new TestUsers({
      rig,
      resolve,
      iterations: options.iterations,
      service: () => this.service("xmpp"),
    });
    this.#traffic = new Traffic({
      resolve,
      settle,
      hasForeignClients: () => this.#foreign().length > 0,
      transcript: () => this.transcript,
    });
    const chance = new SeededRandom(options.seed ?? 1);
    const parts = {
      clock,
      resolve,
      settle,
      random: chance,
      domains: () => [...this.server.hosts.keys()],
      streams: () => this.server.streams,
      sessions: () => this.#sessions(),
    };
    this.faults = new Faults(parts, seams);
    this.#handlers = new Handlers({ clock, resolve, failed: (message) => void this.#failures.push(message) });
    this.#endpoints = new Endpoints({
      turn: () => this.server.turn,
      log: () => this.server.log,
      clock,
      random: chance,
      seams,
      accept: (transport) => void this.server.accept(transport),
    });
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
    return this.#endpoints.port;
  }

  /** For TLS from the first byte; 0: none. */
  get tlsPort(): number {
    return this.#endpoints.tlsPort;
  }

  /** PEM: the authority that signed the server's certificate; the same for all servers of a process. */
  get ca(): string {
    return processAuthority().cert;
  }

  /**
   * What the server logged as an error, handlers that failed, and requests that nobody handled where that is one. What comes
   * of faults of the store is none.
   */
  get errors(): readonly string[] {
    return [...this.rig.errors.filter((error) => !isSimulated(error)), ...this.#failures];
  }

  /** Who said what so far; secrets are masked. */
  get transcript(): string {
    return this.rig.transcript.toString();
  }

  /** Where clients connect to. @throws Error when the server does not offer it. */
  service(name: ServiceName): string {
    const { http, https } = this.server.ports;
    const places = {
      xmpp: { scheme: "xmpp", port: this.port, path: "" },
      xmpps: { scheme: "xmpps", port: this.tlsPort, path: "" },
      ws: { scheme: "ws", port: http, path: WEBSOCKET_PATH },
      wss: { scheme: "wss", port: https, path: WEBSOCKET_PATH },
      bosh: { scheme: https ? "https" : "http", port: https || http, path: BOSH_PATH },
      http: { scheme: "http", port: http, path: "" },
      https: { scheme: "https", port: https, path: "" },
    };
    const { scheme, port, path } = places[name];
    if (port === 0) throw new Error(`there is no ${name} service; see the options port, httpPort and tls`);
    return `${scheme}://127.0.0.1:${port}${path}`;
  }

  /** @throws Error when it was not among `users` nor added. */
  user(name: string): TestUser {
    return this.#users.get(name);
  }

  /** Of a user's name the address; any other address is itself. */
  addressOf(name: string): string {
    return this.#resolve(name);
  }

  /** Makes an account. @throws Error when it exists, or when something of the fixture cannot be. */
  addUser(user: string | UserFixture): Promise<TestUser> {
    return this.#users.add(typeof user === "string" ? { name: user } : user);
  }

  /** Lets two users see each other's presence (RFC 6121 §3), without a word between them. */
  async mutualRoster(one: string, other: string): Promise<void> {
    await this.#users.furnish({ name: one, roster: [{ contact: other }] });
    await this.#users.furnish({ name: other, roster: [{ contact: one }] });
  }

  /** Makes a room, whose owner is one of the users. @throws Error when the server refuses something. */
  async addRoom(room: string | RoomFixture): Promise<RoomView> {
    const fixture = typeof room === "string" ? { name: room } : room;
    const owner = fixture.owner ?? this.#users.first?.name;
    if (owner === undefined) throw new Error(`the room ${fixture.name} needs an owner: there are no users`);
    const jid = roomAddress(this.server, fixture.name);
    const client = await this.rig.connect(this.#resolve(owner), { presence: false });
    await furnishRoom(client, jid, fixture, (name) => this.#resolve(name));
    return viewRoom(this.server, jid);
  }

  /** A room, as it is now: `"balcony"`, or its address. @throws Error when there is none. */
  async room(name: string): Promise<RoomView> {
    return viewRoom(this.server, roomAddress(this.server, name));
  }

  /** A connection that no port is needed for: what is written to it the server reads. It counts as encrypted. */
  connect(): Duplex {
    const pipe = new Pipe(this.server.turn);
    const duplex = new PipeDuplex(pipe);
    this.server.accept(pipe.transport);
    return duplex;
  }

  /** A minimal client that a test scripts: `"romeo"`, or `"romeo/phone"`. It is logged in and available. */
  client(address: string, options?: ConnectOptions): Promise<PipeClient> {
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

  /** The bound resources of a user, or of all, the oldest first. */
  sessions(user?: string): SessionView[] {
    const wanted = user === undefined ? undefined : this.#resolve(user);
    return this.#sessions()
      .filter(({ jid }) => wanted === undefined || [jid, jid.bare].some((each) => each.toString() === wanted))
      .map(viewSession);
  }

  /** The contacts of a user. */
  async roster(user: string): Promise<ContactView[]> {
    return rosterIn(await this.account(user));
  }

  /** The archived messages of a user, the oldest first. */
  async archive(user: string): Promise<ArchivedView[]> {
    return archiveIn(await this.account(user));
  }

  /** Everything that is kept of a user, as XEP-0227 has it: a `<user/>`. */
  account(user: string): Promise<Element> {
    const jid = Jid.parse(this.#resolve(user));
    return exportAccount(this.server.host(jid.domain), jid);
  }

  /**
   * What clients send and fits goes to the handler, not to the server. Patterns are about what clients send: `to` is whom
   * they address.
   */
  on(pattern: StanzaPattern, handler?: StanzaHandler): Handler {
    return this.#handlers.on(pattern, handler);
  }

  /** What becomes of requests that no handler takes: `pass`, the default: the server answers; `error`: see `errors`. */
  unhandled(what: "pass" | "error"): void {
    this.#handlers.unhandled = what;
  }

  /** Handlers for a number of times that were not asked so often. */
  pending(): string[] {
    return this.#handlers.pending();
  }

  /**
   * Plays a scansion script, the format of Prosody's own tests. Accounts that are not there are made.
   * @throws Error naming the line where something else happened.
   */
  runScansion(script: string): Promise<void> {
    return runScript(script, {
      connect: async ({ jid, password }) => {
        if (!this.#users.has(bareOf(jid))) await this.#users.add({ name: bareOf(jid), password });
        return this.rig.connect(jid, { presence: false });
      },
    });
  }

  /** Writes down what clients say and hear from now on; what is returned makes a scansion script of it. */
  record(title = "Recorded by Jackdaw"): () => string {
    const from = this.#traffic.all.length;
    return () => writeScript(title, this.#traffic.all.slice(from), (user) => this.rig.passwordOf(user));
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

  /**
   * Remembers everything that is kept: accounts and all that is in the store, the virtual time, what chance has in store,
   * handlers and faults.
   */
  snapshot(): Snapshot {
    const image = this.#store.image();
    const { clock } = this;
    const [now, random, users] = [clock.now() - clock.skew(), this.#random.state, this.#users.state];
    const [handlers, faults] = [this.#handlers.state, this.faults.state];
    return {
      restore: async () => {
        this.#store = createMemoryStore(image);
        for (const stream of this.#foreign()) stream.transport.destroy();
        const { http, https } = this.server.ports;
        const listen = { c2s: false, c2sTls: false, http: http || false, https: https || false } as const;
        const faulty = new FaultyStore(this.#store, this.#seams.store);
        await this.rig.restart({ store: faulty, listen }, () => {
          if (clock instanceof VirtualClock) clock.reset(now);
          this.#random.restore(random);
        });
        this.#users.restore(users);
        this.#handlers.restore(handlers);
        this.faults.restore(faults);
        this.forget();
        this.#tap();
        await this.server.listen();
      },
    };
  }

  /** Settles when the server has dealt with everything, and clients on sockets say nothing more. */
  settle(): Promise<void> {
    return this.rig.settle();
  }

  /** Ends the streams, gives the clients a moment to go, and cuts those that are still there. No handle stays open. */
  async close(): Promise<void> {
    this.#traffic.end();
    const closed = this.#endpoints.close();
    for (const stream of this.#foreign()) {
      stream.close();
      stream.transport.end();
    }
    const until = performance.now() + CLOSE_GRACE_MS;
    while (this.#foreign().length > 0 && performance.now() < until) await sleep(1);
    for (const stream of this.#foreign()) stream.transport.destroy();
    await this.rig.close();
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #tap(): void {
    this.server.addTap({
      opened: (stream) => (this.#seams.opening.all.some((takes) => takes(stream)) ? "taken" : undefined),
      received: (stream, element) => {
        const passing = Passing.received(stream, element);
        this.#mimicry?.hears(stream, passing.element);
        this.#record(stream, passing);
        return this.faults.takes(passing) || this.#handlers.takes(passing) ? "taken" : undefined;
      },
      sent: (stream, text) => {
        const said = this.#mimicry?.says(stream, text) ?? text;
        const passing = Passing.sending(stream, said, (seen) => this.#record(stream, seen));
        if (this.faults.takes(passing)) return "taken";
        if (said !== text) {
          passing.pass();
          return "taken";
        }
        this.#record(stream, passing);
        return undefined;
      },
    });
  }

  async #open(): Promise<void> {
    this.#tap();
    const { users = [], rooms = [], port = 0, tls } = this.#options;
    for (const user of users) await this.addUser(user);
    for (const room of rooms) await this.addRoom(room);
    this.forget();
    await this.server.listen();
    if (port === false) return;
    const domains = [...this.server.hosts.keys()];
    const pair = tls ? processAuthority().issue(domains) : undefined;
    const { minVersion, ciphers } = this.server.config.tls;
    await this.#endpoints.open(port, domains, pair, { minVersion, ciphers });
  }

  #record(stream: Stream, seen: Seen): void {
    // The rig writes down what its own clients say.
    const arrow = seen.direction === "in" ? "→" : "←";
    if (!this.rig.owns(stream)) this.rig.transcript.add(seen.client || "somebody", arrow, seen.xml);
    this.#traffic.record(seen);
  }

  #sessions() {
    return [...this.server.hosts.values()].flatMap((host) => [...host.sessions.all()]);
  }

  /** Streams of clients that the rig does not know. */
  #foreign(): Stream[] {
    return [...this.server.streams].filter((stream) => !this.rig.owns(stream));
  }

  /** "romeo" is a user of the default domain; what has an `@`, or is or looks like a domain, is an address. */
  #resolve(name: string): string {
    const [bare = "", ...resource] = name.split("/");
    const user = `${bare}@${this.domain}`;
    const isDomain = this.server.host().serves(bare) || (bare.includes(".") && !this.#users.has(user));
    return [bare.includes("@") || isDomain ? bare : user, ...resource].join("/");
  }
}
