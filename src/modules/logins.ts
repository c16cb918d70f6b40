/**
 * XEP-0133 Service Administration, version 1.3.1: §4.9, Get User Last Login Time
 * https://xmpp.org/extensions/xep-0133.html
 *
 * Remembers when each user last logged in, for administrators and for those who greet newcomers.
 */
import { defineModule, defineService } from "../core/module.ts";
import type { Session } from "../session/session.ts";
import type { Awaitable } from "../util/awaitable.ts";
import { after } from "../util/awaitable.ts";
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

/** How long a time may be known in memory alone, so that a log-in need not wait for the disk. */
const WRITE_INTERVAL_MS = 5_000;

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
    /** Times that are not in the store yet, by bare JID. */
    const unwritten = new Map<string, number>();
    const last = (user: Jid): Awaitable<number | undefined> => {
      const key = user.bare.toString();
      return unwritten.get(key) ?? after(table.get({ user: key }), (row) => row?.at);
    };

    host.provide(loginsService, { last, isFirst: (session) => first.get(session) });

    host.hook("session:open", "observe", async ({ session }) => {
      if (session.anonymous) return;
      const user = session.jid.bare.toString();
      const at = host.clock.now();
      if ((await last(session.jid)) === undefined) {
        first.set(session, true);
        await table.put({ user, at });
      } else {
        unwritten.set(user, at);
      }
    });

    host.every(WRITE_INTERVAL_MS, write);
    host.hook("server:stopping", "observe", write);

    async function write(): Promise<void> {
      const rows = [...unwritten];
      unwritten.clear();
      for (const [user, at] of rows) await table.put({ user, at });
    }

    host.hook("user:deleted", "observe", async ({ user }) => {
      unwritten.delete(user.toString());
      await table.delete({ user: user.toString() });
    });
  },
});
