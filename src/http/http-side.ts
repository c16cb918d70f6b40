import type { Hono } from "hono";
import type { HttpPeer } from "./peer.ts";

/** What a handler finds in `c.env`. */
export interface HttpEnv {
  Bindings: { readonly peer: HttpPeer };
}

/** https://hono.dev: `get(path, handler)`, `post`, … Handlers return a `Response`. */
export type HttpRoutes = Hono<HttpEnv>;

/** A domain's side of the web, as its modules see it. Everything is registered during set-up. */
export interface HttpSide {
  /** Where people and clients reach this domain, `https://example.org:5443`, without a slash at the end. Known once the server listens. */
  readonly url: string;
  /**
   * Whether requests can come: the server listens for them, or the configuration says where somebody does who passes them on.
   * Known once the server listens.
   */
  readonly listens: boolean;
  /** Where clients connect by WebSocket (RFC 7395) and by BOSH (XEP-0206); undefined where that is switched off or nothing listens. */
  readonly websocketUrl: string | undefined;
  readonly boshUrl: string | undefined;
  /** Requests for this domain: those whose `Host` names it, and for the default domain those that name none of the server's. */
  readonly routes: HttpRoutes;
  /** The same for bodies of any size, which the handler limits itself and takes as they come (`c.req.raw.body`). Asked before `routes`. */
  readonly streaming: HttpRoutes;
  /**
   * Requests for the server as a whole, whatever domain they name. Of the domains that call with the same `name` the
   * first one's `register` is run.
   */
  shared(name: string, register: (routes: HttpRoutes) => void): void;
  /** Aborted when the server closes: answers without an end (server-sent events) end then. */
  readonly closing: AbortSignal;
}
