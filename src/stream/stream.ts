import type { ScramHash } from "../auth/scram-keys.ts";
import type { Framing } from "../net/framing.ts";
import type { Transport } from "../net/transport.ts";
import type { Session } from "../session/session.ts";
import { type Awaitable, after, isPromise } from "../util/awaitable.ts";
import type { Timer } from "../util/clock.ts";
import type { Logger } from "../util/logger.ts";
import { TokenBucket } from "../util/token-bucket.ts";
import { isSpace } from "../xml/bytes.ts";
import { type Element, el, serialize } from "../xml/element.ts";
import { type StreamTag, type XmlElement, XmlError, type XmlEvent, type XmlParser } from "../xml/parser.ts";
import { StanzaError, type StreamCondition, StreamError } from "../xmpp/errors.ts";
import type { Jid } from "../xmpp/jid.ts";
import { ns } from "../xmpp/ns.ts";
import { iq } from "../xmpp/stanza.ts";
import { Authentication } from "./authentication.ts";
import { nativeFraming } from "./native-framing.ts";
import { OWN_LANGUAGE, streamError } from "./stream-error.ts";
import { checkHeader, readAddress } from "./stream-header.ts";
import type { SessionStream, StreamEnvironment, StreamHost } from "./stream-host.ts";

/**
 * `opening`: a header is due. `negotiating`: features before authentication. `authenticated`: features after it,
 * resource binding among them. `bound`: stanzas flow. `closing`: our end tag is sent. `closed`: the connection is gone.
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

/** A client's XML stream (RFC 6120 §4): negotiation and bytes. Who it speaks for is the session's matter. */
export class Stream implements SessionStream {
  readonly id: string;
  readonly transport: Transport;
  readonly environment: StreamEnvironment;
  /** The account that authenticated, as a bare JID. */
  user: Jid | undefined;
  /** The SASL mechanism that it did so with. */
  mechanism: string | undefined;
  session: Session | undefined;
  lang: string | undefined;
  /** The address of a user that the client claims in its header (RFC 6120 §4.7.1). */
  from: Jid | undefined;
  /** The hashes that the account of `from` has SCRAM keys for; undefined where there is no `from`. */
  hashes: readonly ScramHash[] | undefined;
  /** The hashes whose mechanisms are shown: those of the account, else those that all accounts of the domain have keys for. */
  shownHashes: readonly ScramHash[] | undefined;
  /** While set, an element of any other namespace, and white space that comes on its own, end the stream (XEP-0388 §2.4). */
  expects: string | undefined;
  lastReceived: number;
  #log: Logger | undefined;
  #host: StreamHost | undefined;
  /** `from` of the header, whatever it names. */
  #peer: Jid | undefined;
  #state: StreamState = "opening";
  #headerSent = false;
  #holds = 0;
  #busy = false;
  /** The last of what came after our end tag. */
  #tail = "";
  #bucket: TokenBucket | undefined;
  #authentication: Authentication | undefined;
  /** Output that waits, while something has to be said first. */
  #waiting: string[] | undefined;
  #deadline: Timer | undefined;
  #handedBack: HandedBack[] | undefined;
  /** The session that is left, until the connection is gone as well. */
  #left: Session | undefined;
  readonly #framing: Framing;
  readonly #parser: XmlParser;
  readonly #onClosed: (stream: Stream) => void;

  constructor(transport: Transport, environment: StreamEnvironment, onClosed: (stream: Stream) => void) {
    const { clock, limits, random } = environment;
    this.id = random.id();
    this.transport = transport;
    this.environment = environment;
    this.lastReceived = clock.now();
    this.#onClosed = onClosed;
    this.#framing = transport.framing ?? nativeFraming;
    this.#parser = this.#framing.createParser({
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
    transport.open({
      data: (chunk) => this.#receive(chunk),
      closed: (reason) => this.#closed(reason),
      drained: () => {
        this.session?.flushed(this);
        this.#release(Hold.OUTPUT);
      },
    });
  }

  get state(): StreamState {
    return this.#state;
  }

  /** Whether nothing of the client's input is under way: all of it that came in was dealt with, or waits for more. */
  get isIdle(): boolean {
    return !this.#busy;
  }

  /** Made when there is something to say: most streams have nothing. */
  get log(): Logger {
    this.#log ??= this.environment.log.child({ stream: this.id });
    return this.#log;
  }

