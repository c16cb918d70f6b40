import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { HttpPeer } from "../http/peer.ts";
import { createServer, type ServerOptions } from "../index.ts";
import { XmppServer } from "../server.ts";
import type { ClientStream } from "../stream/client-stream.ts";
import type { Logger } from "../util/logger.ts";
import { Jid } from "../xmpp/jid.ts";
import { ns } from "../xmpp/ns.ts";
import { Client } from "./client.ts";
import { authenticate, logIn } from "./log-in.ts";
import type { Captures } from "./match.ts";
import { Pipe, type PipeOptions } from "./pipe.ts";
import type { TestClock } from "./test-clock.ts";
import { Transcript } from "./transcript.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** What `createServer` takes. By default without ports, with time that stands still, and with few PBKDF2 rounds. */
export interface RigOptions<C extends TestClock = VirtualClock>
  extends Omit<ServerOptions, "clock" | "logger" | "store"> {
  /** Default: a virtual one. */
  readonly clock?: C;
  /** "sqlite": in a folder of its own that is gone afterwards. Default: "memory". */
  readonly store?: "sqlite" | ServerOptions["store"];
}

export interface ConnectOptions extends PipeOptions {
  /** Initial presence (RFC 6121 §4.2). Default: true. */
  readonly presence?: boolean;
  /** Of the initial presence. Default: 0. */
  readonly priority?: number;
  /** It sets something up: what it says is no part of the test. Default: false. */
  readonly unseen?: boolean;
}

/** A client on a pipe, which a test can hold up. */
export interface PipeClient extends Client {
  readonly pipe: Pipe;
}

/** A server and its clients in one process: no ports, no waiting, one place for all that was said. */
export interface Rig<C extends TestClock = VirtualClock> extends AsyncDisposable {
  readonly server: XmppServer;
  readonly clock: C;
  readonly transcript: Transcript;
  /** What the server logged as an error: a fault of its own, as a rule. */
  readonly errors: readonly string[];
  /** What patterns captured, by name. */
  readonly captures: Captures;
  /**
   * A client that is logged in: `"alice/phone"`, `"alice"` for a resource made up by the server,
   * `"alice@example.org/phone"` where there are several domains. The account is made when there is none. The account's
   * own presence, which all of its clients get to see, is taken out of what they received.
   */
  connect(address: string, options?: ConnectOptions): Promise<PipeClient>;
  /** A client that is authenticated and has not bound a resource. */
  authenticated(name: string, options?: PipeOptions): Promise<PipeClient>;
  /** A client that has said nothing yet. */
  raw(options?: PipeOptions): PipeClient;
  /** Answers a request over HTTP, without a port: a path of the default domain, or a whole address; who asks is in `peer`. */
  request(url: string, init?: RequestInit, peer?: Partial<HttpPeer>): Promise<Response>;
  /** Makes an account, unless there is one; its bare JID. */
  user(name: string, password?: string): Promise<string>;
  /** The password of an account, by its bare JID: the one it was made with, or will be. */
  passwordOf(jid: string): string;
  /** Whether it is the stream of a client of the rig. */
  owns(stream: ClientStream): boolean;
  /** Whether it is the stream of a client that is not to be seen. */
  hides(stream: ClientStream): boolean;
  /** How much clients that the rig does not own have said and heard; undefined while there is none. Default: none. */
  foreignActivity: () => number | undefined;
  /**
   * Settles when the server has dealt with everything, or only time could help it on, and foreign clients are silent.
   */
  settle(): Promise<void>;
  /**
   * Cuts all connections and stops the server; another one takes its place, with the same options but for these. Between
   * the two, time may be turned by `meanwhile`.
   */
  restart(changed: StartOptions, meanwhile?: () => void): Promise<void>;
  /** Cuts all connections, stops the server, and removes what it kept. */
  close(): Promise<void>;
}

/** In rounds of the event loop: how long nothing may happen before nothing will. */
const QUIET_ROUNDS = 3;

/** A stream that is busy so long may be waiting for the clock, or for another client. Real milliseconds. */
const BUSY_PATIENCE_MS = 100;

/** Foreign clients that are silent so long have nothing to say. Real milliseconds. */
const FOREIGN_QUIET_MS = 10;

/** How long a client waits for something that foreign clients may bring about. Real milliseconds. */
const FOREIGN_PATIENCE_MS = 1_000;

/** A client that expects something waits so long for a busy server. Real milliseconds; only a failing test takes them. */
const LONGEST_WAIT_MS = 5_000;

