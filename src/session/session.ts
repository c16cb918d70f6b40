import type { SessionStream } from "../stream/stream-host.ts";
import { type Awaitable, after, isPromise } from "../util/awaitable.ts";
import type { Clock, Timer } from "../util/clock.ts";
import type { Random } from "../util/random.ts";
import type { Element } from "../xml/element.ts";
import type { XmlElement } from "../xml/parser.ts";
import { StanzaError, type StreamCondition, StreamError } from "../xmpp/errors.ts";
import { Jid, JidError } from "../xmpp/jid.ts";
import { ns } from "../xmpp/ns.ts";
import { Stanza } from "../xmpp/stanza.ts";
import { checkIq } from "./check-iq.ts";
import { Management, type ManagementLimits, type Unacked } from "./management.ts";
import { Outgoing } from "./outgoing.ts";
import { PendingRequests } from "./pending-requests.ts";
import type { StanzaCounters } from "./stanza-counters.ts";
import { isRequest, Unanswered } from "./unanswered.ts";

/** What a session needs of the domain it belongs to. */
export interface SessionHost {
  readonly domain: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly stanzas: StanzaCounters;
  /** A valid stanza of the client, its `from` stamped. */
  fromClient(session: Session, stanza: Stanza): Awaitable<void>;
  /** Sends a stanza wherever its `to` says. */
  route(stanza: Stanza): Awaitable<void>;
  /** The order of the account's available sessions may have changed. */
  presenceChanged(session: Session): void;
  /** The client is back (XEP-0198 §5) and has what it had missed. */
  resumed(session: Session): void;
  /** A stanza waits for a client whose connection is gone (XEP-0198). */
  held(session: Session, stanza: Stanza): void;
  /** Called once. */
  ended(session: Session, reason: string): Awaitable<void>;
  /** Messages were still on their way to a client, now gone, that acknowledges nothing. */
  giveBack(session: Session, messages: readonly Unacked[]): Awaitable<void>;
}

/** Requests delivered to one client that it has not answered. */
const MAX_UNANSWERED = 256;

/** A bound resource (RFC 6120 §7): who it is, what it announced, what it still owes. Its stream only carries it. */
export class Session {
  readonly jid: Jid;
  readonly host: SessionHost;
  /** What modules keep for the session, by the slot that the host gave each; modules reach it through `Host.sessionState`. */
  readonly states: unknown[] = [];
  /** An unregistered user (XEP-0175): nothing of it is kept. */
  readonly anonymous: boolean;
  #stream: SessionStream | undefined;
  #presence: Stanza | undefined;
  #priority = 0;
  #requests: PendingRequests | undefined;
  #unanswered: Unanswered | undefined;
  #lastActive: number;
  #management: Management | undefined;
  #outgoing: Outgoing | undefined;
  /** Settles when the client's last stanza is dealt with, where that takes time. */
  #underWay: Promise<void> | undefined;
  #gate: ((stanza: Stanza) => boolean) | undefined;
  /** Runs out when the client may no longer resume, or is to be asked for an acknowledgement. */
  #timer: Timer | undefined;
  #ended = false;
  #ending: Awaitable<void> = undefined;

  constructor(jid: Jid, host: SessionHost, stream: SessionStream, anonymous: boolean) {
    this.jid = jid;
    this.host = host;
    this.anonymous = anonymous;
    this.#stream = stream;
    this.#lastActive = stream.lastReceived;
  }

  /** The last presence it broadcast; undefined when it is not available. */
  get presence(): Stanza | undefined {
    return this.#presence;
  }

  /** RFC 6121 §4.7.2.3: −128 to 127; meaningful while available. */
  get priority(): number {
    return this.#priority;
  }

  get attached(): boolean {
    return this.#stream !== undefined;
  }

  get stream(): SessionStream | undefined {
    return this.#stream;
  }

  /** When the client last sent anything; milliseconds since the epoch. */
  get lastActive(): number {
    return this.#stream?.lastReceived ?? this.#lastActive;
  }

  /**
   * Since when the client, asked for an acknowledgement, has given no sign of life (XEP-0198 §4); undefined when it owes none, or
   * nobody reads what it says.
   */
  get silentSince(): number | undefined {
    const askedAt = this.#management?.askedAt;
    return askedAt === undefined || !this.#stream?.isReading ? undefined : Math.max(askedAt, this.lastActive);
  }

  /** What client and session have acknowledged to each other; undefined unless the client enabled it (XEP-0198). */
  get management(): Management | undefined {
    return this.#management;
  }

  /**
   * XEP-0198 §3: from now on stanzas are counted both ways, and those sent are kept until they are acknowledged.
   * With a `resumeId` the session outlives its stream by `resumeTime` milliseconds.
   */
  manage(limits: ManagementLimits, resumeId: string | undefined, resumeTime: number): void {
    this.#management = new Management(limits, resumeId, resumeTime);
  }

  setPresence(presence: Stanza | undefined, priority: number): void {
    this.#presence = presence;
    this.#priority = priority;
    this.host.presenceChanged(this);
  }

