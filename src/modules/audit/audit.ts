/** Remembers what administrators changed: who, what and when, never a secret. */
import { defineModule, defineService } from "../../core/module.ts";
import type { Awaitable } from "../../util/awaitable.ts";
import { after } from "../../util/awaitable.ts";
import { t } from "../../util/schema.ts";
import { createSequence } from "../../util/sequence.ts";

interface AuditRow {
  id: number;
  /** Milliseconds since the epoch. */
  at: number;
  by: string;
  action: string;
  details: unknown;
}

/** One change. */
export interface AuditEntry {
  readonly id: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Who: `alice@example.org`, `token backup`, `command line`. */
  readonly by: string;
  /** The command's name, or what else was done. */
  readonly action: string;
  /** Its arguments, without secrets. */
  readonly details: unknown;
}

export interface Audit {
  /** Keeps an entry; durable with everything else of the turn. */
  record(by: string, action: string, details: unknown): Awaitable<void>;
  /** The latest first. `before` is the id of the last one of the page before. */
  list(limit: number, before?: number): Awaitable<readonly AuditEntry[]>;
}

/** One for all domains of a server: each provides it. */
export const auditService = defineService<Audit>("audit");

const PURGE_INTERVAL_MS = 3_600_000;

/** Entries that one purge removes at most. */
const PURGE_BATCH = 1000;

export const audit = defineModule({
  name: "audit",
  implements: [],
  config: t.object({
    keep: t.duration("365d").doc('How long it is remembered what administrators changed. "off": for ever.'),
  }),

  async setup(host, { keep }) {
    const table = await host.table<AuditRow>({
      name: "admin_audit",
      version: 1,
      columns: { id: "int", at: "int", by: "text", action: "text", details: "json" },
      key: ["id"],
    });
    const sequence = createSequence(host.clock);

    host.provide(auditService, {
      async record(by, action, details) {
        // The hosts of a server share the table, and each counts for itself.
        let id = sequence.next();
        while (await table.get({ id })) id = sequence.next();
        await table.put({ id, at: host.clock.now(), by, action, details: details ?? null });
      },
      list: (limit, before) =>
        after(table.list({ reverse: true, limit, ...(before !== undefined && { before }) }), (rows) => rows),
    });

    if (keep > 0) host.every(PURGE_INTERVAL_MS, purge);

    async function purge(): Promise<void> {
      const oldest = (host.clock.now() - keep) * 1000;
      for (const { id } of await table.list({ before: oldest, limit: PURGE_BATCH }))
        await table.delete({ id });
    }
  },
});