/** @throws ConfigError */
export async function createRig<C extends TestClock = VirtualClock>(
  options: RigOptions<C> = {},
): Promise<Rig<C>> {
  const transcript = new Transcript();
  const errors: string[] = [];
  const clock: TestClock = options.clock ?? new VirtualClock();
  const folder = options.store === "sqlite" ? mkdtempSync(join(tmpdir(), "jackdaw-test-")) : undefined;
  const config = options.config ?? {};
  const store = folder === undefined ? options.store : { sqlite: join(folder, "db.sqlite") };
  const start = async (changed: StartOptions) => {
    const server = await createServer({
      listen: { c2s: false, c2sTls: false },
      ...options,
      store: store as NonNullable<ServerOptions["store"]>,
      config: { ...config, auth: { iterations: 4096, ...(config["auth"] as object | undefined) } },
      clock,
      logger: recorder(transcript, errors),
      ...changed,
    });
    if (!(server instanceof XmppServer)) throw new Error("createServer made something else");
    return server;
  };
  const server = await start({});
  return new ServerRig({ server, start, clock: clock as C, transcript, errors, folder });
}

/** What of the options may be different when the server is started anew. */
type StartOptions = Pick<ServerOptions, "store" | "listen">;

interface RigParts<C> {
  readonly server: XmppServer;
  start(changed: StartOptions): Promise<XmppServer>;
  readonly clock: C;
  readonly transcript: Transcript;
  readonly errors: string[];
  readonly folder: string | undefined;
}

class ServerRig<C extends TestClock> implements Rig<C> {
  readonly #start: RigParts<C>["start"];
  #server: XmppServer;
  readonly clock: C;
  readonly transcript: Transcript;
  readonly errors: readonly string[];
  readonly captures: Captures = new Map();
  foreignActivity: () => number | undefined = () => undefined;
  readonly #clients: PipeClient[] = [];
  readonly #streams = new WeakSet<ClientStream>();
  readonly #hidden = new WeakSet<ClientStream>();
  /** By bare JIDs. */
  readonly #passwords = new Map<string, string>();
  readonly #folder: string | undefined;
  #connected = 0;
  /** How much foreign clients had said and heard when they were last silent. */
  #quietAt: number | undefined;

  constructor({ server, start, clock, transcript, errors, folder }: RigParts<C>) {
    this.#server = server;
    this.#start = start;
    this.clock = clock;
    this.transcript = transcript;
    this.errors = errors;
    this.#folder = folder;
    clock.settle = (when) => (when === "start" ? this.settle() : this.#settleTask());
  }

  get server(): XmppServer {
    return this.#server;
  }

  raw(options: PipeOptions = {}): PipeClient {
    return this.#client(`raw-${++this.#connected}`, options);
  }

  async authenticated(name: string, options: PipeOptions = {}): Promise<PipeClient> {
    const jid = this.#resolve(name);
    await this.user(name);
    const client = this.#client(`${jid.local}-${++this.#connected}`, options);
    await authenticate(client, {
      domain: jid.domain,
      user: jid.local,
      password: this.passwordOf(jid.bare.toString()),
    });
    return client;
  }

  async connect(
    address: string,
    { presence = true, priority, unseen = false, ...pipe }: ConnectOptions = {},
  ): Promise<PipeClient> {
    const jid = this.#resolve(address);
    await this.user(jid.bare.toString());
    const name = jid.resource === "" ? jid.local : `${jid.local}/${jid.resource}`;
    const client = this.#client(name, pipe, unseen);
    const resource = jid.resource || undefined;
    await logIn(client, {
      domain: jid.domain,
      user: jid.local,
      password: this.passwordOf(jid.bare.toString()),
      resource,
    });
    if (presence) {
      await client.sends(
        priority === undefined ? "<presence/>" : `<presence><priority>${priority}</priority></presence>`,
      );
      this.#forgetOwnPresence(jid.bare);
    }
    return client;
  }

  request(url: string, init?: RequestInit, peer: Partial<HttpPeer> = {}): Promise<Response> {
    const request = new Request(new URL(url, this.server.host().http.url), init);
    return this.server.fetch(request, { remote: "", secure: true, ...peer });
  }

  async user(name: string, password?: string): Promise<string> {
    const jid = this.#resolve(name).bare;
    if (password !== undefined) this.#passwords.set(jid.toString(), password);
    if (!(await this.server.host(jid.domain).accounts.exists(jid))) {
      await this.server.createUser(jid.toString(), this.passwordOf(jid.toString()));
    }
    return jid.toString();
  }

  passwordOf(jid: string): string {
    return this.#passwords.get(jid) ?? `secret of ${Jid.parse(jid).local}`;
  }

  owns(stream: ClientStream): boolean {
    return this.#streams.has(stream);
  }

  hides(stream: ClientStream): boolean {
    return this.#hidden.has(stream);
  }

  async settle(): Promise<void> {
    await this.#settleServer();
    for (let before: number | undefined; ; ) {
      const activity = this.foreignActivity();
      this.#quietAt = activity;
      if (activity === before) return;
      before = activity;
      await sleep(FOREIGN_QUIET_MS);
      await this.#settleServer();
    }
  }

  /** Foreign clients are given time only after something that they took part in: of the tasks of a day there are thousands. */
  async #settleTask(): Promise<void> {
    await this.#settleServer();
    if (this.foreignActivity() !== this.#quietAt) await this.settle();
  }

  async #settleServer(): Promise<void> {
    const started = performance.now();
    for (let quiet = 0; quiet < QUIET_ROUNDS; ) {
      await new Promise(setImmediate);
      quiet = this.#isIdle() || performance.now() - started > BUSY_PATIENCE_MS ? quiet + 1 : 0;
    }
  }

