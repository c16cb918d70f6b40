import type { SeededRandom } from "../seeded-random.ts";
import type { TestClock } from "../test-clock.ts";
import type { Toxic } from "./toxic.ts";

/** How many bytes may be on their way before whoever sends is held up, as by what TCP and its buffers hold. */
const WINDOW_BYTES = 65_536;

/** What is narrow brings so many pieces a second. */
const PIECES_PER_SECOND = 10;

export interface LaneParts {
  readonly clock: TestClock;
  /** For what jitter leaves to chance. */
  readonly random: SeededRandom;
  /** What the lane is in for at the moment. */
  toxics(): readonly Toxic[];
  /** Cuts the connection. */
  cut(): void;
}

/** Hands bytes on; `done` is called when they are out of the way. */
export type Deliver = (bytes: Buffer, done: (error?: Error | null) => void) => void;

interface Load {
  bytes: Buffer;
  /** When it came, on the lane's clock. */
  readonly since: number;
  /** 0 to 1: how much of the jitter it gets. */
  readonly luck: number;
  /** What is done when all before it has arrived; there are no bytes then. */
  readonly task: (() => void) | undefined;
}

/** One direction of a connection. What goes in comes out in the same order: at once, where no toxic has a say. */
export class Lane {
  readonly #parts: LaneParts;
  readonly #deliver: Deliver;
  #loads: Load[] = [];
  /** Bytes that are neither here nor out of the way. */
  #underway = 0;
  /** Who waits for room. */
  #waiters: (() => void)[] = [];
  /** When the last piece arrived. */
  #last = 0;
  #timer: { cancel(): void } | undefined;
  #isYielding = false;
  #isClosed = false;
  /** Bytes that have passed since a toxic that counts them came. */
  readonly #counts = new WeakMap<Toxic, number>();

  constructor(parts: LaneParts, deliver: Deliver) {
    this.#parts = parts;
    this.#deliver = deliver;
  }

  /** @param taken called when more may come. */
  write(bytes: Buffer, taken: (error?: Error | null) => void): void {
    if (this.#isClosed) return taken();
    if (this.#isOpen) return this.#deliver(bytes, taken);
    this.#add(bytes, undefined);
    this.#underway += bytes.length;
    this.#waiters.push(taken);
    this.#admit();
    return this.#pump();
  }

  /** Runs `task` after all that is on its way. */
  after(task: () => void): void {
    if (this.#isClosed) return;
    if (this.#isOpen) return task();
    this.#add(Buffer.alloc(0), task);
    return this.#pump();
  }

  /** Toxics came or went. */
  changed(): void {
    this.#pump();
  }

  /** Nothing more arrives. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#loads = [];
    for (const taken of this.#waiters.splice(0)) taken();
  }

  get #isOpen(): boolean {
    return this.#loads.length === 0 && this.#parts.toxics().length === 0;
  }

  #add(bytes: Buffer, task: Load["task"]): void {
    this.#loads.push({ bytes, since: this.#now(), luck: this.#parts.random.fraction(), task });
  }

  /** Milliseconds, which no skew of the clock changes. */
  #now(): number {
    const { clock } = this.#parts;
    return clock.now() - clock.skew();
  }

  /** Lets go on what may, and comes back when more may. */
  #pump(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    while (!this.#isYielding && !this.#isClosed) {
      const load = this.#loads[0];
      const toxics = this.#parts.toxics();
      if (!load || toxics.some(({ stall }) => stall)) return;
      const size = Math.min(load.bytes.length, ...toxics.map(longestPiece));
      const arrival = this.#arrivalOf(load, size, toxics);
      // In whole milliseconds: what is smaller would not move a clock on.
      const wait = Math.ceil(arrival - this.#now());
      if (wait > 0) {
        this.#timer = this.#parts.clock.after(wait, () => this.#pump());
        return;
      }
      this.#last = arrival;
      this.#handOver(load, size, toxics);
    }
  }

  #arrivalOf({ since, luck }: Load, size: number, toxics: readonly Toxic[]): number {
    let due = since;
    let perByte = 0;
    for (const { latency, jitter, bandwidth } of toxics) {
      due += latency + Math.round(jitter * luck);
      perByte = Math.max(perByte, 1000 / bandwidth);
    }
    return Math.max(due, this.#last) + size * perByte;
  }

  #handOver(load: Load, size: number, toxics: readonly Toxic[]): void {
    if (size === load.bytes.length) this.#loads.shift();
    if (load.task) return load.task();
    const allowed = this.#allowed(size, toxics);
    const piece = load.bytes.subarray(0, allowed ?? size);
    load.bytes = load.bytes.subarray(size);
    this.#deliver(piece, () => {
      this.#underway -= size;
      this.#admit();
    });
    if (allowed !== undefined) return this.#parts.cut();
    // So that the other end reads it before the next one comes.
    if (toxics.some(({ slice }) => Number.isFinite(slice))) this.#yield();
    return undefined;
  }

  /** How much of a piece may still pass before the connection is cut; undefined: all, and it is not. */
  #allowed(size: number, toxics: readonly Toxic[]): number | undefined {
    let allowed: number | undefined;
    for (const toxic of toxics) {
      const left = toxic.cutAfter - (this.#counts.get(toxic) ?? 0);
      if (left <= size) allowed = Math.min(left, allowed ?? left);
      if (Number.isFinite(toxic.cutAfter)) this.#counts.set(toxic, toxic.cutAfter - left + size);
    }
    return allowed;
  }

  #yield(): void {
    this.#isYielding = true;
    this.#parts.clock.immediate(() => {
      this.#isYielding = false;
      this.#pump();
    });
  }

  #admit(): void {
    if (this.#underway <= WINDOW_BYTES) for (const taken of this.#waiters.splice(0)) taken();
  }
}

function longestPiece({ slice, bandwidth }: Toxic): number {
  return Math.max(1, Math.min(slice, Math.ceil(bandwidth / PIECES_PER_SECOND)));
}
