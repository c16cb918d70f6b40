import type { Host } from "../../core/host.ts";
import type { Table } from "../../store/store.ts";
import { type Awaitable, after, each } from "../../util/awaitable.ts";
import { AffiliationLog, type LoggedChange } from "./affiliation-log.ts";
import type { Affiliation } from "./standing.ts";

interface ChangeRow {
  room: string;
  number: number;
  version: string;
  address: string;
  affiliation: string;
}

/** The changes of the affiliations of rooms that outlive their occupants (XEP-0463). */
export class AffiliationLogStore {
  readonly #table: Table<ChangeRow>;
  readonly #host: Pick<Host, "random">;
  readonly #most: number;

  private constructor(table: Table<ChangeRow>, host: Pick<Host, "random">, most: number) {
    this.#table = table;
    this.#host = host;
    this.#most = most;
  }

  static async open(host: Host, most: number): Promise<AffiliationLogStore> {
    const table = await host.table<ChangeRow>({
      name: "muc_affiliation_log",
      version: 1,
      columns: { room: "text", number: "int", version: "text", address: "text", affiliation: "text" },
      key: ["room", "number"],
    });
    return new AffiliationLogStore(table, host, most);
  }

  /** Of a room whose affiliations have not changed yet. */
  create(): AffiliationLog {
    return new AffiliationLog([this.#first()], this.#most);
  }

  load(room: string): Awaitable<AffiliationLog> {
    return after(this.#table.list({ where: { room } }), (rows) => {
      if (rows.length === 0) return this.create();
      const changes = rows.map(({ number, version, address, affiliation }) => ({
        number,
        version,
        address,
        affiliation: affiliation as Affiliation,
      }));
      return new AffiliationLog(changes, this.#most);
    });
  }

  saveAll(room: string, log: AffiliationLog): Awaitable<void> {
    return each(log.all, (change) => this.#put(room, change));
  }

  /** The latest change, which `forgotten` made room for. */
  save(room: string, log: AffiliationLog, forgotten: LoggedChange | undefined): Awaitable<unknown> {
    // What there was before the first change is written down with it.
    if (log.all.length === 2) return this.saveAll(room, log);
    return after(this.#put(room, log.all.at(-1) as LoggedChange), () =>
      forgotten ? this.#table.delete({ room, number: forgotten.number }) : undefined,
    );
  }

  remove(room: string): Awaitable<unknown> {
    return this.#table.delete({ room });
  }

  #first(): LoggedChange {
    return { number: 0, version: this.#host.random.id(), address: "", affiliation: "none" };
  }

  #put(room: string, change: LoggedChange): Awaitable<unknown> {
    return this.#table.put({ room, ...change });
  }
}
