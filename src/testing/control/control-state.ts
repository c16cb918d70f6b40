import type { Client } from "../client.ts";
import type { Fault } from "../faults/fault.ts";
import type { Handler } from "../handlers.ts";
import type { Snapshot } from "../snapshot.ts";
import type { TestServer } from "../test-server.ts";

/** Things that are told apart by a number from 1. */
class Numbered<T> {
  readonly #what: string;
  readonly #all = new Map<number, T>();
  #last = 0;

  /** `what`: in errors. */
  constructor(what: string) {
    this.#what = what;
  }

  add(one: T): number {
    this.#all.set(++this.#last, one);
    return this.#last;
  }

  /** @throws Error when there is none. */
  get(id: number): T {
    const one = this.#all.get(id);
    if (one === undefined) throw new Error(`there is no ${this.#what} ${id}`);
    return one;
  }

  get entries(): readonly (readonly [number, T])[] {
    return [...this.#all];
  }
}

/** What a suite in another process has set up. */
export class ControlState {
  readonly server: TestServer;
  readonly faults = new Numbered<Fault>("fault");
  readonly handlers = new Numbered<Handler>("handler");
  readonly snapshots = new Numbered<Snapshot>("snapshot");
  /** Clients that speak for users who have none, by address. */
  readonly clients = new Map<string, Client>();

  constructor(server: TestServer) {
    this.server = server;
  }
}
