import type { SessionStream } from "../stream/stream-host.ts";
import { type Clock, TimeoutError, type Timer } from "../util/clock.ts";
import { el } from "../xml/element.ts";
import { ns } from "../xmpp/ns.ts";
import type { Session } from "./session.ts";

export interface KeepAliveLimits {
  /** A client quiet for so many milliseconds is asked whether it is there; 0: never. */
  readonly idleTime: number;
  /** How long it may take to answer, be it that or a request for an acknowledgement. */
  readonly pingTimeout: number;
}

/** Somebody at the other end of a connection who can be asked for a sign of life. */
export interface Reachable extends Pick<Session, "attached" | "lastActive" | "request"> {
  readonly stream: Pick<SessionStream, "close"> | undefined;
  /** Since when it has owed a sign of life; undefined: it owes none. Milliseconds since the epoch. */
  readonly silentSince?: number | undefined;
}

/** How often everybody is looked at: one timer serves them all. */
const ROUND_MS = 10_000;

/**
 * Finds peers whose connection is gone without a word, and drops them: those who do not answer a ping (XEP-0199 §4.1), and
 * those who acknowledge nothing (XEP-0198 §4), so that what was sent to them does not wait for the ping.
 */
export function keepAlive(
  clock: Clock,
  limits: () => KeepAliveLimits,
  peers: () => Iterable<Reachable>,
): Timer {
  const asked = new WeakSet<Reachable>();

  return clock.every(ROUND_MS, () => {
    const { idleTime, pingTimeout } = limits();
    const now = clock.now();
    for (const peer of peers()) {
      if (!peer.attached) continue;
      if ((peer.silentSince ?? now) <= now - pingTimeout) peer.stream?.close("connection-timeout");
      else if (idleTime > 0 && peer.lastActive < now - idleTime && !asked.has(peer))
        void ask(peer, pingTimeout);
    }
  });

  async function ask(peer: Reachable, timeout: number): Promise<void> {
    asked.add(peer);
    await checkAlive(peer, timeout);
    asked.delete(peer);
  }
}

/** Drops whoever gives no sign of life within `timeout` milliseconds. */
export async function checkAlive(peer: Reachable, timeout: number): Promise<void> {
  const { stream } = peer;
  try {
    await peer.request("get", el("ping", { xmlns: ns.PING }), timeout);
  } catch (error) {
    // Any answer proves the peer alive, <service-unavailable/> as well.
    if (error instanceof TimeoutError) stream?.close("connection-timeout");
  }
}
