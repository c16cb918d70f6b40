import type { Accounts } from "../auth/accounts.ts";
import type { Admins } from "../auth/admins.ts";
import type { Mechanism } from "../auth/mechanism.ts";
import type { Throttle } from "../auth/throttle.ts";
import { serviceDomains } from "../config/services.ts";
import type { HttpSide } from "../http/http-side.ts";
import type { Transport } from "../net/transport.ts";
import { giveBack } from "../routing/give-back.ts";
import { Holders } from "../routing/holders.ts";
import { type Hook, type HookListener, type Hooks, HookTable, type Stage } from "../routing/hooks.ts";
import { type IqHandler, type IqPlace, IqTable } from "../routing/iq-table.ts";
import type { Network } from "../routing/network.ts";
import { Router } from "../routing/router.ts";
import type { Unacked } from "../session/management.ts";
import { PendingRequests } from "../session/pending-requests.ts";
import { Session, type SessionHost } from "../session/session.ts";
import { Sessions } from "../session/sessions.ts";
import type { StanzaCounters } from "../session/stanza-counters.ts";
import type { LateWrite, Table, TableSpec } from "../store/store.ts";
import type { StreamFeature } from "../stream/stream-feature.ts";
import type { SessionStream, StreamHost } from "../stream/stream-host.ts";
import type { Awaitable } from "../util/awaitable.ts";
import type { Clock, Timer } from "../util/clock.ts";
import type { Logger } from "../util/logger.ts";
import type { Metrics } from "../util/metrics.ts";
import type { Random } from "../util/random.ts";
import type { Element } from "../xml/element.ts";
import type { StanzaError } from "../xmpp/errors.ts";
import { Jid } from "../xmpp/jid.ts";
import type { Stanza } from "../xmpp/stanza.ts";
import { Admission, type AdmissionLimits, DISABLED, REMOVED, withResource } from "./admission.ts";
import { DomainService } from "./domain-service.ts";
import type { Host, SessionState, WholeServer } from "./host.ts";
import { KeyedMutex } from "./keyed-mutex.ts";
import type { Module, Service } from "./module.ts";
import type { ServiceHost, ServiceSpec } from "./service-host.ts";

export interface HostParts extends AdmissionLimits {
  readonly domain: string;
  /** All domains of the server. */
  readonly domains: readonly string[];
  readonly server: WholeServer;
  readonly http: HttpSide;
  ports(): Host["ports"];
  readonly accounts: Accounts;
  readonly mechanisms: readonly Mechanism[];
  readonly throttle: Throttle;
  readonly network: Network;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly stanzas: StanzaCounters;
  readonly clock: Clock;
  readonly random: Random;
  readonly startedAt: number;
  readonly admins: Admins;
  /** Asks for the end of the server. */
  shutDown(): void;
  openTable<R extends object>(spec: TableSpec<R>): Awaitable<Table<R>>;
  beforeCommit(late: LateWrite): Awaitable<void>;
  /** What this connection sent is dealt with now. */
  hear(transport: Pick<Transport, "destroy">): void;
  commit(): Promise<void>;
  apart(write: () => void): Promise<void>;
  openFolder(path: string): Promise<string>;
}

/** One domain of the server: its sessions, its modules, and what they registered. */
export class DomainHost implements Host, StreamHost, SessionHost {
  readonly jid: Jid;
  readonly sessions = new Sessions();
  readonly modules: Module[] = [];
  readonly features: StreamFeature[] = [];
  readonly services: DomainService[] = [];
  readonly router: Router;
  readonly holders = new Holders();
  readonly #parts: HostParts;
  readonly #hooks = new HookTable();
  readonly #iqs = new IqTable();
  readonly #provided = new Map<Service<unknown>, unknown>();
  readonly #requests: PendingRequests;
  #stateSlots = 0;
  readonly #mutex = new KeyedMutex();
  readonly #timers: Timer[] = [];
  /** What modules still do about sessions that ended. */
  readonly #endings = new Set<Promise<void>>();
  readonly #admission: Admission;
  /** The name of the module that is being set up. */
  #settingUp = "";

  constructor(parts: HostParts) {
    this.#parts = parts;
    this.jid = Jid.of("", parts.domain);
    this.router = new Router({
      holders: this.holders,
      domain: parts.domain,
      sessions: this.sessions,
      hooks: this.#hooks,
      iqs: this.#iqs,
      network: parts.network,
      log: parts.log,
      userExists: (user) => parts.accounts.exists(user),
      answered: (answer) => void this.#requests.settle(answer),
    });
    this.#requests = new PendingRequests(parts.clock, parts.random);
    this.#admission = new Admission(parts.accounts, this.sessions, parts);
  }

