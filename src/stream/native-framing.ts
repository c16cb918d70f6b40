import type { Framing } from "../net/framing.ts";
import { escapeAttribute } from "../xml/element.ts";
import { createXmlParser } from "../xml/stream-parser.ts";
import { ns } from "../xmpp/ns.ts";

/** A client's stream. */
export const nativeFraming = documents(ns.CLIENT, "1.0");

/** XEP-0114 §3: without a version, for there are no features (RFC 6120 §4.7.5). */
export const componentFraming = documents(ns.COMPONENT, undefined);

/**
 * RFC 6120 §4.2: one document, as long as the connection. Whatever namespace the content of the stream is in (§4.8.2), it is
 * read as `jabber:client`; what is sent needs no change, since stanzas name no namespace of their own.
 */
function documents(content: string, version: string | undefined): Framing {
  const renaming = content === ns.CLIENT ? undefined : { from: content, to: ns.CLIENT };
  const versionAttribute = version === undefined ? "" : ` version="${version}"`;
  return {
    createParser: (limits) => createXmlParser(limits, renaming),

    header({ from, to, id, lang }) {
      const toAttribute = to === undefined ? "" : ` to="${escapeAttribute(to)}"`;
      return (
        `<?xml version='1.0'?><stream:stream xmlns="${content}" xmlns:stream="${ns.STREAMS}" from="${from}"${toAttribute} ` +
        `id="${id}"${versionAttribute} xml:lang="${lang}">`
      );
    },

    end: "</stream:stream>",
    peerEnd: /<\/stream(?::stream)?\s*>/,
  };
}
