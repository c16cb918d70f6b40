import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { asksForPage, notFoundPage } from "../html/not-found-page.ts";
import type { Logger } from "../util/logger.ts";
import { DEFAULT_HEADERS } from "./default-headers.ts";
import type { HttpEnv, HttpRoutes, HttpSide } from "./http-side.ts";
import { limitBody } from "./limit-body.ts";
import type { HttpPeer } from "./peer.ts";

export interface HttpRouterParts {
  readonly bodyBytes: number;
  readonly log: Logger;
  /** Settles when all that a handler wrote is durable. @throws StoreError */
  commit(): Promise<void>;
  /** Called for each answer. */
  answered(status: number): void;
}

export interface HttpDomain {
  readonly name: string;
  /** `https://chat.example.org`: a second name that requests may have. */
  readonly url: string | undefined;
}

/** From a request to who answers it: by the paths of the server, then by host and path. Knows no sockets. */
export class HttpRouter {
  /** What listens, for the addresses that are told to clients; set once it does. */
  port: { readonly secure: boolean; readonly number: number } | undefined;
  /** Where streams begin. */
  websocketPath: string | undefined;
  boshPath: string | undefined;
  /** The server's own, for bodies of any size: asked before all others. */
  readonly own: HttpRoutes = new Hono();
  readonly #closing = new AbortController();
  readonly #parts: HttpRouterParts;
  /** What is not for bodies of any size passes here, then those of the server, then those of the domain. */
  readonly #limited: HttpRoutes;
  readonly #shared: HttpRoutes = new Hono();
  readonly #sharedNames = new Set<string>();
  #underWay = 0;
  /** By the names that requests have; the default one under "". */
  readonly #domains = new Map<string, { readonly routes: HttpRoutes; readonly streaming: HttpRoutes }>();

  constructor(parts: HttpRouterParts) {
    this.#parts = parts;
    this.#limited = new Hono<HttpEnv>().use(limitBody(parts.bodyBytes));
    this.#limited.notFound((c) => this.#shared.fetch(c.req.raw, c.env));
    this.#shared.notFound((c) => this.#domainOf(c.req.raw).routes.fetch(c.req.raw, c.env));
    this.own.notFound((c) => this.#domainOf(c.req.raw).streaming.fetch(c.req.raw, c.env));
    for (const routes of [this.own, this.#limited, this.#shared]) this.#explains(routes);
  }

  /** The side of the web that belongs to a domain; the first one is the default. */
  add(domain: HttpDomain): HttpSide {
    const routes: HttpRoutes = new Hono();
    const streaming: HttpRoutes = new Hono();
    streaming.notFound((c) => this.#limited.fetch(c.req.raw, c.env));
    routes.notFound((c) => (asksForPage(c.req.raw) ? notFoundPage(domain.name) : c.text("Not found\n", 404)));
    for (const app of [routes, streaming]) this.#explains(app);
    const isFirst = this.#domains.size === 0;
    const names = [domain.name, ...(domain.url === undefined ? [] : [new URL(domain.url).hostname])];
    for (const name of isFirst ? ["", ...names] : names) {
      this.#domains.set(hostName(name), { routes, streaming });
    }
    const shared: HttpSide["shared"] = (name, register) => {
      if (this.#sharedNames.has(name)) return;
      this.#sharedNames.add(name);
      register(this.#shared);
    };
    const side = { routes, streaming, shared, closing: this.#closing.signal };
    const url = () => domain.url ?? this.#origin(domain.name);
    const listens = () => this.port !== undefined || domain.url !== undefined;
    const at = (path: string | undefined) => (listens() && path !== undefined ? url() + path : undefined);
    return Object.defineProperties(side, {
      url: { get: url },
      listens: { get: listens },
      // "ws" for "http", "wss" for "https"
      websocketUrl: { get: () => at(this.websocketPath)?.replace(/^http/, "ws") },
      boshUrl: { get: () => at(this.boshPath) },
    }) as HttpSide;
  }

  /** Answers a request. What was written on the way is durable when this settles. Never rejects. */
  async fetch(request: Request, peer: HttpPeer): Promise<Response> {
    this.#underWay++;
    const answer = await this.#answer(request, peer);
    this.#underWay--;
    this.#parts.answered(answer.status);
    for (const [name, value] of Object.entries(DEFAULT_HEADERS)) {
      if (!answer.headers.has(name)) answer.headers.set(name, value);
    }
    return answer;
  }

  async #answer(request: Request, peer: HttpPeer): Promise<Response> {
    try {
      const answer = await this.own.fetch(request, { peer });
      await this.#parts.commit();
      // Those that somebody fetched have headers that cannot be changed.
      return new Response(answer.body, answer);
    } catch (error) {
      return this.#failed(error);
    }
  }

  /** Whether no request is being answered. Whoever sent one may be gone long before. */
  get isIdle(): boolean {
    return this.#underWay === 0;
  }

  /** Ends the answers that have no end. */
  close(): void {
    this.#closing.abort();
  }

  #domainOf(request: Request) {
    const host = hostName(new URL(request.url).hostname);
    const domain = this.#domains.get(host) ?? this.#domains.get("");
    if (!domain) throw new Error("no domain");
    return domain;
  }

  /** RFC 9110 §15.6.1: what went wrong is for the log alone. */
  #explains(routes: HttpRoutes): void {
    routes.onError((error) => (error instanceof HTTPException ? error.getResponse() : this.#failed(error)));
  }

  #failed(error: unknown): Response {
    // Node's word for a client that went in the middle of its body: nobody's fault, and nobody reads the answer.
    if (error instanceof Error && "code" in error && error.code === "ECONNRESET") {
      return new Response("The body is not complete\n", { status: 400 });
    }
    this.#parts.log.error("a request failed", {
      error: error instanceof Error ? error.stack : String(error),
    });
    return new Response("Internal server error\n", { status: 500 });
  }

  #origin(name: string): string {
    const { secure, number } = this.port ?? { secure: true, number: 443 };
    return new URL(`${secure ? "https" : "http"}://${name}:${number}`).origin;
  }
}

/** In lower case, as A-labels, without the dot at the end: what `URL` makes of it. */
function hostName(name: string): string {
  const host = URL.canParse(`http://${name}`) ? new URL(`http://${name}`).hostname : name;
  return host.replace(/\.$/, "");
}
