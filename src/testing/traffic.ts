import { describePattern, matcherOf, type StanzaPattern } from "./pattern.ts";
import { bareOf, type Seen } from "./seen.ts";
import { millisecondsOf } from "./test-clock.ts";
import { maskSecrets } from "./transcript.ts";

export interface ExpectOptions {
  /** Of real time: milliseconds, or a duration such as `"2s"`. Default: 1000. */
  readonly within?: number | string;
  /** When it is aborted nobody waits any longer, and what comes is left to others. */
  readonly signal?: AbortSignal;
}

export interface ExpectNoneOptions {
  /** How long to wait, of real time, for what may still be on its way. Default: 50 ms with clients on sockets, else none. */
  readonly within?: number | string;
}

export interface StanzasOptions {
  /** Begins with what fits of so many that went by last. Default: 0. */
  readonly last?: number;
}

interface TrafficParts {
  resolve(name: string): string;
  /** Settles when the server has dealt with everything. */
  settle(): Promise<void>;
  /** Whether there are clients whose doings cannot be waited for. */
  hasForeignClients(): boolean;
  transcript(): string;
}

const DEFAULT_PATIENCE_MS = 1_000;
const FOREIGN_PATIENCE_MS = 50;

/** Timers of more would run out at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Of stanzas, when one was expected that did not come. */
const SHOWN = 10;
const SHOWN_LENGTH = 300;

interface Waiter {
  readonly matches: (seen: Seen) => boolean;
  /** `undefined`: it will not come. */
  readonly found: (seen: Seen | undefined) => void;
  /** The pattern's own function threw. */
  readonly failed: (error: unknown) => void;
}

/** All that went over the streams of a server, and who waits for some of it. */
export class Traffic {
  readonly #parts: TrafficParts;
  readonly #all: Seen[] = [];
  /** What an expectation has had. */
  readonly #taken = new Set<Seen>();
  /** How clients of the test came: nothing that `expectNone` is about. */
  readonly #arrivals = new Set<Seen>();
  /** Before it everything is done with. */
  #start = 0;
  #waiters: Waiter[] = [];
  #wake: (() => void)[] = [];
  #ended = false;

  constructor(parts: TrafficParts) {
    this.#parts = parts;
  }

  /** Everything so far, oldest first. */
  get all(): readonly Seen[] {
    return this.#all;
  }

  record(seen: Seen): void {
    this.#all.push(seen);
    const waiter = seen.isElement ? this.#waiters.find((each) => fits(each, seen)) : undefined;
    if (waiter) {
      this.#waiters = this.#waiters.filter((other) => other !== waiter);
      this.#take(seen);
      waiter.found(seen);
    }
    this.#wakeAll();
  }

  /** Takes the first that fits and was not taken before, or waits for it. @throws Error with the transcript. */
  async expect(
    pattern: StanzaPattern,
    { within = DEFAULT_PATIENCE_MS, signal }: ExpectOptions = {},
  ): Promise<Seen> {
    signal?.throwIfAborted();
    const matches = matcherOf(pattern, this.#parts.resolve);
    const patience = millisecondsOf(within);
    const past = this.#untaken().find(matches);
    if (past) {
      this.#take(past);
      return past;
    }
    const { promise, resolve, reject } = Promise.withResolvers<Seen | undefined>();
    const waiter: Waiter = { matches, found: resolve, failed: reject };
    this.#waiters.push(waiter);
    const timer = setTimeout(resolve, Math.min(patience, LONGEST_TIMER_MS), undefined);
    const abort = () => reject(signal?.reason);
    signal?.addEventListener("abort", abort);
    const found = await promise.finally(() => {
      signal?.removeEventListener("abort", abort);
      clearTimeout(timer);
      this.#waiters = this.#waiters.filter((other) => other !== waiter);
    });
    if (found) return found;
    const why = this.#ended ? "the server was closed before there was one" : "there was none";
    return this.#fail(
      `expected ${describePattern(pattern)} within ${patience} ms; ${why}\n${this.#others()}`,
    );
  }

  /** Nothing that fits came since the last thing that was expected, and nothing does. @throws Error with the transcript. */
  async expectNone(pattern: StanzaPattern, { within }: ExpectNoneOptions = {}): Promise<void> {
    const matches = matcherOf(pattern, this.#parts.resolve);
    await this.#parts.settle();
    const patience = millisecondsOf(within ?? (this.#parts.hasForeignClients() ? FOREIGN_PATIENCE_MS : 0));
    if (patience > 0) await new Promise((resolve) => void setTimeout(resolve, patience));
    const from = Math.max(this.#start, this.#all.findLastIndex((seen) => this.#taken.has(seen)) + 1);
    const found = this.#all
      .slice(from)
      .find((seen) => seen.isElement && !this.#arrivals.has(seen) && matches(seen));
    if (found)
      this.#fail(`expected no ${describePattern(pattern).replace(/^an? /, "")}, got\n  ${found.toString()}`);
  }

  /** Everything so far was looked at: expectations begin here. */
  forget(): void {
    this.#start = this.#all.length;
  }

  /** What this client said and heard from that place on was how it came. */
  arrived(client: string, from: number): void {
    for (const seen of this.#all.slice(from)) {
      if (seen.client === client || seen.client === bareOf(client)) this.#arrivals.add(seen);
    }
  }

  /** What fits, of the last things that went by and from now on as it comes; ends with the server. */
  stanzas(pattern: StanzaPattern = {}, { last = 0 }: StanzasOptions = {}): AsyncGenerator<Seen, void> {
    return this.#from(Math.max(0, this.#all.length - last), matcherOf(pattern, this.#parts.resolve));
  }

  async *#from(start: number, matches: (seen: Seen) => boolean): AsyncGenerator<Seen, void> {
    for (let index = start; ; index++) {
      while (index >= this.#all.length) {
        if (this.#ended) return;
        await new Promise<void>((resolve) => this.#wake.push(resolve));
      }
      const seen = this.#all[index] as Seen;
      if (seen.isElement && matches(seen)) yield seen;
    }
  }

  /** Nothing comes any more. */
  end(): void {
    this.#ended = true;
    for (const { found } of this.#waiters.splice(0)) found(undefined);
    this.#wakeAll();
  }

  /** The last of what an expectation could have had. */
  #others(): string {
    const others = this.#untaken().filter((seen) => seen.isStanza && !this.#arrivals.has(seen));
    if (others.length === 0) return "No stanza came that was not expected before.";
    const shown = others.slice(-SHOWN).map((seen) => `  ${shorten(maskSecrets(seen.toString()))}`);
    return `Stanzas that were not expected before, the last at the end:\n${shown.join("\n")}`;
  }

  #untaken(): Seen[] {
    return this.#all.slice(this.#start).filter((seen) => seen.isElement && !this.#taken.has(seen));
  }

  #take(seen: Seen): void {
    this.#taken.add(seen);
  }

  #wakeAll(): void {
    const woken = this.#wake;
    this.#wake = [];
    for (const wake of woken) wake();
  }

  #fail(message: string): never {
    throw new Error(`${message}\n\nTranscript:\n${this.#parts.transcript()}\n`);
  }
}

function shorten(text: string): string {
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text;
}

/** What a pattern's own function throws is for who waits, not for the stream. */
function fits({ matches, failed }: Waiter, seen: Seen): boolean {
  try {
    return matches(seen);
  } catch (error) {
    failed(error);
    return false;
  }
}
