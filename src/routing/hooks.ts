import type { Session } from "../session/session.ts";
import { type Awaitable, isPromise } from "../util/awaitable.ts";
import type { Jid } from "../xmpp/jid.ts";
import type { Stanza } from "../xmpp/stanza.ts";

/** Order inside a hook, by name and never by number. */
export const STAGES = ["guard", "rewrite", "archive", "copy", "observe"] as const;
export type Stage = (typeof STAGES)[number];

/** The closed, typed list of hook points. A module adds its own by declaration merging. `stanza` may be replaced in "rewrite". */
export interface Hooks {
  /** A resource was bound. */
  "session:open": { readonly session: Session };
  /** A resource is gone; it is no longer among the sessions. */
  "session:close": { readonly session: Session; readonly reason: string };
  /** What a session announces of itself changed: it is available now, or no longer, or with another priority. */
  "session:presence": { readonly session: Session };
  /** The client is back on another connection and has what it had missed (XEP-0198 §5). */
  "session:resumed": { readonly session: Session };
  /** A stanza waits for a client whose connection is gone and may come back (XEP-0198). */
  "session:held": { readonly session: Session; readonly stanza: Stanza };
  /** A local user's message, before it is routed. */
  "message:sent": { readonly session: Session; stanza: Stanza };
  /** A message for an existing local user, before it is delivered to `recipients`, of whom there may be none. */
  "message:received": { readonly user: Jid; stanza: Stanza; readonly recipients: readonly Session[] };
  /** A message for an existing local user with nobody to take it; who keeps it says "handled", else it bounces. */
  "message:undelivered": { readonly user: Jid; readonly stanza: Stanza };
  /** A local user's presence; broadcasts have no `to`. What is not "handled" is routed to its `to`. */
  "presence:sent": { readonly session: Session; stanza: Stanza };
  /** Presence for a local user, subscriptions and probes included; availability not "handled" is delivered. */
  "presence:received": { readonly user: Jid; stanza: Stanza };
  /** A local user's request or answer to somebody else, before it is routed. */
  "iq:sent": { readonly session: Session; readonly stanza: Stanza };
  /** A request of somebody else to a user's bare JID, before the server answers it. */
  "account:asked": { readonly user: Jid; readonly stanza: Stanza };
  /** A request or an answer for a local user's resource, before it is delivered. */
  "iq:received": { readonly stanza: Stanza; readonly recipient: Session };
  /** A request for a local user's resource that is not there; it bounces. */
  "iq:undelivered": { readonly stanza: Stanza };
  /** An account is removed: every module forgets it. */
  "user:deleted": { readonly user: Jid };
  /** The server stops; sessions are still there, and can be told. */
  "server:stopping": Record<never, never>;
  /** Writes of the last turn were lost: whoever caches the store starts anew. */
  "store:lost": Record<never, never>;
}

/** undefined: go on. "handled": stop here, silently. Throw StanzaError: stop and bounce. */
export type Hook<E> = (event: E) => Awaitable<undefined | "handled" | void>;
export type HookOutcome = undefined | "handled" | void;

interface Entry {
  readonly stage: number;
  readonly by: string;
  readonly hook: Hook<unknown>;
}

/** Who listens to a hook, for the documentation. */
export interface HookListener {
  readonly hook: keyof Hooks;
  readonly stage: Stage;
  /** The name of a module. */
  readonly by: string;
}

/** Handlers by hook, in the order of their stages and within a stage of their registration. */
export class HookTable {
  readonly #entries = new Map<keyof Hooks, Entry[]>();

  add<K extends keyof Hooks>(name: K, stage: Stage, hook: Hook<Hooks[K]>, by: string): void {
    const entries = this.#entries.get(name) ?? [];
    entries.push({ stage: STAGES.indexOf(stage), by, hook: hook as Hook<unknown> });
    entries.sort((a, b) => a.stage - b.stage);
    this.#entries.set(name, entries);
  }

  /** In the order in which they are called. */
  listeners(): readonly HookListener[] {
    return [...this.#entries].flatMap(([hook, entries]) =>
      entries.map(({ stage, by }) => ({ hook, stage: STAGES[stage] as Stage, by })),
    );
  }

  /** Whether anybody listens: without listeners the caller need not make an event. */
  has(name: keyof Hooks): boolean {
    return this.#entries.has(name);
  }

  /** Runs the handlers one after another; makes a promise only when one of them does. */
  emit<K extends keyof Hooks>(name: K, event: Hooks[K]): Awaitable<HookOutcome> {
    const entries = this.#entries.get(name);
    return entries ? run(entries, event, 0) : undefined;
  }

  /**
   * As `emit` for what has happened and nobody can stop: every handler is called, whatever the others answer; `failed` is
   * told what one of them throws.
   */
  tell<K extends keyof Hooks>(name: K, event: Hooks[K], failed: HookFailure): Awaitable<void> {
    const entries = this.#entries.get(name);
    return entries ? tellFrom(entries, 0, event, failed) : undefined;
  }
}

type HookFailure = (by: string, error: unknown) => void;

function run(entries: readonly Entry[], event: unknown, start: number): Awaitable<HookOutcome> {
  for (let index = start; index < entries.length; index++) {
    const outcome = entries[index]?.hook(event);
    if (isPromise(outcome)) {
      return outcome.then((settled) => (settled === "handled" ? settled : run(entries, event, index + 1)));
    }
    if (outcome === "handled") return outcome;
  }
  return undefined;
}

function tellFrom(
  entries: readonly Entry[],
  start: number,
  event: unknown,
  failed: HookFailure,
): Awaitable<void> {
  for (const [index, { hook, by }] of entries.entries()) {
    if (index < start) continue;
    try {
      const outcome = hook(event);
      if (!isPromise(outcome)) continue;
      return outcome
        .catch((error: unknown) => failed(by, error))
        .then(() => tellFrom(entries, index + 1, event, failed));
    } catch (error) {
      failed(by, error);
    }
  }
}
