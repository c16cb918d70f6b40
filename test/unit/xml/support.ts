import {
  type XmlElement,
  XmlError,
  type XmlEvent,
  type XmlLimits,
  type XmlParser,
} from "../../../src/xml/parser.ts";
import { createXmlParser } from "../../../src/xml/stream-parser.ts";

export const HEADER =
  "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' xmlns:db='jabber:server:dialback'>";

export function limits(changes: Partial<XmlLimits> = {}): XmlLimits {
  return {
    stanzaBytes: 100_000,
    depth: 50,
    attributes: 50,
    attributeBytes: 5_000,
    namespaces: 50,
    ...changes,
  };
}

/** All events there are; an error ends them and becomes its condition. */
export function drain(parser: XmlParser): (XmlEvent | string)[] {
  const events: (XmlEvent | string)[] = [];
  try {
    for (let event = parser.next(); event !== undefined; event = parser.next()) events.push(event);
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    events.push(error.condition);
  }
  return events;
}

/** A parser behind its header, to which the changes did not apply. */
export function opened(changes: Partial<XmlLimits> = {}, header = HEADER): XmlParser {
  const parser = createXmlParser(limits());
  parser.write(Buffer.from(header));
  if (parser.next()?.kind !== "open") throw new Error("no header");
  Object.assign(parser.limits, changes);
  return parser;
}

/** The condition that the bytes behind a header lead to; undefined when they are fine so far. */
export function conditionOf(xml: string | Buffer, changes: Partial<XmlLimits> = {}): string | undefined {
  const parser = opened(changes);
  parser.write(Buffer.from(xml as string));
  return drain(parser).find((event) => typeof event === "string");
}

/** The one element in `xml`. */
export function elementOf(xml: string, header = HEADER): XmlElement {
  const parser = opened({}, header);
  parser.write(Buffer.from(xml));
  const event = parser.next();
  if (event?.kind !== "element") throw new Error("no element");
  return event.element;
}

/** What can be compared of an event. */
export function plain(event: XmlEvent | string): unknown {
  if (typeof event === "string" || event.kind !== "element") return event;
  const { name, ns, attributes, extraAttributes, heads, inner, children, text } = event.element;
  return { name, ns, attributes, extraAttributes, heads, inner, children: children.map(String), text };
}
