import type { Session } from "../session/session.ts";
import type { Awaitable } from "../util/awaitable.ts";
import { type StanzaCondition, StanzaError } from "../xmpp/errors.ts";
import type { Stanza } from "../xmpp/stanza.ts";

/** Whoever takes the stanzas of one domain. */
export interface Domain {
  readonly domain: string;
  /** Never throws; what cannot be delivered is answered. `session` is the sender's when it is local. */
  deliver(stanza: Stanza, session: Session | undefined): Awaitable<void>;
}

/** Which domain of this server a stanza belongs to (RFC 6120 §10.4). */
export class Network {
  /** Called for each stanza that somebody refused, whether its sender is told or not. */
  onError: (condition: StanzaCondition) => void = () => {};
  readonly #domains = new Map<string, Domain>();

  /** @throws Error when the domain is taken. */
  add(domain: Domain): void {
    if (this.#domains.has(domain.domain)) throw new Error(`two hosts for ${domain.domain}`);
    this.#domains.set(domain.domain, domain);
  }

  remove(domain: Domain): void {
    this.#domains.delete(domain.domain);
  }

  serves(domain: string): boolean {
    return this.#domains.has(domain);
  }

  /** Shown every stanza first; those that it returns true for are its own. Default: nobody is asked. */
  gate: ((stanza: Stanza) => boolean) | undefined;

  /** Never throws. A stanza without `to` has no way to go and is dropped. */
  route(stanza: Stanza, session?: Session): Awaitable<void> {
    if (!stanza.to || this.gate?.(stanza)) return;
    const domain = this.#domains.get(stanza.to.domain);
    if (domain) return domain.deliver(stanza, session);
    // RFC 6120 §10.4: without federation every other domain is unreachable.
    return this.bounce(stanza, new StanzaError("remote-server-not-found"));
  }

  /** Answers a stanza with an error, unless answers to it are not allowed (RFC 6120 §8.3.1, RFC 6121 §4). */
  bounce(stanza: Stanza, error: StanzaError): Awaitable<void> {
    if (!isAnswerable(stanza)) return;
    return this.route(stanza.error(error));
  }
}

/** Types of presence that never lead to an error; `error` is refused before. */
const SILENT_PRESENCE: ReadonlySet<string | undefined> = new Set([
  "unavailable",
  "subscribed",
  "unsubscribe",
  "unsubscribed",
  "probe",
]);

/** Whether a stanza may lead to an error (RFC 6120 §8.3.1, RFC 6121 §4). */
export function isAnswerable({ kind, type, from }: Stanza): boolean {
  if (!from || type === "error") return false;
  if (kind === "iq") return type === "get" || type === "set";
  // Presence that cannot be delivered tells nobody anything, but for requests that wait for an answer.
  if (kind === "presence") return !SILENT_PRESENCE.has(type);
  return true;
}
