import type { Jid } from "../../xmpp/jid.ts";

/** Different reasons of which examples are kept. */
const MAX_REASONS = 500;

export interface Tally {
  added: number;
  /** There already. */
  present: number;
}

export interface Skipped {
  readonly what: string;
  readonly why: string;
  count: number;
  /** The first account that it happened to. */
  readonly example: string;
}

/** A report on its way between processes. */
export interface ReportData {
  readonly tallies: readonly (readonly [string, Tally])[];
  readonly leftOut: readonly Skipped[];
  readonly hasWeakKeys: boolean;
}

/** What an import did: kinds in the plural with how many of each, and what was left out and why. */
export class TransferReport {
  readonly tallies = new Map<string, Tally>();
  /** Whether accounts came that have keys for SCRAM-SHA-1 alone. */
  hasWeakKeys = false;
  readonly #skipped = new Map<string, Skipped>();

  added(what: string, count = 1): void {
    this.#tally(what).added += count;
  }

  present(what: string, count = 1): void {
    this.#tally(what).present += count;
  }

  skipped(what: string, why: string, at: Jid | string, count = 1): void {
    const key = this.#skipped.size < MAX_REASONS ? `${what}\0${why}` : "";
    const known = this.#skipped.get(key);
    if (known) known.count += count;
    else if (key !== "") this.#skipped.set(key, { what, why, count, example: at.toString() });
    else this.#skipped.set(key, { what: "other things", why: "various reasons", count, example: "" });
  }

  get leftOut(): readonly Skipped[] {
    return [...this.#skipped.values()];
  }

  toJSON(): ReportData {
    return { tallies: [...this.tallies], leftOut: this.leftOut, hasWeakKeys: this.hasWeakKeys };
  }

  /** Adds what another import did. */
  add({ tallies, leftOut, hasWeakKeys }: ReportData): void {
    for (const [what, { added, present }] of tallies) {
      this.added(what, added);
      this.present(what, present);
    }
    for (const { what, why, example, count } of leftOut) this.skipped(what, why, example, count);
    this.hasWeakKeys ||= hasWeakKeys;
  }

  /** For people, a line each. */
  lines(): string[] {
    const tallies = [...this.tallies].map(([what, { added, present }]) => {
      const known = present > 0 ? `, ${present} there already` : "";
      return `${what}: ${added} added${known}`;
    });
    const leftOut = this.leftOut.map(({ what, why, count, example }) => {
      const times = count === 1 ? "" : ` (${count} times)`;
      return `left out: ${what}: ${why}${times}${example && `, first at ${example}`}`;
    });
    return [...tallies, ...leftOut];
  }

  #tally(what: string): Tally {
    const tally = this.tallies.get(what) ?? { added: 0, present: 0 };
    this.tallies.set(what, tally);
    return tally;
  }
}
