import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Host } from "../core/host.ts";
import type { XmppServer } from "../server.ts";
import { createMemoryStore, type MemoryImage, type MemoryStore } from "../store/memory.ts";
import type { ClientStream } from "../stream/client-stream.ts";
import type { Tap } from "../stream/tap.ts";
import type { Element } from "../xml/element.ts";
import type { StreamCondition } from "../xmpp/errors.ts";
import { Jid } from "../xmpp/jid.ts";
import {
  type ArchivedView,
  type ContactView,
  exportAccount,
  type SessionView,
  viewArchive,
  viewRoster,
  viewSession,
} from "./account-view.ts";
import type { ConnectOptions, PipeClient, Rig } from "./create-rig.ts";
import { Endpoints } from "./endpoints.ts";
import type { KillOptions } from "./faults/cut.ts";
import { Doors } from "./faults/doors.ts";
import { FaultyStore, isSimulated } from "./faults/faulty-store.ts";
import { Lines } from "./faults/lines.ts";
import type { Link } from "./faults/link.ts";
import type { Seams } from "./faults/seams.ts";
import { Faults } from "./faults.ts";
import { type Handler, Handlers, type StanzaHandler } from "./handlers.ts";
import { likenesses } from "./mimic/likenesses.ts";
import { Mimicry } from "./mimic/mimicry.ts";
import type { StanzaPattern } from "./pattern.ts";
import { Pipe } from "./pipe.ts";
import { PipeDuplex } from "./pipe-duplex.ts";
import { rigTap } from "./rig-tap.ts";
import { Scripts } from "./scansion/scripts.ts";
import type { SeededRandom } from "./seeded-random.ts";
import type { Seen } from "./seen.ts";
import { type ServiceName, serviceAddress } from "./services.ts";
import { remember, type Snapshot, takeSnapshot } from "./snapshot.ts";
import { startTestRig, type TestRig } from "./start-test-rig.ts";
import { processAuthority } from "./test-authority.ts";
import type { TestClock } from "./test-clock.ts";
import type { TestServerOptions } from "./test-options.ts";
import { type RoomFixture, type RoomHandle, type RoomView, TestRooms } from "./test-rooms.ts";
import { type TestUser, TestUsers } from "./test-users.ts";
import { type ExpectNoneOptions, type ExpectOptions, type StanzasOptions, Traffic } from "./traffic.ts";
import { Underway } from "./underway.ts";
import type { UserFixture } from "./user-fixture.ts";

