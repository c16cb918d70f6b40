import { type Awaitable, isPromise } from "../../util/awaitable.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import type { Stanza } from "../../xmpp/stanza.ts";

/**
 * RFC 6120 §8.3.1: what is sent to an occupant may be answered with an error by the room; XEP-0045 §7 has it named then. Whoever
 * pings somebody sees by it who answered (XEP-0410 §3.1).
 */
export function namingRoom<More extends unknown[], T>(
  receive: (stanza: Stanza, ...more: More) => Awaitable<T>,
): (stanza: Stanza, ...more: More) => Awaitable<T> {
  return (stanza, ...more) => {
    const failed = (error: unknown): never => {
      throw error instanceof StanzaError ? named(stanza, error) : error;
    };
    try {
      const done = receive(stanza, ...more);
      return isPromise(done) ? done.catch(failed) : done;
    } catch (error) {
      return failed(error);
    }
  };
}

export function named({ to }: Stanza, error: StanzaError): StanzaError {
  if (!to || to.local === "" || to.resource === "") return error;
  const { condition, message, type, echo, detail } = error;
  return new StanzaError(condition, message, { type, echo, detail, by: to.bare.toString() });
}
