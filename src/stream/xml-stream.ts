import type { Framing, ServerHeader } from "../net/framing.ts";
import type { Transport } from "../net/transport.ts";
import { type Awaitable, isPromise } from "../util/awaitable.ts";
import type { Timer } from "../util/clock.ts";
import type { Logger } from "../util/logger.ts";
import { TokenBucket } from "../util/token-bucket.ts";
import { type Element, serialize } from "../xml/element.ts";
import { type StreamTag, type XmlElement, XmlError, type XmlEvent, type XmlParser } from "../xml/parser.ts";
import { type StreamCondition, StreamError } from "../xmpp/errors.ts";
import type { Jid } from "../xmpp/jid.ts";
import { ns } from "../xmpp/ns.ts";
import { OWN_LANGUAGE, streamError } from "./stream-error.ts";
import type { XmlStreamEnvironment } from "./stream-host.ts";

/**
 * `opening`: a header is due. `negotiating`: who the peer is is not known yet. `authenticated`: it is, and something is
 * still to be agreed on. `bound`: stanzas flow. `closing`: our end tag is sent. `closed`: the connection is gone.
 */
export type StreamState = "opening" | "negotiating" | "authenticated" | "bound" | "closing" | "closed";

/** What the tap took and gave back: it is not asked again. */
interface HandedBack {
  readonly kind: "dealt";
  readonly element: XmlElement;
}

/** Why no input is read at the moment; each reason is a bit so that they come and go independently. */
const Hold = { RATE: 1, OUTPUT: 2, WORK: 4 } as const;
type Hold = (typeof Hold)[keyof typeof Hold];

/** How long a peer may take to answer our end tag before the connection is dropped (RFC 6120 §4.4). */
const CLOSE_GRACE_MS = 5_000;

/**
 * An XML stream (RFC 6120 §4), whoever the peer is: header, elements one at a time, limits, errors, end. What the header and
 * the elements mean is for each kind of peer to say.
 */
export abstract class XmlStream<E extends XmlStreamEnvironment = XmlStreamEnvironment> {
  readonly id: string;
  readonly transport: Transport;
  readonly environment: E;
  /** `xml:lang` of the peer's header. */
  lang: string | undefined;
  /** When the peer last sent anything; milliseconds since the epoch. */
  lastReceived: number;
  /** `id` of our last header (RFC 6120 §4.7.3). */
  headerId = "";
  #log: Logger | undefined;
  #state: StreamState = "opening";
  #headerSent = false;
  #holds = 0;
  #busy = false;
  /** Whether the peer has closed its side of the connection. */
  #hasEnded = false;
  /** The last of what came after our end tag. */
  #tail = "";
  #bucket: TokenBucket | undefined;
  #deadline: Timer | undefined;
  #handedBack: HandedBack[] | undefined;
  readonly #framing: Framing;
  readonly #parser: XmlParser;

