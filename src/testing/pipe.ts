import type { Transport, TransportEvents } from "../net/transport.ts";
import type { Outbox, Turn } from "../net/turn.ts";

export interface PipeOptions {
  /** Whether the server may take the pipe for encrypted. Default: true. */
  readonly secure?: boolean;
  /** Begins in clear and becomes secure when the client asks for TLS; nothing is encrypted in truth. */
  readonly startTls?: boolean;
  /** The peer's address, as limits by address see it. Default: none. */
  readonly remote?: string;
}

/** The client's side of a pipe. */
export interface PipeEvents {
  data(text: string): void;
  /** Nothing more comes. */
  ended(): void;
}

/** A connection in memory. `transport` is for `server.accept`; the rest is the client's end. */
export class Pipe {
  readonly transport: Transport;
  /** The client's input is handed over in pieces of so many bytes. Default: whole. */
  chunkBytes: number | (() => number) = Number.POSITIVE_INFINITY;
  readonly #end: ServerEnd;

  constructor(turn: Turn, options: PipeOptions = {}) {
    this.#end = new ServerEnd(turn, options);
    this.transport = this.#end;
  }

  open(events: PipeEvents): void {
    this.#end.client = events;
  }

  /** Whether the server does not take input at the moment. */
  get paused(): boolean {
    return this.#end.paused;
  }

  /** Bytes that the client sent and the server has not taken yet. */
  get untaken(): number {
    return this.#end.untaken;
  }

  send(data: string | Buffer): void {
    const bytes = typeof data === "string" ? Buffer.from(data) : data;
    for (let start = 0; start < bytes.length; ) {
      const size = typeof this.chunkBytes === "number" ? this.chunkBytes : this.chunkBytes();
      this.#end.take(bytes.subarray(start, start + Math.max(1, size)));
      start += Math.max(1, size);
    }
  }

  /** The client is gone. */
  end(reason?: Error): void {
    this.#end.hangUp(reason);
  }

  /** From now on the server's output is stuck on its way. */
  stopReading(): void {
    this.#end.stuck = true;
  }

  readAgain(): void {
    this.#end.stuck = false;
    this.#end.unstick();
  }
}

class ServerEnd implements Transport, Outbox {
  readonly kind = "pipe";
  readonly remote: string;
  client: PipeEvents | undefined;
  stuck = false;
  paused = false;
  readonly #turn: Turn;
  #events: TransportEvents | undefined;
  #secure: boolean;
  #canStartTls: boolean;
  #inbound: Buffer[] = [];
  #queued = "";
  #underway = "";
  #waiters: ((flushed: boolean) => void)[] = [];
  #ending = false;
  #closed = false;
  accepted = 0;
  /** How much was unsent when the connection went. */
  #lost = 0;

  constructor(turn: Turn, { secure = true, startTls = false, remote = "" }: PipeOptions) {
    this.#turn = turn;
    this.#secure = secure && !startTls;
    this.#canStartTls = startTls;
    this.remote = remote;
  }

  get secure(): boolean {
    return this.#secure;
  }

  get canStartTls(): boolean {
    return this.#canStartTls;
  }

  get unsent(): number {
    return this.#closed ? this.#lost : this.#queued.length + this.#underway.length;
  }

  get untaken(): number {
    return this.#inbound.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  open(events: TransportEvents): void {
    this.#events = events;
    this.#handOver();
  }

  write(text: string): void {
    if (this.#closed || this.#ending) return;
    if (this.#queued === "") this.#turn.add(this);
    this.#queued += text;
    this.accepted += text.length;
  }

  flushed(): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false);
    if (this.unsent === 0) return Promise.resolve(true);
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  flush(): void {
    if (this.#closed) return;
    this.#underway += this.#queued;
    this.#queued = "";
    if (!this.stuck) this.#arrive();
  }

  abandon(reason: Error): void {
    // Nothing is owed that is undone.
    this.#queued = "";
    this.#underway = "";
    this.destroy(reason);
  }

  startTls(): void {
    this.flush();
    this.#secure = true;
    this.#canStartTls = false;
  }

  channelBinding(): undefined {}

  clientCertificate(): undefined {}

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    queueMicrotask(() => this.#handOver());
  }

  end(): void {
    if (this.#closed || this.#ending) return;
    if (this.#queued === "") this.#turn.add(this);
    this.#ending = true;
  }

  destroy(reason?: Error): void {
    if (this.#closed) return;
    this.#lost = this.unsent;
    this.#closed = true;
    this.#queued = "";
    this.#underway = "";
    this.#answer(false);
    this.#events?.closed(reason);
    this.client?.ended();
  }

  take(chunk: Buffer): void {
    if (this.#closed) return;
    this.#inbound.push(chunk);
    this.#handOver();
  }

  hangUp(reason: Error | undefined): void {
    this.destroy(reason);
  }

  /** Output that was stuck arrives. */
  unstick(): void {
    if (!this.#closed) this.#arrive();
  }

  #handOver(): void {
    while (this.#events && !this.paused && !this.#closed) {
      const chunk = this.#inbound.shift();
      if (!chunk) return;
      this.#events.data(chunk);
    }
  }

  #arrive(): void {
    const text = this.#underway;
    this.#underway = "";
    if (text !== "") this.client?.data(text);
    this.#answer(true);
    this.#events?.drained();
    // As a socket does: when one side has said all, the other hangs up.
    if (this.#ending) this.destroy();
  }

  /** Tells those that wait for the output to be gone. */
  #answer(flushed: boolean): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter(flushed);
  }
}
