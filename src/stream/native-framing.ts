import type { Framing } from "../net/framing.ts";
import { escapeAttribute } from "../xml/element.ts";
import { createXmlParser } from "../xml/stream-parser.ts";
import { ns } from "../xmpp/ns.ts";

/** RFC 6120 §4.2: one document, as long as the connection. */
export const nativeFraming: Framing = {
  createParser: createXmlParser,

  header({ from, to, id, lang }) {
    const toAttribute = to === undefined ? "" : ` to="${escapeAttribute(to)}"`;
    return (
      `<?xml version='1.0'?><stream:stream xmlns="${ns.CLIENT}" xmlns:stream="${ns.STREAMS}" from="${from}"${toAttribute} ` +
      `id="${id}" version="1.0" xml:lang="${lang}">`
    );
  },

  end: "</stream:stream>",
  peerEnd: /<\/stream(?::stream)?\s*>/,
};
