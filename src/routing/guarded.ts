import { type Awaitable, isPromise } from "../util/awaitable.ts";
import type { Logger } from "../util/logger.ts";
import { StanzaError } from "../xmpp/errors.ts";
import type { Stanza } from "../xmpp/stanza.ts";

/** Runs `work` on behalf of a stanza; what it throws becomes an error for `answer`. Never throws nor rejects by `work`. */
export function guarded(
  log: Logger,
  stanza: Stanza,
  work: () => Awaitable<void>,
  answer: (error: StanzaError) => Awaitable<void>,
): Awaitable<void> {
  try {
    const done = work();
    return isPromise(done) ? done.catch((error: unknown) => answer(explain(log, stanza, error))) : done;
  } catch (error) {
    return answer(explain(log, stanza, error));
  }
}

function explain(log: Logger, stanza: Stanza, error: unknown): StanzaError {
  if (error instanceof StanzaError) return error;
  log.error("a handler failed", {
    kind: stanza.kind,
    payload: stanza.heads[0],
    error: error instanceof Error ? error.stack : String(error),
  });
  // The handler that knew whether the payload holds a secret did not get to say so.
  return new StanzaError("internal-server-error", "", { echo: false });
}
