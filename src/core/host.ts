import type { Accounts } from "../auth/accounts.ts";
import type { Throttle } from "../auth/throttle.ts";
import type { Components } from "../components/components.ts";
import type { HttpSide } from "../http/http-side.ts";
import type { Holders } from "../routing/holders.ts";
import type { Hook, HookOutcome, Hooks, Stage } from "../routing/hooks.ts";
import type { IqHandler, IqPlace } from "../routing/iq-table.ts";
import type { Unacked } from "../session/management.ts";
import type { Session } from "../session/session.ts";
import type { Sessions } from "../session/sessions.ts";
import type { LateWrite, Table, TableSpec } from "../store/store.ts";
import type { StreamFeature } from "../stream/stream-feature.ts";
import type { Tap } from "../stream/tap.ts";
import type { Awaitable } from "../util/awaitable.ts";
import type { Clock } from "../util/clock.ts";
import type { LogTail } from "../util/log-tail.ts";
import type { Logger } from "../util/logger.ts";
import type { Metrics } from "../util/metrics.ts";
import type { Random } from "../util/random.ts";
import type { Element } from "../xml/element.ts";
import type { StanzaError } from "../xmpp/errors.ts";
import type { Jid } from "../xmpp/jid.ts";
import type { Stanza } from "../xmpp/stanza.ts";
import type { Module, Service } from "./module.ts";
import type { ServiceHost, ServiceSpec } from "./service-host.ts";

/** State of one module for each session, typed and private to it; gone with the session. */
export interface SessionState<T> {
  get(session: Session): T;
  set(session: Session, value: T): void;
}

/** What a host is a domain of, for those who look after all of it. */
export interface WholeServer {
  /** By their domains, the default one first. Complete when the server is set up. */
  readonly hosts: ReadonlyMap<string, Host>;
  /** External ones (XEP-0114), and those of the program that the server is part of. */
  readonly components: Pick<Components, "all" | "below">;
  /** Whether a port is open. */
  readonly isListening: boolean;
  /** When the store last made something durable, and when it last failed to; milliseconds since the epoch, 0 for never. */
  readonly storeHealth: { readonly writtenAt: number; readonly failedAt: number };
  /** What was logged lately. */
  readonly logTail: Pick<LogTail, "since">;
  /** Lets `tap` hear what streams carry, until the returned function is called. */
  addTap(tap: Tap): () => void;
}

/** All that a module sees. What it registers here ends with the host. */
export interface Host {
  readonly domain: string;
  /** The domain as an address. */
  readonly jid: Jid;
  readonly sessions: Pick<Sessions, "get" | "of" | "available" | "all" | "size">;
  readonly accounts: Accounts;
  /** What slows guessing of passwords down, wherever they are asked for. */
  readonly throttle: Throttle;
  /** The modules of this host, in the order of their set-up. */
  readonly modules: readonly Module[];
  readonly server: WholeServer;
  /** What the domain answers over HTTP. */
  readonly http: HttpSide;
  /** Where clients connect by TCP, 0 for nowhere. Known once the server listens. */
  readonly ports: { readonly c2s: number; readonly c2sTls: number };
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly random: Random;
  /** When the server started; milliseconds since the epoch. */
  readonly startedAt: number;

