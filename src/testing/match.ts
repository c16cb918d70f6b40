/**
 * Whether a piece of XML is what a pattern says.
 *
 * - Attributes are in no order, child elements are; white space between elements means nothing. Everything that is
 *   there must be in the pattern and the other way round, but for what follows.
 * - On message, presence and iq, wherever they are: `from`, `to`, `id` and `xml:lang` may be left out of the pattern.
 * - A `<stanza-id/>` (XEP-0359) and the `<text/>` of an error may be left out.
 * - `{any}` stands for any value of an attribute, or as an element's only content for any content.
 * - `{none}` as an attribute's value: the attribute is not there.
 * - `{name}` stands for a value that is not empty; where it comes again, it is the same value.
 * - `{...}` as text in an element: it may have more children than those in the pattern.
 */
import { Element, serialize } from "../xml/element.ts";
import { ns } from "../xmpp/ns.ts";

/** The values that patterns gave names to. */
export type Captures = Map<string, string>;

const OPTIONAL_ON_STANZAS = new Set(["from", "to", "id", "xml:lang"]);
const STANZAS = new Set(["message", "presence", "iq"]);
const STANZA_ID = "urn:xmpp:sid:0";
const ANY = "{any}";
const NONE = "{none}";
const MORE = "{...}";

/** What is different, in words; undefined when `actual` is as `pattern` says: then `captures` has its values. */
export function mismatch(pattern: Element, actual: Element, captures: Captures): string | undefined {
  const found = new Map(captures);
  const difference = compare(pattern, actual, found, pattern.name);
  if (difference === undefined) for (const [name, value] of found) captures.set(name, value);
  return difference;
}

function compare(pattern: Element, actual: Element, captures: Captures, path: string): string | undefined {
  if (pattern.getName() !== actual.getName() || namespaceOf(pattern) !== namespaceOf(actual)) {
    return `${path}: it is {${namespaceOf(actual)}}${actual.getName()}, not {${namespaceOf(pattern)}}${pattern.getName()}`;
  }
  return (
    compareAttributes(pattern, actual, captures, path) ?? compareContent(pattern, actual, captures, path)
  );
}

function compareAttributes(
  pattern: Element,
  actual: Element,
  captures: Captures,
  path: string,
): string | undefined {
  const expected = attributesOf(pattern);
  const given = attributesOf(actual);
  for (const [name, wanted] of expected) {
    const value = given.get(name);
    if (wanted === NONE) {
      if (value !== undefined) return `${path}: there is an attribute ${name}="${value}"`;
    } else if (value === undefined) {
      return `${path}: there is no attribute ${name}`;
    } else if (!matchText(wanted, value, captures)) {
      return `${path}: ${name} is "${value}", not "${fill(wanted, captures)}"`;
    }
  }
  const isStanza = STANZAS.has(actual.getName()) && namespaceOf(actual) === ns.CLIENT;
  for (const [name, value] of given) {
    if (expected.has(name) || (isStanza && OPTIONAL_ON_STANZAS.has(name))) continue;
    return `${path}: an attribute that was not expected, ${name}="${value}"`;
  }
  return undefined;
}

function compareContent(
  pattern: Element,
  actual: Element,
  captures: Captures,
  path: string,
): string | undefined {
  const wanted = contentOf(pattern);
  const [only] = wanted;
  if (wanted.length === 1 && only === ANY) return undefined;
  const isOpen = wanted.some((node) => typeof node === "string" && node.trim() === MORE);
  if (isOpen)
    return compareSome(wanted.filter(isElement), contentOf(actual).filter(isElement), captures, path);
  const given = contentOf(actual).filter((node) => !isOptional(node, wanted));
  for (const [index, node] of wanted.entries()) {
    const difference = compareNode(node, given[index], captures, path);
    if (difference !== undefined) return difference;
  }
  const extra = given[wanted.length];
  return extra === undefined ? undefined : `${path}: not expected: ${show(extra)}`;
}

