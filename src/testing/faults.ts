import type { Stream } from "../stream/stream.ts";
import type { StreamCondition } from "../xmpp/errors.ts";
import type { KillOptions } from "./faults/cut.ts";
import type { Fault, FaultsParts, Site } from "./faults/fault.ts";
import { type FaultOptions, faultKinds } from "./faults/kinds.ts";
import type { Interception, Seams } from "./faults/seams.ts";
import type { Passing } from "./passing.ts";

/** What goes wrong with a server, on purpose. */
export class Faults {
  readonly #parts: FaultsParts;
  readonly #seams: Seams;
  /** Streams that are being cut: nothing passes any more. */
  readonly #cut = new WeakSet<Stream>();

  constructor(parts: FaultsParts, seams: Seams) {
    this.#parts = parts;
    this.#seams = seams;
  }

  /**
   * Lets something go wrong. Of several faults the oldest that fits and hits has its way.
   * @throws ConfigError for options that cannot be.
   */
  add(options: FaultOptions): Fault {
    const { fault: name = "stanza" } = options;
    // What is no kind is told so by the schema of one.
    const kind = faultKinds.get(name) ?? faultKinds.get("stanza");
    if (!kind) throw new Error("there are no faults");
    const parsed = kind.schema.parse({ ...options, fault: name }, "fault") as Record<string, unknown> &
      Chance;
    return this.#start(parsed, (site) => kind.start(parsed, site));
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

  /** All that goes wrong now; `restore` takes it. */
  get state(): Seams["state"] {
    return this.#seams.state;
  }

  restore(state: Seams["state"]): void {
    this.#seams.restore(state);
  }

  /** Whether a fault sees to it. */
  takes(passing: Passing): boolean {
    return this.#cut.has(passing.stream) || this.#seams.passing.all.some((intercepts) => intercepts(passing));
  }

  #start({ probability, times = Number.POSITIVE_INFINITY }: Chance, start: Start): Fault {
    const held: Passing[] = [];
    let hits = 0;
    let end = () => {};
    const happens = () => {
      if (hits >= times) return false;
      if (probability < 1 && this.#parts.random.fraction() >= probability) return false;
      if (++hits >= times) end();
      return true;
    };
    const cut = (stream: Stream) => {
      this.#cut.add(stream);
      void this.#cutWhenDone(stream);
    };
    end = start({ ...this.#parts, seams: this.#seams, held, happens, cut });
    return {
      get hits() {
        return hits;
      },
      held,
      release: () => {
        for (const passing of held.splice(0)) passing.pass();
      },
      remove: () => end(),
    };
  }

  async #cutWhenDone(stream: Stream): Promise<void> {
    await this.#parts.settle();
    await stream.flushed();
    stream.transport.destroy();
  }
}

interface Chance {
  readonly probability: number;
  readonly times?: number | undefined;
}

type Start = (site: Site) => () => void;