  send(stanza: Stanza): void {
    if (this.#gate?.(stanza)) return;
    this.pass(stanza);
  }

  /**
   * Shows every stanza to `gate` first: those that it returns true for are its own, to drop or to `pass` later.
   * undefined: all of them pass again.
   */
  setGate(gate: ((stanza: Stanza) => boolean) | undefined): void {
    this.#gate = gate;
  }

  /** Sends a stanza past the gate. */
  pass(stanza: Stanza): void {
    if (isRequest(stanza)) (this.#unanswered ??= new Unanswered(MAX_UNANSWERED)).add(stanza);
    this.#write(stanza);
  }

  #write(stanza: Stanza): void {
    const stream = this.#stream;
    const management = this.#management;
    management?.push(stanza, this.host.clock.now());
    if (stream) this.#carry(stream, stanza);
    else if (management) this.host.held(this, stanza);
    if (management) this.#superviseQueue(management);
  }

  #carry(stream: SessionStream, stanza: Stanza): void {
    this.host.stanzas.sent[stanza.kind].value++;
    const text = stanza.toString();
    const { accepted } = stream.transport;
    if (!this.#management && stanza.kind === "message" && accepted !== undefined) {
      this.#outgoing ??= new Outgoing();
      this.#outgoing.push(stanza, this.host.clock.now(), accepted + text.length);
    }
    stream.write(text);
  }

  /** Something has left the process. */
  flushed({ transport: { accepted = 0, unsent } }: SessionStream): void {
    this.#outgoing?.left(accepted - unsent);
  }

