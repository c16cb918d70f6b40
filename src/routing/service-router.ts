import type { Session } from "../session/session.ts";
import { type Awaitable, after } from "../util/awaitable.ts";
import type { Logger } from "../util/logger.ts";
import { StanzaError } from "../xmpp/errors.ts";
import type { Jid } from "../xmpp/jid.ts";
import type { Stanza } from "../xmpp/stanza.ts";
import { guarded } from "./guarded.ts";
import type { IqPlace, IqTable } from "./iq-table.ts";
import type { Domain, Network } from "./network.ts";

/**
 * What a service does with stanzas to its domain and to every address below it. What is thrown is answered. `session` is
 * the sender's when it is local; without one the sender is remote, or no client.
 */
export interface ServiceReceiver {
  /** Default: `service-unavailable`. */
  message?(stanza: Stanza, session: Session | undefined): Awaitable<void>;
  /** Default: dropped. */
  presence?(stanza: Stanza, session: Session | undefined): Awaitable<void>;
  /** Requests without a handler, and answers that nobody waits for. Default: requests are `service-unavailable`. */
  iq?(stanza: Stanza, session: Session | undefined): Awaitable<void>;
}

export interface ServiceRouterParts {
  readonly domain: string;
  /** The service's own handlers. */
  readonly iqs: IqTable;
  /** Those that its parent has for all of its services. */
  readonly shared: IqTable;
  readonly receiver: ServiceReceiver;
  readonly network: Network;
  readonly log: Logger;
  /** Whether an answer is one that the service waits for. */
  answered(answer: Stanza): boolean;
}

/** The way of stanzas into an address space that belongs to a module. */
export class ServiceRouter implements Domain {
  readonly domain: string;
  readonly #parts: ServiceRouterParts;

  constructor(parts: ServiceRouterParts) {
    this.domain = parts.domain;
    this.#parts = parts;
  }

  deliver(stanza: Stanza, session: Session | undefined): Awaitable<void> {
    const { network } = this.#parts;
    return guarded(
      this.#parts,
      stanza,
      () => this.#receive(stanza, session),
      (error) => network.bounce(stanza, error),
    );
  }

  #receive(stanza: Stanza, session: Session | undefined): Awaitable<void> {
    const { receiver } = this.#parts;
    if (stanza.kind === "iq") return this.#iq(stanza, session);
    if (stanza.kind === "presence") return receiver.presence?.(stanza, session);
    if (receiver.message) return receiver.message(stanza, session);
    throw new StanzaError("service-unavailable");
  }

  #iq(stanza: Stanza, session: Session | undefined): Awaitable<void> {
    const { receiver, iqs, shared, network } = this.#parts;
    if (stanza.type === "result" || stanza.type === "error") {
      return this.#parts.answered(stanza) ? undefined : receiver.iq?.(stanza, session);
    }
    const { from, to } = stanza as { from: Jid; to: Jid };
    const place = placeOf(to);
    const handler =
      iqs.find(place, stanza) ?? (place === "host" ? shared.find("services", stanza) : undefined);
    const payload = handler && stanza.payload[0];
    if (handler && payload) {
      return after(handler({ from, to, stanza, payload, session }), (result) =>
        result === "answered" ? undefined : network.route(stanza.result(result ?? undefined)),
      );
    }
    if (receiver.iq) return receiver.iq(stanza, session);
    throw new StanzaError("service-unavailable");
  }
}

function placeOf({ local, resource }: Jid): IqPlace {
  if (resource !== "") return "resource";
  return local === "" ? "host" : "address";
}
