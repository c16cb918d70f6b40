import { type Element, el } from "../xml/element.ts";
import type { StreamCondition } from "../xmpp/errors.ts";
import { ns } from "../xmpp/ns.ts";

/** RFC 6120 §4.7.4: the only language that error texts are written in, whatever the client prefers. */
export const OWN_LANGUAGE = "en";

/** RFC 6120 §4.9.2: `<stream:error/>`, with a text and a condition of an application (§4.9.4) where there are such. */
export function streamError(
  condition: StreamCondition,
  text: string | undefined,
  detail: Element | undefined,
): Element {
  const error = el("stream:error", {}, el(condition, { xmlns: ns.STREAM_ERRORS }));
  if (text) error.cnode(el("text", { xmlns: ns.STREAM_ERRORS, "xml:lang": OWN_LANGUAGE }, text));
  if (detail) error.cnode(detail);
  return error;
}
