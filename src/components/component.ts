import type { Domain, Network } from "../routing/network.ts";
import { checkIq } from "../session/check-iq.ts";
import { PendingRequests } from "../session/pending-requests.ts";
import { isRequest, Unanswered } from "../session/unanswered.ts";
import type { Awaitable } from "../util/awaitable.ts";
import type { Clock } from "../util/clock.ts";
import type { Logger } from "../util/logger.ts";
import type { Counter, Metrics } from "../util/metrics.ts";
import type { Random } from "../util/random.ts";
import type { Element } from "../xml/element.ts";
import { StanzaError, type StreamCondition } from "../xmpp/errors.ts";
import { Jid } from "../xmpp/jid.ts";
import type { Stanza } from "../xmpp/stanza.ts";
import { ShownPresence } from "./shown-presence.ts";

/** Whoever speaks for a component at the moment. */
export interface Speaker {
  /** The peer's address; "" in this process. */
  readonly remote: string;
  readonly secure: boolean;
  /** Output that the peer has not taken yet, in UTF-16 units. */
  readonly unsent: number;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** A stanza for the component. Never throws. */
  deliver(stanza: Stanza): Awaitable<void>;
  close(condition: StreamCondition, text: string): void;
}

export interface ComponentParts {
  readonly domain: string;
  /** As clients call it that have not asked it yet. */
  readonly name: string | undefined;
  /** Whether another process speaks for it. */
  readonly isExternal: boolean;
  /** The domain of this server that it is listed by. */
  readonly parent: string;
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** How many presences are remembered; read with each connection. */
  presences(): number;
}

/** Requests delivered to one component that it has not answered. */
const MAX_UNANSWERED = 10_000;

/** Presences that are withdrawn before others have their turn. */
const WITHDRAWN_PER_TURN = 500;

/** The domain of a component: what goes to it and comes from it, whoever speaks for it. */
export class Component implements Domain {
  readonly jid: Jid;
  readonly isExternal: boolean;
  name: string | undefined;
  readonly parent: Jid;
  readonly #parts: ComponentParts;
  readonly #received: Counter;
  readonly #sent: Counter;
  readonly #requests: PendingRequests;
  readonly #unanswered = new Unanswered(MAX_UNANSWERED);
  #speaker: Speaker | undefined;
  #shown: ShownPresence;
  /** What the last speaker showed and did not withdraw, until all of it is. */
  #stale: Generator<Stanza> | undefined;
  #stopped = false;

  /** @throws Error when the domain is taken. */
  constructor(parts: ComponentParts) {
    const { domain, name, isExternal, parent, network, clock, random, metrics } = parts;
    this.#parts = parts;
    this.jid = Jid.of("", domain);
    this.isExternal = isExternal;
    this.name = name;
    this.parent = Jid.of("", parent);
    this.#requests = new PendingRequests(clock, random);
    this.#shown = new ShownPresence(parts.presences());
    const counter = (direction: string) =>
      metrics.counter("jackdaw_component_stanzas", "stanzas of components", { domain, direction });
    this.#received = counter("received");
    this.#sent = counter("sent");
    network.add(this);
  }

  get domain(): string {
    return this.jid.domain;
  }

  get speaker(): Speaker | undefined {
    return this.#speaker;
  }

  /** Stanzas so far, of all speakers. */
  get counts(): { readonly received: number; readonly sent: number } {
    return { received: this.#received.value, sent: this.#sent.value };
  }

  /** From now on `speaker` has the say. */
  attach(speaker: Speaker): void {
    // Nobody hears first that a contact is there again, and then that it is gone.
    for (const stanza of this.#stale ?? []) void this.#parts.network.route(stanza);
    this.#stale = undefined;
    this.#shown = new ShownPresence(this.#parts.presences());
    this.#speaker = speaker;
    this.#parts.log.info("component connected", { remote: speaker.remote });
  }

  /** Nobody speaks for the component any more: everybody who saw it, or waits for it, is told. */
  detach(speaker: Speaker, reason: string): void {
    if (this.#speaker !== speaker) return;
    this.#speaker = undefined;
    this.#parts.log.info("component disconnected", { reason });
    if (this.#stopped) return;
    for (const request of this.#unanswered.drain()) void this.bounce(request);
    this.#stale = this.#shown.withdraw();
    this.#withdraw();
  }

  #withdraw(): void {
    const { network, clock } = this.#parts;
    for (let count = 0; count < WITHDRAWN_PER_TURN; count++) {
      const next = this.#stale?.next();
      if (!next || next.done) {
        this.#stale = undefined;
        return;
      }
      void network.route(next.value);
    }
    clock.immediate(() => this.#withdraw());
  }

  /** A stanza of the component, from one of its addresses and with a `to`. Settles when its effects are recorded. */
  accept(stanza: Stanza): Awaitable<void> {
    this.#received.value++;
    if (stanza.kind === "iq") {
      const fault = checkIq(stanza);
      if (fault) return this.#refuse(stanza, fault);
      if (!isRequest(stanza)) {
        if (stanza.to?.equals(this.parent) && this.#requests.settle(stanza)) return;
        this.#unanswered.settle(stanza);
      }
    } else if (stanza.kind === "presence") {
      this.#shown.note(stanza);
    }
    return this.#parts.network.route(stanza);
  }

  deliver(stanza: Stanza): Awaitable<void> {
    const speaker = this.#speaker;
    if (!speaker) return this.bounce(stanza);
    this.#sent.value++;
    if (isRequest(stanza)) this.#unanswered.add(stanza);
    return speaker.deliver(stanza);
  }

  /**
   * Answers what the component cannot get. RFC 6120 §8.3.3.17: it is known, and "communications could not be established": the
   * sender may try again, and rooms take its users for gone (XEP-0045 §18.1.2). `echo`: with what was sent.
   */
  bounce(stanza: Stanza, echo = true): Awaitable<void> {
    const { network } = this.#parts;
    network.onError("remote-server-timeout");
    const text = "the component is not connected";
    return network.bounce(stanza, new StanzaError("remote-server-timeout", text, { echo }));
  }

  /**
   * Asks the component something in the name of the domain that lists it.
   * @throws TimeoutError after `timeout` ms; StanzaError for an error answer.
   */
  request(type: "get" | "set", payload: Element, timeout: number): Promise<Element | undefined> {
    const header = { type, from: this.parent, to: this.jid };
    return this.#requests.ask(header, payload, timeout, (request) => void this.deliver(request));
  }

  /** The domain is no component's any more; whoever speaks for it hears `condition`. */
  remove(condition: StreamCondition): void {
    this.#speaker?.close(condition, "the configuration was changed");
    this.#requests.end();
    this.#parts.network.remove(this);
  }

  /** The server ends: nobody is told, since nobody is there. */
  stop(): void {
    this.#stopped = true;
    this.#stale = undefined;
    this.#speaker?.close("system-shutdown", "");
    this.#requests.end();
  }

  /** Answers at once, unless the stanza is itself an answer (RFC 6120 §8.3.1). */
  #refuse(stanza: Stanza, error: StanzaError): Awaitable<void> {
    if (stanza.type !== "error" && stanza.type !== "result") return this.deliver(stanza.error(error));
  }
}
