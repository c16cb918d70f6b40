import { type Awaitable, isPromise } from "../util/awaitable.ts";
import type { Logger } from "../util/logger.ts";
import { StanzaError } from "../xmpp/errors.ts";
import type { Stanza } from "../xmpp/stanza.ts";
import type { Network } from "./network.ts";

/** Runs `work` on behalf of a stanza; what it throws becomes an error for `answer`. Never throws nor rejects by `work`. */
export function guarded(
  { log, network }: { readonly log: Logger; readonly network: Pick<Network, "onError"> },
  stanza: Stanza,
  work: () => Awaitable<void>,
  answer: (error: StanzaError) => Awaitable<void>,
): Awaitable<void> {
  const failed = (error: unknown) => {
    const explained = explain(log, stanza, error);
    network.onError(explained.condition);
    return answer(explained);
  };
  try {
    const done = work();
    return isPromise(done) ? done.catch(failed) : done;
  } catch (error) {
    return failed(error);
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
