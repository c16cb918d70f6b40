import type { Sighting } from "./sighting.ts";

/** Something that is to pass: from a client of the session's (`in`), or to it (`out`). */
export type Utterance = Pick<Sighting, "direction" | "session" | "xml">;

/** Who is told what passes. */
export interface Watcher {
  sees(sighting: Sighting): void;
  /** So many were left out: there was too much. */
  loses(count: number): void;
  /** How the source is, in words. */
  becomes(state: "connecting" | "watching" | "over", words: string): void;
}

/** Where an inspector has from what it shows, and what may be done there. */
export interface TrafficSource {
  /** Begins to watch; returns how to stop. */
  watch(watcher: Watcher): () => void;
  /** Where whoever looks may speak for others. @throws Error with what the server said. */
  readonly speak?: (utterance: Utterance) => Promise<void>;
}
