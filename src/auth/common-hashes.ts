import type { Table } from "../store/store.ts";
import { type Awaitable, after } from "../util/awaitable.ts";
import { SCRAM_HASHES, type ScramHash } from "./scram-keys.ts";

/** What is needed of an account here. */
interface KeyedRow {
  domain: string;
  /** The hashes that it has keys for: `hashList`. */
  hashes: string;
}

/** The index of the table by domain and hashes. */
export const BY_HASHES = "by_hashes";

/** The hashes that keys are kept for, strongest first, in one text: accounts with the same ones are neighbours in an index. */
export function hashList(keys: Partial<Record<ScramHash, unknown>>): string {
  return SCRAM_HASHES.filter((hash) => keys[hash]).join(" ");
}

/** Which hashes all accounts of a domain have keys for: those who come from elsewhere may have some only. */
export class CommonHashes {
  readonly #table: Pick<Table<KeyedRow>, "list">;
  readonly #known = new Map<string, readonly ScramHash[]>();

  constructor(table: Pick<Table<KeyedRow>, "list">) {
    this.#table = table;
  }

  /** Of `all`, strongest first. All of them where the accounts have none in common: nothing would be won then. */
  of(domain: string, all: readonly ScramHash[]): Awaitable<readonly ScramHash[]> {
    const known = this.#known.get(domain);
    if (known) return known;
    return after(this.#sets(domain), (sets) => {
      const common = all.filter((hash) => sets.every((set) => set.includes(hash)));
      const result = common.length > 0 ? common : all;
      this.#known.set(domain, result);
      return result;
    });
  }

  /** An account was written or removed. */
  forget(domain?: string): void {
    if (domain === undefined) this.#known.clear();
    else this.#known.delete(domain);
  }

  /** Every combination that there is; those who have no keys at all cannot log in whatever is offered. */
  #sets(domain: string, past = ""): Awaitable<readonly (readonly string[])[]> {
    const next = { index: BY_HASHES, where: { domain }, after: past, limit: 1 };
    return after(this.#table.list(next), ([row]) =>
      row === undefined
        ? []
        : after(this.#sets(domain, row.hashes), (more) => [row.hashes.split(" "), ...more]),
    );
  }
}
