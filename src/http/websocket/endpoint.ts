/** RFC 7395 §3.1: the handshake, and what keeps connections alive. */
import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { WebSocketServer } from "ws";
import type { ConnectionCounter } from "../../net/listener.ts";
import type { Transport } from "../../net/transport.ts";
import type { Turn } from "../../net/turn.ts";
import type { Clock, Timer } from "../../util/clock.ts";
import type { Upgrade } from "../http-server.ts";
import { WebSocketTransport } from "./transport.ts";

const SUBPROTOCOL = "xmpp";

export interface WebSocketEndpointParts {
  readonly turn: Turn;
  readonly clock: Clock;
  readonly connections: ConnectionCounter;
  /** The largest message; bytes. */
  readonly messageBytes: number;
  /** How often connections are asked for a sign of life; milliseconds, 0: never. */
  readonly pingInterval: number;
  /** Whether pages of that origin (RFC 6454) may connect. */
  isAllowed(origin: string): boolean;
  accept(transport: Transport): void;
}

/** Turns requests for an upgrade into streams. */
export class WebSocketEndpoint {
  readonly #parts: WebSocketEndpointParts;
  readonly #server: WebSocketServer;
  readonly #open = new Set<WebSocketTransport>();
  readonly #pings: Timer | undefined;

  constructor(parts: WebSocketEndpointParts) {
    this.#parts = parts;
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: parts.messageBytes,
      handleProtocols: (names) => names.has(SUBPROTOCOL) && SUBPROTOCOL,
    });
    if (parts.pingInterval > 0) {
      this.#pings = parts.clock.every(parts.pingInterval, () => this.#pingAll());
    }
  }

  /** The largest message, from now on; bytes. */
  limit(bytes: number): void {
    this.#server.options.maxPayload = bytes;
  }

  upgrade({ request, connection, head, peer, isForwarded }: Upgrade): void {
    const { connections, turn, accept, isAllowed } = this.#parts;
    const { origin, "sec-websocket-protocol": protocols = "" } = request.headers;
    if (origin !== undefined && !isAllowed(origin)) {
      return refuse(connection, 403, "this origin may not connect");
    }
    if (!protocols.split(",").some((name) => name.trim() === SUBPROTOCOL)) {
      return refuse(connection, 400, "the subprotocol is xmpp (RFC 7395)");
    }
    // Those who come by themselves are counted already.
    const leave = isForwarded ? connections.enter(peer.remote) : () => {};
    if (typeof leave !== "function") return refuse(connection, 429, "too many connections");
    connection.once("close", leave);
    this.#server.handleUpgrade(request, connection, head, (socket) => {
      const transport = new WebSocketTransport({ socket, connection, peer, isDirect: !isForwarded, turn });
      this.#open.add(transport);
      connection.once("close", () => this.#open.delete(transport));
      accept(transport);
    });
    return undefined;
  }

  close(): void {
    this.#pings?.cancel();
  }

  #pingAll(): void {
    for (const transport of this.#open) {
      if (transport.isAlive) transport.ping();
      else transport.destroy(new Error("no sign of life"));
    }
  }
}

function refuse(connection: Socket, status: number, text: string): void {
  const body = `${text}\n`;
  connection.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  // Whoever does not end their side would keep it open.
  connection.destroySoon();
}
