/**
 * XEP-0198 §4 beside faults: client and server count what they have of each other's stanzas, and a session whose counts do
 * not agree ends. What faults do to stanzas must not show in them.
 */
import type { Management } from "../../session/management.ts";
import type { Session } from "../../session/session.ts";
import type { Element } from "../../xml/element.ts";
import { ns } from "../../xmpp/ns.ts";
import type { Passing } from "../passing.ts";

const MODULUS = 2 ** 32;

/** By how much the counts of one session are off. */
interface Skew {
  /** Stanzas that the server counts as sent, and that the client does not get as such. */
  unsent: number;
  /** Stanzas that the server handles beside those that the client sent. */
  extra: number;
  /** The last count that the client was told. */
  told: number;
}

export class Counts {
  readonly #sessions: () => Iterable<Session>;
  readonly #skews = new WeakMap<Management, Skew>();
  #isSkewed = false;

  constructor(sessions: () => Iterable<Session>) {
    this.#sessions = sessions;
  }

  /**
   * A stanza for a client was taken: it is as if the server had not sent it, and when it goes on it is sent then; by another
   * connection, where the session has another one.
   */
  unsend(passing: Passing): void {
    const { stream, xml } = passing;
    const session = stream.session;
    const management = session?.management;
    if (!session || !management || passing.isTaken) return;
    const { stanza } = management.unacked.findLast((unacked) => unacked.stanza.toString() === xml) ?? {};
    if (!stanza) return;
    management.withdraw((other) => other === stanza);
    this.#skewOf(management).unsent++;
    passing.take({
      goes: () => management.push(stanza, stream.environment.clock.now()),
      cannot: () => {
        if ([...this.#sessions()].includes(session)) session.pass(stanza);
      },
    });
  }

  /** A client's stanza is lost, or comes once more than it was sent. */
  miscount({ stream, isStanza }: Passing, how: "lost" | "again"): void {
    const management = isStanza ? stream.session?.management : undefined;
    if (!management) return;
    if (how === "lost") management.count();
    else this.#skewOf(management).extra++;
  }

  /** What passes as it would be if nothing had been miscounted; undefined: as it is. */
  righted(passing: Passing): Element | undefined {
    if (!this.#isSkewed || passing.kind !== "nonza") return undefined;
    const { direction, element } = passing;
    const names = direction === "in" ? ["a", "resume"] : ["a", "resumed", "failed"];
    if (!names.some((name) => countIn(element, name))) return undefined;
    const copy = passing.copy();
    const count = names.map((name) => countIn(copy, name)).find((found) => found !== undefined);
    const skew = this.#skewFor(passing, count);
    if (!count || !skew) return undefined;
    const said = Number(count.attrs["h"]);
    if (direction === "in") count.attrs["h"] = String((said + skew.unsent) % MODULUS);
    else count.attrs["h"] = String((skew.told = Math.max(skew.told, said - skew.extra)));
    return copy;
  }

  /** Of the stream's session, or of the one that is to be resumed. */
  #skewFor({ stream }: Passing, count: Element | undefined): Skew | undefined {
    const id = count?.attrs["previd"];
    const resumed =
      id === undefined
        ? stream.session
        : [...this.#sessions()].find(({ management }) => management?.resumeId === id);
    return resumed?.management && this.#skews.get(resumed.management);
  }

  #skewOf(management: Management): Skew {
    const known = this.#skews.get(management);
    if (known) return known;
    this.#isSkewed = true;
    const skew = { unsent: 0, extra: 0, told: 0 };
    this.#skews.set(management, skew);
    return skew;
  }
}

/** The element with a count, by itself or along with authentication. */
function countIn(element: Element, name: string): Element | undefined {
  const found = element.is(name, ns.STREAM_MANAGEMENT)
    ? element
    : element.getChild(name, ns.STREAM_MANAGEMENT);
  return found?.attrs["h"] === undefined ? undefined : found;
}
