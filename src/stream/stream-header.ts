import type { StreamTag } from "../xml/parser.ts";
import { type StreamCondition, StreamError } from "../xmpp/errors.ts";
import { Jid, JidError } from "../xmpp/jid.ts";
import { ns } from "../xmpp/ns.ts";

/** RFC 6120 §4.7, §4.8: whether the header opens a client stream of XMPP 1.x. @throws StreamError */
export function checkHeader(tag: StreamTag): void {
  checkForm(tag, ns.CLIENT);
  // §4.7.5: an absent version means a server from before XMPP 1.0, which cannot negotiate features.
  const major = /^(\d{1,4})\.\d{1,4}$/.exec(tag.attributes.version ?? "")?.[1];
  if (major === undefined || Number(major) < 1) throw new StreamError("unsupported-version");
}

/** RFC 6120 §4.8: whether the header opens a stream whose content is in that namespace. @throws StreamError */
export function checkForm(tag: StreamTag, content: string): void {
  if (tag.ns !== ns.STREAMS) {
    // §4.9.3.10: "the stream namespace name is something other than http://etherx.jabber.org/streams".
    throw new StreamError("invalid-namespace");
  }
  if (tag.name !== "stream") throw new StreamError("bad-format");
  // §4.8.5: `stream` is the only prefix servers are sure to understand, and the content namespace is the default one.
  if (tag.prefix !== "stream") throw new StreamError("bad-namespace-prefix");
  if (tag.defaultNs !== content) throw new StreamError("invalid-namespace");
}

/** @throws StreamError with `condition` when the address is malformed. */
export function readAddress(text: string | undefined, condition: StreamCondition): Jid | undefined {
  if (text === undefined || text === "") return undefined;
  try {
    return Jid.parse(text);
  } catch (error) {
    if (error instanceof JidError) throw new StreamError(condition);
    throw error;
  }
}
