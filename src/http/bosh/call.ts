import type { IncomingMessage, ServerResponse } from "node:http";
import { Collected } from "../collected.ts";
import { DEFAULT_HEADERS } from "../default-headers.ts";
import type { HttpPeer } from "../peer.ts";

/** One request at the endpoint, and its answer. */
export interface Call {
  readonly method: string;
  readonly origin: string | undefined;
  readonly peer: HttpPeer;
  /** The body; undefined when it is longer than `limit`. */
  read(limit: number): Promise<Buffer | undefined>;
  answer(status: number, headers: Readonly<Record<string, string>>, body: string): void;
  /** Whether the one who asked is gone. */
  readonly isGone: boolean;
  /** Called when they go before they were answered. */
  onGone(listener: () => void): void;
}

/** A call by way of the router: without a port. */
export function callByRouter(request: Request, peer: HttpPeer, answer: (response: Response) => void): Call {
  return {
    method: request.method,
    origin: request.headers.get("Origin") ?? undefined,
    peer,
    async read(limit) {
      const collected = new Collected();
      for await (const chunk of request.body ?? []) {
        collected.add(chunk);
        if (collected.length > limit) return undefined;
      }
      return collected.bytes();
    },
    answer: (status, headers, body) =>
      answer(new Response(status === 204 ? null : body, { status, headers })),
    get isGone() {
      return request.signal.aborted;
    },
    onGone: (listener) => request.signal.addEventListener("abort", listener, { once: true }),
  };
}

/** A call from the wire: two of these a message are too many to dress each as a `Request`. */
export function callOnWire(request: IncomingMessage, response: ServerResponse, peer: HttpPeer): Call {
  return {
    method: request.method ?? "",
    origin: request.headers.origin,
    peer,
    read: (limit) => readAll(request, limit),
    answer(status, headers, body) {
      if (response.destroyed) return;
      response.writeHead(status, {
        ...DEFAULT_HEADERS,
        ...headers,
        // RFC 9110 §8.6: none in an answer that has no content.
        ...(status !== 204 && { "Content-Length": Buffer.byteLength(body) }),
      });
      response.end(body);
    },
    get isGone() {
      return response.destroyed && !response.writableFinished;
    },
    onGone(listener) {
      response.once("close", () => {
        if (!response.writableFinished) listener();
      });
    },
  };
}

function readAll(request: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const collected = new Collected();
    let isTooLong = false;
    request.on("data", (chunk: Buffer) => {
      isTooLong ||= collected.length + chunk.length > limit;
      // What is too long is read to its end, or the answer would be lost with the connection.
      if (!isTooLong) collected.add(chunk);
    });
    request.on("end", () => resolve(isTooLong ? undefined : collected.bytes()));
    request.on("error", () => {});
  });
}
