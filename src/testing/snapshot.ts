import type { MemoryImage, MemoryStore } from "../store/memory.ts";
import type { SeededRandom } from "./seeded-random.ts";
import type { TestClock } from "./test-clock.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** What a server was at one time. */
export interface Snapshot {
  /**
   * Makes the server what it was. All connections are cut without a word, and nothing of sessions or rooms is left that
   * the store does not have, as when a server is started again; its ports stay. Whoever looks sees it at once, and what is
   * asked of the server waits until it is back; so does the promise.
   */
  restore(): Promise<void>;
}

/** Something that can be brought back to what it was. */
interface Kept<S> {
  readonly state: S;
  restore(state: S): void;
}

interface SnapshotParts {
  readonly store: MemoryStore;
  readonly clock: TestClock;
  readonly random: SeededRandom;
  /** What else is brought back: see {@link remember}. */
  readonly recalls: readonly (() => void)[];
  /** Starts the server anew with what the store held; what `meanwhile` does is done while there is none. */
  restart(image: MemoryImage, meanwhile: () => void): Promise<void>;
}

/** Remembers everything that is kept. */
export function takeSnapshot({ store, clock, random, recalls, restart }: SnapshotParts): Snapshot {
  const image = store.image();
  const now = clock.now() - clock.skew();
  const chance = remember(random);
  const turnBack = () => {
    if (clock instanceof VirtualClock) clock.reset(now);
    chance();
  };
  return {
    restore() {
      turnBack();
      for (const recall of recalls) recall();
      // Once more: the server that goes may have set alarms and taken chances.
      return restart(image, turnBack);
    },
  };
}

/** Brings the part back to what it is now. */
export function remember<S>(part: Kept<S>): () => void {
  const { state } = part;
  return () => part.restore(state);
}
