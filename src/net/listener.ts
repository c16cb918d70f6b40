import { createServer, type Server, type Socket } from "node:net";
import type { Clock } from "../util/clock.ts";
import { networkOf } from "../util/ip-network.ts";
import type { Logger } from "../util/logger.ts";
import { Lru } from "../util/lru.ts";
import type { Rates } from "../util/rates.ts";
import { takeProxyHeader } from "./proxy-protocol.ts";

export interface ListenerOptions {
  /** Absent: all addresses, IPv6 and IPv4. */
  readonly host?: string | undefined;
  /** 0: any free one. */
  readonly port: number;
  readonly connections: ConnectionCounter;
  readonly log: Logger;
  /** Whose connections begin with the true client's address (the PROXY protocol). Default: nobody's. */
  readonly proxies?: { readonly clock: Clock; includes(address: string): boolean } | undefined;
  /** @param remote the peer's address, without its port. */
  accept(socket: Socket, remote: string): void;
}

export interface Listener {
  readonly port: number;
  /** Takes no more connections; those that are open stay. */
  close(): Promise<void>;
}

/** A listener that could not be opened. The message names the address and what to do. */
export class ListenError extends Error {
  override readonly name = "ListenError";
}

/** Networks whose attempts are remembered as too many. */
const KNOWN_NETWORKS = 10_000;

/** Why a connection is refused; `isNew`: for the first time since there was none to refuse. */
interface Refusal {
  readonly why: "too many connections from one address" | "too many attempts to connect from one address";
  readonly isNew: boolean;
}

/** Bounds the connections of one address at a time, and in a time (XEP-0205 §4.2); an IPv6 network of 64 bits counts as one address. */
export class ConnectionCounter {
  /** Changeable while the server runs. */
  limit: number;
  readonly #counts = new Map<string, number>();
  /** Networks that were refused and have not let go of half of their connections since. */
  readonly #refused = new Set<string>();
  readonly #isExempt: (address: string) => boolean;
  /** How often each network may try. Changeable while the server runs. */
  attempts: Pick<Rates, "tryTake"> | undefined;
  /** Networks that tried too often, as long as they do. */
  readonly #hasty = new Lru<string, true>(KNOWN_NETWORKS);
  /** How many were refused so far. */
  refusals = 0;

  /** @param isExempt who may have any number: proxies, which speak for others. */
  constructor(
    limit: number,
    isExempt: (address: string) => boolean = () => false,
    attempts?: Pick<Rates, "tryTake">,
  ) {
    this.limit = limit;
    this.#isExempt = isExempt;
    this.attempts = attempts;
  }

  /** Counts a connection of `address` until the returned function is called, or says why there can be none. */
  enter(address: string): (() => void) | Refusal {
    if (this.#isExempt(address)) return () => {};
    const key = networkOf(address);
    if (this.attempts?.tryTake(key) === false) {
      const isNew = this.#hasty.get(key) === undefined;
      this.#hasty.set(key, true);
      this.refusals++;
      return { why: "too many attempts to connect from one address", isNew };
    }
    this.#hasty.delete(key);
    const count = this.#counts.get(key) ?? 0;
    if (count >= this.limit) {
      const isNew = !this.#refused.has(key);
      this.#refused.add(key);
      this.refusals++;
      return { why: "too many connections from one address", isNew };
    }
    this.#counts.set(key, count + 1);
    return () => this.#leave(key);
  }

  #leave(key: string): void {
    const left = (this.#counts.get(key) ?? 1) - 1;
    if (left > 0) this.#counts.set(key, left);
    else this.#counts.delete(key);
    if (left <= this.limit / 2) this.#refused.delete(key);
  }
}

/** @throws ListenError */
export async function listen(options: ListenerOptions): Promise<Listener> {
  /** Those that have not said yet for whom they speak. */
  const arriving = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => accept(socket, arriving, options));
  await opened(server, options);
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : options.port;
  return {
    port,
    close: () => {
      for (const socket of arriving) socket.destroy();
      return new Promise((resolve) => void server.close(() => resolve()));
    },
  };
}

function accept(socket: Socket, arriving: Set<Socket>, options: ListenerOptions): void {
  const remote = (socket.remoteAddress ?? "").replace(/^::ffff:(?=\d+\.)/, "");
  const { proxies } = options;
  if (!proxies?.includes(remote)) return admit(socket, remote, options);
  arriving.add(socket);
  socket.once("close", () => arriving.delete(socket));
  takeProxyHeader(socket, proxies.clock, (source) => {
    arriving.delete(socket);
    admit(socket, source ?? remote, options);
  });
}

function admit(socket: Socket, remote: string, { connections, log, ...options }: ListenerOptions): void {
  const leave = connections.enter(remote);
  if (typeof leave !== "function") {
    // Once, not for each: who is refused goes on trying, and a line costs more than a connection.
    if (leave.isNew) log.warn(leave.why, { remote });
    socket.destroy();
    return;
  }
  socket.once("close", leave);
  options.accept(socket, remote);
}

function opened(server: Server, { host, port }: ListenerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const where = host === undefined ? `port ${port}` : `${host} port ${port}`;
      reject(new ListenError(`cannot listen on ${where}: ${explain(error)}`));
    });
    server.listen({ port, host, backlog: BACKLOG }, resolve);
  });
}

/** Connections that wait to be accepted: a restart brings everybody back at once. */
const BACKLOG = 4096;

function explain({ code, message }: NodeJS.ErrnoException): string {
  if (code === "EADDRINUSE") return "another program listens there; stop it or choose another port";
  if (code === "EACCES") return "not allowed; ports below 1024 need special rights";
  if (code === "EADDRNOTAVAIL") return "this machine does not have that address";
  return message;
}
