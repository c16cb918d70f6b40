import { type Clock, TimeoutError, type Timer } from "../util/clock.ts";
import type { Random } from "../util/random.ts";
import type { Element } from "../xml/element.ts";
import { ERROR_TYPES, StanzaError } from "../xmpp/errors.ts";
import type { Jid } from "../xmpp/jid.ts";
import { ns } from "../xmpp/ns.ts";
import { iq, type Stanza } from "../xmpp/stanza.ts";

interface Pending {
  readonly to: Jid;
  readonly resolve: (payload: Element | undefined) => void;
  readonly reject: (error: Error) => void;
  readonly timer: Timer;
}

/** Requests that the server asked and that wait for their answers (RFC 6120 §8.2.3). */
export class PendingRequests {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #pending = new Map<string, Pending>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /**
   * @param send is given the request.
   * @returns the payload of the result.
   * @throws TimeoutError after `timeout` ms or when `end` comes first; StanzaError for an error answer.
   */
  ask(
    header: { readonly type: "get" | "set"; readonly from: Jid; readonly to: Jid },
    payload: Element,
    timeout: number,
    send: (request: Stanza) => void,
  ): Promise<Element | undefined> {
    const id = this.#random.id();
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(timeout, () => {
        this.#pending.delete(id);
        reject(new TimeoutError(`no answer within ${timeout} ms`));
      });
      this.#pending.set(id, { to: header.to, resolve, reject, timer });
      send(iq({ ...header, id }, payload));
    });
  }

  /** Whether `answer` is one that is waited for: it has the id of a request and comes from whom that was sent to. */
  settle(answer: Stanza): boolean {
    const id = answer.id ?? "";
    const pending = this.#pending.get(id);
    if (!pending || !answer.from?.equals(pending.to)) return false;
    this.#pending.delete(id);
    pending.timer.cancel();
    if (answer.type === "result") pending.resolve(answer.payload[0]);
    else pending.reject(readError(answer));
    return true;
  }

  /** Nobody will answer any more. */
  end(): void {
    for (const { reject, timer } of this.#pending.values()) {
      timer.cancel();
      reject(new TimeoutError("the session ended"));
    }
    this.#pending.clear();
  }
}

function readError(answer: Stanza): StanzaError {
  const error = answer.child("error", ns.CLIENT);
  const condition = error?.children.find((child) => typeof child !== "string" && child.getName() !== "text");
  const name = condition && typeof condition !== "string" ? condition.getName() : "undefined-condition";
  const type = ERROR_TYPES.find((known) => known === error?.attrs.type);
  return new StanzaError(name as StanzaError["condition"], "", type ? { type } : {});
}
