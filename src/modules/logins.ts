/**
 * XEP-0133 Service Administration, version 1.3.1: §4.9, Get User Last Login Time
 * https://xmpp.org/extensions/xep-0133.html
 *
 * Remembers when each user last logged in, for administrators and for those who greet newcomers.
 */
import { defineModule, defineService } from "../core/module.ts";
import { WriteBehindRows } from "../core/write-behind-rows.ts";
import type { Session } from "../session/session.ts";
import { type Awaitable, after } from "../util/awaitable.ts";
import type { Jid } from "../xmpp/jid.ts";

interface LoginRow {
  user: string;
  /** Milliseconds since the epoch. */
  at: number;
}

export interface Logins {
  /** When the user last bound a resource, in milliseconds since the epoch; undefined for one who never did. */
  last(user: Jid): Awaitable<number | undefined>;
  /** Whether the user had never logged in before. */
  isFirst(session: Session): boolean;
}

export const loginsService = defineService<Logins>("logins");

export const logins = defineModule({
  name: "logins",
  implements: ["XEP-0133 1.3.1"],

  async setup(host) {
    const table = await host.table<LoginRow>({
      name: "logins",
      version: 1,
      columns: { user: "text", at: "int" },
      key: ["user"],
    });
    const first = host.sessionState(() => false);
    const times = new WriteBehindRows(host, table);
    const last = (user: Jid): Awaitable<number | undefined> =>
      after(times.get(user.bare.toString()), (row) => row?.at);

    host.provide(loginsService, { last, isFirst: (session) => first.get(session) });

    host.hook("session:open", "observe", ({ session }) => {
      if (session.anonymous) return undefined;
      const row = { user: session.jid.bare.toString(), at: host.clock.now() };
      return after(times.get(row.user), (before) => {
        if (before) return times.put(row);
        first.set(session, true);
        // Somebody is new but once.
        return table.put(row);
      });
    });

    host.hook("user:deleted", "observe", ({ user }) => times.delete(user.toString()));
  },
});
