import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { record } from "../../admin/command.ts";
import { BusyError, type ConsoleLogin, LoginError } from "../../admin/console-login.ts";
import type { AdminContext } from "../../admin/context.ts";
import type { Host } from "../../core/host.ts";
import type { HttpEnv, HttpRoutes } from "../../http/http-side.ts";
import { Jid } from "../../xmpp/jid.ts";
import { isSame, type Visit, type Visits } from "./visits.ts";

/** Only over TLS, only for these paths, never for a script, never for another site. */
const COOKIE = "__Secure-jackdaw-admin";
const PATH = "/admin";

/** What was wrong with a request, for the page to show. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: 400 | 401 | 403 | 404 | 422 | 429 | 503;

  constructor(status: Refusal["status"], message: string) {
    super(message);
    this.status = status;
  }
}

type Handler = (c: Context<HttpEnv>) => Promise<Response>;

/** Who is let in to the console, and whether they still are. */
export class Door {
  readonly #host: Host;
  readonly #visits: Visits;
  readonly #login: ConsoleLogin;
  readonly #visitTime: number;

  constructor(host: Host, visits: Visits, login: ConsoleLogin, visitTime: number) {
    this.#host = host;
    this.#visits = visits;
    this.#login = login;
    this.#visitTime = visitTime;
  }

  register(routes: HttpRoutes): void {
    routes.post(
      "/admin/api/login/begin",
      this.answers(async (c) => {
        const { user, message } = await this.#shown(c, "user", "message");
        const { domain } = this.#address(user);
        return c.json(await this.#tried(c, () => this.#login.begin(domain, message, c.env.peer.remote)));
      }),
    );
    routes.post(
      "/admin/api/login/finish",
      this.answers(async (c) => {
        const { id, message } = await this.#shown(c, "id", "message");
        const { remote } = c.env.peer;
        const proved = await this.#tried(c, () => this.#login.finish(id, message, remote));
        if (!this.#host.isAdmin(proved.user)) {
          throw new Refusal(403, `${proved.user.toString()} is no administrator`);
        }
        await this.#open(c, proved.user.toString(), proved.user);
        return c.json({ message: proved.message });
      }),
    );
    routes.post(
      "/admin/api/login/link",
      this.answers(async (c) => {
        const { secret } = await this.#shown(c, "secret");
        const link = this.#visits.takeLink(secret);
        if (!link) throw new Refusal(401, "this link was used already, or waited too long");
        if (link.user && !this.#host.isAdmin(link.user)) throw new Refusal(403, "no administrator any more");
        await this.#open(c, link.user?.toString() ?? "whoever has the machine", link.user);
        return c.json({});
      }),
    );
    routes.post(
      "/admin/api/logout",
      this.answers(async (c) => {
        const visit = await this.change(c);
        this.leave(visit);
        deleteCookie(c, COOKIE, { path: PATH, secure: true });
        return c.json({});
      }),
    );
  }

  /** What goes wrong is told in JSON. */
  answers(handler: Handler): Handler {
    return async (c) => {
      c.header("Cache-Control", "no-store");
      try {
        this.#checkWay(c);
        return await handler(c);
      } catch (error) {
        if (error instanceof Refusal) return c.json({ error: error.message }, error.status);
        throw error;
      }
    };
  }

  /** Who asks; undefined for somebody who is not logged in. */
  async find(c: Context<HttpEnv>): Promise<Visit | undefined> {
    const visit = this.#visits.find(getCookie(c, COOKIE) ?? "");
    if (!visit || (await this.#isStillIn(visit))) return visit;
    this.leave(visit);
    return undefined;
  }

  /** As `find`. @throws Refusal for somebody who is not logged in. */
  async visit(c: Context<HttpEnv>): Promise<Visit> {
    const visit = await this.find(c);
    if (!visit) throw new Refusal(401, "not logged in");
    return visit;
  }

  /** As `visit`, for what changes something: only the page itself knows what goes with it. */
  async change(c: Context<HttpEnv>): Promise<Visit> {
    const visit = await this.visit(c);
    if (!isSame(c.req.header("x-csrf-token") ?? "", visit.csrf)) {
      throw new Refusal(403, "this did not come from the console");
    }
    return visit;
  }

  /** Demotion, and the end of the account, end a visit. */
  async #isStillIn({ user }: Visit): Promise<boolean> {
    if (!user) return true;
    return this.#host.isAdmin(user) && (await this.#host.accounts.status(user)) === "active";
  }

  /** Ends a visit, with all that goes on in it. */
  leave(visit: Visit): void {
    this.#visits.end((each) => each === visit);
  }

  contextOf(visit: Visit): AdminContext {
    return {
      by: { name: `${visit.name} (console)` },
      hosts: this.#host.server.hosts,
      commit: () => this.#host.commit(),
    };
  }

  async #open(c: Context<HttpEnv>, name: string, user: Jid | undefined): Promise<void> {
    const { secret, visit } = this.#visits.open(name, user);
    setCookie(c, COOKIE, secret, {
      httpOnly: true,
      sameSite: "Strict",
      secure: true,
      path: PATH,
      maxAge: Math.floor(this.#visitTime / 1000),
    });
    await record(this.contextOf(visit), "console-login", { address: c.env.peer.remote });
    this.#host.log.info("an administrator logged in to the console", {
      user: name,
      remote: c.env.peer.remote,
    });
  }

  /** Nobody may read along, and no other site may ask in a browser's name. */
  #checkWay(c: Context<HttpEnv>): void {
    const { secure, remote } = c.env.peer;
    if (!secure && remote !== "::1" && !remote.startsWith("127.")) {
      throw new Refusal(403, "the console is served under TLS only");
    }
    const site = c.req.header("sec-fetch-site");
    const origin = c.req.header("origin");
    const isForeign =
      site === undefined
        ? origin !== undefined && hostOf(origin) !== c.req.header("host")
        : site !== "same-origin" && site !== "none";
    if (isForeign) throw new Refusal(403, "this did not come from the console");
  }

  /** `alice` is of the default domain. */
  #address(text: string): Jid {
    try {
      return Jid.parse(text.includes("@") ? text : `${text}@${this.#host.domain}`);
    } catch {
      throw new Refusal(401, "wrong address or password");
    }
  }

  /** The strings in the body, which no form of another site can send (`application/json`). */
  async #shown<K extends string>(c: Context<HttpEnv>, ...keys: K[]): Promise<Readonly<Record<K, string>>> {
    const body = (await jsonOf(c)) as Partial<Record<K, unknown>>;
    if (keys.some((key) => typeof body[key] !== "string")) throw new Refusal(400, "not what was expected");
    return body as Record<K, string>;
  }

  async #tried<T>(c: Context<HttpEnv>, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof BusyError) throw new Refusal(429, error.message);
      if (!(error instanceof LoginError)) throw error;
      const { remote } = c.env.peer;
      this.#host.log.info("a log-in to the console failed", { remote, reason: error.message });
      throw new Refusal(401, "wrong address or password");
    }
  }
}

/** Undefined for what is no address: `null`, of pages that are not to be known. */
function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

/** @throws Refusal */
export async function jsonOf(c: Context<HttpEnv>): Promise<object> {
  const type = c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") throw new Refusal(400, "the body is expected as application/json");
  const body: unknown = await c.req.json().catch(() => undefined);
  if (typeof body !== "object" || body === null) throw new Refusal(400, "the body is no JSON object");
  return body;
}
