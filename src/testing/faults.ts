import type { Session } from "../session/session.ts";
import type { Stream } from "../stream/stream.ts";
import type { StreamCondition } from "../xmpp/errors.ts";
import { ns } from "../xmpp/ns.ts";
import type { Passing } from "./passing.ts";
import { matcherOf, type StanzaPattern } from "./pattern.ts";
import type { SeededRandom } from "./seeded-random.ts";
import { bareOf, type Direction, type Seen } from "./seen.ts";
import { millisecondsOf, type TestClock } from "./test-clock.ts";

/**
 * `drop`: it never arrives. `delay`: it arrives `by` later. `duplicate`: it arrives twice. `hold`: it arrives when it is
 * released.
 */
export type FaultAction = "drop" | "delay" | "duplicate" | "hold";

export interface FaultOptions {
  /** What it happens to. Without `from`, `to` and `direction`: what the server sends. */
  readonly on: StanzaPattern;
  readonly action: FaultAction;
  /** 0 to 1; which ones it hits is the same for the same seed. Default: 1. */
  readonly probability?: number;
  /** After so many hits the fault is over. Default: never. */
  readonly times?: number;
  /** For `delay`, on the server's clock: milliseconds, or a duration such as `"2s"`. Default: `"1s"`. */
  readonly by?: number | string;
}

/** One fault, while it lasts. */
export interface Fault {
  /** How often it happened. */
  readonly hits: number;
  /** What is kept back, oldest first. */
  readonly held: readonly Seen[];
  /** Lets what is held go on, oldest first. */
  release(): void;
  /** Ends it. What is held stays so until it is released. */
  remove(): void;
}

export interface KillOptions {
  /** Counts from now on what passes, stanzas alone, and cuts when the stanza of that number has. Default: cut at once. */
  readonly afterStanza?: number;
  /** The same, but that stanza does not pass any more. */
  readonly beforeStanza?: number;
  /** Which stanzas count. Default: those that the server sends. */
  readonly direction?: Direction;
}

interface FaultsParts {
  readonly clock: TestClock;
  readonly random: SeededRandom;
  resolve(name: string): string;
  streams(): Iterable<Stream>;
  sessions(): Iterable<Session>;
  settle(): Promise<void>;
}

/** Looks at what passes; true: it saw to it, and nobody else does anything with it. */
type Interception = (passing: Passing) => boolean;

/** What goes wrong with what passes through the streams, on purpose. */
export class Faults {
  readonly #parts: FaultsParts;
  #interceptions: Interception[] = [];
  /** Streams that are being cut: nothing passes any more. */
  readonly #cut = new WeakSet<Stream>();

  constructor(parts: FaultsParts) {
    this.#parts = parts;
  }

  /** Lets something happen to all that fits. Of several faults the oldest that fits and hits has its way. */
  add(options: FaultOptions): Fault {
    const { on, action, probability = 1, times = Number.POSITIVE_INFINITY, by = "1s" } = options;
    const { clock, random, resolve } = this.#parts;
    const hasDirection = on.direction ?? on.from ?? on.to;
    const matches = matcherOf(hasDirection ? on : { ...on, direction: "out" }, resolve);
    const delay = millisecondsOf(by);
    const held: Passing[] = [];
    let hits = 0;
    const remove = this.intercept((passing) => {
      if (!passing.isElement || !matches(passing)) return false;
      if (probability < 1 && random.fraction() >= probability) return false;
      if (++hits >= times) remove();
      if (action === "delay") clock.after(delay, () => passing.pass());
      if (action === "hold") held.push(passing);
      if (action === "duplicate") {
        passing.pass();
        passing.pass();
      }
      return true;
    });
    return {
      get hits() {
        return hits;
      },
      held,
      release: () => {
        for (const passing of held.splice(0)) passing.pass();
      },
      remove,
    };
  }

  /** Cuts the connections of a user without a word, as a network does; see {@link KillOptions}. */
  kill(user: string, { afterStanza, beforeStanza, direction = "out" }: KillOptions = {}): void {
    const last = afterStanza ?? beforeStanza;
    if (last === undefined) {
      for (const stream of this.#streamsOf(user)) stream.transport.destroy();
      return;
    }
    const matches = matcherOf(direction === "out" ? { to: user } : { from: user }, this.#parts.resolve);
    let count = 0;
    const remove = this.intercept((passing) => {
      if (!passing.isStanza || !matches(passing) || ++count < last) return false;
      remove();
      const passes = afterStanza !== undefined;
      if (passes) passing.pass();
      this.#cut.add(passing.stream);
      void this.#cutWhenDone(passing.stream);
      return true;
    });
  }

  /** Ends the streams of a user with an error (RFC 6120 §4.9.3). Sessions that can be resumed wait for that. */
  streamError(user: string, condition: StreamCondition, text?: string): void {
    for (const stream of this.#streamsOf(user)) stream.close(condition, text);
  }

  /**
   * The next time this user wants to resume a session (XEP-0198 §5), that session is over. Its unacknowledged messages go
   * where they go when it runs out, and the client is told that there is no such session.
   */
  refuseResume(user: string): void {
    const wanted = this.#parts.resolve(user);
    const remove = this.intercept((passing) => {
      const previous = previousId(passing);
      const session =
        previous && [...this.#parts.sessions()].find((one) => one.management?.resumeId === previous);
      if (!session || bareOf(session.jid.toString()) !== wanted) return false;
      remove();
      session.close();
      void this.#parts.settle().then(() => passing.pass());
      return true;
    });
  }

  /** Shows `interception` all that passes, until the returned function is called. */
  intercept(interception: Interception): () => void {
    this.#interceptions.push(interception);
    return () => {
      this.#interceptions = this.#interceptions.filter((other) => other !== interception);
    };
  }

  /** All that goes wrong now; `restore` takes it. */
  get state(): readonly Interception[] {
    return [...this.#interceptions];
  }

  restore(state: readonly Interception[]): void {
    this.#interceptions = [...state];
  }

  /** Whether a fault sees to it. */
  takes(passing: Passing): boolean {
    return this.#cut.has(passing.stream) || this.#interceptions.some((intercepts) => intercepts(passing));
  }

  /** When what passed has been dealt with, or has left. */
  async #cutWhenDone(stream: Stream): Promise<void> {
    await this.#parts.settle();
    await stream.flushed();
    stream.transport.destroy();
  }

  #streamsOf(user: string): Stream[] {
    const wanted = this.#parts.resolve(user);
    return [...this.#parts.streams()].filter((stream) => {
      const jid = (stream.session?.jid ?? stream.user)?.toString() ?? "";
      return jid === wanted || bareOf(jid) === wanted;
    });
  }
}

/** The session that a client asks to resume, by itself or along with its authentication (XEP-0198 §5, §9.2). */
function previousId(passing: Passing): string | undefined {
  if (passing.direction !== "in" || passing.kind !== "nonza") return undefined;
  const { element } = passing;
  const request = element.is("resume", ns.STREAM_MANAGEMENT)
    ? element
    : element.getChild("resume", ns.STREAM_MANAGEMENT);
  return request?.attrs["previd"]?.toString();
}
