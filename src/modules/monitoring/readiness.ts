import type { Host } from "../../core/host.ts";
import type { Table } from "../../store/store.ts";

/** What was written so lately proves that the store can be written to; milliseconds. */
const FRESH_MS = 30_000;

/** The store is tried no more often than this, however many ask. */
const PROBE_MS = 5_000;

interface ProbeRow {
  name: string;
  /** Milliseconds since the epoch. */
  at: number;
}

/** Whether a server can do its work. */
export class Readiness {
  readonly #host: Pick<Host, "clock" | "commit" | "server">;
  readonly #table: Table<ProbeRow>;
  #probe: { readonly at: number; readonly fault: Promise<string | undefined> } | undefined;

  private constructor(host: Host, table: Table<ProbeRow>) {
    this.#host = host;
    this.#table = table;
  }

  static async open(host: Host): Promise<Readiness> {
    const table = await host.table<ProbeRow>({
      name: "readiness",
      version: 1,
      columns: { name: "text", at: "int" },
      key: ["name"],
    });
    return new Readiness(host, table);
  }

  /** What stands in the way, or undefined. */
  async fault(): Promise<string | undefined> {
    const { server, clock } = this.#host;
    if (!server.isListening) return "no port is open";
    const { writtenAt, failedAt } = server.storeHealth;
    if (writtenAt > failedAt && clock.now() - writtenAt < FRESH_MS) return undefined;
    const now = clock.now();
    if (!this.#probe || now - this.#probe.at >= PROBE_MS) this.#probe = { at: now, fault: this.#try(now) };
    return this.#probe.fault;
  }

  /** Writes something when nobody else did. */
  async #try(at: number): Promise<string | undefined> {
    try {
      await this.#table.put({ name: "probe", at });
      await this.#host.commit();
      return undefined;
    } catch {
      return "the store cannot be written";
    }
  }
}