  async restart(changed: StartOptions, meanwhile: () => void = () => {}): Promise<void> {
    await this.#stop();
    meanwhile();
    this.#server = await this.#start(changed);
  }

  async #stop(): Promise<void> {
    for (const { pipe } of this.#clients) pipe.end();
    await this.server.close();
  }

  async close(): Promise<void> {
    await this.#stop();
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #client(name: string, options: PipeOptions, unseen = false): PipeClient {
    const pipe = new Pipe(this.server.turn, options);
    const { captures } = this;
    // What went wrong with it is told in its own words.
    const transcript = unseen ? new Transcript() : this.transcript;
    const client = new Client({
      name,
      transcript,
      captures,
      connect: (hearer) => {
        pipe.open({ data: (text) => hearer.hear(text), ended: () => hearer.heardEnd() });
        return {
          send: (data) => pipe.send(data),
          end: () => pipe.end(),
          settle: () => this.settle(),
          more: () => this.#more(hearer),
        };
      },
    });
    const stream = this.server.accept(pipe.transport);
    this.#streams.add(stream);
    if (unseen) this.#hidden.add(stream);
    const piped = Object.assign(client, { pipe });
    this.#clients.push(piped);
    return piped;
  }

  /** Whether the client gets anything more, time standing still. */
  async #more(client: Client): Promise<boolean> {
    const { length } = client.heard;
    const started = performance.now();
    do {
      await this.settle();
      if (client.heard.length > length || client.gone) return true;
    } while (performance.now() - started < this.#patience());
    return false;
  }

  #patience(): number {
    if (!this.#isIdle()) return LONGEST_WAIT_MS;
    return this.foreignActivity() === undefined ? 0 : FOREIGN_PATIENCE_MS;
  }

  #isIdle(): boolean {
    if (this.clock.immediates > 0) return false;
    for (const stream of this.server.streams) if (!stream.isIdle) return false;
    return true;
  }

  #resolve(address: string): Jid {
    const [bare = "", ...resource] = address.split("/");
    const full = bare.includes("@") ? bare : `${bare}@${this.server.host().domain}`;
    return Jid.parse([full, ...resource].join("/"));
  }

  #forgetOwnPresence(user: Jid): void {
    const isOwn = (jid: string) => Jid.parse(jid).bare.equals(user);
    for (const client of this.#clients) {
      if (client.jid === "" || !isOwn(client.jid)) continue;
      client.forget((element) => element.is("presence", ns.CLIENT) && isOwn(String(element.attrs["from"])));
    }
  }
}

/** Warnings and errors go into the transcript; errors are counted, for they are faults of the server. */
function recorder(transcript: Transcript, errors: string[]): Logger {
  const line = (message: string, data: object = {}) => `${message} ${JSON.stringify(data)}`;
  const logger: Logger = {
    debug: () => {},
    info: () => {},
    warn: (message, data) => transcript.add("server", "warns:", `${line(message, data)}\n`),
    error: (message, data) => {
      errors.push(line(message, data));
      transcript.add("server", "failed:", `${line(message, data)}\n`);
    },
    child: () => logger,
  };
  return logger;
}
