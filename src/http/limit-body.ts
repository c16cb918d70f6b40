import type { MiddlewareHandler } from "hono";
import { Collected } from "./collected.ts";
import type { HttpEnv } from "./http-side.ts";

/**
 * Refuses bodies of more bytes than this (RFC 9110 §15.5.14). One that does not say its length beforehand (RFC 9112 §6)
 * is read before the handler is asked. In place of hono's own, which makes requests that Node does not take.
 */
export function limitBody(bytes: number): MiddlewareHandler<HttpEnv> {
  return async (c, next) => {
    const { raw } = c.req;
    const { body, headers, method, url } = raw;
    if (!body) return next();
    const length = headers.get("Content-Length");
    if (length !== null && !headers.has("Transfer-Encoding")) {
      return Number(length) > bytes ? tooLarge() : next();
    }
    const collected = new Collected();
    for await (const chunk of body) {
      collected.add(chunk);
      if (collected.length > bytes) return tooLarge();
    }
    c.req.raw = new Request(url, { method, headers, body: new Uint8Array(collected.bytes()) });
    return next();
  };
}

function tooLarge(): Response {
  return new Response("Payload too large\n", { status: 413 });
}