/** How long clients may take to go when the server closes; real milliseconds. */
const CLOSE_GRACE_MS = 100;

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
  readonly #lines: Lines;
  readonly #doors: Doors;
  readonly #tap: Tap;
  readonly #scripts: Scripts;
  readonly #underway = new Underway();
  readonly #rooms: TestRooms;
  #store: MemoryStore;
  /** They stay while the server behind them is replaced. */
  #httpPorts = { http: 0, https: 0 };
  /** How often it is to be brought back to what it was before it runs. */
  #restoring = 0;
  #closed = false;
  readonly #failures: string[] = [];

  /** @throws ConfigError, ListenError */
  static async start(options: TestServerOptions = {}): Promise<TestServer> {
    const server = new TestServer(await startTestRig(options), options);
    try {
      await server.#open();
    } catch (error) {
      await server.close();
      throw error;
    }
    return server;
  }

  private constructor({ rig, random, store, seams }: TestRig, options: TestServerOptions) {
    this.rig = rig;
    this.#options = options;
    this.#random = random;
    this.#store = store;
    this.#seams = seams;
    const resolve = (name: string) => this.#resolve(name);
    const settle = () => this.settle();
    const failed = (message: string) => void this.#failures.push(message);
    const { clock } = rig;
    const settleRig = clock.settle;
    clock.settle = async (when) => {
      await this.#underway.done;
      await settleRig(when);
    };
    rig.foreignActivity = () => (this.#foreign().length > 0 ? this.#traffic.all.length : undefined);
    this.#users = new TestUsers({
      rig,
      resolve,
      iterations: options.iterations,
      service: () => this.service("xmpp"),
    });
    this.#rooms = new TestRooms({
      rig,
      resolve,
      users: this.#users,
      underway: this.#underway,
      hosts: () => this.#hosts(),
      store: () => this.#store,
      failed,
    });
    this.#traffic = new Traffic({
      resolve,
      settle,
      hasForeignClients: () => this.#foreign().length > 0,
      transcript: () => this.transcript,
    });
    const { seed = 1 } = options;
    this.#lines = new Lines(clock, seed, seams.network);
    this.#doors = new Doors(this.#lines, seams.certificate);
    this.#scripts = new Scripts({ rig, users: this.#users, seen: () => this.#traffic.all });
    const parts = {
      clock,
      resolve,
      settle,
      failed,
      lines: this.#lines,
      domains: () => [...this.server.hosts.keys()],
      streams: () => this.server.streams,
      sessions: () => this.#sessions(),
      bounce: (...refused: Parameters<Host["bounce"]>) => void this.server.host().bounce(...refused),
    };
    this.faults = new Faults(parts, seams, seed);
    this.#handlers = new Handlers({ clock, resolve, failed });
    this.#tap = rigTap({
      seams,
      faults: this.faults,
      handlers: this.#handlers,
      mimicry: options.mimic && new Mimicry(likenesses[options.mimic], () => this.#rooms.services),
      record: (stream, seen) => this.#record(stream, seen),
      hides: (stream) => this.rig.hides(stream),
    });
    this.#endpoints = new Endpoints({
      turn: () => this.server.turn,
      log: () => this.server.log,
      doors: this.#doors,
      transportFaults: seams.transport,
      accept: (transport) => void this.server.accept(transport),
      ready: () => this.#underway.done,
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
    return serviceAddress(name, { xmpp: this.port, xmpps: this.tlsPort, ...this.#httpPorts });
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
    return this.#underway.run(() => this.#users.add(typeof user === "string" ? { name: user } : user));
  }

  /** Lets two users see each other's presence (RFC 6121 §3), without a word between them. */
  mutualRoster(one: string, other: string): Promise<void> {
    return this.#underway.run(() => this.#users.befriend(one, other));
  }

  /** Makes a room, whose owner is one of the users. @throws Error when the server refuses something. */
  addRoom(room: string | RoomFixture): Promise<RoomView> {
    return this.#rooms.add(typeof room === "string" ? { name: room } : room);
  }

  /**
   * A room, `"balcony"` or its address, as it is whenever somebody looks. One that is not there is made, for the first of the
   * users; whoever awaits the room waits for that, and so do clients. @throws Error when there can be none.
   */
  room(name: string): RoomHandle {
    return this.#rooms.handle(name);
  }

  /** A connection that no port is needed for: what is written to it the server reads. It counts as encrypted. */
  connect(): Duplex {
    const duplex = new PipeDuplex(async (events) => {
      await this.#underway.done;
      const pipe = new Pipe(this.server.turn);
      pipe.open(events);
      this.#lines.carries(link, pipe.transport);
      this.server.accept(pipe.transport);
      return pipe;
    });
    const link: Link = this.#lines.link(duplex, "client");
    return link;
  }

  /** A minimal client that a test scripts: `"romeo"`, or `"romeo/phone"`. It is logged in and available. */
  async client(address: string, options?: ConnectOptions): Promise<PipeClient> {
    await this.#underway.done;
    const from = this.#traffic.all.length;
    const client = await this.rig.connect(address, options);
    this.#traffic.arrived(client.jid, from);
    return client;
  }

  /** The first stanza that fits and that no expectation had before. @throws Error with the transcript. */
  async expect(pattern: StanzaPattern, options?: ExpectOptions): Promise<Seen> {
    if (this.#underway.done) await this.#underway.done;
    return this.#traffic.expect(pattern, options);
  }

  /** Nothing that fits came since the last stanza that was expected, and nothing does. @throws Error with the transcript. */
  async expectNone(pattern: StanzaPattern, options?: ExpectNoneOptions): Promise<void> {
    await this.#underway.done;
    return this.#traffic.expectNone(pattern, options);
  }

  /** What fits, from now on as it comes; `last`: and of so many that went by last. Ends with the server. */
  stanzas(pattern?: StanzaPattern, options?: StanzasOptions): AsyncGenerator<Seen, void> {
    return this.#traffic.stanzas(pattern, options);
  }

  /** All stanzas from now on. */
  [Symbol.asyncIterator](): AsyncGenerator<Seen, void> {
    return this.stanzas();
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

  /** The contacts of a user, those that changed last at the end. */
  roster(user: string): ContactView[] {
    return viewRoster(this.#store, this.#jidOf(user));
  }

  /** The archived messages of a user, the oldest first. */
  archive(user: string): ArchivedView[] {
    return viewArchive(this.#store, this.#jidOf(user));
  }

  /** Everything that is kept of a user, as XEP-0227 has it: a `<user/>`. */
  async account(user: string): Promise<Element> {
    await this.#underway.done;
    const jid = this.#jidOf(user);
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
   * Plays a scansion script, the format of Prosody's own tests. Accounts that are not there are made, and components are played
   * in this process.
   * @throws Error naming the line where something else happened.
   */
  async runScansion(script: string): Promise<void> {
    await this.#underway.done;
    await this.#scripts.run(script);
  }

  /** Writes down what clients say and hear from now on; what is returned makes a scansion script of it. */
  record(title = "Recorded by Jackdaw"): () => string {
    return this.#scripts.record(title);
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
    return takeSnapshot({
      store: this.#store,
      clock: this.clock,
      random: this.#random,
      recalls: [remember(this.#users), remember(this.#handlers), remember(this.faults)],
      restart: (image, meanwhile) => this.#restart(image, meanwhile),
    });
  }

  /** Settles when the server has dealt with everything, and clients on sockets say nothing more. */
  async settle(): Promise<void> {
    await this.#underway.done;
    await this.rig.settle();
  }

  /** Ends the streams, gives the clients a moment to go, and cuts those that are still there. No handle stays open. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#underway.done;
    this.#traffic.end();
    this.faults.stop();
    const closed = this.#endpoints.close();
    for (const stream of this.#foreign()) {
      stream.close();
      stream.transport.end();
    }
    const until = performance.now() + CLOSE_GRACE_MS;
    while (this.#foreign().length > 0 && performance.now() < until) await sleep(1);
    for (const stream of this.#foreign()) stream.transport.destroy();
    await this.rig.close();
    this.#lines.close();
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #open(): Promise<void> {
    this.#watch();
    const { users = [], rooms = [], port = 0, tls } = this.#options;
    for (const user of users) await this.addUser(user);
    for (const room of rooms) await this.addRoom(room);
    this.forget();
    await this.server.listen();
    const { http, https } = this.server.ports;
    this.#httpPorts = { http, https };
    if (port === false) return;
    const domains = [...this.server.hosts.keys()];
    const pair = tls ? processAuthority().issue(domains) : undefined;
    const { minVersion, ciphers } = this.server.config.tls;
    await this.#endpoints.open(port, domains, pair, { minVersion, ciphers });
  }

  #watch(): void {
    this.server.addTap(this.#tap);
    this.server.keepDoors(this.#doors);
    this.server.setGate((stanza) => this.#seams.routing.all.some((takes) => takes(stanza)));
  }

  /** What is to be seen is at once what the image says; the server follows. */
  #restart(image: MemoryImage, meanwhile: () => void): Promise<void> {
    if (this.#closed) return Promise.reject(new Error("the server is closed"));
    const store = (this.#store = createMemoryStore(image));
    this.#restoring++;
    for (const stream of this.#foreign()) stream.transport.destroy();
    return this.#underway.run(async () => {
      for (const stream of this.#foreign()) stream.transport.destroy();
      const { http, https } = this.#httpPorts;
      const listen = { c2s: false, c2sTls: false, http: http || false, https: https || false } as const;
      const goOn = this.faults.pause();
      await this.rig.restart({ store: new FaultyStore(store, this.#seams.store), listen }, meanwhile);
      goOn();
      this.forget();
      this.#watch();
      this.#restoring--;
      await this.server.listen();
    });
  }

  #record(stream: ClientStream, seen: Seen): void {
    // The rig writes down what its own clients say.
    const arrow = seen.direction === "in" ? "→" : "←";
    if (!this.rig.owns(stream)) this.rig.transcript.add(seen.client || "somebody", arrow, seen.xml);
    this.#traffic.record(seen);
  }

  #sessions() {
    return [...this.#hosts()].flatMap((host) => [...host.sessions.all()]);
  }

  /** None while another server takes the place of this one. */
  #hosts(): Iterable<Host> {
    return this.#restoring > 0 ? [] : this.server.hosts.values();
  }

  #jidOf(user: string): Jid {
    return Jid.parse(this.#resolve(user)).bare;
  }

  /** Streams of clients that the rig does not know. */
  #foreign(): ClientStream[] {
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