  /** Sends a stanza wherever its `to` says; never throws, errors become error stanzas. */
  route(stanza: Stanza): Awaitable<void>;
  /** Answers a stanza with an error where that is allowed. */
  bounce(stanza: Stanza, error: StanzaError): Awaitable<void>;
  /**
   * Asks somebody in the domain's name (RFC 6120 §8.2.3).
   * @returns the payload of the result.
   * @throws TimeoutError after `timeout` ms; StanzaError for an error answer.
   */
  request(type: "get" | "set", to: Jid, payload: Element, timeout: number): Promise<Element | undefined>;
  /** Ends the sessions of an account and removes it with everything that modules keep of it; whether there was one. */
  removeUser(user: Jid): Promise<boolean>;
  /** Messages that were on their way to a client that is gone: for another one, for those who keep messages, or back. */
  giveBack(session: Session, messages: readonly Unacked[]): Awaitable<void>;
  /** Who has a message that may be given back. */
  readonly holders: Holders;
  /**
   * Disables an account, which ends its sessions and keeps everything that belongs to it, or enables it again.
   * @throws StanzaError `item-not-found`.
   */
  setDisabled(user: Jid, disabled: boolean): Promise<void>;
  /** Bare JIDs: those whom the configuration names, and those who were promoted. */
  readonly admins: readonly Jid[];
  isAdmin(user: Jid): boolean;
  /**
   * Promotes a user to administrator of the server, or demotes them; whether that changed anything.
   * @throws StanzaError `not-allowed` to demote one whom the configuration names.
   */
  setAdmin(user: Jid, isAdmin: boolean): Promise<boolean>;
  /** Asks for the end of the whole server. */
  shutDown(): void;
  /** Whether `domain` is one of this server's. */
  serves(domain: string): boolean;

  /**
   * Handles requests. `self`: of a user to their own account. `account`: of anybody to the bare JID of an account.
   * `address`: of anybody to a bare JID, account or not. `host`: to the domain. `any`: `account` and `host`. `services`: to one
   * of the services below the domain. @throws Error when somebody else handles them already.
   */
  iq(
    type: "get" | "set",
    ns: string,
    name: string,
    handler: IqHandler<{ session: Session }>,
    at?: "self",
  ): void;
  iq(
    type: "get" | "set",
    ns: string,
    name: string,
    handler: IqHandler,
    at: Exclude<IqPlace, "self" | "resource"> | "any",
  ): void;
  /**
   * The domains of the services called `names` that belong to this host: `conference.example.org` for "conference". The same
   * names stand in the module's `services`, so that a clash is found when the configuration is read.
   */
  serviceDomains(names: readonly string[]): readonly string[];
  /**
   * Opens an address space of its own, such as `conference.example.org`; listed among the items of this domain.
   * @throws Error when the domain is taken.
   */
  service(domain: string, spec: ServiceSpec): ServiceHost;
  readonly services: readonly ServiceHost[];
  hook<K extends keyof Hooks>(name: K, stage: Stage, handler: Hook<Hooks[K]>): void;
  emit<K extends keyof Hooks>(name: K, event: Hooks[K]): Awaitable<HookOutcome>;
  /** Offered after those registered before it. */
  streamFeature(feature: StreamFeature): void;
  /** A table of the store. Hosts of one server share it: keys begin with a full address. */
  table<R extends object>(spec: TableSpec<R>): Awaitable<Table<R>>;
  /** Lets `late` write at the end of this turn, before all of it is committed. */
  beforeCommit(late: LateWrite): Awaitable<void>;
  /**
   * Settles when everything written so far is durable: for those who tell somebody outside of XMPP.
   * @throws StoreError when it is lost.
   */
  commit(): Promise<void>;
  /**
   * Lets `write` write, at once and without waiting in between, what no turn depends on: where it fails nobody else's writes are
   * lost. Settles when it is durable. @throws StoreError when it is not.
   */
  apart(write: () => void): Promise<void>;
  /**
   * A folder for what does not fit into rows, made when it is missing: `path` relative to the folder of the store's file; in a
   * temporary folder that goes with the server where the store is in memory.
   */
  folder(path: string): Promise<string>;
  sessionState<T>(initial: () => T): SessionState<T>;
  provide<T>(service: Service<T>, implementation: T): void;
  /** @throws Error when nobody provides it. */
  use<T>(service: Service<T>): T;
  /** The service, or undefined where the module that has it is switched off. */
  find<T>(service: Service<T>): T | undefined;
  /** Serialises read-modify-write on one address; enough, because an address has one owner. */
  exclusive<T>(address: Jid, work: () => Awaitable<T>): Promise<T>;
  /** Runs `task` every `ms` milliseconds; what it throws is logged. */
  every(ms: number, task: () => Awaitable<void>): void;
}
