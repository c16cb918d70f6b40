import { clone, Element } from "ltx";

export { clone, Element };

type Attributes = Readonly<Record<string, string | undefined>>;

/** Builds an element; attributes that are undefined are left out. `xmlns` is an attribute like any other. */
export function el(
  name: string,
  attributes: Attributes = {},
  ...children: readonly (Element | string)[]
): Element {
  const element = new Element(name);
  for (const key in attributes) {
    const value = attributes[key];
    if (value !== undefined) element.attrs[key] = value;
  }
  for (const child of children) {
    if (typeof child === "string") element.t(child);
    else element.cnode(child);
  }
  return element;
}

/** The child elements, without character data. */
export function childElements(element: Element): Element[] {
  return element.children.filter((child): child is Element => typeof child !== "string");
}

const SPECIAL_IN_TEXT = /[&<>\r]/;
const SPECIAL_IN_ATTRIBUTE = /[&<>"'\t\n\r]/;

/** Character data that a parser reads back as `text`. */
export function escapeText(text: string): string {
  if (!SPECIAL_IN_TEXT.test(text)) return text;
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll("\r", "&#13;");
}

const ATTRIBUTE_ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
  "\t": "&#9;",
  "\n": "&#10;",
  "\r": "&#13;",
};

/** An attribute value, for use between quotes of either kind; white space survives normalisation. */
export function escapeAttribute(text: string): string {
  if (!SPECIAL_IN_ATTRIBUTE.test(text)) return text;
  return text.replace(/[&<>"'\t\n\r]/g, (character) => ATTRIBUTE_ESCAPES[character] as string);
}

/** XML text of the tree; unlike ltx's own `toString`, line breaks and tabs keep their meaning (XML 1.0 §2.11, §3.3.3). */
export function serialize(element: Element): string {
  let tag = `<${element.name}`;
  for (const key in element.attrs) {
    const value = element.attrs[key] as string | number | boolean | null | undefined;
    if (value !== undefined && value !== null) tag += ` ${key}="${escapeAttribute(String(value))}"`;
  }
  if (element.children.length === 0) return `${tag}/>`;
  tag += ">";
  for (const child of element.children) {
    tag += child instanceof Element ? serialize(child) : escapeText(String(child));
  }
  return `${tag}</${element.name}>`;
}
