import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import { getRequestListener } from "@hono/node-server";
import { DEFAULT_HEADERS } from "./default-headers.ts";
import { faultOf } from "./faulty-request.ts";
import { ForwardedError, type HttpPeer, peerOf } from "./peer.ts";
import { Pipeline } from "./pipeline.ts";

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

/** What is told behind a proxy that lets clients say who they are. */
const NOBODY = "The proxies do not agree on who asks\n";
const REFUSED = { ...DEFAULT_HEADERS, "Content-Type": "text/plain; charset=utf-8" };

const FAULTY = { ...REFUSED, Connection: "close" };

interface Connection {
  readonly pipeline: Pipeline;
  /** The last one whose header came. */
  request: IncomingMessage | undefined;
}

/** HTTP/1.1 on connections that others accepted: requests in, answers out, and limits on both. */
export class HttpServer {
  readonly #parts: HttpServerParts;
  readonly #server: Server;
  readonly #remotes = new WeakMap<Duplex, string>();
  /** Of requests that go to the router. */
  readonly #peers = new WeakMap<IncomingMessage, HttpPeer>();
  readonly #sockets = new Map<Socket, Connection>();
  readonly #direct = new Map<string, DirectHandler>();
  readonly #upgrades = new Map<string, (upgrade: Upgrade) => void>();
  #closing = false;

  constructor(parts: HttpServerParts) {
    this.#parts = parts;
    const { headerBytes, headerTime, idleTime, requestTime, keepAlive } = parts.limits;
    this.#server = createServer({
      maxHeaderSize: headerBytes,
      headersTimeout: Math.min(headerTime, requestTime),
      requestTimeout: requestTime,
      keepAliveTimeout: keepAlive,
      connectionsCheckingInterval: CHECK_MS,
      noDelay: true,
      // RFC 9110 §7.8: HTTP/1.0 has no upgrades.
      shouldUpgradeCallback: (request) =>
        this.#upgrades.has(pathOf(request.url)) && request.httpVersion !== "1.0" && !faultOf(request),
    });
    const answer = getRequestListener(
      (request, env) => parts.fetch(request, this.#peers.get(env.incoming as IncomingMessage) as HttpPeer),
      // HTTP/1.0 has requests without a host, such as those of load balancers that ask after health.
      { hostname: parts.defaultDomain, overrideGlobalObjects: false },
    );
    this.#server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      const begin = () => {
        if (this.#closing) response.setHeader("Connection", "close");
        const fault = faultOf(request);
        if (fault)
          return void response.writeHead(fault, FAULTY).end("This request can be read in several ways\n");
        const peer = this.#peerOf(request);
        if (!peer) return void response.writeHead(400, REFUSED).end(NOBODY);
        const handler = this.#direct.get(pathOf(request.url));
        if (handler) return handler(request, response, peer);
        this.#peers.set(request, peer);
        return void answer(request, response);
      };
      this.#receive(request, response, begin);
    });
    this.#server.setTimeout(idleTime, (socket) => this.#isQuiet(socket));
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
    const pipeline = new Pipeline();
    this.#sockets.set(socket, { pipeline, request: undefined });
    socket.once("close", () => {
      this.#sockets.delete(socket);
      pipeline.clear();
    });
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
    for (const [socket, { pipeline }] of this.#sockets) if (pipeline.unanswered === 0) socket.destroy();
    const timer = setTimeout(() => {
      for (const socket of this.#sockets.keys()) socket.destroy();
    }, CLOSE_GRACE_MS);
    await Promise.all(gone);
    clearTimeout(timer);
  }

  /** @param begin answers the request. */
  #receive(request: IncomingMessage, response: ServerResponse, begin: () => void): void {
    const { socket } = request;
    const connection = this.#sockets.get(socket);
    if (!connection) return;
    const { pipeline } = connection;
    connection.request = request;
    response.once("close", () => {
      pipeline.done();
      if (this.#closing && pipeline.unanswered === 0) socket.destroySoon();
    });
    if (!pipeline.add(begin)) socket.destroy();
  }

  /**
   * Nothing came and nothing went. That is as it should be while an answer is waited for, and the end of a connection
   * where a body stopped coming, where nobody reads the answer, and where there is no further request.
   */
  #isQuiet(socket: Socket): void {
    const connection = this.#sockets.get(socket);
    const isWaiting =
      connection &&
      connection.pipeline.unanswered > 0 &&
      connection.request?.complete &&
      socket.writableLength === 0;
    if (!isWaiting) return void socket.destroy();
    socket.setTimeout(this.#parts.limits.idleTime);
  }

  /** Undefined when the proxies' word makes no sense. */
  #peerOf(request: IncomingMessage): HttpPeer | undefined {
    const { socket, headers } = request;
    const connected = { remote: this.#remotes.get(socket) ?? "", secure: socket instanceof TLSSocket };
    try {
      return peerOf(connected, headers, this.#parts.isTrusted);
    } catch (error) {
      if (error instanceof ForwardedError) return undefined;
      throw error;
    }
  }

  #upgrade(request: IncomingMessage, connection: Socket, head: Buffer): void {
    // Node listens no more: a connection that breaks must not bring the process down.
    connection.on("error", () => {});
    const handler = this.#upgrades.get(pathOf(request.url));
    if (!handler || this.#closing) {
      connection.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      return connection.destroySoon();
    }
    // It is the handler's from now on, also at the end.
    this.#sockets.delete(connection);
    const peer = this.#peerOf(request);
    if (!peer) {
      connection.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      return connection.destroySoon();
    }
    const isForwarded = peer.remote !== this.#remotes.get(connection);
    handler({ request, connection, head, peer, isForwarded });
  }
}

/** Without query, and without a slash at its end. */
function pathOf(url: string | undefined): string {
  return (url ?? "").split("?", 1)[0]?.replace(/\/$/, "") ?? "";
}
