import type { ConnectionCounter } from "../net/listener.ts";
import type { Transport } from "../net/transport.ts";
import type { Turn } from "../net/turn.ts";
import type { Clock } from "../util/clock.ts";
import type { Logger } from "../util/logger.ts";
import type { Random } from "../util/random.ts";
import type { XmlLimits } from "../xml/parser.ts";
import { callByRouter, callOnWire } from "./bosh/call.ts";
import { BoshEndpoint, type BoshSettings } from "./bosh/endpoint.ts";
import type { HttpRouter } from "./http-router.ts";
import type { HttpServer } from "./http-server.ts";
import { WebSocketEndpoint } from "./websocket/endpoint.ts";

export interface StreamEndpointsParts {
  readonly server: HttpServer;
  readonly router: HttpRouter;
  readonly turn: Turn;
  readonly clock: Clock;
  readonly connections: ConnectionCounter;
  readonly random: Random;
  readonly log: Logger;
  readonly limits: XmlLimits;
  serves(domain: string): boolean;
  /** Origins of web pages (RFC 6454) that may connect; "*": all. */
  readonly origins: readonly string[];
  readonly websocket: { readonly enabled: boolean; readonly pingInterval: number };
  readonly bosh: BoshSettings & { readonly enabled: boolean };
  accept(transport: Transport): void;
}

/** Where clients find streams over HTTP. */
export const WEBSOCKET_PATH = "/xmpp-websocket";
export const BOSH_PATH = "/http-bind";

/** What a message of WebSocket may have around its element: an XML declaration. */
const DECLARATION_BYTES = 256;

/** How many of the largest stanzas one request of BOSH may bring. */
const STANZAS_OF_A_REQUEST = 2;

/** Streams of XMPP over HTTP. */
export class StreamEndpoints {
  readonly #webSocket: WebSocketEndpoint | undefined;
  readonly #bosh: BoshEndpoint | undefined;

  constructor(parts: StreamEndpointsParts) {
    const { server, router, origins, websocket, bosh, limits } = parts;
    const isAllowed = (origin: string) => origins.includes("*") || origins.includes(origin);
    if (websocket.enabled) {
      const messageBytes = limits.stanzaBytes + DECLARATION_BYTES;
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
    if (bosh.enabled) {
      const endpoint = new BoshEndpoint({
        ...parts,
        settings: bosh,
        bodyBytes: limits.stanzaBytes * STANZAS_OF_A_REQUEST,
        allowedOrigin: (origin) => (origins.includes("*") ? "*" : isAllowed(origin) ? origin : undefined),
      });
      this.#bosh = endpoint;
      router.boshPath = BOSH_PATH;
      const failed = (error: unknown) =>
        parts.log.error("a request failed", { error: error instanceof Error ? error.stack : String(error) });
      server.onRequest(BOSH_PATH, (request, response, peer) => {
        endpoint.handle(callOnWire(request, response, peer)).catch((error: unknown) => {
          failed(error);
          response.destroy();
        });
      });
      router.own.all(
        BOSH_PATH,
        (c) =>
          new Promise<Response>((resolve, reject) => {
            endpoint.handle(callByRouter(c.req.raw, c.env.peer, resolve)).catch(reject);
          }),
      );
    }
  }

  /** The largest stanza from now on; bytes. */
  limit(bytes: number): void {
    this.#webSocket?.limit(bytes + DECLARATION_BYTES);
    if (this.#bosh) this.#bosh.bodyBytes = bytes * STANZAS_OF_A_REQUEST;
  }

  close(): void {
    this.#webSocket?.close();
    this.#bosh?.close();
  }
}
