import type { Element } from "../../xml/element.ts";

/** The text of a child, cut to `most` characters; undefined without one. */
export function readText(parent: Element, name: string, most: number): string | undefined {
  const text = parent.getChildText(name, parent.getNS())?.trim();
  if (!text) return undefined;
  return text.length > most ? text.slice(0, most).toWellFormed() : text;
}
