import type { SecureContext } from "node:tls";
import type { ChannelBindingType } from "../../net/transport.ts";
import type { Stream } from "../../stream/stream.ts";
import type { Passing } from "../passing.ts";

/** Looks at what passes; true: it saw to it, and nobody else does anything with it. */
export type Interception = (passing: Passing) => boolean;

/** What happens to a TCP connection under the stream. */
export interface TransportFault {
  /** In place of the handshake; true: there is none. */
  breaksHandshake?(): boolean;
  /** In place of what the connection is bound to. */
  channelBinding?(type: ChannelBindingType, data: Buffer): Buffer;
}

/** What happens to the bytes of a connection; times in milliseconds. */
export interface Toxic {
  readonly direction: "in" | "out" | "both";
  readonly latency: number;
  readonly jitter: number;
  /** Bytes per second; Infinity for no limit. */
  readonly bandwidth: number;
  /** Bytes at once; Infinity for as they come. */
  readonly slice: number;
  readonly stall: boolean;
}

/** What happens to a store: each says what is wrong, if anything is, or takes its time. */
export interface StoreFault {
  writes?(): string | undefined;
  commits?(): Promise<void> | string | undefined;
}

/** One place where faults take hold of a server, the oldest first. */
export class Seam<T> {
  #all: readonly T[] = [];

  get all(): readonly T[] {
    return this.#all;
  }

  /** Returns how to take it out again. */
  add(one: T): () => void {
    this.#all = [...this.#all, one];
    return () => {
      this.#all = this.#all.filter((other) => other !== one);
    };
  }

  restore(all: readonly T[]): void {
    this.#all = all;
  }
}

/** All places where faults take hold of a server. */
export class Seams {
  readonly passing = new Seam<Interception>();
  /** A stream header that came; true: the server does not get to see it. */
  readonly opening = new Seam<(stream: Stream) => boolean>();
  readonly transport = new Seam<TransportFault>();
  /** Asked for each new connection. */
  readonly network = new Seam<() => Toxic | undefined>();
  /** Asked for each handshake. */
  readonly certificate = new Seam<() => SecureContext | undefined>();
  readonly store = new Seam<StoreFault>();
  /** Milliseconds that the clock is fast. */
  readonly skew = new Seam<number>();

  get #each(): readonly Seam<unknown>[] {
    const { passing, opening, transport, network, certificate, store, skew } = this;
    return [passing, opening, transport, network, certificate, store, skew] as Seam<unknown>[];
  }

  /** All that goes wrong now; `restore` takes it. */
  get state(): readonly (readonly unknown[])[] {
    return this.#each.map(({ all }) => all);
  }

  restore(state: readonly (readonly unknown[])[]): void {
    for (const [index, seam] of this.#each.entries()) seam.restore(state[index] ?? []);
  }
}