  /** Known once the client's header was accepted. */
  get host(): StreamHost {
    if (!this.#host) throw new Error("stream has no host yet");
    return this.#host;
  }

  /** What its attempts to authenticate have come to; gone once one succeeded. */
  get authentication(): Authentication {
    this.#authentication ??= new Authentication(this);
    return this.#authentication;
  }

  get remote(): string {
    return this.transport.remote;
  }

  get secure(): boolean {
    return this.transport.secure;
  }

  send(nonza: Element): void {
    this.write(serialize(nonza));
  }

  /** Queues stanzas or nonzas as text. A peer that does not read is first not read from, then dropped (XEP-0205 §2). */
  write(text: string): void {
    if (this.#state === "closing" || this.#state === "closed") return;
    if (this.#waiting) return void this.#waiting.push(text);
    if (this.environment.tap?.sent?.(this, text) !== "taken") this.put(text);
  }

  /** Writes past the tap. */
  put(text: string): void {
    const { transport, environment } = this;
    transport.write(text);
    const { unsent } = transport;
    if (unsent <= environment.limits.unsentSoft) return;
    if (unsent > environment.limits.unsentHard) {
      this.log.warn("client does not read; dropped", { unsent });
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

  /** RFC 6120 §5.4.3.3: the connection becomes encrypted and the stream starts anew. */
  startTls(): void {
    // §5.4.3.3 with §13.4: what came in clear behind <starttls/> is never taken for something that came inside TLS.
    this.#parser.discard();
    this.transport.startTls(this.host.domain);
    this.restart();
  }

  /** The client is who it says. The stream is then started anew (RFC 6120 §6.4.6) or goes on (XEP-0388 §2.6.1). */
  authenticated(user: Jid): void {
    this.user = user;
    this.#authentication = undefined;
    this.#parser.limits.stanzaBytes = this.environment.limits.stanzaBytes;
    this.#state = "authenticated";
  }

  /** From now on output waits for `release`: nothing goes before what will be said there. */
  withhold(): void {
    this.#waiting ??= [];
  }

  /** Says what `withhold` was for, then what waited. */
  release(...first: readonly Element[]): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const nonza of first) this.send(nonza);
    for (const text of waiting) this.write(text);
  }

  /** RFC 6120 §7: from now on stanzas go to the session. */
  bound(session: Session): void {
    this.session = session;
    this.#state = "bound";
    this.#deadline?.cancel();
    this.#deadline = undefined;
  }

  /** RFC 6120 §4.4, §4.9: says why if there is a reason, ends the stream, and leaves the peer a moment to do so too. */
  close(condition?: StreamCondition, text?: string, detail?: Element): void {
    const { environment } = this;
    if (this.#state === "closing" || this.#state === "closed") return;
    if (!this.#headerSent) this.#sendHeader();
    if (condition) {
      environment.streamError(condition);
      this.#say(serialize(streamError(condition, text, detail)));
    }
    const { end } = this.#framing;
    if (end !== "") this.#say(end);
    this.#waiting = undefined;
    this.#endNegotiation();
    this.#state = "closing";
    this.#deadline?.cancel();
    if (condition || end === "") this.transport.end();
    if (this.#holds !== 0) this.transport.resume();
    this.#holds = 0;
    this.#deadline = environment.clock.after(CLOSE_GRACE_MS, () => this.transport.destroy());
    this.#leaveSession(condition ?? "closed", condition === undefined);
  }

  #receive(chunk: Buffer): void {
    if (this.#state === "closed" || this.#state === "closing") return this.#awaitEndTag(chunk);
    const now = this.environment.clock.now();
    this.lastReceived = now;
    const delay = this.#bucket?.take(chunk.length, now) ?? 0;
    if (delay > 0) {
      this.environment.limited("rate");
      this.#hold(Hold.RATE);
      this.environment.clock.after(delay, () => this.#release(Hold.RATE));
    }
    if (this.expects !== undefined && this.#parser.pending === 0 && isSpace(chunk[0] ?? 0)) {
      return this.#fail(
        new StreamError("policy-violation", "white space while an authentication is under way"),
      );
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
      if (this.#state === "closing" || this.#state === "closed") return;
      try {
        const event = this.#handedBack?.shift() ?? this.#parser.next();
        if (!event) return this.#release(Hold.WORK);
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
        return tap?.opened?.(this, event.tag) === "taken" ? undefined : this.#open(event.tag);
      case "element":
        return tap?.received?.(this, event.element) === "taken" ? undefined : this.#element(event.element);
      case "dealt":
        return this.#element(event.element);
      case "close":
        this.close();
        return this.transport.end();
    }
  }

  #open(tag: StreamTag): Awaitable<void> {
    const { environment } = this;
    this.lang = tag.attributes["xml:lang"]?.slice(0, MAX_LANG_LENGTH);
    checkHeader(tag);
    const to = readAddress(tag.attributes.to, "improper-addressing");
    const host = environment.hostFor(to?.toString() ?? environment.defaultDomain);
    if (!host) throw new StreamError("host-unknown");
    if (this.user && host.domain !== this.user.domain) throw new StreamError("not-authorized");
    this.#host = host;
    this.#peer = readAddress(tag.attributes.from, "invalid-from");
    // §4.7.1: user@domain. COMPAT(XML::Stream, 2026): the name of the client's machine, which is nobody's address.
    this.from = this.#peer?.local ? this.#peer : undefined;
    if (this.from && this.user && !this.from.bare.equals(this.user)) throw new StreamError("invalid-from");
    // §4.9.3.9, XEP-0388 §2.1: no client of this domain can be from another.
    if (this.from && this.from.domain !== host.domain) throw new StreamError("invalid-from");
    return after(this.#readAccount(host), () => this.#answerHeader());
  }

  /** XEP-0388 §2.1: an account is only offered what it can use; one that is not there looks like any other. */
  #readAccount(host: StreamHost): Awaitable<void> {
    if (this.user) return undefined;
    if (!this.from || !this.secure) {
      if (this.environment.offersAll) return undefined;
      return after(host.accounts.commonHashes(host.domain), (hashes) => {
        this.shownHashes = hashes;
      });
    }
    return after(host.accounts.hashesOf(this.from), (hashes) => {
      this.hashes = hashes;
      this.shownHashes = hashes;
    });
  }

  #answerHeader(): void {
    if (this.#state !== "opening") return;
    this.#sendHeader();
    this.#state = this.user ? "authenticated" : "negotiating";
    this.send(this.offers());
  }

  #sendHeader(): void {
    this.#headerSent = true;
    const header = this.#framing.header({
      from: this.#host?.domain ?? this.environment.defaultDomain,
      // §4.7.2: what the client calls itself.
      to: this.#peer?.toString(),
      // §4.7.3: each header has an unguessable id of its own.
      id: this.environment.random.id(),
      lang: OWN_LANGUAGE,
    });
    if (header !== "") this.#say(header);
  }

  /** `<stream:features/>`: what can be negotiated now (RFC 6120 §4.3.2). */
  offers(): Element {
    const list = el("stream:features");
    for (const feature of this.host.features) {
      const offered = feature.offer(this);
      for (const element of offered ?? []) list.cnode(element);
      if (offered && feature.exclusive?.(this)) break;
    }
    return list;
  }

  #element(element: XmlElement): Awaitable<void> {
    if (this.expects !== undefined && element.ns !== this.expects) {
      throw new StreamError("policy-violation", "an authentication is under way");
    }
    if (element.ns === ns.CLIENT) {
      if (element.name !== "message" && element.name !== "presence" && element.name !== "iq") {
        throw new StreamError("unsupported-stanza-type");
      }
      return this.session ? this.session.receive(element) : this.#earlyStanza(element);
    }
    if (element.ns === ns.STREAMS && element.name === "error") {
      this.log.debug("the client ended its stream with an error", { condition: element.heads[0]?.name });
      this.close();
      return this.transport.end();
    }
    const feature = this.host.features.find((candidate) => candidate.ns === element.ns);
    if (!feature?.receive) throw new StreamError("unsupported-stanza-type");
    return feature.receive(this, element);
  }

  /** RFC 6120 §4.3.5, §7.1: before a resource is bound only the IQs that negotiate are allowed. */
  #earlyStanza(element: XmlElement): Awaitable<void> {
    const namespace = element.heads[0]?.ns;
    const feature =
      element.name === "iq" ? this.host.features.find((candidate) => candidate.ns === namespace) : undefined;
    if (!feature?.receive) throw new StreamError("not-authorized");
    return feature.receive(this, element);
  }

  /** Answers an IQ that came before a session was bound. */
  reply(request: XmlElement, answer: Element | StanzaError | undefined): void {
    const asked = iq({ id: request.attributes.id });
    this.write((answer instanceof StanzaError ? asked.error(answer) : asked.result(answer)).toString());
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
    if (this.#state === "closing" || this.#state === "closed") return false;
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
    this.#endNegotiation();
    this.#state = "closed";
    this.#deadline?.cancel();
    this.#leaveSession(reason?.message ?? "connection closed", false);
    this.#left?.disconnected(this);
    this.#left = undefined;
    this.environment.tap?.closed?.(this);
    this.#onClosed(this);
  }

  #endNegotiation(): void {
    if (this.#state === "bound" || this.#state === "closing") return;
    for (const feature of this.#host?.features ?? []) feature.forget?.(this);
  }

  #leaveSession(reason: string, wasEnded: boolean): void {
    const { session } = this;
    this.session = undefined;
    this.#left ??= session;
    session?.detach(this, reason, wasEnded);
  }
}

/** Enough of what came for the end of the peer's side, however it is written. */
const LONGEST_END_TAG = 100;

/** RFC 5646 tags are far shorter; what is longer is cut, for it is put on every stanza. */
const MAX_LANG_LENGTH = 64;
