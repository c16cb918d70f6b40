import type { PresentRole } from "./room-options.ts";
import type { Affiliation } from "./standing.ts";

/** Of so many users each room remembers something. */
const MOST = 1000;

/** What a room remembers of somebody who was there. */
export interface Acquaintance {
  /** As whom they were last there; "" for those who have not left yet. */
  readonly nick: string;
  /** When they left; milliseconds since the epoch, 0 for not yet. */
  readonly leftAt: number;
  /** XEP-0045 §5.1: voice that was given or taken; it lasts as long as this affiliation. */
  readonly voice?: { readonly role: PresentRole; readonly affiliation: Affiliation } | undefined;
  /** Since when a user without affiliation is known here; milliseconds since the epoch. */
  readonly since?: number | undefined;
}

/** Whom a room remembers, by bare JID: those who left last, and newcomers. */
export class Acquaintances {
  /** Whoever changed last is the last. */
  readonly #entries = new Map<string, Acquaintance>();
  /** By nickname in lower case. */
  readonly #nicks = new Map<string, string>();
  readonly #changed = new Set<string>();

  /** `known`: whoever left last is the last. */
  constructor(known: Iterable<readonly [user: string, Acquaintance]> = []) {
    for (const [user, entry] of known) this.#set(user, entry);
  }

  get(user: string): Acquaintance | undefined {
    return this.#entries.get(user);
  }

  all(): Iterable<[string, Acquaintance]> {
    return this.#entries;
  }

  /** Who had this nickname last. */
  holderOf(nick: string): string | undefined {
    return this.#nicks.get(nick.toLowerCase());
  }

  put(user: string, entry: Acquaintance): void {
    this.#set(user, entry);
    this.#changed.add(user);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > MOST && oldest !== undefined) this.delete(oldest);
  }

  delete(user: string): void {
    const entry = this.#entries.get(user);
    if (!entry) return;
    this.#entries.delete(user);
    const nick = entry.nick.toLowerCase();
    if (this.#nicks.get(nick) === user) this.#nicks.delete(nick);
    this.#changed.add(user);
  }

  forgetVoices(): void {
    const withVoice = [...this.#entries].filter(([, { voice }]) => voice);
    for (const [user, entry] of withVoice) this.put(user, { ...entry, voice: undefined });
  }

  /** Of whom something else is known than when this was asked last. */
  takeChanged(): readonly string[] {
    if (this.#changed.size === 0) return NOBODY;
    const changed = [...this.#changed];
    this.#changed.clear();
    return changed;
  }

  #set(user: string, entry: Acquaintance): void {
    const before = this.#entries.get(user)?.nick.toLowerCase();
    if (before && this.#nicks.get(before) === user) this.#nicks.delete(before);
    this.#entries.delete(user);
    this.#entries.set(user, entry);
    if (entry.nick !== "") this.#nicks.set(entry.nick.toLowerCase(), user);
  }
}

const NOBODY: readonly string[] = [];
