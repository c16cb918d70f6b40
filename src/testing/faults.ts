import type { ClientStream } from "../stream/client-stream.ts";
import type { StreamCondition } from "../xmpp/errors.ts";
import { ActiveFault, type Chance, type FaultState } from "./faults/active-fault.ts";
import { Counts } from "./faults/counts.ts";
import type { KillOptions } from "./faults/cut.ts";
import type { Fault, FaultKind, FaultsParts } from "./faults/fault.ts";
import { type FaultOptions, faultKinds } from "./faults/kinds.ts";
import { Later } from "./faults/later.ts";
import type { Interception, Seams } from "./faults/seams.ts";
import type { Passing } from "./passing.ts";

/** What goes wrong with a server, on purpose. */
export class Faults {
  readonly #parts: FaultsParts;
  readonly #seams: Seams;
  readonly #seed: number;
  readonly #later: Later;
  readonly #counts: Counts;
  /** Those that are not over. */
  readonly #active = new Set<ActiveFault>();
  /** How many there ever were. */
  #count = 0;
  /** Streams that are being cut: nothing passes any more. */
  readonly #cut = new WeakSet<ClientStream>();

  constructor(parts: FaultsParts, seams: Seams, seed: number) {
    this.#parts = parts;
    this.#seams = seams;
    this.#seed = seed;
    this.#later = new Later(parts.clock);
    this.#counts = new Counts(parts.sessions);
  }

  /**
   * Lets something go wrong. Of several faults the oldest that fits and hits has its way; what it lets go on, at once or later, meets
   * the younger ones then.
   * @throws ConfigError for options that cannot be.
   */
  add(options: FaultOptions): Fault {
    const { fault: name = "stanza" } = options;
    // What is no kind is told so by the schema of one.
    const kind = faultKinds.get(name) ?? faultKinds.get("stanza");
    if (!kind) throw new Error("there are no faults");
    const parsed = kind.schema.parse({ ...options, fault: name }, "fault") as Record<string, unknown> &
      Chance;
    return this.#start(kind, parsed);
  }

  /** Cuts the connections of a user without a word, as a network does; see {@link KillOptions}. */
  kill(user: string, options: KillOptions = {}): void {
    this.add({ fault: "cut", user, ...options });
  }

  /** Ends the streams of a user with an error (RFC 6120 §4.9.3). Sessions that can be resumed wait for that. */
  streamError(user: string, condition: StreamCondition, text?: string): void {
    this.add({ fault: "stream-error", user, condition, ...(text !== undefined && { text }) });
  }

  /**
   * The next time this user wants to resume a session (XEP-0198 §5), that session is over. Its unacknowledged messages go
   * where they go when it runs out, and the client is told that there is no such session.
   */
  refuseResume(user: string): void {
    this.add({ fault: "resumption", how: "refuse", user, times: 1 });
  }

  /** Shows `interception` all that passes, until the returned function is called. */
  intercept(interception: Interception): () => void {
    return this.#seams.passing.add(interception);
  }

  /** All that goes wrong now, and what chance has in store for it; `restore` takes it. */
  get state(): FaultsState {
    const faults = new Map([...this.#active].map((fault) => [fault, fault.state]));
    return { seams: this.#seams.state, count: this.#count, faults };
  }

  /** Also what is over by now goes on as it was then. */
  restore({ seams, count, faults }: FaultsState): void {
    this.#count = count;
    this.#active.clear();
    for (const [fault, state] of faults) {
      this.#active.add(fault);
      fault.restore(state);
    }
    this.#seams.restore(seams);
  }

  /** Nothing goes wrong until the returned function is called; what was to come later is lost as in `stop`. */
  pause(): () => void {
    const paused = this.#seams.state;
    this.#seams.clear();
    this.#later.clear();
    return () => this.#seams.resume(paused);
  }

  /** Nothing goes wrong any more; what was to come later does not come, and whoever waits for it waits no longer. */
  stop(): void {
    this.#active.clear();
    this.#seams.clear();
    this.#later.clear();
  }

  /** Whether a fault sees to it, or, where none does any more, `next`. */
  takes(passing: Passing, next: Interception = () => false): boolean {
    const righted = this.#counts.righted(passing);
    if (!righted) return this.#offer(passing, this.#seams.passing.all, next);
    passing.onward = (again) => this.#offer(again, this.#seams.passing.all, next);
    passing.passAs(righted);
    return true;
  }

  #offer(passing: Passing, interceptions: readonly Interception[], next: Interception): boolean {
    if (this.#cut.has(passing.stream)) return true;
    for (const [index, intercepts] of interceptions.entries()) {
      if (!this.#seams.passing.all.includes(intercepts)) continue;
      passing.onward = (again) => this.#offer(again, interceptions.slice(index + 1), next);
      if (intercepts(passing)) return true;
    }
    passing.onward = () => false;
    return next(passing);
  }

  #start(kind: FaultKind, options: Record<string, unknown> & Chance): Fault {
    const fault = new ActiveFault(`${this.#seed} ${++this.#count}`, options, kind.outlasts);
    this.#active.add(fault);
    const end = kind.start(options, {
      ...this.#parts,
      seams: this.#seams,
      counts: this.#counts,
      held: fault.held,
      happens: (client) => fault.happens(client),
      tally: (of) => fault.tally(of),
      after: (ms, task) => this.#later.run(ms, task),
      wait: (ms) => this.#later.wait(ms),
      cut: (stream) => {
        this.#cut.add(stream);
        void this.#cutWhenDone(stream);
      },
    });
    fault.end = () => {
      this.#active.delete(fault);
      end();
    };
    if (fault.isOver) fault.end();
    return fault;
  }

  async #cutWhenDone(stream: ClientStream): Promise<void> {
    await this.#parts.settle();
    await stream.flushed();
    stream.transport.destroy();
  }
}

interface FaultsState {
  readonly seams: Seams["state"];
  readonly count: number;
  readonly faults: ReadonlyMap<ActiveFault, FaultState>;
}
