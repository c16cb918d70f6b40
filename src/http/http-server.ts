import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import { getRequestListener } from "@hono/node-server";
import { type HttpPeer, peerOf } from "./peer.ts";

export interface HttpServerParts {
  readonly limits: HttpLimits;
  /** Whose word on their clients counts. */
  isTrusted(address: string): boolean;
  fetch(request: Request, peer: HttpPeer): Promise<Response>;
  /** The host of requests that name none. */
  readonly defaultDomain: string;
}

/** Answers a request without the router in between. */
export type DirectHandler = (request: IncomingMessage, response: ServerResponse, peer: HttpPeer) => void;

/** Sizes in bytes, times in milliseconds. */
export interface HttpLimits {
  readonly headerBytes: number;
  readonly headerTime: number;
  readonly idleTime: number;
  readonly requestTime: number;
  readonly keepAlive: number;
}

/** A request to go on with another protocol (RFC 9110 §7.8). */
export interface Upgrade {
  readonly request: IncomingMessage;
  readonly connection: Socket;
  /** What came behind the request. */
  readonly head: Buffer;
  readonly peer: HttpPeer;
  /** Whether a proxy speaks for the peer. */
  readonly isForwarded: boolean;
}

/** How often Node looks for requests that take too long. */
const CHECK_MS = 1_000;

/** How long answers that are under way may take at the end; milliseconds. */
const CLOSE_GRACE_MS = 3_000;

/** HTTP/1.1 on connections that others accepted: requests in, answers out, and limits on both. */
export class HttpServer {
  readonly #parts: HttpServerParts;
  readonly #server: Server;
  readonly #remotes = new WeakMap<Duplex, string>();
  /** Open connections, with the requests on each that are not answered. */
  readonly #sockets = new Map<Socket, number>();
  readonly #direct = new Map<string, DirectHandler>();
  readonly #upgrades = new Map<string, (upgrade: Upgrade) => void>();
  #closing = false;

  constructor(parts: HttpServerParts) {
    this.#parts = parts;
    const { headerBytes, headerTime, requestTime, keepAlive } = parts.limits;
    this.#server = createServer({
      maxHeaderSize: headerBytes,
      headersTimeout: Math.min(headerTime, requestTime),
      requestTimeout: requestTime,
      keepAliveTimeout: keepAlive,
      connectionsCheckingInterval: CHECK_MS,
      noDelay: true,
      shouldUpgradeCallback: ({ url }) => this.#upgrades.has(pathOf(url)),
    });
    const answer = getRequestListener(
      (request, env) => parts.fetch(request, this.#peerOf(env.incoming as IncomingMessage)),
      // HTTP/1.0 has requests without a host, such as those of load balancers that ask after health.
      { hostname: parts.defaultDomain, overrideGlobalObjects: false },
    );
    this.#server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      this.#watch(request, response);
      if (this.#closing) response.setHeader("Connection", "close");
      this.#count(request.socket, 1);
      response.once("close", () => this.#count(request.socket, -1));
      const handler = this.#direct.get(pathOf(request.url));
      if (handler) handler(request, response, this.#peerOf(request));
      else void answer(request, response);
    });
    this.#server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.#upgrade(request, socket as Socket, head),
    );
    // Node begins to look for slow requests when a server listens; this one's connections come from elsewhere.
    this.#server.emit("listening");
  }

  /** Speaks HTTP on a connection, which may be under TLS. @param remote the peer's address. */
  accept(socket: Socket, remote: string): void {
    if (this.#closing) return void socket.destroy();
    this.#remotes.set(socket, remote);
    this.#sockets.set(socket, 0);
    socket.once("close", () => this.#sockets.delete(socket));
    this.#server.emit("connection", socket);
  }

  /** Who answers at `path` by themselves: what comes too often for a `Request` each time. */
  onRequest(path: string, handler: DirectHandler): void {
    this.#direct.set(path, handler);
  }

  /** Who takes over the connections of requests that ask for it at `path`. */
  onUpgrade(path: string, handler: (upgrade: Upgrade) => void): void {
    this.#upgrades.set(path, handler);
  }

  /** Lets the answers that are under way come to their end, then closes all connections. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#server.close(() => {});
    const gone = Array.from(
      this.#sockets.keys(),
      (socket) => new Promise<void>((resolve) => void socket.once("close", () => resolve())),
    );
    for (const [socket, unanswered] of this.#sockets) if (unanswered === 0) socket.destroy();
    const timer = setTimeout(() => {
      for (const socket of this.#sockets.keys()) socket.destroy();
    }, CLOSE_GRACE_MS);
    await Promise.all(gone);
    clearTimeout(timer);
  }

  #count(socket: Socket, more: 1 | -1): void {
    const unanswered = this.#sockets.get(socket);
    if (unanswered === undefined) return;
    this.#sockets.set(socket, unanswered + more);
    if (this.#closing && unanswered + more === 0) socket.destroySoon();
  }

  #peerOf(request: IncomingMessage): HttpPeer {
    const { socket, headers } = request;
    const connected = { remote: this.#remotes.get(socket) ?? "", secure: socket instanceof TLSSocket };
    return peerOf(connected, headers, this.#parts.isTrusted);
  }

  /** A body that stops coming ends its connection; Node's own limits are for the whole of a request. */
  #watch(request: IncomingMessage, response: ServerResponse): void {
    const { socket, headers } = request;
    // RFC 9112 §6.3: no body, and nothing to wait for.
    if (headers["transfer-encoding"] === undefined && Number(headers["content-length"] ?? 0) === 0) return;
    socket.setTimeout(this.#parts.limits.idleTime);
    const rest = () => socket.setTimeout(0);
    request.once("end", rest);
    // From then on the time is that of the next request, which Node watches.
    response.once("finish", () => request.off("end", rest));
  }

  #upgrade(request: IncomingMessage, connection: Socket, head: Buffer): void {
    const handler = this.#upgrades.get(pathOf(request.url));
    if (!handler || this.#closing) {
      connection.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    // It is the handler's from now on, also at the end.
    this.#sockets.delete(connection);
    const peer = this.#peerOf(request);
    const isForwarded = peer.remote !== this.#remotes.get(connection);
    handler({ request, connection, head, peer, isForwarded });
  }
}

/** Without query, and without a slash at its end. */
function pathOf(url: string | undefined): string {
  return (url ?? "").split("?", 1)[0]?.replace(/\/$/, "") ?? "";
}
