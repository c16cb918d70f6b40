import type { Transport, TransportEvents } from "../../net/transport.ts";
import type { Outbox, Turn } from "../../net/turn.ts";
import type { Clock, Timer } from "../../util/clock.ts";
import type { HttpPeer } from "../peer.ts";
import { withClientNamespace } from "../standalone.ts";
import { AnswerLog } from "./answer-log.ts";
import {
  type BoshCondition,
  BoshError,
  type BoshRequest,
  readInteger,
  terminate,
  writeBody,
} from "./body.ts";
import type { Call } from "./call.ts";
import { boshFraming } from "./framing.ts";
import { KeySequence } from "./key-sequence.ts";

/** What was agreed when the session began; times in milliseconds. */
export interface BoshTerms {
  readonly sid: string;
  /** How long a request may wait for its answer. */
  readonly wait: number;
  /** How many may wait at a time. */
  readonly hold: number;
  /** How long the client may have no request here. */
  readonly inactivity: number;
  readonly maxPause: number;
  /** The shortest time between empty requests of a client that polls. */
  readonly polling: number;
  readonly usesAcks: boolean;
  /** Attributes of the answer to the first request. */
  readonly creation: Readonly<Record<string, string | number | undefined>>;
}

/** Who waits for the answer to a request. */
export interface Exchange {
  readonly call: Pick<Call, "isGone" | "onGone">;
  answer(body: string): void;
}

export interface BoshSessionParts {
  readonly terms: BoshTerms;
  readonly peer: HttpPeer;
  readonly turn: Turn;
  readonly clock: Clock;
  /** Whether the server closes: nobody can come to be told of the end. */
  isClosing(): boolean;
  /** Called once. */
  ended(): void;
}

interface Waiting {
  readonly rid: number;
  readonly isPause: boolean;
  exchange: Exchange;
  /** Whether the stream has what it brought. */
  isTaken: boolean;
  readonly until: number;
  /** The same for a request that the stream does not take. */
  readonly untilTaken: number;
}

/** A client whose stream does not take what it sends waits for its answer, so that it sends no more; milliseconds. */
const LONGEST_UNTAKEN = 10_000;

const NOTHING = Buffer.alloc(0);

/** XEP-0124: one stream on many requests. The requests' order is that of their ids, and so is the answers'. */
export class BoshSession implements Transport, Outbox {
  readonly kind = "bosh";
  readonly framing = boshFraming;
  readonly canStartTls = false;
  readonly remote: string;
  readonly secure: boolean;
  accepted = 0;
  readonly #terms: BoshTerms;
  readonly #turn: Turn;
  readonly #clock: Clock;
  readonly #isClosing: () => boolean;
  readonly #ended: () => void;
  #events: TransportEvents | undefined;
  #nextRid: number;
  /** Requests that came before their turn. */
  readonly #early = new Map<number, { readonly request: BoshRequest; readonly exchange: Exchange }>();
  /** Requests that were taken and not answered, in their order. */
  #waiting: Waiting[] = [];
  readonly #answers: AnswerLog;
  readonly #keys = new KeySequence();
  /** Bodies that the stream does not take yet. */
  #inbox: { readonly bytes: Buffer; readonly waiting: Waiting }[] = [];
  #isPaused = false;
  #output = "";
  /** Of the output, as it was written. */
  #unsent = 0;
  /** How much was unsent when the session went. */
  #lost = 0;
  #isCreated = false;
  /** Of the last request, when it was empty and its answer too. */
  #idlePoll: number | undefined;
  #inactivity: number;
  #timer: Timer | undefined;
  #waiters: ((flushed: boolean) => void)[] = [];
  #isInTurn = false;
  #isEnding = false;
  #isClosed = false;

  constructor(first: BoshRequest, { terms, peer, turn, clock, isClosing, ended }: BoshSessionParts) {
    this.#terms = terms;
    this.#turn = turn;
    this.#clock = clock;
    this.#isClosing = isClosing;
    this.#ended = ended;
    this.#answers = new AnswerLog(terms.hold + 1);
    this.#nextRid = first.rid;
    this.#inactivity = terms.inactivity;
    this.remote = peer.remote;
    this.secure = peer.secure;
  }

  get unsent(): number {
    return this.#isClosed ? this.#lost : this.#unsent;
  }

  open(events: TransportEvents): void {
    this.#events = events;
    this.#handOver();
  }

