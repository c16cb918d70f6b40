import { StanzaError } from "../xmpp/errors.ts";
import type { Stanza } from "../xmpp/stanza.ts";

const IQ_TYPES = new Set(["get", "set", "result", "error"]);

/** RFC 6120 §8.2.3: the rules that every IQ obeys; what is wrong with this one, if anything. */
export function checkIq(stanza: Stanza): StanzaError | undefined {
  if (!stanza.id) return new StanzaError("bad-request", "an IQ needs an id");
  const { type } = stanza;
  if (type === undefined || !IQ_TYPES.has(type)) return new StanzaError("bad-request", "unknown type of IQ");
  const children = stanza.heads.length;
  if ((type === "get" || type === "set") && children !== 1) {
    return new StanzaError("bad-request", "a request has exactly one child");
  }
  if (type === "result" && children > 1)
    return new StanzaError("bad-request", "a result has at most one child");
  return undefined;
}
