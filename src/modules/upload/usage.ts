import type { Host } from "../../core/host.ts";
import type { Table } from "../../store/store.ts";
import { type Purpose, type UploadRow, type UsageRow, usageTable } from "./upload-row.ts";

export type Sum = Pick<UsageRow, "bytes" | "files">;

const NOTHING: Sum = { bytes: 0, files: 0 };

/** What the files of accounts and of the domain add up to. */
export class Usage {
  readonly #domain: string;
  readonly #table: Table<UsageRow>;

  static async open(host: Host): Promise<Usage> {
    return new Usage(host.domain, await host.table(usageTable));
  }

  private constructor(domain: string, table: Table<UsageRow>) {
    this.#domain = domain;
    this.#table = table;
  }

  /** @param owner an account, or the domain for all of them. */
  async of(owner: string, purpose: Purpose): Promise<Sum> {
    return (await this.#table.get({ owner, purpose })) ?? NOTHING;
  }

  /** For all purposes. */
  async total(owner: string): Promise<Sum> {
    return (await this.#table.list({ where: { owner } })).reduce(plus, NOTHING);
  }

  /** Files came. */
  add(files: readonly UploadRow[]): Promise<void> {
    return this.#change(files, 1);
  }

  /** Files went. */
  subtract(files: readonly UploadRow[]): Promise<void> {
    return this.#change(files, -1);
  }

  async #change(files: readonly UploadRow[], sign: 1 | -1): Promise<void> {
    const changes = new Map<string, UsageRow>();
    for (const { owner, purpose, size } of files) {
      for (const each of [owner, this.#domain]) {
        const change = changes.get(`${purpose} ${each}`) ?? { owner: each, purpose, ...NOTHING };
        changes.set(`${purpose} ${each}`, {
          ...change,
          ...plus(change, { bytes: sign * size, files: sign }),
        });
      }
    }
    for (const { owner, purpose, ...change } of changes.values()) {
      const sum = plus(await this.of(owner, purpose), change);
      if (sum.files > 0) await this.#table.put({ owner, purpose, ...sum });
      else await this.#table.delete({ owner, purpose });
    }
  }
}

function plus(a: Sum, b: Sum): Sum {
  return { bytes: a.bytes + b.bytes, files: a.files + b.files };
}
