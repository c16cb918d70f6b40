/** XEP-0463 MUC Affiliations Versioning, version 0.2.0: https://xmpp.org/extensions/xep-0463.html */
import type { Affiliation } from "./standing.ts";

/** One change, and the version of the lists that it made. */
export interface LoggedChange {
  /** One more than that of the change before it. */
  readonly number: number;
  readonly version: string;
  /** A bare JID, or a domain. */
  readonly address: string;
  readonly affiliation: Affiliation;
}

/** From one version of the affiliations to the next. */
export interface VersionStep {
  readonly since?: string;
  readonly until: string;
}

/** The last changes of a room's affiliations. */
export class AffiliationLog {
  readonly #most: number;
  /** Of the first one only the version counts: it is the oldest from which changes are known. */
  readonly #changes: LoggedChange[];

  /** `changes`: the oldest first, not empty; `most` are known. */
  constructor(changes: readonly LoggedChange[], most: number) {
    this.#changes = changes.slice(-most - 1);
    this.#most = most;
  }

  get version(): string {
    return (this.#changes.at(-1) as LoggedChange).version;
  }

  /** Where nothing was changed yet, what the first one is. */
  get all(): readonly LoggedChange[] {
    return this.#changes;
  }

  /** What it forgets for that, if anything. */
  add(change: Omit<LoggedChange, "number">): LoggedChange | undefined {
    const { number } = this.#changes.at(-1) as LoggedChange;
    this.#changes.push({ number: number + 1, ...change });
    return this.#changes.length > this.#most + 1 ? this.#changes.shift() : undefined;
  }

  /** Whose affiliation has changed since a version; undefined when that is not known. */
  since(version: string): ReadonlySet<string> | undefined {
    const index = this.#changes.findIndex((change) => change.version === version);
    if (index < 0) return undefined;
    return new Set(this.#changes.slice(index + 1).map(({ address }) => address));
  }
}