  /**
   * The connection is gone, and the session with it unless it can be resumed: what did not leave the process goes elsewhere
   * (RFC 6121 §8). What others acknowledge, or do not, is known better.
   */
  disconnected(stream: SessionStream): void {
    this.flushed(stream);
    const lost = this.#outgoing?.drain() ?? [];
    if (lost.length > 0) void after(this.#ending, () => this.host.giveBack(this, lost));
  }

  /** What went out and is not known to have arrived: it may yet be given back. */
  get underway(): readonly Unacked[] {
    return this.#management?.unacked ?? this.#outgoing?.messages ?? [];
  }

  /** Somebody else answers for these messages, if the client does not have them. */
  withdraw(isWithdrawn: (stanza: Stanza) => boolean): ReadonlySet<Stanza> {
    this.#outgoing?.withdraw(isWithdrawn);
    return this.#management?.withdraw(isWithdrawn) ?? new Set();
  }

  /** XEP-0198 §4: sees to it that what went out is acknowledged, and that not too much is not. */
  #superviseQueue(management: Management): void {
    if (management.isOverfull(this.host.clock.now()))
      return this.close("resource-constraint", "too many stanzas are not acknowledged");
    if (!this.#stream) return;
    if (management.isRequestDue) this.#requestAck();
    else this.#timer ??= this.host.clock.after(management.limits.requestDelay, () => this.#requestAck());
  }

  #requestAck(): void {
    const { stream, management } = this;
    if (!stream || !management || management.unacked.length === 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    management.requested();
    stream.write(`<r xmlns="${ns.STREAM_MANAGEMENT}"/>`);
    // On a slow line it may be long behind what the client still reads.
    void stream.flushed().then((left) => {
      if (left && this.#stream === stream) management.asked(this.host.clock.now());
    });
  }

  /**
   * Settles when the client has all that was sent so far, as far as can be known: true when it acknowledged that
   * (XEP-0198), or without acknowledgements when it left the process; false when the session ended first.
   */
  delivered(): Promise<boolean> {
    if (this.#ended) return Promise.resolve(false);
    if (!this.#management) return this.#stream?.flushed() ?? Promise.resolve(false);
    this.#requestAck();
    return this.#management.acknowledged();
  }

  /**
   * Asks the client something in the server's name (RFC 6120 §8.2.3).
   * @returns the payload of the result.
   * @throws TimeoutError after `timeout` ms or when the session ends first; StanzaError for an error answer.
   */
  request(type: "get" | "set", payload: Element, timeout: number): Promise<Element | undefined> {
    this.#requests ??= new PendingRequests(this.host.clock, this.host.random);
    const header = { type, from: Jid.of("", this.host.domain), to: this.jid };
    return this.#requests.ask(header, payload, timeout, (request) => this.#write(request));
  }

  /** A stanza from the client. It counts as handled when all of its effects are recorded (XEP-0198 §4). */
  receive(element: XmlElement): Awaitable<void> {
    const management = this.#management;
    this.host.stanzas.received[element.name as Stanza["kind"]].value++;
    const handled = this.#accept(element);
    if (!management) return handled;
    const counted = after(handled, () => management.count());
    if (isPromise(counted)) this.#waitFor(counted);
    return counted;
  }

  #waitFor(work: Promise<void>): void {
    const done = () => {
      if (this.#underWay === settled) this.#underWay = undefined;
    };
    const settled = work.then(done, done);
    this.#underWay = settled;
  }

  /** Checked, stamped and handed on (RFC 6120 §8.1.2.1, §8.2.3). */
  #accept(element: XmlElement): Awaitable<void> {
    let stanza: Stanza;
    try {
      stanza = Stanza.read(element);
    } catch (error) {
      if (!(error instanceof JidError)) throw error;
      return this.#refuseAddress(element);
    }
    const { from } = stanza;
    // §8.1.2.1, rule 1: the client's own address stands in place of what is given; §4.9.3.9: nobody else's is accepted.
    if (from && !from.bare.equals(this.jid.bare)) throw new StreamError("invalid-from");
    const lang = stanza.lang ?? this.#stream?.lang;
    stanza = stanza.with({ from: this.jid, lang });
    if (stanza.kind === "iq") {
      const fault = checkIq(stanza);
      if (fault) return this.#refuse(stanza, fault);
      if (stanza.type === "result" || stanza.type === "error") {
        if (this.#settle(stanza)) return;
        this.#unanswered?.settle(stanza);
      }
    }
    return this.host.fromClient(this, stanza);
  }

  /**
   * The stream is gone. Unless the client ended it, a session that can be resumed waits for it to come back
   * (XEP-0198 §5, §7); any other goes with its stream.
   */
  detach(stream: SessionStream, reason: string, wasEnded: boolean): void {
    if (this.#stream !== stream) return;
    this.#lastActive = stream.lastReceived;
    this.#stream = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
    const management = this.#management;
    if (wasEnded || !management?.resumeId) return this.#end(reason);
    this.#timer = this.host.clock.after(management.resumeTime, () => this.#end(`${reason}; not resumed`));
    for (const { stanza } of management.unacked) this.host.held(this, stanza);
  }

  /**
   * XEP-0198 §5: the client comes back while a stanza of it is still being dealt with, which nobody may count twice. The stream
   * that it came on ends; settles when the session can be attached to another one.
   */
  takeOff(): Awaitable<void> {
    const old = this.#stream;
    if (!this.#underWay || !this.#management) return undefined;
    if (old) {
      this.#stream = undefined;
      this.#timer?.cancel();
      this.#timer = this.host.clock.after(this.#management.resumeTime, () => this.#end("not resumed"));
      old.close("conflict", "resumed on another connection");
    }
    return this.#underWay;
  }

  /** XEP-0198 §5: the client is back on another stream; what it does not have is sent again by `resend`. */
  attach(stream: SessionStream): void {
    const old = this.#stream;
    this.#stream = stream;
    this.#management?.resumed(this.host.clock.now());
    this.#timer?.cancel();
    this.#timer = undefined;
    old?.close("conflict", "resumed on another connection");
  }

  resend(): void {
    const { stream, management } = this;
    if (!stream || !management) return;
    const { unacked, limits } = management;
    for (const [index, { stanza }] of unacked.entries()) {
      // As often as at first, so that a client on a slow line shows that it is there.
      if (index > 0 && index % limits.requestAfter === 0) this.#requestAck();
      this.#carry(stream, stanza);
    }
    this.host.resumed(this);
    this.#requestAck();
  }

  /** Ends the session and its stream; `condition` is the stream error shown to the client. */
  close(condition?: StreamCondition, text?: string): void {
    const stream = this.#stream;
    this.#stream = undefined;
    stream?.close(condition, text);
    this.#end(condition ?? "closed by the server");
  }

  #end(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#timer?.cancel();
    this.#requests?.end();
    this.#requests = undefined;
    this.#ending = this.host.ended(this, reason);
    // A request that nobody will answer any more is answered in the client's place (RFC 6120 §8.2.3).
    for (const request of this.#unanswered?.drain() ?? []) {
      void this.host.route(request.error(new StanzaError("service-unavailable")));
    }
  }

  /** An answer to something the server asked. */
  #settle(answer: Stanza): boolean {
    const { to } = answer;
    if (to && to.toString() !== this.host.domain && !to.equals(this.jid.bare)) return false;
    return this.#requests?.settle(answer) ?? false;
  }

  /** RFC 6120 §8.3.3.8 for a malformed `to`; a malformed `from` cannot be the client's own. */
  #refuseAddress(element: XmlElement): void {
    const { from, id, type } = element.attributes;
    if (from !== undefined && !isAddress(from)) throw new StreamError("invalid-from");
    const kind = element.name as Stanza["kind"];
    const stanza = Stanza.build({ kind, id, type, to: Jid.of("", this.host.domain), from: this.jid }, []);
    return this.#refuse(stanza, new StanzaError("jid-malformed"));
  }

  /** Answers at once, unless the stanza is itself an answer (RFC 6120 §8.3.1). */
  #refuse(stanza: Stanza, error: StanzaError): void {
    if (stanza.type === "error" || stanza.type === "result") return;
    this.send(stanza.error(error));
  }
}

function isAddress(text: string): boolean {
  try {
    Jid.parse(text);
    return true;
  } catch {
    return false;
  }
}
