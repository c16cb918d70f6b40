import type { Context } from "hono";
import { AdminError, existingAccount, logChange, record, runCommand } from "../../admin/command.ts";
import { adminCommands } from "../../admin/commands.ts";
import { Watch } from "../../admin/inspector/watch.ts";
import type { Host, WholeServer } from "../../core/host.ts";
import type { HttpEnv, HttpRoutes } from "../../http/http-side.ts";
import { Jid } from "../../xmpp/jid.ts";
import { type Door, jsonOf, Refusal } from "./door.ts";
import { exportStream } from "./export-stream.ts";
import { trafficStream } from "./traffic.ts";
import type { Visit } from "./visits.ts";

/** What the page asks for once somebody is logged in. */
export class ConsoleRequests {
  readonly #host: Host;
  readonly #door: Door;
  readonly #mostWatchers: number;
  #watchers = 0;

  constructor(host: Host, door: Door, mostWatchers: number) {
    this.#host = host;
    this.#door = door;
    this.#mostWatchers = mostWatchers;
  }

  register(routes: HttpRoutes): void {
    const door = this.#door;
    routes.get(
      "/admin/api/visit",
      door.answers(async (c) => {
        // Nobody is logged in: that is an answer, and no error for the browser to complain about.
        const visit = await door.find(c);
        if (!visit) return c.json({});
        const { name, csrf } = visit;
        return c.json({ name, csrf, domains: [...this.#host.server.hosts.keys()] });
      }),
    );
    routes.post(
      "/admin/api/command/:name",
      door.answers((c) => this.#command(c)),
    );
    routes.post(
      "/admin/api/export",
      door.answers((c) => this.#export(c)),
    );
    routes.get(
      "/admin/api/traffic",
      door.answers((c) => this.#traffic(c)),
    );
  }

  async #command(c: Context<HttpEnv>): Promise<Response> {
    const context = this.#door.contextOf(await this.#door.change(c));
    const command = adminCommands.find(({ name }) => name === c.req.param("name"));
    if (!command) throw new Refusal(404, "there is no such command");
    const args = await jsonOf(c);
    const result = await explained(() => runCommand(command, context, args));
    logChange(this.#host.log, context, command, result);
    return c.json(result as object);
  }

  async #export(c: Context<HttpEnv>): Promise<Response> {
    const context = this.#door.contextOf(await this.#door.change(c));
    const { user } = (await jsonOf(c)) as { readonly user?: unknown };
    const { jid } = await explained(() => existingAccount(context, String(user)));
    this.#host.log.info("administration", {
      command: "accounts-export",
      by: context.by.name,
      user: jid.toString(),
    });
    return c.body(exportStream(context, jid.toString()), 200, { "Content-Type": "application/xml" });
  }

  async #traffic(c: Context<HttpEnv>): Promise<Response> {
    const visit = await this.#door.visit(c);
    const address = addressOf(c.req.query("address") ?? "", this.#host.server);
    const headers = { "Content-Type": "text/event-stream", "X-Accel-Buffering": "no" };
    // RFC 9110 §9.3.2: nobody would read the stream, or end it.
    if (c.req.method === "HEAD") return c.body(null, 200, headers);
    this.#checkWatchers();
    await record(this.#door.contextOf(visit), "traffic-watch", { address: address.toString() });
    // Others may have come meanwhile.
    this.#checkWatchers();
    const { clock, http } = this.#host;
    const ends = AbortSignal.any([visit.ended, http.closing]);
    const stream = trafficStream({ clock, ends, watch: (see) => this.#watch(visit, address, see) });
    return c.body(stream, 200, headers);
  }

  #checkWatchers(): void {
    if (this.#watchers >= this.#mostWatchers) throw new Refusal(503, "too many are watching");
  }

  #watch(visit: Visit, address: Jid, see: ConstructorParameters<typeof Watch>[2]): () => void {
    const { clock, server } = this.#host;
    const watch = new Watch(
      address,
      () => clock.now(),
      (sighting) => {
        // Whoever was demoted sees nothing more.
        if (visit.user && !this.#host.isAdmin(visit.user)) return this.#door.leave(visit);
        see(sighting);
      },
    );
    this.#watchers++;
    const remove = server.addTap(watch);
    return () => {
      this.#watchers--;
      remove();
    };
  }
}

function addressOf(text: string, { components }: WholeServer): Jid {
  try {
    const { bare } = Jid.parse(text);
    if (bare.local !== "" || components.all.some(({ jid }) => jid.equals(bare))) return bare;
  } catch {
    // Told below.
  }
  throw new Refusal(422, `"${text}" is not the address of an account, a room or a component`);
}

async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AdminError)) throw error;
    throw new Refusal(error.condition === "item-not-found" ? 404 : 422, error.message);
  }
}
