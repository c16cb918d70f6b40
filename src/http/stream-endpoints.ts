import type { ConnectionCounter } from "../net/listener.ts";
import type { Transport } from "../net/transport.ts";
import type { Turn } from "../net/turn.ts";
import type { Clock } from "../util/clock.ts";
import type { HttpRouter } from "./http-router.ts";
import type { HttpServer } from "./http-server.ts";
import { WebSocketEndpoint } from "./websocket/endpoint.ts";

export interface StreamEndpointsParts {
  readonly server: HttpServer;
  readonly router: HttpRouter;
  readonly turn: Turn;
  readonly clock: Clock;
  readonly connections: ConnectionCounter;
  /** The largest stanza; bytes. */
  readonly stanzaBytes: number;
  /** Origins of web pages (RFC 6454) that may connect; "*": all. */
  readonly origins: readonly string[];
  readonly websocket: { readonly enabled: boolean; readonly pingInterval: number };
  accept(transport: Transport): void;
}

/** Where clients find streams over HTTP. */
export const WEBSOCKET_PATH = "/xmpp-websocket";

/** What a message of WebSocket may have around its element: an XML declaration. */
const DECLARATION_BYTES = 256;

/** Streams of XMPP over HTTP. */
export class StreamEndpoints {
  readonly #webSocket: WebSocketEndpoint | undefined;

  constructor(parts: StreamEndpointsParts) {
    const { server, router, origins, websocket } = parts;
    const isAllowed = (origin: string) => origins.includes("*") || origins.includes(origin);
    if (websocket.enabled) {
      const messageBytes = parts.stanzaBytes + DECLARATION_BYTES;
      const endpoint = new WebSocketEndpoint({ ...parts, ...websocket, messageBytes, isAllowed });
      this.#webSocket = endpoint;
      router.websocketPath = WEBSOCKET_PATH;
      server.onUpgrade(WEBSOCKET_PATH, (upgrade) => endpoint.upgrade(upgrade));
      // RFC 9110 §15.5.22
      router.own.all(WEBSOCKET_PATH, (c) =>
        c.text("Clients of XMPP connect here by WebSocket.\n", 426, {
          Upgrade: "websocket",
          Connection: "Upgrade",
        }),
      );
    }
  }

  /** The largest stanza from now on; bytes. */
  limit(bytes: number): void {
    this.#webSocket?.limit(bytes + DECLARATION_BYTES);
  }

  close(): void {
    this.#webSocket?.close();
  }
}
