import type { Session } from "../session/session.ts";
import type { Awaitable } from "../util/awaitable.ts";
import type { Element } from "../xml/element.ts";
import type { Jid } from "../xmpp/jid.ts";
import type { Stanza } from "../xmpp/stanza.ts";

export interface IqRequest {
  readonly from: Jid;
  readonly to: Jid;
  readonly stanza: Stanza;
  /** The request's one child. */
  readonly payload: Element;
  /** The sender's session when it is a local user's. */
  readonly session?: Session | undefined;
}

/**
 * Returns the result's payload, or nothing; throws StanzaError for an error reply. "answered" when it sent the result
 * itself because something has to follow it.
 */
export type IqHandler<Known = object> = (
  request: IqRequest & Known,
) => Awaitable<Element | "answered" | undefined | void>;

/**
 * Of a domain of users: `self`: a user to their own account. `account`: anybody to the bare JID of an account that exists.
 * `address`: anybody to a bare JID whether or not there is an account. `host`: anybody to the domain. `services`: anybody to
 * one of the domain's services.
 * Of a service: `host`: the service itself. `address`: a bare JID below it. `resource`: a full JID below it.
 */
export type IqPlace = "self" | "account" | "address" | "host" | "services" | "resource";

/** Handlers of requests the server answers itself, found by one look-up. */
export class IqTable {
  readonly #handlers: Readonly<Record<IqPlace, Map<string, IqHandler>>> = {
    self: new Map(),
    account: new Map(),
    address: new Map(),
    host: new Map(),
    services: new Map(),
    resource: new Map(),
  };

  /** @throws Error when there is one already: two modules must not claim the same request. */
  add(place: IqPlace, type: "get" | "set", namespace: string, name: string, handler: IqHandler): void {
    const key = requestKey(type, namespace, name);
    const handlers = this.#handlers[place];
    if (handlers.has(key))
      throw new Error(`two handlers for <iq type="${type}"><${name} xmlns="${namespace}"/> at ${place}`);
    handlers.set(key, handler);
  }

  find(place: IqPlace, stanza: Stanza): IqHandler | undefined {
    const head = stanza.heads[0];
    return head && this.#handlers[place].get(requestKey(stanza.type ?? "", head.ns, head.name));
  }
}

function requestKey(type: string, namespace: string, name: string): string {
  return `${type} ${namespace} ${name}`;
}
