import { guarded } from "../routing/guarded.ts";
import { isAnswerable, type Network } from "../routing/network.ts";
import { PendingRequests } from "../session/pending-requests.ts";
import { isRequest } from "../session/unanswered.ts";
import { type Awaitable, after } from "../util/awaitable.ts";
import type { Clock } from "../util/clock.ts";
import type { Logger } from "../util/logger.ts";
import type { Random } from "../util/random.ts";
import type { Element } from "../xml/element.ts";
import { StanzaError } from "../xmpp/errors.ts";
import type { Jid } from "../xmpp/jid.ts";
import type { Stanza } from "../xmpp/stanza.ts";
import type { Component, Speaker } from "./component.ts";

/**
 * What a component in this process does with what it gets. A request is answered with the payload that is returned; "answered"
 * when it was, or will be, with `send`. A StanzaError that is thrown becomes the answer, and a request that nothing comes
 * back for is `service-unavailable`.
 */
export type ComponentReceiver = (stanza: Stanza) => Awaitable<Element | "answered" | undefined | void>;

interface LocalComponentParts {
  readonly component: Component;
  readonly receive: ComponentReceiver;
  /** The domain is free again. */
  forget(): void;
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** A component in this process: a program that speaks for a whole domain, without a connection. */
export class LocalComponent implements Speaker {
  readonly remote = "";
  readonly secure = true;
  readonly unsent = 0;
  readonly since: number;
  readonly #parts: LocalComponentParts;
  readonly #requests: PendingRequests;

  constructor(parts: LocalComponentParts) {
    const { component, clock, random } = parts;
    this.#parts = parts;
    this.since = clock.now();
    this.#requests = new PendingRequests(clock, random);
    component.attach(this);
  }

  /** The domain as an address. */
  get jid(): Jid {
    return this.#parts.component.jid;
  }

  /**
   * Sends a stanza from one of the component's addresses; without a `from` it is from the domain itself. Settles when its
   * effects are recorded. @throws Error for another `from`, or without a `to`.
   */
  send(stanza: Stanza): Awaitable<void> {
    const { component } = this.#parts;
    const { from = this.jid, to } = stanza;
    if (from.domain !== component.domain) throw new Error(`${from.toString()} is not of ${component.domain}`);
    if (!to) throw new Error("a component's stanza needs a to");
    if (component.speaker !== this) throw new Error("the component was closed");
    return component.accept(stanza.with({ from }));
  }

  /**
   * Asks somebody in the name of the component, or of an address of it (`from`).
   * @returns the payload of the result.
   * @throws TimeoutError after `timeout` ms; StanzaError for an error answer.
   */
  request(
    type: "get" | "set",
    to: Jid,
    payload: Element,
    timeout: number,
    from: Jid = this.jid,
  ): Promise<Element | undefined> {
    return this.#requests.ask({ type, from, to }, payload, timeout, (request) => void this.send(request));
  }

  deliver(stanza: Stanza): Awaitable<void> {
    const { receive, component } = this.#parts;
    const isAnswer = stanza.kind === "iq" && !isRequest(stanza);
    if (isAnswer && this.#requests.settle(stanza)) return;
    return guarded(
      this.#parts,
      stanza,
      () => after(receive(stanza), (result) => this.#answer(stanza, result)),
      (error) => (isAnswerable(stanza) ? component.accept(stanza.error(error)) : undefined),
    );
  }

  #answer(stanza: Stanza, result: Awaited<ReturnType<ComponentReceiver>>): Awaitable<void> {
    if (!isRequest(stanza) || result === "answered") return;
    if (result === undefined) throw new StanzaError("service-unavailable");
    return this.send(stanza.result(result as Element));
  }

  /** The component is gone: whoever saw it is told. */
  close(): void {
    this.#requests.end();
    this.#parts.component.detach(this, "closed");
    this.#parts.forget();
  }
}
