import type { Host } from "../../core/host.ts";
import { type Awaitable, after } from "../../util/awaitable.ts";
import { TimeoutError } from "../../util/clock.ts";
import { Lru } from "../../util/lru.ts";
import type { Counter } from "../../util/metrics.ts";
import { type StanzaCondition, StanzaError } from "../../xmpp/errors.ts";
import { Jid } from "../../xmpp/jid.ts";
import type { Stanza } from "../../xmpp/stanza.ts";
import { offlineService } from "../offline/offline.ts";
import { type Disclosure, publication, type Summary } from "./publication.ts";
import type { PushKey, PushRow, Registrations } from "./registrations.ts";

export interface NotifierLimits extends Disclosure {
  /** Failures in a row after which a service is disabled. */
  readonly failures: number;
}

/** What one service is to be told of one device. */
class Outlook implements Summary {
  resource = "";
  messages: number;
  requests = 0;
  /** What it was told of, which may come by again: unacknowledged, and when the session ends without it (XEP-0198 §4). */
  told = new WeakSet<Stanza>();
  last: Stanza | undefined;
  /** There is something new to tell. */
  isDue = false;
  /** Something is being told. */
  isBusy = false;
  /** Since when every publication failed; milliseconds since the epoch. */
  failingSince: number | undefined;

  constructor(messages: number) {
    this.messages = messages;
  }

  /** The device is there: it has what waited, or fetches it. What it still does not have when it goes is news again. */
  clear(): void {
    this.messages = 0;
    this.requests = 0;
    this.told = new WeakSet();
    this.last = undefined;
    this.isDue = false;
  }
}

/** Users whose devices' unseen messages are counted. */
const KNOWN_USERS = 10_000;
/** How long a push service may take to answer. */
const ANSWER_TIME_MS = 30_000;
/** How long a service that cannot be reached stays enabled (XEP-0357 §7.1): maintenance and moves end within a day. */
const PATIENCE_MS = 24 * 3_600_000;

/**
 * Tells push services of what waits. One publication for each at a time: what comes meanwhile is told by the next, so that a
 * flood of messages makes no flood of notifications, and what comes alone is told at once.
 */
export class Notifier {
  readonly #host: Host;
  readonly #registrations: Registrations;
  readonly #limits: NotifierLimits;
  /** By user, and by service and node. In memory alone: what is not known any more is taken from what waits offline. */
  readonly #outlooks = new Lru<string, Map<string, Outlook>>(KNOWN_USERS);
  readonly #sent: Counter;
  readonly #failed: Counter;

  constructor(host: Host, registrations: Registrations, limits: NotifierLimits) {
    this.#host = host;
    this.#registrations = registrations;
    this.#limits = limits;
    this.#sent = host.metrics.counter("jackdaw_push_sent", "notifications published to push services");
    this.#failed = host.metrics.counter("jackdaw_push_failed", "notifications that push services refused");
  }