  /** Takes a request of this session. */
  receive(request: BoshRequest, exchange: Exchange): void {
    if (this.#isClosed) return exchange.answer(terminate("item-not-found"));
    const { rid, pause, terminates } = request;
    if (rid < this.#nextRid) return this.#repeat(rid, exchange);
    // "Overactivity": one more than allowed to pause or to end.
    const window = this.#requests + (pause !== undefined || terminates ? 1 : 0);
    if (rid >= this.#nextRid + window) return this.#fail("item-not-found", exchange);
    this.#early.get(rid)?.exchange.answer(writeBody({ type: "error" }));
    this.#early.set(rid, { request, exchange });
    for (let next = this.#early.get(this.#nextRid); next; next = this.#early.get(this.#nextRid)) {
      this.#early.delete(this.#nextRid++);
      try {
        this.#take(next.request, next.exchange);
      } catch (error) {
        if (!(error instanceof BoshError)) throw error;
        return this.#fail(error.condition, next.exchange);
      }
    }
    return undefined;
  }

  write(text: string): void {
    if (this.#isClosed || this.#isEnding) return;
    this.#output += withClientNamespace(text);
    this.#unsent += text.length;
    this.accepted += text.length;
    this.#join();
  }

  flush(): void {
    this.#isInTurn = false;
    if (this.#isClosed) return;
    while (this.#waiting[0] && this.#isDue(this.#waiting[0])) {
      const oldest = this.#waiting.shift() as Waiting;
      if (this.#isEnding && !oldest.isPause && this.#isLast()) return this.#sayEnd(oldest);
      this.#answer(oldest);
    }
    if (this.#isEnding && this.#isClosing()) return this.#end(undefined, undefined);
    this.#settle();
    return this.#events?.drained();
  }

  abandon(reason: Error): void {
    // Nothing is owed that is undone.
    this.#unsent = 0;
    this.destroy(reason);
  }

  flushed(): Promise<boolean> {
    if (this.#isClosed) return Promise.resolve(false);
    if (this.#output === "") return Promise.resolve(true);
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  startTls(): void {
    throw new Error("TLS is below HTTP (XEP-0206)");
  }

  channelBinding(): undefined {}

  clientCertificate(): undefined {}

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    queueMicrotask(() => this.#handOver());
  }

  end(): void {
    if (this.#isClosed || this.#isEnding) return;
    this.#isEnding = true;
    this.#join();
  }

  destroy(reason?: Error): void {
    this.#end("remote-connection-failed", reason);
  }

  get #requests(): number {
    return this.#terms.hold + 1;
  }

  get #isPolling(): boolean {
    return this.#terms.hold === 0 || this.#terms.wait === 0;
  }

  /** @throws BoshError */
  #take(request: BoshRequest, exchange: Exchange): void {
    const { rid, attributes, isEmpty, pause, terminates, restarts } = request;
    this.#keys.check(attributes);
    this.#checkPace(request);
    this.#answers.acknowledge(readInteger(attributes, "ack") ?? 0);
    this.#inactivity = this.#terms.inactivity;
    if (pause !== undefined) {
      if (pause * 1000 > this.#terms.maxPause) throw new BoshError("policy-violation", "too long a pause");
      this.#inactivity = pause * 1000;
    }
    const now = this.#clock.now();
    const waiting: Waiting = {
      rid,
      isPause: pause !== undefined,
      exchange,
      isTaken: false,
      until: now + this.#terms.wait,
      untilTaken: now + Math.max(this.#terms.wait, LONGEST_UNTAKEN),
    };
    this.#waiting.push(waiting);
    exchange.call.onGone(this.#settle);
    const hasNothing = isEmpty && !terminates && !restarts && this.#isCreated;
    this.#inbox.push({ bytes: hasNothing ? NOTHING : request.bytes, waiting });
    this.#handOver();
    this.#join();
  }

  #handOver(): void {
    while (this.#events && !this.#isPaused && !this.#isClosed) {
      const next = this.#inbox.shift();
      if (!next) return;
      next.waiting.isTaken = true;
      this.#events.data(next.bytes);
      this.#join();
    }
  }

  /** "Overactivity", "Polling Sessions". @throws BoshError */
  #checkPace({ isEmpty, pause, terminates, restarts }: BoshRequest): void {
    const isPlain = pause === undefined && !terminates;
    if (isPlain && this.#waiting.length >= this.#requests) {
      throw new BoshError("policy-violation", "too many requests at a time");
    }
    const now = this.#clock.now();
    const isIdle = this.#isPolling && isPlain && isEmpty && !restarts && this.#isCreated;
    if (isIdle && this.#idlePoll !== undefined && now - this.#idlePoll < this.#terms.polling) {
      throw new BoshError("policy-violation", "polling too fast");
    }
    this.#idlePoll = isIdle ? now : undefined;
  }

  /** "Broken Connections": a request that was here before. */
  #repeat(rid: number, exchange: Exchange): void {
    const answer = this.#answers.get(rid);
    if (answer !== undefined) return exchange.answer(answer);
    const waiting = this.#waiting.find((candidate) => candidate.rid === rid);
    if (!waiting) return this.#fail("item-not-found", exchange);
    waiting.exchange.answer(writeBody({ type: "error" }));
    waiting.exchange = exchange;
    exchange.call.onGone(this.#settle);
    return this.#join();
  }

  #isDue(waiting: Waiting): boolean {
    const { isPause, isTaken, exchange } = waiting;
    // Who is gone gets no stanzas as long as nobody else is here: they can still be given to others.
    if (exchange.call.isGone) return this.#waiting.some((other) => !other.exchange.call.isGone);
    if (this.#isEnding || isPause) return true;
    // What waits to be said may be what keeps the stream from taking more.
    if (this.#output !== "" && (isTaken || this.#inbox.length <= this.#requests)) return true;
    // Features, or what is wrong, come with the answer to the first request.
    if (!this.#isCreated) return false;
    if (this.#waiting.some((other) => other.isPause) || this.#clock.now() >= dueAt(waiting)) return true;
    return isTaken && this.#waiting.length > this.#terms.hold;
  }

  /** Whether the next answer has to tell of the end. COMPAT(stanza 12): takes nothing that comes along with it, where it can come before. */
  #isLast(): boolean {
    return this.#output === "" || this.#isFailure || this.#waiting.length === 0;
  }

  get #isFailure(): boolean {
    return this.#output.includes("<stream:error");
  }

  #answer({ rid, isPause, exchange }: Waiting): void {
    // "The response to the pause request MUST NOT contain any payloads."
    const isEmpty = isPause || exchange.call.isGone;
    const payload = isEmpty ? "" : this.#output;
    const creation = this.#isCreated ? {} : this.#terms.creation;
    const received = this.#nextRid - 1;
    // What is meant by no acknowledgement is the request's own id.
    const ack = this.#terms.usesAcks && this.#isCreated && received !== rid ? received : undefined;
    this.#isCreated = true;
    const body = writeBody({ ...creation, ...(ack !== undefined && { ack }) }, payload);
    if (payload !== "") this.#idlePoll = undefined;
    if (!isPause) this.#answers.add(rid, body);
    exchange.answer(body);
    if (!isEmpty) this.#sent();
  }

  #sent(): void {
    this.#output = "";
    this.#unsent = 0;
    for (const settle of this.#waiters.splice(0)) settle(true);
  }

  /** The stream has ended, and the one who waits longest is told. */
  #sayEnd({ exchange }: Waiting): void {
    const condition = this.#isFailure ? "remote-stream-error" : undefined;
    exchange.answer(terminate(condition, this.#output));
    this.#sent();
    this.#end(undefined, undefined);
  }

  /** The client broke the rules. @param exchange of a request that is not in order. */
  #fail(condition: BoshCondition, exchange?: Exchange): void {
    exchange?.answer(terminate(condition));
    this.#end(condition, new Error(`BOSH: ${condition}`));
  }

  /** @param condition for those who wait. */
  #end(condition: BoshCondition | undefined, reason: Error | undefined): void {
    if (this.#isClosed) return;
    this.#lost = this.#unsent;
    this.#isClosed = true;
    this.#timer?.cancel();
    const body = condition === undefined ? writeBody({}) : terminate(condition);
    for (const { exchange } of this.#waiting) exchange.answer(body);
    for (const { exchange } of this.#early.values()) exchange.answer(body);
    this.#waiting = [];
    this.#early.clear();
    this.#inbox = [];
    this.#output = "";
    for (const settle of this.#waiters.splice(0)) settle(false);
    this.#ended();
    this.#events?.closed(reason);
  }

  #join(): void {
    if (this.#isInTurn || this.#isClosed) return;
    this.#isInTurn = true;
    this.#turn.add(this);
  }

  /** One timer: for the request that waits longest, or for the next one to come ("Inactivity"). */
  readonly #settle = (): void => {
    this.#timer?.cancel();
    if (this.#isClosed) return;
    const oldest = this.#waiting.find(({ exchange }) => !exchange.call.isGone);
    this.#timer = oldest
      ? this.#clock.after(dueAt(oldest) - this.#clock.now(), () => this.#join())
      : this.#clock.after(this.#inactivity, () =>
          this.#end("item-not-found", new Error("no request in time")),
        );
  };
}

function dueAt({ isTaken, until, untilTaken }: Waiting): number {
  return isTaken ? until : untilTaken;
}
