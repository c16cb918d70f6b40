import type { Throttle } from "../auth/throttle.ts";
import type { Config } from "../config/config.ts";
import { parentOf } from "../config/services.ts";
import type { Transport } from "../net/transport.ts";
import type { Network } from "../routing/network.ts";
import { type ComponentEnvironment, ComponentStream } from "../stream/component-stream.ts";
import type { ClientEnvironment } from "../stream/stream-host.ts";
import type { Tap } from "../stream/tap.ts";
import type { Clock } from "../util/clock.ts";
import type { Logger } from "../util/logger.ts";
import type { Metrics } from "../util/metrics.ts";
import type { Random } from "../util/random.ts";
import type { StreamCondition } from "../xmpp/errors.ts";
import { Component } from "./component.ts";
import { ExternalComponent } from "./external-component.ts";
import { type ComponentReceiver, LocalComponent } from "./local-component.ts";

interface ComponentsParts
  extends Pick<ClientEnvironment, "streamError" | "limited" | "loginTried" | "defaultDomain"> {
  readonly network: Network;
  readonly throttle: Throttle;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** The connection of a component is gone, whose last stanza may still be dealt with. */
  gone(stream: ComponentStream): void;
}

/** All components of a server, and the streams of those that connect to it (XEP-0114). */
export class Components {
  readonly #parts: ComponentsParts;
  readonly #environment: { -readonly [K in keyof ComponentEnvironment]: ComponentEnvironment[K] };
  readonly #all = new Map<string, Component>();
  readonly #external = new Map<string, ExternalComponent>();
  readonly #streams = new Set<ComponentStream>();
  #config: Config;

  constructor(parts: ComponentsParts, config: Config) {
    this.#parts = parts;
    this.#config = config;
    this.#environment = {
      ...parts,
      limits: limitsOf(config),
      tap: undefined,
      componentFor: (domain) => this.#external.get(domain),
      closed: (stream) => {
        this.#streams.delete(stream);
        parts.gone(stream);
      },
    };
    parts.metrics.gauges("jackdaw_components", "components, by whether they are connected", () =>
      this.all.map(({ domain, speaker }) => ({
        labels: { domain, state: speaker ? "connected" : "away" },
        value: 1,
      })),
    );
  }

  get all(): readonly Component[] {
    return [...this.#all.values()];
  }

  /** Those that are listed among the items of `domain` (XEP-0030 §4.1). */
  below(domain: string): readonly Component[] {
    return this.all.filter(({ parent }) => parent.domain === domain);
  }

  /** Those that can be asked for a sign of life. */
  get reachable(): Iterable<ExternalComponent> {
    return this.#external.values();
  }

  get streams(): ReadonlySet<ComponentStream> {
    return this.#streams;
  }

  set tap(tap: Tap | undefined) {
    this.#environment.tap = tap;
  }

  /**
   * Takes over what the configuration says: who is gone or has another secret is disconnected.
   * @throws Error when a domain is taken.
   */
  configure(config: Config): void {
    this.#config = config;
    this.#environment.limits = limitsOf(config);
    const { components } = config;
    for (const [domain, external] of this.#external) {
      const wanted = Object.hasOwn(components, domain) ? components[domain] : undefined;
      if (wanted?.secret === external.secret) continue;
      this.#external.delete(domain);
      // RFC 6120 §4.9.3.16: credentials that count no more.
      this.#remove(external.component, wanted ? "reset" : "host-gone");
    }
    for (const [domain, { secret, name }] of Object.entries(components)) {
      const known = this.#external.get(domain);
      if (known) {
        known.component.name = name;
        continue;
      }
      const component = this.#add(domain, true, name);
      this.#external.set(domain, new ExternalComponent(component, secret, this.#parts.clock));
    }
  }

  /** Any byte pipe may be a component's. */
  accept(transport: Transport): ComponentStream {
    const stream = new ComponentStream(transport, this.#environment);
    this.#streams.add(stream);
    return stream;
  }

  /** A component in this process. @throws Error when the domain is taken, JidError when it is none. */
  open(domain: string, receive: ComponentReceiver): LocalComponent {
    const component = this.#add(domain, false);
    const { network, clock, random, log } = this.#parts;
    const forget = () => this.#remove(component, "host-gone");
    return new LocalComponent({ component, receive, forget, network, clock, random, log });
  }

  #add(domain: string, isExternal: boolean, name?: string): Component {
    const domains = this.#config.domains.map((each) => each.name);
    const component = new Component({
      ...this.#parts,
      domain,
      name,
      isExternal,
      log: this.#parts.log.child({ component: domain }),
      parent: parentOf(domain, domains) ?? this.#parts.defaultDomain,
      presences: () => this.#config.limits.components.presences,
    });
    this.#all.set(component.domain, component);
    return component;
  }

  #remove(component: Component, condition: StreamCondition): void {
    this.#all.delete(component.domain);
    component.remove(condition);
  }

  /** Ends every stream with `system-shutdown` (RFC 6120 §4.9.3.20). */
  close(): void {
    for (const component of this.all) component.stop();
    for (const stream of this.#streams) stream.close("system-shutdown");
  }
}

/** What is not said of components in particular is as for clients. */
function limitsOf({ limits }: Config): ComponentEnvironment["limits"] {
  return { ...limits, ...limits.components };
}
