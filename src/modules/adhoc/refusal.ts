import { StanzaError } from "../../xmpp/errors.ts";
import { ns } from "../../xmpp/ns.ts";

/** XEP-0050 §4.4: conditions of its own that come with `<bad-request/>`. */
export type BadRequest = "bad-action" | "bad-locale" | "bad-payload" | "bad-sessionid" | "malformed-action";

export function refusal(name: BadRequest, text: string): StanzaError {
  return new StanzaError("bad-request", text, { detail: { name, ns: ns.COMMANDS } });
}

/** §4.4: the session was completed, cancelled, or took too long. */
export function expired(): StanzaError {
  const detail = { name: "session-expired", ns: ns.COMMANDS };
  return new StanzaError("not-allowed", "the session is over", { detail });
}
