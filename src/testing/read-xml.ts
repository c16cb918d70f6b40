import { type Element, el, serialize } from "../xml/element.ts";
import type { XmlElement, XmlLimits } from "../xml/parser.ts";
import { createXmlParser } from "../xml/stream-parser.ts";
import { ns } from "../xmpp/ns.ts";

/** A client of a test takes whatever the server sends. */
export const NO_LIMITS: XmlLimits = {
  stanzaBytes: 2 ** 29,
  depth: 2 ** 20,
  attributes: 2 ** 20,
  attributeBytes: 2 ** 29,
  namespaces: 2 ** 20,
};

const HEADER = `<stream:stream xmlns="${ns.CLIENT}" xmlns:stream="${ns.STREAMS}">`;

/** One element as it would stand in a client's stream, `stream:` being declared. @throws XmlError, Error when it is not one. */
export function readXml(xml: string): Element {
  const parser = createXmlParser(NO_LIMITS);
  // The wrapper keeps the text around, which a first-level element's tree would not have.
  parser.write(Buffer.from(`${HEADER}<x>${xml}</x>`));
  parser.next();
  const event = parser.next();
  const [element, ...others] = event?.kind === "element" ? event.element.children : [];
  if (!element || others.length > 0) throw new Error(`not one element: ${xml}`);
  if (element.attrs["xmlns"] === undefined) element.attrs["xmlns"] = ns.CLIENT;
  return element;
}

/** A first-level element with all of its content as a tree. */
export function treeOf({ name, ns: namespace, attributes, extraAttributes, inner }: XmlElement): Element {
  const tree = readXml(`<${name} xmlns="${namespace}"${extraAttributes}>${inner}</${name}>`);
  for (const [attribute, value] of Object.entries(attributes)) tree.attrs[attribute] = value;
  return tree;
}

/** The inverse of {@link readXml}: as an element is written that is to go over a stream. */
export function writeXml(element: Element): string {
  const { xmlns, ...attributes } = element.attrs;
  // The stream's own namespace is declared by the transport, where it has to be.
  const attrs = xmlns === ns.CLIENT ? attributes : element.attrs;
  return serialize(Object.assign(el(element.name, attrs), { children: element.children }));
}
