import { childElements, type Element, serialize } from "../../xml/element.ts";
import { ns } from "../../xmpp/ns.ts";
import { readXml } from "../read-xml.ts";

/** Elements of `jabber:client` are compared loosely, those that name another namespace strictly; this attribute decides otherwise. */
const STRICT = "scansion-strict";
const ANY = "{scansion:any}";
const CAPTURE = /^\{scansion:capture:(.+)\}$/;

/** The element that a script expects. @throws XmlError */
export function readExpected(xml: string): Element {
  // The prefix is declared nowhere.
  return readXml(xml.replaceAll("scansion:strict=", `${STRICT}=`));
}

/**
 * What is different, in words. Loosely: all that is expected is there, children in any order, and there may be more.
 * Strictly: there is nothing else, and children are in this order. Text counts where some is expected.
 */
export function difference(
  expected: Element,
  actual: Element,
  captures: Map<string, string>,
  isStrict = false,
): string | undefined {
  const strict = strictness(expected, isStrict);
  if (!isSameName(expected, actual)) return `expected ${nameOf(expected)}, got ${nameOf(actual)}`;
  return (
    differentAttributes(expected, actual, captures, strict) ??
    differentText(expected, actual, captures) ??
    (strict ? strictChildren(expected, actual, captures) : looseChildren(expected, actual, captures))
  );
}

function strictness(element: Element, inherited: boolean): boolean {
  const stated = element.attrs[STRICT];
  if (stated !== undefined) return stated === "true";
  const own = element.attrs["xmlns"];
  return own === undefined ? inherited : own !== ns.CLIENT;
}

function differentAttributes(
  expected: Element,
  actual: Element,
  captures: Map<string, string>,
  isStrict: boolean,
): string | undefined {
  const wanted = attributesOf(expected);
  const given = attributesOf(actual);
  for (const [name, value] of wanted) {
    const found = given.get(name);
    if (found === undefined) return `${nameOf(expected)} has no ${name}`;
    const captured = CAPTURE.exec(value)?.[1];
    if (captured !== undefined) captures.set(captured, found);
    else if (value !== ANY && value !== found)
      return `${name} of ${nameOf(expected)} is "${found}", not "${value}"`;
  }
  const extra = isStrict ? [...given.keys()].find((name) => !wanted.has(name)) : undefined;
  return extra === undefined ? undefined : `${nameOf(expected)} has ${extra}="${given.get(extra)}"`;
}

function differentText(
  expected: Element,
  actual: Element,
  captures: Map<string, string>,
): string | undefined {
  const wanted = expected.getText().trim();
  const given = actual.getText().trim();
  const captured = CAPTURE.exec(wanted)?.[1];
  if (captured !== undefined) captures.set(captured, given);
  return captured !== undefined || wanted === "" || wanted === ANY || wanted === given
    ? undefined
    : `the text of ${nameOf(expected)} is "${given}", not "${wanted}"`;
}

function strictChildren(
  expected: Element,
  actual: Element,
  captures: Map<string, string>,
): string | undefined {
  const wanted = childElements(expected);
  const given = childElements(actual);
  for (const [index, child] of wanted.entries()) {
    const other = given[index];
    if (!other) return `${nameOf(expected)} has no ${nameOf(child)}`;
    const found = difference(child, other, captures, true);
    if (found !== undefined) return found;
  }
  const extra = given[wanted.length];
  return extra && `${nameOf(expected)} has ${serialize(extra)} as well`;
}

function looseChildren(
  expected: Element,
  actual: Element,
  captures: Map<string, string>,
): string | undefined {
  const left = new Set(childElements(actual));
  for (const child of childElements(expected)) {
    const candidates = [...left].filter((other) => isSameName(child, other));
    const match = candidates.find((other) => difference(child, other, new Map(captures)) === undefined);
    if (match === undefined) {
      const [only] = candidates;
      const why = only && difference(child, only, new Map(captures));
      return why ?? `${nameOf(expected)} has no ${serialize(child)}`;
    }
    difference(child, match, captures);
    left.delete(match);
  }
  return undefined;
}

function attributesOf(element: Element): ReadonlyMap<string, string> {
  const named = Object.entries(element.attrs).filter(
    ([name]) => name !== STRICT && !/^xmlns(:|$)/.test(name),
  );
  return new Map(named.map(([name, value]) => [name, String(value)]));
}

function isSameName(one: Element, other: Element): boolean {
  return one.getName() === other.getName() && one.getNS() === other.getNS();
}

function nameOf(element: Element): string {
  return `<${element.getName()}/>`;
}
