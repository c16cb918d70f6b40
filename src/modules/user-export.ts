/**
 * XEP-0227 Portable Import/Export Format for XMPP-IM Servers, version 1.1
 * https://xmpp.org/extensions/xep-0227.html
 *
 * Gives users everything that the server keeps of them, by a command at their own account: under an address on the web that
 * nobody can guess, or in the command's answer where there is no web and it is not too much. The keys of their password are
 * left out: whoever gets hold of one session must not be able to take them away.
 */
import { exportPie } from "../admin/transfer/export-pie.ts";
import type { Host } from "../core/host.ts";
import { defineModule } from "../core/module.ts";
import { type Infer, t } from "../util/schema.ts";
import type { Element } from "../xml/element.ts";
import { readFragment } from "../xml/fragment.ts";
import { formatDateTime } from "../xmpp/datetime.ts";
import { StanzaError } from "../xmpp/errors.ts";
import { form } from "../xmpp/forms.ts";
import type { Jid } from "../xmpp/jid.ts";
import { adhoc, adhocService } from "./adhoc/adhoc.ts";
import type { Outcome } from "./adhoc/command.ts";

const PATH = "/export/";

const config = t.object({
  expires: t.duration("15m", { min: 60_000 }).doc("How long the address of an export holds."),
  inlineSize: t
    .size("128 KB")
    .doc("The largest export that is given in an answer, where requests over HTTPS are not answered."),
});

/** Where an export is fetched. */
interface Ticket {
  readonly user: Jid;
  readonly token: string;
  /** Milliseconds since the epoch. */
  readonly until: number;
  isRunning: boolean;
}

export const userExport = defineModule({
  name: "userExport",
  implements: ["XEP-0227 1.1"],
  requires: [adhoc],
  config,

  setup(host, settings) {
    /** By user: the last one holds. */
    const tickets = new Map<string, Ticket>();

    host.find(adhocService)?.add({
      node: "export-account",
      name: "Export my account",
      allowed: ({ session }) =>
        session !== undefined && !session.anonymous && session.jid.domain === host.domain,
      run: ({ from }) => (isOnTheWeb(host) ? link(from.bare) : inline(host, from.bare, settings)),
    });

    host.http.routes.get(`${PATH}:token`, async (c) => {
      const ticket = find(c.req.param("token"));
      if (!ticket || (await host.accounts.status(ticket.user)) !== "active") return c.notFound();
      if (ticket.isRunning) return c.text("The export is being fetched\n", 429);
      const headers = {
        "Content-Type": "application/xml",
        "Content-Disposition": `attachment; filename="${encodeURIComponent(ticket.user.toString())}.xml"`,
        "Cache-Control": "no-store",
      };
      return new Response(c.req.method === "HEAD" ? null : written(host, ticket), { headers });
    });

    host.hook("user:deleted", "observe", ({ user }) => void tickets.delete(user.toString()));
    host.every(settings.expires, () => {
      for (const [user, { until }] of tickets) if (until <= host.clock.now()) tickets.delete(user);
    });

    function link(user: Jid): Outcome {
      const until = host.clock.now() + settings.expires;
      const token = host.random.id();
      tickets.set(user.toString(), { user, token, until, isRunning: false });
      host.log.info("a user exports their account", { user: user.toString() });
      const url = `${host.http.url}${PATH}${token}`;
      return {
        result: form({
          type: "result",
          title: "Your account",
          instructions: "Fetch it with a browser. Keep it to yourself: it is everything that you have here.",
          fields: [
            { name: "url", type: "text-single", label: "Address", value: url },
            { name: "expire", type: "text-single", label: "It holds until", value: formatDateTime(until) },
          ],
        }),
      };
    }

    function find(token: string): Ticket | undefined {
      const now = host.clock.now();
      return [...tickets.values()].find((ticket) => ticket.token === token && ticket.until > now);
    }
  },
});

/** Nothing of this goes over a connection that others can read. */
function isOnTheWeb({ http }: Host): boolean {
  return http.listens && http.url.startsWith("https:");
}

/** The export as it is read, as fast as it is fetched. */
function written(host: Host, ticket: Ticket): ReadableStream<Uint8Array> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const encoder = new TextEncoder();
  ticket.isRunning = true;
  const work = async () => {
    try {
      await exportOne(host, ticket.user, (xml) => writer.write(encoder.encode(xml)));
      await writer.close();
    } catch (error) {
      // Whoever fetched it is gone, or sees by the broken end that it is not all.
      await writer.abort(error).catch(() => {});
      host.log.info("an export was broken off", { user: ticket.user.toString(), error: String(error) });
    } finally {
      ticket.isRunning = false;
    }
  };
  void work();
  return readable;
}

async function inline(host: Host, user: Jid, { inlineSize }: Infer<typeof config>): Promise<Outcome> {
  let text = "";
  await exportOne(host, user, async (xml) => {
    text += xml;
    if (Buffer.byteLength(text) <= inlineSize) return;
    throw new StanzaError(
      "resource-constraint",
      "this account is too large for an answer; ask an administrator",
    );
  });
  host.log.info("a user exports their account", { user: user.toString() });
  return { result: rootOf(text) };
}

function exportOne(host: Host, user: Jid, write: (xml: string) => Promise<void>): Promise<number> {
  return exportPie(write, [host], { only: user, withCredentials: false });
}

/** The root of a document that this server wrote. */
function rootOf(document: string): Element {
  const [root] = readFragment(`<x>${document.replace(/^<\?.*\?>/, "")}</x>`).children;
  if (!root) throw new Error("a document without a root");
  root.parent = null;
  return root;
}
