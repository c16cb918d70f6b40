/**
 * XEP-0012 Last Activity, version 2.0
 * https://xmpp.org/extensions/xep-0012.html
 *
 * Tells how long the server is up, and to those who may see a user's presence, since when the user is offline.
 */
import { defineModule } from "../core/module.ts";
import { WriteBehindRows } from "../core/write-behind-rows.ts";
import type { Session } from "../session/session.ts";
import { type Awaitable, after } from "../util/awaitable.ts";
import { type Element, el } from "../xml/element.ts";
import { StanzaError } from "../xmpp/errors.ts";
import type { Jid } from "../xmpp/jid.ts";
import { ns } from "../xmpp/ns.ts";
import type { Stanza } from "../xmpp/stanza.ts";
import { roster, rosterService } from "./roster/roster.ts";

interface LastRow {
  user: string;
  /** When a resource last went; milliseconds since the epoch. */
  at: number;
  /** What its last presence said. */
  status: string;
}

/** Of the status that is kept, in UTF-16 units. */
const MAX_STATUS_LENGTH = 1024;

export const last = defineModule({
  name: "last",
  implements: ["XEP-0012 2.0"],
  features: [ns.LAST],
  accountFeatures: [ns.LAST],
  serviceFeatures: [ns.LAST],
  requires: [roster],

  async setup(host) {
    const table = await host.table<LastRow>({
      name: "last",
      version: 1,
      columns: { user: "text", at: "int", status: "text" },
      key: ["user"],
    });

    const times = new WriteBehindRows(host, table);

    // §5: a server tells how long it has been running.
    for (const at of ["host", "services"] as const) {
      host.iq("get", ns.LAST, "query", () => seconds(host.clock.now() - host.startedAt), at);
    }

    host.iq(
      "get",
      ns.LAST,
      "query",
      async ({ from, to }) => {
        await refuseStrangers(from, to);
        // §3: 0 while a resource is available. One that is connected only is nobody's business.
        if (host.sessions.available(to).length > 0) return seconds(0);
        const row = await times.get(to.toString());
        if (!row) throw new StanzaError("item-not-found");
        return seconds(host.clock.now() - row.at, row.status);
      },
      "address",
    );

    // §4, §8: nor does a resource answer those who may not know that it is there, and one that is not looks the same.
    host.hook("iq:received", "guard", ({ stanza }) => guard(stanza));
    host.hook("iq:undelivered", "guard", ({ stanza }) => guard(stanza));

    // Before presence is withdrawn in a later stage, so that its end is seen once.
    host.hook("presence:sent", "guard", ({ session, stanza }) =>
      stanza.type === "unavailable" && !stanza.to ? note(session, stanza.text("status") ?? "") : undefined,
    );
    host.hook("session:close", "guard", ({ session }) => note(session, ""));

    host.hook("user:deleted", "observe", ({ user }) => times.delete(user.toString()));

    function guard(stanza: Stanza): Awaitable<void> {
      if (stanza.type !== "get" || !stanza.has("query", ns.LAST)) return;
      return refuseStrangers(stanza.from as Jid, (stanza.to as Jid).bare);
    }

    /** §3, §4: only those who see the user's presence; of an account that is not there nobody does. */
    function refuseStrangers(from: Jid, user: Jid): Awaitable<void> {
      if (from.bare.equals(user)) return;
      return after(host.use(rosterService).isSubscribed(user, from.bare), (isSubscribed) => {
        if (!isSubscribed) throw new StanzaError("forbidden");
      });
    }

    function note({ jid, anonymous, presence }: Session, status: string): Awaitable<void> {
      if (anonymous || !presence) return;
      const user = jid.bare.toString();
      return times.put({ user, at: host.clock.now(), status: status.slice(0, MAX_STATUS_LENGTH) });
    }
  },
});

function seconds(ms: number, status?: string): Element {
  const value = String(Math.max(0, Math.floor(ms / 1000)));
  return el("query", { xmlns: ns.LAST, seconds: value }, ...(status ? [status] : []));
}
