import { type Clock, TimeoutError, type Timer } from "../util/clock.ts";
import { el } from "../xml/element.ts";
import { ns } from "../xmpp/ns.ts";
import type { Session } from "./session.ts";

export interface KeepAliveLimits {
  /** A client quiet for so many milliseconds is asked whether it is there; 0: never. */
  readonly idleTime: number;
  /** How long it may take to answer. */
  readonly pingTimeout: number;
}

/** How often all sessions are looked at: one timer serves them all. */
const ROUND_MS = 10_000;

/** Finds clients whose connection is gone without a word (XEP-0199 §4.1), and drops them. */
export function keepAlive(
  clock: Clock,
  limits: () => KeepAliveLimits,
  sessions: () => Iterable<Session>,
): Timer {
  const asked = new WeakSet<Session>();

  return clock.every(ROUND_MS, () => {
    const { idleTime, pingTimeout } = limits();
    if (idleTime === 0) return;
    const quietSince = clock.now() - idleTime;
    for (const session of sessions()) {
      if (session.attached && session.lastActive < quietSince && !asked.has(session)) {
        void ask(session, pingTimeout);
      }
    }
  });

  async function ask(session: Session, timeout: number): Promise<void> {
    asked.add(session);
    try {
      await session.request("get", el("ping", { xmlns: ns.PING }), timeout);
    } catch (error) {
      // Any answer proves the client alive, <service-unavailable/> as well.
      if (error instanceof TimeoutError) session.stream?.close("connection-timeout");
    } finally {
      asked.delete(session);
    }
  }
}