  get domain(): string {
    return this.#parts.domain;
  }
  get accounts(): Accounts {
    return this.#parts.accounts;
  }
  get mechanisms(): readonly Mechanism[] {
    return this.#parts.mechanisms;
  }
  get throttle(): Throttle {
    return this.#parts.throttle;
  }
  get log(): Logger {
    return this.#parts.log;
  }
  get metrics(): Metrics {
    return this.#parts.metrics;
  }
  get stanzas(): StanzaCounters {
    return this.#parts.stanzas;
  }
  get server(): WholeServer {
    return this.#parts.server;
  }
  get http(): HttpSide {
    return this.#parts.http;
  }
  get ports(): Host["ports"] {
    return this.#parts.ports();
  }
  get clock(): Clock {
    return this.#parts.clock;
  }
  get random(): Random {
    return this.#parts.random;
  }
  get startedAt(): number {
    return this.#parts.startedAt;
  }

  async setUp(module: Module, config: unknown): Promise<void> {
    this.modules.push(module);
    this.#settingUp = module.name;
    await module.setup(this, config);
  }

  /** Modules may say good-bye. Never rejects. */
  stopping(): Awaitable<void> {
    return this.#tell("server:stopping", {});
  }

  /** Settles when modules have done what they do about sessions that ended. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.length = 0;
    await Promise.all(this.#endings);
    for (const service of this.services) service.stop();
    this.services.length = 0;
  }

  route(stanza: Stanza): Awaitable<void> {
    return this.#parts.network.route(stanza);
  }

  bounce(stanza: Stanza, error: StanzaError): Awaitable<void> {
    return this.#parts.network.bounce(stanza, error);
  }

  request(type: "get" | "set", to: Jid, payload: Element, timeout: number): Promise<Element | undefined> {
    const header = { type, from: this.jid, to };
    return this.#requests.ask(header, payload, timeout, (request) => void this.route(request));
  }

  get admins(): readonly Jid[] {
    return this.#parts.admins.all;
  }

  isAdmin(user: Jid): boolean {
    return this.#parts.admins.has(user.bare);
  }

  setAdmin(user: Jid, isAdmin: boolean): Promise<boolean> {
    const { admins } = this.#parts;
    return isAdmin ? admins.promote(user) : admins.demote(user);
  }

  shutDown(): void {
    this.#parts.shutDown();
  }

  serves(domain: string): boolean {
    return this.#parts.network.serves(domain);
  }

  iq(
    type: "get" | "set",
    ns: string,
    name: string,
    handler: IqHandler<{ session: Session }> | IqHandler,
    at: IqPlace | "any" = "self",
  ): void {
    const places = at === "any" ? (["account", "host"] as const) : [at];
    for (const place of places) this.#iqs.add(place, type, ns, name, handler as IqHandler);
  }

  serviceDomains(names: readonly string[]): readonly string[] {
    return serviceDomains(names, this.domain, this.#parts.domains);
  }

  service(domain: string, spec: ServiceSpec): ServiceHost {
    const { network, clock, random, log } = this.#parts;
    const own = log.child({ service: domain });
    const parts = { domain, spec, network, shared: this.#iqs, log: own, clock, random };
    const service = new DomainService(parts);
    this.services.push(service);
    return service;
  }

  hook<K extends keyof Hooks>(name: K, stage: Stage, handler: Hook<Hooks[K]>): void {
    this.#hooks.add(name, stage, handler, this.#settingUp);
  }

  /** Who listens to which hook, in the order in which they are called. */
  get listeners(): readonly HookListener[] {
    return this.#hooks.listeners();
  }

  emit<K extends keyof Hooks>(name: K, event: Hooks[K]) {
    return this.#hooks.emit(name, event);
  }

  streamFeature(feature: StreamFeature): void {
    this.features.push(feature);
  }

  table<R extends object>(spec: TableSpec<R>): Awaitable<Table<R>> {
    return this.#parts.openTable(spec);
  }

  beforeCommit(late: LateWrite): Awaitable<void> {
    return this.#parts.beforeCommit(late);
  }

  commit(): Promise<void> {
    return this.#parts.commit();
  }

  apart(write: () => void): Promise<void> {
    return this.#parts.apart(write);
  }

  folder(path: string): Promise<string> {
    return this.#parts.openFolder(path);
  }