  constructor(transport: Transport, environment: E, framing: Framing) {
    const { clock, limits, random } = environment;
    this.id = random.id();
    this.transport = transport;
    this.environment = environment;
    this.lastReceived = clock.now();
    this.#framing = framing;
    this.#parser = framing.createParser({
      stanzaBytes: limits.stanzaBytesUnauthenticated,
      depth: limits.depth,
      attributes: limits.attributes,
      attributeBytes: limits.attributeBytes,
      namespaces: limits.namespaces,
    });
    if (Number.isFinite(limits.bytesPerSecond)) {
      this.#bucket = new TokenBucket(limits.bytesPerSecond, limits.burstBytes, this.lastReceived);
    }
    this.#deadline = clock.after(limits.authenticationTime, () =>
      this.close("connection-timeout", "not authenticated in time"),
    );
  }

  /** Takes what the transport has; the last step of a constructor. */
  begin(): void {
    this.transport.open({
      data: (chunk) => this.#receive(chunk),
      ended: () => this.#ended(),
      closed: (reason) => this.#closed(reason),
      drained: () => {
        this.drained();
        this.#release(Hold.OUTPUT);
      },
    });
  }

  /** Whose stream it is, or as much of it as is known. */
  abstract get owner(): Jid | undefined;

  /** The peer's header, whose form is not checked yet. @throws StreamError */
  abstract opened(tag: StreamTag): Awaitable<void>;

  /** An element of the peer, other than the end of the stream and errors of it. @throws StreamError */
  abstract received(element: XmlElement): Awaitable<void>;

  /** What our header says, as far as it is known when an error is all that there is to say. */
  abstract header(): Pick<ServerHeader, "from" | "to">;

  /** Bytes came, which are not parsed yet. @throws StreamError */
  arriving(_first: number): void {}

  /** The stream ended, by whomever; called again when the connection is gone. `wasEnded`: without an error. */
  abstract left(reason: string, wasEnded: boolean): void;

  /** The connection is gone. Called once, as the last thing. */
  abstract gone(): void;

  /** The peer reads again. */
  drained(): void {}

  get state(): StreamState {
    return this.#state;
  }

  /** Whether nothing of the peer's input is under way: all of it that came in was dealt with, or waits for more. */
  get isIdle(): boolean {
    return !this.#busy;
  }

  /** Whether what the peer sends is read now. */
  get isReading(): boolean {
    return this.#holds === 0;
  }

  /** Made when there is something to say: most streams have nothing. */
  get log(): Logger {
    this.#log ??= this.environment.log.child({ stream: this.id });
    return this.#log;
  }

  get remote(): string {
    return this.transport.remote;
  }

  get secure(): boolean {
    return this.transport.secure;
  }

  get isOpen(): boolean {
    return this.#state !== "closing" && this.#state !== "closed";
  }

  /** How many bytes came in that are not dealt with. */
  get pending(): number {
    return this.#parser.pending;
  }

  send(nonza: Element): void {
    this.write(serialize(nonza));
  }

  /** Queues stanzas or nonzas as text. A peer that does not read is first not read from, then dropped (XEP-0205 §2). */
  write(text: string): void {
    if (!this.isOpen) return;
    if (this.environment.tap?.sent?.(this, text) !== "taken") this.put(text);
  }

  /** Writes past the tap. */
  put(text: string): void {
    const { transport, environment } = this;
    transport.write(text);
    const { unsent } = transport;
    if (unsent <= environment.limits.unsentSoft) return;
    if (unsent > environment.limits.unsentHard) {
      this.log.warn("the peer does not read; dropped", { unsent });
      environment.limited("unread");
      transport.destroy(new Error("unsent output exceeds its limit"));
    } else if (this.#hold(Hold.OUTPUT)) {
      environment.limited("output");
    }
  }

  /** What is the stream's own: it waits for nothing. */
  #say(text: string): void {
    if (this.environment.tap?.sent?.(this, text) !== "taken") this.transport.write(text);
  }

  flushed(): Promise<boolean> {
    return this.transport.flushed();
  }

  /** RFC 6120 §5.4.3.3: the connection becomes encrypted, as `domain`, and the stream starts anew. */
  encrypt(domain: string): void {
    // §5.4.3.3 with §13.4: what came in clear behind <starttls/> is never taken for something that came inside TLS.
    this.#parser.discard();
    this.transport.startTls(domain);
    this.restart();
  }

  /** Who the peer is is known: what it sends may be larger. */
  trust(): void {
    this.#parser.limits.stanzaBytes = this.environment.limits.stanzaBytes;
  }

  become(state: "negotiating" | "authenticated" | "bound"): void {
    this.#state = state;
    if (state !== "bound") return;
    this.#deadline?.cancel();
    this.#deadline = undefined;
  }

  /** RFC 6120 §4.4, §4.9: says why if there is a reason, ends the stream, and leaves the peer a moment to do so too. */
  close(condition?: StreamCondition, text?: string, detail?: Element): void {
    const { environment } = this;
    if (!this.isOpen) return;
    if (!this.#headerSent) this.sendHeader();
    if (condition) {
      environment.streamError(condition);
      this.#say(serialize(streamError(condition, text, detail)));
    }
    const { end } = this.#framing;
    this.#sayEnd();
    if (condition || end === "") this.transport.end();
    if (this.#holds !== 0) this.transport.resume();
    this.#holds = 0;
    this.left(condition ?? "closed", condition === undefined);
  }

  #sayEnd(): void {
    const { end } = this.#framing;
    if (end !== "" && this.#headerSent) this.#say(end);
    this.#state = "closing";
    this.#deadline?.cancel();
    this.#deadline = this.environment.clock.after(CLOSE_GRACE_MS, () => this.transport.destroy());
  }

  /** The peer sends no more. Where that was not the end of its stream, what came before it is dealt with first. */
  #ended(): void {
    if (!this.isOpen) return this.transport.end();
    this.#hasEnded = true;
    if (!this.#busy) this.#process();
  }

  /**
   * The peer sends no more, and never ended its stream: that is a connection that broke, and a session may be resumed
   * (XEP-0198 §5). Ours is ended, for whom may still read (RFC 6120 §4.4); who never began one hears nothing.
   */
  #breakOff(): void {
    this.#sayEnd();
    this.transport.end();
    this.left("the peer sends no more", false);
  }

  #receive(chunk: Buffer): void {
    if (!this.isOpen) return this.#awaitEndTag(chunk);
    const now = this.environment.clock.now();
    this.lastReceived = now;
    const delay = this.#bucket?.take(chunk.length, now) ?? 0;
    if (delay > 0) {
      this.environment.limited("rate");
      this.#hold(Hold.RATE);
      this.environment.clock.after(delay, () => this.#release(Hold.RATE));
    }
    try {
      this.arriving(chunk[0] ?? 0);
    } catch (error) {
      return this.#fail(error);
    }
    this.#parser.write(chunk);
    this.#process();
  }

  /** After our end tag the peer's input counts no more, but for its own end tag (RFC 6120 §4.4), which may come in pieces. */
  #awaitEndTag(chunk: Buffer): void {
    const text = this.#tail + chunk.toString("latin1");
    if (this.#framing.peerEnd.test(text)) this.transport.end();
    else this.#tail = text.slice(-LONGEST_END_TAG);
  }

  /** Takes events one after another; the next one waits until the last one is settled (RFC 6120 §10.1). */
  #process(): void {
    if (this.#busy) return void this.#hold(Hold.WORK);
    for (let taken = 0; taken < this.environment.limits.stanzasPerTurn; taken++) {
      if (!this.isOpen) return;
      try {
        const event = this.#handedBack?.shift() ?? this.#parser.next();
        if (!event) {
          this.#release(Hold.WORK);
          return this.#hasEnded ? this.#breakOff() : undefined;
        }
        const settled = this.#handle(event);
        if (isPromise(settled)) return this.#wait(settled);
      } catch (error) {
        return this.#fail(error);
      }
    }
    // Others get their turn before the rest of a long batch.
    this.#hold(Hold.WORK);
    this.#busy = true;
    this.environment.clock.immediate(() => this.#resume());
  }

  #wait(settled: Promise<void>): void {
    this.#busy = true;
    settled.then(
      () => this.#resume(),
      (error: unknown) => {
        this.#busy = false;
        this.#fail(error);
      },
    );
  }

  #resume(): void {
    this.#busy = false;
    this.#process();
  }

  /** Deals with an element that the tap took, as if it came now. */
  deal(element: XmlElement): void {
    this.#handedBack ??= [];
    this.#handedBack.push({ kind: "dealt", element });
    this.environment.clock.immediate(() => this.#process());
  }

  #handle(event: XmlEvent | HandedBack): Awaitable<void> {
    const { tap } = this.environment;
    switch (event.kind) {
      case "open":
        if (tap?.opened?.(this, event.tag) === "taken") return undefined;
        this.lang = event.tag.attributes["xml:lang"]?.slice(0, MAX_LANG_LENGTH);
        return this.opened(event.tag);
      case "element":
        return tap?.received?.(this, event.element) === "taken" ? undefined : this.#element(event.element);
      case "dealt":
        return this.#element(event.element);
      case "close":
        this.close();
        return this.transport.end();
    }
  }

  #element(element: XmlElement): Awaitable<void> {
    if (element.ns !== ns.STREAMS || element.name !== "error") return this.received(element);
    this.log.debug("the peer ended its stream with an error", { condition: element.heads[0]?.name });
    this.close();
    return this.transport.end();
  }

  sendHeader(): void {
    this.#headerSent = true;
    // §4.7.3: each header has an unguessable id of its own.
    this.headerId = this.environment.random.id();
    const header = this.#framing.header({ ...this.header(), id: this.headerId, lang: OWN_LANGUAGE });
    if (header !== "") this.#say(header);
  }

  /** §4.3.3: what comes next is a new header; the old stream is gone without an end tag. */
  restart(): void {
    this.#parser.restart();
    this.#headerSent = false;
    this.#state = "opening";
  }

  #fail(error: unknown): void {
    if (error instanceof StreamError) {
      this.log.info("stream error", { condition: error.condition, reason: error.message });
      return this.close(error.condition, error.message, error.detail);
    }
    if (error instanceof XmlError) {
      this.log.info("stream error", { condition: error.condition, reason: error.message });
      return this.close(error.condition);
    }
    this.log.error("stream failed", { error: error instanceof Error ? error.stack : String(error) });
    this.close("internal-server-error");
  }

  /** Whether that is a new reason. */
  #hold(reason: Hold): boolean {
    if (!this.isOpen) return false;
    if (this.#holds === 0) this.transport.pause();
    const isNew = (this.#holds & reason) === 0;
    this.#holds |= reason;
    return isNew;
  }

  #release(reason: Hold): void {
    if ((this.#holds & reason) === 0) return;
    this.#holds &= ~reason;
    if (this.#holds === 0) this.transport.resume();
  }

  #closed(reason: Error | undefined): void {
    if (this.#state === "closed") return;
    if (reason) this.log.debug("connection lost", { reason: reason.message });
    this.#state = "closed";
    this.#deadline?.cancel();
    this.left(reason?.message ?? "connection closed", false);
    this.environment.tap?.closed?.(this);
    this.gone();
  }
}

/** Enough of what came for the end of the peer's side, however it is written. */
const LONGEST_END_TAG = 100;

/** RFC 5646 tags are far shorter; what is longer is cut, for it is put on every stanza. */
const MAX_LANG_LENGTH = 64;
