import type { XmlElement } from "./parser.ts";
import { createXmlParser } from "./stream-parser.ts";

const HEADER = Buffer.from('<stream xmlns="jabber:client">');
const UNBOUNDED = {
  stanzaBytes: Number.MAX_SAFE_INTEGER,
  depth: Number.MAX_SAFE_INTEGER,
  attributes: Number.MAX_SAFE_INTEGER,
  attributeBytes: Number.MAX_SAFE_INTEGER,
  namespaces: Number.MAX_SAFE_INTEGER,
};

/** The one element in a text that this server wrote, such as one from the store. @throws Error when there is none. */
export function readFragment(text: string): XmlElement {
  const parser = createXmlParser(UNBOUNDED);
  parser.write(HEADER);
  parser.write(Buffer.from(text));
  parser.next();
  const event = parser.next();
  if (event?.kind !== "element") throw new Error("not an element");
  return event.element;
}