  sessionState<T>(initial: () => T): SessionState<T> {
    const slot = this.#stateSlots++;
    return {
      get: (session) => {
        const { states } = session;
        return slot in states ? (states[slot] as T) : initial();
      },
      set: (session, value) => {
        session.states[slot] = value;
      },
    };
  }

  provide<T>(service: Service<T>, implementation: T): void {
    if (this.#provided.has(service)) throw new Error(`service ${service.name} is provided twice`);
    this.#provided.set(service, implementation);
  }

  find<T>(service: Service<T>): T | undefined {
    return this.#provided.get(service) as T | undefined;
  }

  use<T>(service: Service<T>): T {
    if (!this.#provided.has(service)) throw new Error(`nobody provides the service ${service.name}`);
    return this.#provided.get(service) as T;
  }

  exclusive<T>(address: Jid, work: () => Awaitable<T>): Promise<T> {
    return this.#mutex.run(address.toString(), work);
  }

  every(ms: number, task: () => Awaitable<void>): void {
    const run = async () => {
      try {
        await task();
      } catch (error) {
        this.log.error("a periodic task failed", {
          error: error instanceof Error ? error.stack : String(error),
        });
      }
    };
    this.#timers.push(this.clock.every(ms, () => void run()));
  }

  /** RFC 6120 §7.6, §7.7: the resource asked for, or one that nobody can guess. */
  async bind(stream: SessionStream, user: Jid, resource: string | undefined): Promise<Session> {
    const jid = resource === undefined ? user.withResource(this.random.id()) : withResource(user, resource);
    const status = await this.accounts.status(user);
    this.#admission.admit(stream, jid, status);
    const session = new Session(jid, this, stream, this.#admission.isGuest(stream));
    this.sessions.add(session);
    await this.emit("session:open", { session });
    return session;
  }

  fromClient(session: Session, stanza: Stanza): Awaitable<void> {
    if (session.stream) this.#parts.hear(session.stream.transport);
    return this.router.fromClient(session, stanza);
  }

  presenceChanged(session: Session): void {
    this.sessions.presenceChanged(session);
    if (this.#hooks.has("session:presence")) void this.#tell("session:presence", { session });
  }

  async ended(session: Session, reason: string): Promise<void> {
    this.sessions.delete(session);
    const ending = this.#tellEnd(session, reason);
    this.#endings.add(ending);
    await ending;
    this.#endings.delete(ending);
  }

  resumed(session: Session): void {
    void this.#tell("session:resumed", { session });
  }

  held(session: Session, stanza: Stanza): void {
    if (this.#hooks.has("session:held")) void this.#tell("session:held", { session, stanza });
  }

  giveBack(session: Session, messages: readonly Unacked[]): Awaitable<void> {
    return giveBack(session, messages, this.holders, (user, stanza) => this.router.redeliver(user, stanza));
  }

  async #tellEnd(session: Session, reason: string): Promise<void> {
    await this.#tell("session:close", { session, reason });
    if (session.anonymous && this.sessions.of(session.jid.bare).length === 0) {
      await this.#tell("user:deleted", { user: session.jid.bare });
    }
  }

  /** Everything of the account goes: its sessions first, then what modules keep, then the credentials. */
  removeUser(user: Jid): Promise<boolean> {
    return this.#admission.closed(user, async () => {
      for (const session of this.sessions.of(user).slice()) session.close("not-authorized", REMOVED);
      // What modules write down of a session's end goes with the rest.
      await Promise.all(this.#endings);
      await this.emit("user:deleted", { user });
      // Whoever has the address next is somebody else.
      await this.#parts.admins.forget(user.bare);
      return this.accounts.remove(user);
    });
  }

  async setDisabled(user: Jid, disabled: boolean): Promise<void> {
    await this.accounts.setDisabled(user, disabled);
    if (!disabled) return;
    for (const session of this.sessions.of(user).slice()) session.close("not-authorized", DISABLED);
    await Promise.all(this.#endings);
  }

  /** The store lost the writes of the last turn: nobody may go on with what is in memory. */
  storeLost(): void {
    void this.#tell("store:lost", {});
  }

  /** What one module does about it must not stop the others, nor the server. Never throws or rejects. */
  #tell<K extends keyof Hooks>(name: K, event: Hooks[K]): Awaitable<void> {
    return this.#hooks.tell(name, event, (by, error) =>
      this.log.error("a hook failed", {
        name,
        module: by,
        error: error instanceof Error ? error.stack : String(error),
      }),
    );
  }
}
