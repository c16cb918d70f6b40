import type { SecureContext } from "node:tls";
import type { ClientStream } from "../../stream/client-stream.ts";
import type { Stanza } from "../../xmpp/stanza.ts";
import type { Passing } from "../passing.ts";
import type { Toxicity } from "./lines.ts";

/** Looks at what passes; true: it saw to it, and nobody else does anything with it. */
export type Interception = (passing: Passing) => boolean;

/** What happens to a TCP connection under the stream. */
export interface TransportFault {
  /** In place of the handshake; true: there is none. */
  breaksHandshake(): boolean;
}

/** What happens to a store: each says what is wrong, if anything is, or takes its time. */
export interface StoreFault {
  writes?(): string | undefined;
  commits?(): Promise<void> | string | undefined;
}

/** One place where faults take hold of a server, the oldest first. */
export class Seam<T> {
  /** Called when something is no longer as it was. */
  changed: () => void = () => {};
  #all: readonly T[] = [];

  get all(): readonly T[] {
    return this.#all;
  }

  /** Returns how to take it out again. */
  add(one: T): () => void {
    this.restore([...this.#all, one]);
    return () => this.restore(this.#all.filter((other) => other !== one));
  }

  restore(all: readonly T[]): void {
    this.#all = all;
    this.changed();
  }
}

/** All places where faults take hold of a server. */
export class Seams {
  readonly passing = new Seam<Interception>();
  /** A stream header that came; true: the server does not get to see it. */
  readonly opening = new Seam<(stream: ClientStream) => boolean>();
  readonly transport = new Seam<TransportFault>();
  /** A stanza that is to go somewhere; true: it does not. */
  readonly routing = new Seam<(stanza: Stanza) => boolean>();
  readonly network = new Seam<Toxicity>();
  /** Asked for each connection with a handshake. */
  readonly certificate = new Seam<() => SecureContext | undefined>();
  readonly store = new Seam<StoreFault>();
  /** Milliseconds that the clock is fast. */
  readonly skew = new Seam<number>();

  get #each(): readonly Seam<unknown>[] {
    const { passing, opening, transport, routing, network, certificate, store, skew } = this;
    return [passing, opening, transport, routing, network, certificate, store, skew] as Seam<unknown>[];
  }

  /** All that goes wrong now; `restore` takes it. */
  get state(): readonly (readonly unknown[])[] {
    return this.#each.map(({ all }) => all);
  }

  restore(state: readonly (readonly unknown[])[]): void {
    for (const [index, seam] of this.#each.entries()) seam.restore(state[index] ?? []);
  }

  /** What went wrong then goes wrong again, beside what came since. */
  resume(state: readonly (readonly unknown[])[]): void {
    for (const [index, seam] of this.#each.entries()) seam.restore([...(state[index] ?? []), ...seam.all]);
  }

  clear(): void {
    for (const seam of this.#each) seam.restore([]);
  }
}
