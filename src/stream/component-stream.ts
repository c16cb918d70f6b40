import { createHash, timingSafeEqual } from "node:crypto";
import type { Throttle } from "../auth/throttle.ts";
import type { ServerHeader } from "../net/framing.ts";
import type { Transport } from "../net/transport.ts";
import type { Awaitable } from "../util/awaitable.ts";
import type { Clock } from "../util/clock.ts";
import { el } from "../xml/element.ts";
import type { StreamTag, XmlElement } from "../xml/parser.ts";
import { StreamError } from "../xmpp/errors.ts";
import { Jid } from "../xmpp/jid.ts";
import { ns } from "../xmpp/ns.ts";
import { isKind } from "../xmpp/stanza.ts";
import { componentFraming } from "./native-framing.ts";
import { checkForm, readAddress } from "./stream-header.ts";
import type { XmlStreamEnvironment } from "./stream-host.ts";
import { XmlStream } from "./xml-stream.ts";

/** A component's domain as its stream sees it. */
export interface ComponentHost {
  readonly domain: string;
  readonly secret: string;
  /** The component has shown that it knows the secret. @throws StreamError `conflict` when it is connected already. */
  connected(stream: ComponentStream): void;
  /** A stanza of the component, unchecked. @throws StreamError */
  receive(element: XmlElement, stream: ComponentStream): Awaitable<void>;
  /** Something has left the process. */
  flushed(stream: ComponentStream): void;
  /** The stream ended. */
  ended(stream: ComponentStream, reason: string): void;
  /** And its connection is gone as well. */
  disconnected(stream: ComponentStream): void;
}

/** What all component streams of a server share. */
export interface ComponentEnvironment extends XmlStreamEnvironment {
  readonly throttle: Throttle;
  /** The host whose name stands in answers to those who name no component. */
  readonly defaultDomain: string;
  /** undefined when there is no such component. */
  componentFor(domain: string): ComponentHost | undefined;
  /** A component authenticated, or tried to. */
  loginTried(mechanism: string, outcome: "success" | "failure"): void;
  closed(stream: ComponentStream): void;
}

/**
 * XEP-0114 Jabber Component Protocol, version 1.6
 * https://xmpp.org/extensions/xep-0114.html
 *
 * The stream of an external component, by the method "accept": it connects to the server, and proves that it knows a secret.
 */
export class ComponentStream extends XmlStream<ComponentEnvironment> {
  /** Known once the header was accepted. */
  #host: ComponentHost | undefined;
  /** Whether stanzas flow, or did. */
  #isConnected = false;

  constructor(transport: Transport, environment: ComponentEnvironment) {
    super(transport, environment, componentFraming);
    this.begin();
  }

  get owner(): Jid | undefined {
    return this.#host && Jid.of("", this.#host.domain);
  }

  /** §3: `to` is the name of the component. */
  override opened(tag: StreamTag): void {
    checkForm(tag, ns.COMPONENT);
    const to = readAddress(tag.attributes.to, "improper-addressing");
    if (!to) throw new StreamError("improper-addressing", "the header names no component");
    const host = to.local === "" && to.isBare ? this.environment.componentFor(to.domain) : undefined;
    if (!host) throw new StreamError("host-unknown");
    this.#host = host;
    this.sendHeader();
    this.become("negotiating");
  }

  override header(): Pick<ServerHeader, "from" | "to"> {
    return { from: this.#host?.domain ?? this.environment.defaultDomain, to: undefined };
  }

  override received(element: XmlElement): Awaitable<void> {
    const host = this.#host as ComponentHost;
    if (!this.#isConnected) return this.#authenticate(host, element);
    if (element.ns !== ns.CLIENT || !isKind(element.name)) throw new StreamError("unsupported-stanza-type");
    return host.receive(element, this);
  }

  /** §3. Guessing is slowed down as that of passwords is, and the answer waits as long whether it is good or bad. */
  async #authenticate(host: ComponentHost, { name, ns: namespace, text }: XmlElement): Promise<void> {
    if (namespace !== ns.CLIENT || name !== "handshake") throw new StreamError("not-authorized");
    const { throttle, clock, loginTried } = this.environment;
    const waited = throttle.delay(undefined, this.remote);
    await pause(clock, waited);
    if (!this.isOpen) return;
    const isKnown = isEqual(text, handshake(this.headerId, host.secret));
    if (!isKnown) throttle.failed(undefined, this.remote);
    await pause(clock, throttle.delay(undefined, this.remote) - waited);
    if (!this.isOpen) return;
    loginTried(MECHANISM, isKnown ? "success" : "failure");
    if (!isKnown) throw new StreamError("not-authorized");
    if (this.environment.componentFor(host.domain) !== host) throw new StreamError("host-unknown");
    host.connected(this);
    this.#isConnected = true;
    this.trust();
    this.become("bound");
    this.send(el("handshake"));
  }

  override left(reason: string): void {
    if (this.#isConnected) this.#host?.ended(this, reason);
  }

  override gone(): void {
    if (this.#isConnected) this.#host?.disconnected(this);
    this.environment.closed(this);
  }

  override drained(): void {
    if (this.#isConnected) this.#host?.flushed(this);
  }
}

/** As the metrics call it. */
const MECHANISM = "component-handshake";

/** §3: the hash in hexadecimal, in lower case. */
function handshake(streamId: string, secret: string): string {
  return createHash("sha1").update(streamId).update(secret).digest("hex");
}

/** In a time that depends on `known` alone. */
function isEqual(text: string, known: string): boolean {
  const [given, expected] = [Buffer.from(text), Buffer.from(known)];
  return given.length === expected.length && timingSafeEqual(given, expected);
}

async function pause(clock: Clock, ms: number): Promise<void> {
  if (ms > 0) await new Promise<void>((resolve) => void clock.after(ms, resolve));
}
