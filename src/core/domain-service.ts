import { type IqHandler, IqTable } from "../routing/iq-table.ts";
import type { Network } from "../routing/network.ts";
import { ServiceRouter } from "../routing/service-router.ts";
import { PendingRequests } from "../session/pending-requests.ts";
import type { Clock } from "../util/clock.ts";
import type { Logger } from "../util/logger.ts";
import type { Random } from "../util/random.ts";
import type { Element } from "../xml/element.ts";
import { Jid } from "../xmpp/jid.ts";
import type { ServiceHost, ServicePlace, ServiceSpec } from "./service-host.ts";

export interface ServiceParts {
  readonly domain: string;
  readonly spec: ServiceSpec;
  readonly network: Network;
  /** Handlers that the parent has for all of its services. */
  readonly shared: IqTable;
  readonly log: Logger;
  readonly clock: Clock;
  readonly random: Random;
}

/** An address space that a module opened, and what is registered there. */
export class DomainService implements ServiceHost {
  readonly jid: Jid;
  readonly spec: ServiceSpec;
  readonly #parts: ServiceParts;
  readonly #iqs = new IqTable();
  readonly #requests: PendingRequests;
  readonly #router: ServiceRouter;

  /** @throws Error when the domain is taken. */
  constructor(parts: ServiceParts) {
    const { domain, spec, network, shared, log, clock, random } = parts;
    this.#parts = parts;
    this.spec = spec;
    this.jid = Jid.of("", domain);
    this.#requests = new PendingRequests(clock, random);
    this.#router = new ServiceRouter({
      domain: this.jid.domain,
      iqs: this.#iqs,
      shared,
      receiver: spec,
      network,
      log,
      answered: (answer) => this.#requests.settle(answer),
    });
    network.add(this.#router);
  }

  get domain(): string {
    return this.jid.domain;
  }

  iq(type: "get" | "set", ns: string, name: string, handler: IqHandler, at: ServicePlace = "host"): void {
    this.#iqs.add(at, type, ns, name, handler);
  }

  request(
    type: "get" | "set",
    to: Jid,
    payload: Element,
    timeout: number,
    from = this.jid,
  ): Promise<Element | undefined> {
    return this.#requests.ask({ type, from, to }, payload, timeout, (request) => {
      void this.#parts.network.route(request);
    });
  }

  /** Nothing reaches the service any more, and nobody answers it. */
  stop(): void {
    this.#parts.network.remove(this.#router);
    this.#requests.end();
  }
}
