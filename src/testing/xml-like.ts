import { Element, serialize } from "../xml/element.ts";

/** XML as text, or whatever turns into it: elements of ltx and xmpp.js, what `server.expect` found. */
export type XmlLike = string | { toString(): string } | { readonly xml: string };

/** Elements of another copy of ltx write themselves: for ours their children are none. */
export function textOf(xml: XmlLike): string {
  if (typeof xml === "string") return xml;
  if ("xml" in xml) return xml.xml;
  return xml instanceof Element ? serialize(xml) : xml.toString();
}
