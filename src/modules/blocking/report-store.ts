import type { Host } from "../../core/host.ts";
import { defineService } from "../../core/module.ts";
import type { Table } from "../../store/store.ts";
import type { Awaitable } from "../../util/awaitable.ts";
import { createSequence, type Sequence } from "../../util/sequence.ts";
import type { Jid } from "../../xmpp/jid.ts";
import type { Report } from "./report.ts";

export interface ReportRow {
  id: number;
  domain: string;
  /** Milliseconds since the epoch. */
  at: number;
  reporter: string;
  jid: string;
  reason: string;
  text: string;
  messages: readonly string[];
}

/** What users of a domain reported, until an administrator has dealt with it. */
export interface Reports {
  /** The latest first. `before` is the id of the last one of the page before. */
  list(limit: number, before?: number): Awaitable<readonly ReportRow[]>;
  /** Whether there was one. */
  remove(id: number): Promise<boolean>;
}

export const reportsService = defineService<Reports>("reports");

/** The reports of one domain, up to a number: then the oldest go. */
export class ReportStore implements Reports {
  readonly #table: Table<ReportRow>;
  readonly #host: Pick<Host, "clock" | "domain">;
  readonly #sequence: Sequence;
  readonly #most: number;

  private constructor(table: Table<ReportRow>, host: Pick<Host, "clock" | "domain">, most: number) {
    this.#table = table;
    this.#host = host;
    this.#sequence = createSequence(host.clock);
    this.#most = most;
  }

  static async open(host: Pick<Host, "clock" | "domain" | "table">, most: number): Promise<ReportStore> {
    const table = await host.table<ReportRow>({
      name: "reports",
      version: 1,
      columns: {
        id: "int",
        domain: "text",
        at: "int",
        reporter: "text",
        jid: "text",
        reason: "text",
        text: "text",
        messages: "json",
      },
      key: ["domain", "id"],
      indexes: { by_reporter: ["reporter"] },
    });
    return new ReportStore(table, host, most);
  }

  async add(reporter: Jid, report: Report): Promise<void> {
    const { domain, clock } = this.#host;
    await this.#table.put({
      ...report,
      id: this.#sequence.next(),
      domain,
      at: clock.now(),
      reporter: reporter.toString(),
    });
    const over = (await this.#table.count({ where: { domain } })) - this.#most;
    if (over <= 0) return;
    for (const { id } of await this.#table.list({ where: { domain }, limit: over })) await this.remove(id);
  }

  list(limit: number, before?: number): Awaitable<readonly ReportRow[]> {
    const { domain } = this.#host;
    const range = { where: { domain }, reverse: true, limit };
    return this.#table.list(before === undefined ? range : { ...range, before });
  }

  async remove(id: number): Promise<boolean> {
    return (await this.#table.delete({ domain: this.#host.domain, id })) > 0;
  }

  /** Forgets what a user reported, who is gone. */
  async forget(reporter: Jid): Promise<void> {
    await this.#table.delete({ reporter: reporter.toString() });
  }
}
