import type { Host } from "../../core/host.ts";
import type { Table } from "../../store/store.ts";
import { type Awaitable, after } from "../../util/awaitable.ts";
import { Lru } from "../../util/lru.ts";

/** A push service that a user enabled. */
export interface PushRow extends PushKey {
  /** Fields of the publish options (XEP-0357 §5), by name. */
  options: Record<string, string[]>;
  /** The resource that enabled it: while that is connected it needs no push. */
  resource: string;
  /** Publications in a row that failed. */
  failures: number;
}

export interface PushKey {
  user: string;
  service: string;
  /** "" without one. */
  node: string;
}

/** Users whose services are remembered. */
const KNOWN_USERS = 10_000;

/** Which push services the users of a domain have enabled. */
export class Registrations {
  readonly #table: Table<PushRow>;
  readonly #known = new Lru<string, readonly PushRow[]>(KNOWN_USERS);

  private constructor(table: Table<PushRow>) {
    this.#table = table;
  }

  static async open(host: Pick<Host, "table">): Promise<Registrations> {
    const table = await host.table<PushRow>({
      name: "push",
      version: 1,
      columns: {
        user: "text",
        service: "text",
        node: "text",
        options: "json",
        resource: "text",
        failures: "int",
      },
      key: ["user", "service", "node"],
    });
    return new Registrations(table);
  }

  of(user: string): Awaitable<readonly PushRow[]> {
    return (
      this.#known.get(user) ??
      after(this.#table.list({ where: { user } }), (rows) => {
        this.#known.set(user, rows);
        return rows;
      })
    );
  }

  get({ user, service, node }: PushKey): Awaitable<PushRow | undefined> {
    return this.#table.get({ user, service, node });
  }

  async put(row: PushRow): Promise<void> {
    this.#known.delete(row.user);
    await this.#table.put(row);
  }

  async remove(where: Partial<PushKey> & { user: string }): Promise<void> {
    this.#known.delete(where.user);
    await this.#table.delete(where);
  }

  /** What the last turn changed is lost. */
  forget(): void {
    this.#known.clear();
  }
}
