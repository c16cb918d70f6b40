import type { Passing } from "../passing.ts";
import { SeededRandom } from "../seeded-random.ts";
import { bareOf } from "../seen.ts";
import type { Fault } from "./fault.ts";

/** How often a fault may happen. */
export interface Chance {
  /** 0 to 1. */
  readonly probability: number;
  readonly times?: number | undefined;
}

/** What a snapshot keeps of a fault. */
export interface FaultState {
  readonly hits: number;
  readonly tallies: ReadonlyMap<string, number>;
  readonly chances: ReadonlyMap<string, SeededRandom["state"]>;
}

/** One fault while it lasts: what it has done so far, and what chance has in store for it. */
export class ActiveFault implements Fault {
  hits = 0;
  readonly held: Passing[] = [];
  /** Ends it; set when it has begun. */
  end: () => void = () => {};
  readonly #seed: string;
  readonly #chance: Chance;
  /** Whether it stays with what it hit when it has happened as often as it may. */
  readonly #outlasts: boolean;
  readonly #tallies = new Map<string, number>();
  readonly #chances = new Map<string, SeededRandom>();

  /** @param seed another one for each fault, so that none has a say in what becomes of others. */
  constructor(seed: string, chance: Chance, outlasts: boolean) {
    this.#seed = seed;
    this.#chance = chance;
    this.#outlasts = outlasts;
  }

  /** Whether it has happened as often as it may, and nothing of it stays. */
  get isOver(): boolean {
    return !this.#outlasts && this.hits >= this.#times;
  }

  /** See {@link Site.happens}. */
  happens(client = ""): boolean {
    const { probability } = this.#chance;
    if (this.hits >= this.#times) return false;
    if (probability < 1 && this.#chanceOf(bareOf(client)).fraction() >= probability) return false;
    this.hits++;
    if (this.isOver) this.end();
    return true;
  }

  /** See {@link Site.tally}. */
  tally(client = ""): number {
    const count = (this.#tallies.get(client) ?? 0) + 1;
    this.#tallies.set(client, count);
    return count;
  }

  release(): void {
    for (const passing of this.held.splice(0)) passing.pass();
  }

  remove(): void {
    this.end();
  }

  get #times(): number {
    return this.#chance.times ?? Number.POSITIVE_INFINITY;
  }

  get state(): FaultState {
    const chances = [...this.#chances].map(([client, random]) => [client, random.state] as const);
    return { hits: this.hits, tallies: new Map(this.#tallies), chances: new Map(chances) };
  }

  restore({ hits, tallies, chances }: FaultState): void {
    this.hits = hits;
    this.held.length = 0;
    this.#tallies.clear();
    for (const [client, count] of tallies) this.#tallies.set(client, count);
    this.#chances.clear();
    for (const [client, state] of chances) this.#chanceOf(client).restore(state);
  }

  /** One for each user: in which order clients are heard is nobody's choice. */
  #chanceOf(client: string): SeededRandom {
    const known = this.#chances.get(client);
    if (known) return known;
    const chance = SeededRandom.of(`${this.#seed} ${client}`);
    this.#chances.set(client, chance);
    return chance;
  }
}