function compareNode(
  wanted: Element | string,
  given: Element | string | undefined,
  captures: Captures,
  path: string,
): string | undefined {
  if (given === undefined) return `${path}: missing: ${show(wanted)}`;
  if (wanted instanceof Element) {
    if (!(given instanceof Element)) return `${path}: text "${given}" in place of ${show(wanted)}`;
    return compare(wanted, given, captures, `${path} > ${wanted.getName()}`);
  }
  if (given instanceof Element) return `${path}: ${show(given)} in place of text "${wanted}"`;
  return matchText(wanted, given, captures)
    ? undefined
    : `${path}: the text is "${given}", not "${fill(wanted, captures)}"`;
}

/** Each of `wanted` in its order, others between them. */
function compareSome(
  wanted: readonly Element[],
  given: readonly Element[],
  captures: Captures,
  path: string,
): string | undefined {
  let next = 0;
  for (const element of wanted) {
    while (next < given.length && mismatch(element, given[next] as Element, captures) !== undefined) next++;
    if (next++ >= given.length) return `${path}: missing: ${show(element)}`;
  }
  return undefined;
}

const PLACEHOLDER = /\{([A-Za-z]\w*)\}/g;

function matchText(wanted: string, value: string, captures: Captures): boolean {
  const names: string[] = [];
  let expression = "";
  let end = 0;
  for (const match of wanted.matchAll(PLACEHOLDER)) {
    const [placeholder, name = ""] = match;
    expression += escapeRegExp(wanted.slice(end, match.index));
    end = match.index + placeholder.length;
    const known = captures.get(name);
    if (name === "any") expression += "[^]*";
    else if (known !== undefined) expression += escapeRegExp(known);
    else if (names.includes(name)) expression += `\\${names.indexOf(name) + 1}`;
    else {
      names.push(name);
      expression += "([^]+)";
    }
  }
  if (end === 0) return wanted === value;
  const found = new RegExp(`^${expression}${escapeRegExp(wanted.slice(end))}$`).exec(value);
  if (!found) return false;
  for (const [index, name] of names.entries()) captures.set(name, found[index + 1] as string);
  return true;
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

/** The text with the values that are known in place of their names. */
export function fill(text: string, captures: Captures): string {
  return text.replaceAll(PLACEHOLDER, (placeholder, name: string) => captures.get(name) ?? placeholder);
}

function attributesOf(element: Element): Map<string, string> {
  const attributes = new Map<string, string>();
  for (const name in element.attrs) {
    if (name !== "xmlns" && !name.startsWith("xmlns:")) attributes.set(name, String(element.attrs[name]));
  }
  return attributes;
}

/** Without the white space between elements; neighbouring text is one piece. */
function contentOf(element: Element): (Element | string)[] {
  const content: (Element | string)[] = [];
  for (const child of element.children) {
    const last = content.at(-1);
    if (child instanceof Element) content.push(child);
    else if (typeof last === "string") content[content.length - 1] = last + String(child);
    else content.push(String(child));
  }
  return content.some(isElement) ? content.filter((node) => isElement(node) || node.trim() !== "") : content;
}

function isOptional(node: Element | string, wanted: readonly (Element | string)[]): boolean {
  if (typeof node === "string") return false;
  const name = node.getName();
  const namespace = namespaceOf(node);
  const isExtra =
    (name === "stanza-id" && namespace === STANZA_ID) ||
    (name === "text" && (namespace === ns.STANZA_ERRORS || namespace === ns.STREAM_ERRORS));
  return (
    isExtra &&
    !wanted.some((other) => isElement(other) && other.getName() === name && namespaceOf(other) === namespace)
  );
}

function isElement(node: Element | string): node is Element {
  return typeof node !== "string";
}

function namespaceOf(element: Element): string {
  return element.getNS() ?? "";
}

function show(node: Element | string): string {
  return typeof node === "string" ? `text "${node}"` : serialize(node);
}
