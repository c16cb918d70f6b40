import type { XmlEvent } from "../xml/parser.ts";
import { createXmlParser } from "../xml/stream-parser.ts";
import { ns } from "./ns.ts";
import { Stanza } from "./stanza.ts";

const HEADER = Buffer.from(`<stream:stream xmlns="${ns.CLIENT}" xmlns:stream="${ns.STREAMS}">`);
const UNBOUNDED = {
  stanzaBytes: Number.MAX_SAFE_INTEGER,
  depth: Number.MAX_SAFE_INTEGER,
  attributes: Number.MAX_SAFE_INTEGER,
  attributeBytes: Number.MAX_SAFE_INTEGER,
  namespaces: Number.MAX_SAFE_INTEGER,
};

/** The stanza that `toString` made this text of, such as one from the store. @throws Error when it is not one. */
export function parseStanza(text: string): Stanza {
  const parser = createXmlParser(UNBOUNDED);
  parser.write(HEADER);
  parser.write(Buffer.from(text));
  parser.next();
  const event: XmlEvent | undefined = parser.next();
  if (event?.kind !== "element") throw new Error("not a stanza");
  return Stanza.read(event.element);
}
