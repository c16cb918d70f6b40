import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { underTls } from "../../net/tls-socket.ts";
import type { Transport } from "../../net/transport.ts";
import { SeededRandom } from "../seeded-random.ts";
import type { TestClock } from "../test-clock.ts";
import { type Deliver, Lane } from "./lane.ts";
import { Link, type LinkEnd } from "./link.ts";
import type { Seam } from "./seams.ts";
import type { Toxic } from "./toxic.ts";

/** A toxic, and the connections that it has hold of. */
export interface Toxicity {
  readonly toxic: Toxic;
  /** A connection came. */
  meets(line: Line): void;
  has(line: Line): boolean;
}

/** The connections of clients: where their bytes can be held up. */
export class Lines {
  readonly #clock: TestClock;
  readonly #seed: number;
  readonly #toxicities: Seam<Toxicity>;
  readonly #open = new Set<Line>();
  readonly #byEnd = new WeakMap<Duplex | Transport, Line>();
  #count = 0;

  constructor(clock: TestClock, seed: number, toxicities: Seam<Toxicity>) {
    this.#clock = clock;
    this.#seed = seed;
    this.#toxicities = toxicities;
    toxicities.changed = () => {
      for (const line of this.#open) line.changed();
    };
  }

  /** Those that are open, the oldest first. */
  get all(): Iterable<Line> {
    return this.#open;
  }

  /** The server's end of a connection that came, or the client's end of one that is begun. */
  link(far: Duplex, end: LinkEnd): Link {
    const line = new Line({
      clock: this.#clock,
      random: SeededRandom.of(`${this.#seed} connection ${++this.#count}`),
      toxicities: () => this.#toxicities.all,
    });
    this.#open.add(line);
    far.once("close", () => this.#open.delete(line));
    const link = new Link(far, end, line);
    this.#byEnd.set(link, line);
    for (const toxicity of this.#toxicities.all) toxicity.meets(line);
    return link;
  }

  /** `transport` stands on `link`, which it does not say itself. */
  carries(link: Link, transport: Transport): void {
    const line = this.#byEnd.get(link);
    if (line) this.#byEnd.set(transport, line);
  }

  /** undefined where there is none, or more than one. */
  under(transport: Transport): Line | undefined {
    const { connection } = transport;
    return this.#byEnd.get(transport) ?? (connection && this.#byEnd.get(underTls(connection as Socket)));
  }

  /** Cuts all. */
  close(): void {
    for (const line of this.#open) line.cut();
  }
}

interface LineParts {
  readonly clock: TestClock;
  readonly random: SeededRandom;
  toxicities(): readonly Toxicity[];
}

/** What is between a client and the server: a lane each way. */
export class Line {
  readonly #parts: LineParts;
  readonly #lanes: Lane[] = [];
  #cut: () => void = () => {};

  constructor(parts: LineParts) {
    this.#parts = parts;
  }

  lane(way: "in" | "out", deliver: Deliver): Lane {
    const { clock, random, toxicities } = this.#parts;
    const lane = new Lane(
      {
        clock,
        random,
        toxics: () => {
          const held = toxicities().filter((toxicity) => toxicity.has(this));
          return held
            .map(({ toxic }) => toxic)
            .filter(({ direction }) => direction === "both" || direction === way);
        },
        cut: () => this.cut(),
      },
      deliver,
    );
    this.#lanes.push(lane);
    return lane;
  }

  onCut(cut: () => void): void {
    this.#cut = cut;
  }

  cut(): void {
    this.#cut();
  }

  changed(): void {
    for (const lane of this.#lanes) lane.changed();
  }
}
