import { checkAlive, type Reachable } from "../session/keep-alive.ts";
import { Outgoing } from "../session/outgoing.ts";
import type { ComponentHost, ComponentStream } from "../stream/component-stream.ts";
import { readAddress } from "../stream/stream-header.ts";
import type { Awaitable } from "../util/awaitable.ts";
import type { Clock } from "../util/clock.ts";
import type { Element } from "../xml/element.ts";
import type { XmlElement } from "../xml/parser.ts";
import { StanzaError, type StreamCondition, StreamError } from "../xmpp/errors.ts";
import { JidError } from "../xmpp/jid.ts";
import { Stanza } from "../xmpp/stanza.ts";
import type { Component, Speaker } from "./component.ts";

/** How long a connection may take to give a sign of life when another one comes in its place; milliseconds. */
const ALIVE_TIMEOUT = 10_000;

/** A component that connects to the server (XEP-0114). */
export class ExternalComponent implements ComponentHost, Reachable {
  readonly component: Component;
  readonly secret: string;
  readonly #clock: Clock;
  /** By their streams: the one that speaks for the component, and those that ended and are not gone yet. */
  readonly #connections = new Map<ComponentStream, Connection>();

  constructor(component: Component, secret: string, clock: Clock) {
    this.component = component;
    this.secret = secret;
    this.#clock = clock;
  }

  get domain(): string {
    return this.component.domain;
  }

  get attached(): boolean {
    return this.stream !== undefined;
  }

  get stream(): ComponentStream | undefined {
    const { speaker } = this.component;
    return speaker instanceof Connection ? speaker.stream : undefined;
  }

  get lastActive(): number {
    return this.stream?.lastReceived ?? 0;
  }

  request(type: "get" | "set", payload: Element, timeout: number): Promise<Element | undefined> {
    return this.component.request(type, payload, timeout);
  }

  /**
   * XEP-0114 §3: one connection at a time, the first one. It may be gone without a word, though, which its component, coming
   * back, is the first to know: so it is asked.
   */
  connected(stream: ComponentStream): void {
    if (this.attached) {
      void checkAlive(this, ALIVE_TIMEOUT);
      throw new StreamError("conflict", "the component is connected already");
    }
    const connection = new Connection(stream, this.#clock);
    this.#connections.set(stream, connection);
    this.component.attach(connection);
  }

  receive(element: XmlElement, stream: ComponentStream): Awaitable<void> {
    const from = readAddress(element.attributes.from, "invalid-from");
    // §3: both must be there, and the domain of `from` is the component's (RFC 6120 §4.9.3.7, §4.9.3.9).
    if (!from || !element.attributes.to) {
      throw new StreamError("improper-addressing", "a stanza needs a from and a to");
    }
    if (from.domain !== this.domain) throw new StreamError("invalid-from");
    const stanza = read(element);
    if (stanza) return this.component.accept(stanza.with({ lang: stanza.lang ?? stream.lang }));
    // RFC 6120 §8.3.3.8, not §4.9.3.7: gateways hand on what people typed, and one slip is no reason to end it for all.
    const { id, type } = element.attributes;
    const kind = element.name as Stanza["kind"];
    const refused = Stanza.build({ kind, id, type, from, to: this.component.parent }, []);
    if (type === "error" || type === "result") return;
    return this.component.deliver(refused.error(new StanzaError("jid-malformed")));
  }

  flushed(stream: ComponentStream): void {
    this.#connections.get(stream)?.flushed();
  }

  ended(stream: ComponentStream, reason: string): void {
    const connection = this.#connections.get(stream);
    if (connection) this.component.detach(connection, reason);
  }

  /** What did not leave the process is known to be lost (RFC 6121 §8). There may be too much of it to say it all again. */
  disconnected(stream: ComponentStream): void {
    const connection = this.#connections.get(stream);
    this.#connections.delete(stream);
    for (const stanza of connection?.lost() ?? []) void this.component.bounce(stanza, false);
  }
}

/** A stream that speaks for a component. */
class Connection implements Speaker {
  readonly stream: ComponentStream;
  readonly since: number;
  readonly #clock: Clock;
  readonly #outgoing = new Outgoing();

  constructor(stream: ComponentStream, clock: Clock) {
    this.stream = stream;
    this.since = clock.now();
    this.#clock = clock;
  }

  get remote(): string {
    return this.stream.remote;
  }

  get secure(): boolean {
    return this.stream.secure;
  }

  get unsent(): number {
    return this.stream.transport.unsent;
  }

  deliver(stanza: Stanza): void {
    const text = stanza.toString();
    const { accepted } = this.stream.transport;
    if (stanza.kind === "message" && accepted !== undefined) {
      this.#outgoing.push(stanza, this.#clock.now(), accepted + text.length);
    }
    this.stream.write(text);
  }

  close(condition: StreamCondition, text: string): void {
    this.stream.close(condition, text);
  }

  flushed(): void {
    const { accepted = 0, unsent } = this.stream.transport;
    this.#outgoing.left(accepted - unsent);
  }

  /** Messages that were on their way. */
  lost(): readonly Stanza[] {
    this.flushed();
    return this.#outgoing.drain().map(({ stanza }) => stanza);
  }
}

/** undefined when `to` is malformed. */
function read(element: XmlElement): Stanza | undefined {
  try {
    return Stanza.read(element);
  } catch (error) {
    if (error instanceof JidError) return undefined;
    throw error;
  }
}
