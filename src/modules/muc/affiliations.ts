import type { Jid } from "../../xmpp/jid.ts";
import { looks } from "./nicknames.ts";
import type { Affiliation } from "./standing.ts";

/** What a room keeps of somebody. */
export interface Affiliate {
  readonly affiliation: Exclude<Affiliation, "none">;
  /** XEP-0045 §7.10: the nickname that nobody else may have; "" for none. */
  readonly nick: string;
  readonly reason: string;
}

/** XEP-0045 §5.2: who lastingly belongs to a room, or is kept out of it; by bare JID, or by domain. */
export class Affiliations {
  readonly #entries = new Map<string, Affiliate>();
  /** What reserved nicknames look like, and whose they are. */
  readonly #nicks = new Map<string, string>();
  #owners = 0;

  /** §9.2: the account's own, else its domain's. */
  of(user: Jid): Affiliation {
    return (this.#entries.get(user.bare.toString()) ?? this.#entries.get(user.domain))?.affiliation ?? "none";
  }

  get(address: string): Affiliate | undefined {
    return this.#entries.get(address);
  }

  /** undefined removes the entry. */
  set(address: string, entry: Affiliate | undefined): void {
    const before = this.#entries.get(address);
    if (before?.nick) this.#nicks.delete(looks(before.nick));
    if (before?.affiliation === "owner") this.#owners--;
    if (!entry) {
      this.#entries.delete(address);
      return;
    }
    if (entry.nick) this.#nicks.set(looks(entry.nick), address);
    if (entry.affiliation === "owner") this.#owners++;
    this.#entries.set(address, entry);
  }

  get owners(): number {
    return this.#owners;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Whose nickname it is, or looks like; undefined when nobody has reserved it. */
  holderOf(nick: string): string | undefined {
    return this.#nicks.get(looks(nick));
  }

  /** The addresses of those with an affiliation. */
  all(): Iterable<[string, Affiliate]> {
    return this.#entries;
  }

  with(affiliation: Affiliation): [string, Affiliate][] {
    return [...this.#entries].filter(([, entry]) => entry.affiliation === affiliation);
  }
}
