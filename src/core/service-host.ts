/** Address spaces of their own below a domain, such as `conference.example.org`: what a module opens with `host.service`. */
import type { IqHandler, IqRequest } from "../routing/iq-table.ts";
import type { ServiceReceiver } from "../routing/service-router.ts";
import type { Awaitable } from "../util/awaitable.ts";
import type { Element } from "../xml/element.ts";
import type { Jid } from "../xmpp/jid.ts";

/** Nodes of a domain or service (XEP-0030 §4.3): the whole `<query/>`, undefined where a node is not its own. */
export interface DiscoNodes {
  info(node: string, request: IqRequest): Awaitable<Element | undefined>;
  items(node: string, request: IqRequest): Awaitable<Element | undefined>;
}

/** XEP-0030 §3.1: category and type as registered; `name` is for people. */
export interface Identity {
  readonly category: string;
  readonly type: string;
  readonly name?: string;
}

/** What service discovery tells of the service itself; it is asked anew each time. */
export interface ServiceDisco {
  /** The first one's name is how the service is called among its parent's items. */
  readonly identities: readonly Identity[];
  /** Beside those that the parent's modules have for every service. */
  readonly features: readonly string[];
  /** XEP-0128: shown with the features. */
  readonly forms?: readonly Element[];
  readonly nodes?: readonly DiscoNodes[];
  /** The whole `<query/>` of disco#items. Default: there are none. */
  items?(request: IqRequest): Awaitable<Element>;
}

export interface ServiceSpec extends ServiceReceiver {
  readonly disco: ServiceDisco;
}

/** Where a request to a service goes: to the service itself, to a bare JID below it, to a full JID below it. */
export type ServicePlace = "host" | "address" | "resource";

/** An address space of its own. All of it ends with the host. */
export interface ServiceHost {
  readonly domain: string;
  /** The domain as an address. */
  readonly jid: Jid;
  readonly spec: ServiceSpec;
  /** Handles requests; `at`: "host" unless given. @throws Error when somebody else handles them already. */
  iq(type: "get" | "set", ns: string, name: string, handler: IqHandler, at?: ServicePlace): void;
  /**
   * Asks somebody in the service's name, or in that of an address below it (`from`).
   * @returns the payload of the result.
   * @throws TimeoutError after `timeout` ms; StanzaError for an error answer.
   */
  request(
    type: "get" | "set",
    to: Jid,
    payload: Element,
    timeout: number,
    from?: Jid,
  ): Promise<Element | undefined>;
}
