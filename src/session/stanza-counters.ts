import type { Counter, Metrics } from "../util/metrics.ts";
import type { StanzaCondition } from "../xmpp/errors.ts";
import type { Kind } from "../xmpp/stanza.ts";

type ByKind = Readonly<Record<Kind, Counter>>;

/** How many stanzas clients sent and were sent, and which errors they led to. */
export class StanzaCounters {
  readonly received: ByKind;
  readonly sent: ByKind;
  readonly #metrics: Metrics;

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
    this.received = byKind(metrics, "jackdaw_stanzas_received", "stanzas that clients sent");
    this.sent = byKind(metrics, "jackdaw_stanzas_sent", "stanzas sent to clients");
  }

  /** A stanza was answered with an error: a limit that was hit shows as `resource-constraint` or `policy-violation`. */
  refused(condition: StanzaCondition): void {
    this.#metrics.counter("jackdaw_stanza_errors", "stanzas answered with an error", { condition }).inc();
  }
}

function byKind(metrics: Metrics, name: string, help: string): ByKind {
  const of = (kind: Kind) => metrics.counter(name, help, { kind });
  return { message: of("message"), presence: of("presence"), iq: of("iq") };
}