  /** `message` waits for the device that enabled the service; what waits offline already is counted. */
  tellOfMessage(row: PushRow, message: Stanza): Awaitable<void> {
    return this.#tell(row, message, (outlook) => {
      outlook.messages++;
      outlook.last = message;
    });
  }

  /** With `request` so many subscription requests wait for the user. */
  tellOfRequests(row: PushRow, request: Stanza, requests: number): Awaitable<void> {
    return this.#tell(row, request, (outlook) => {
      outlook.requests = requests;
    });
  }

  /** A device is there: it has what waited, or fetches it. */
  isBack(user: string, resource: string): void {
    for (const outlook of this.#outlooks.get(user)?.values() ?? [])
      if (outlook.resource === resource) outlook.clear();
  }

  /** The device that enabled this service is there, and the service has its time once more. */
  isEnabled(row: PushRow): void {
    const outlook = this.#known(row);
    if (!outlook) return;
    outlook.clear();
    outlook.failingSince = undefined;
  }

  /** No other services of the user are enabled any more. */
  retain(user: string, enabled: readonly PushRow[]): void {
    const outlooks = this.#outlooks.get(user);
    const places = new Set(enabled.map(placeOf));
    for (const place of outlooks?.keys() ?? []) if (!places.has(place)) outlooks?.delete(place);
  }

  #outlook(row: PushRow): Awaitable<Outlook> {
    const waiting = this.#known(row) ? 0 : this.#host.find(offlineService)?.waiting(row.user);
    return after(waiting ?? 0, (messages) => {
      const outlook = this.#known(row) ?? this.#add(row, messages);
      outlook.resource = row.resource;
      return outlook;
    });
  }

  #known(row: PushRow): Outlook | undefined {
    return this.#outlooks.get(row.user)?.get(placeOf(row));
  }

  #add(row: PushRow, messages: number): Outlook {
    const outlook = new Outlook(messages);
    const outlooks = this.#outlooks.get(row.user);
    if (outlooks) outlooks.set(placeOf(row), outlook);
    else this.#outlooks.set(row.user, new Map([[placeOf(row), outlook]]));
    return outlook;
  }

  #tell(row: PushRow, news: Stanza, note: (outlook: Outlook) => void): Awaitable<void> {
    return after(this.#outlook(row), (outlook) => {
      if (outlook.told.has(news)) return;
      outlook.told.add(news);
      note(outlook);
      outlook.isDue = true;
      if (!outlook.isBusy) this.#begin(row, outlook);
    });
  }

  /** Nobody waits for the answers of push services. */
  #begin({ user, service, node }: PushRow, outlook: Outlook): void {
    this.#publishAll({ user, service, node }, outlook).catch((error: unknown) => {
      this.#host.log.error("a push service could not be updated", { error: String(error) });
    });
  }

  async #publishAll(key: PushKey, outlook: Outlook): Promise<void> {
    outlook.isBusy = true;
    try {
      // What comes in the same go, such as all that a lost connection leaves behind, is told together.
      await Promise.resolve();
      while (outlook.isDue) {
        // §6: it may have been disabled, or enabled with other options.
        const row = await this.#registrations.get(key);
        if (!row) return;
        await this.#publish(key, outlook, row);
      }
    } finally {
      // At once: who tells it of more has to begin again.
      outlook.isBusy = false;
    }
  }

  async #publish(key: PushKey, outlook: Outlook, row: PushRow): Promise<void> {
    const payload = publication(row, outlook, this.#limits);
    outlook.isDue = false;
    outlook.last = undefined;
    try {
      await this.#host.request("set", Jid.parse(row.service), payload, ANSWER_TIME_MS);
      await this.#noteSuccess(key, outlook);
    } catch (error) {
      if (!(error instanceof StanzaError || error instanceof TimeoutError)) throw error;
      await this.#noteFailure(key, outlook, error);
    }
  }

  async #noteSuccess(key: PushKey, outlook: Outlook): Promise<void> {
    this.#sent.inc();
    outlook.failingSince = undefined;
    const row = await this.#registrations.get(key);
    if (row && row.failures > 0) await this.#registrations.put({ ...row, failures: 0 });
  }

  /** §7.1: some errors pass; a service that keeps failing is disabled. */
  async #noteFailure(key: PushKey, outlook: Outlook, error: StanzaError | TimeoutError): Promise<void> {
    this.#failed.inc();
    this.#host.log.debug("a push service refused", { service: key.service, reason: String(error) });
    const row = await this.#registrations.get(key);
    if (!row) return;
    const now = this.#host.clock.now();
    const since = (outlook.failingSince ??= now);
    const failures = Math.min(row.failures + 1, this.#limits.failures);
    const isLost = !mayPass(error) || now - since >= PATIENCE_MS;
    if (isLost && failures === this.#limits.failures) await this.#registrations.remove(key);
    else if (failures !== row.failures) await this.#registrations.put({ ...row, failures });
  }
}

function placeOf({ service, node }: PushKey): string {
  return JSON.stringify([service, node]);
}

/** RFC 6120 §8.3.3: nothing is said of the node; it is the way there, or the service, that does not work just now. */
function mayPass(error: StanzaError | TimeoutError): boolean {
  return error instanceof TimeoutError || error.type === "wait" || PASSING.has(error.condition);
}

const PASSING: ReadonlySet<StanzaCondition> = new Set([
  "internal-server-error",
  "remote-server-not-found",
  "service-unavailable",
]);
