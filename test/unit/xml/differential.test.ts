import { Element } from "ltx";
import { expect, test } from "vitest";
import { escapeAttribute } from "../../../src/xml/element.ts";
import { type XmlElement, XmlError, type XmlEvent } from "../../../src/xml/parser.ts";
import { createXmlParser } from "../../../src/xml/stream-parser.ts";
import { Generator } from "./generate.ts";
import { addText, confusesSaxes, parseWithSaxes, type Tree } from "./oracle.ts";

const CASES = 3_000;
/** XML_SEED=n repeats a run. */
const SEED = Number(process.env["XML_SEED"] ?? Date.now() % 1_000_000_000);
const LIMITS = { stanzaBytes: 100_000, depth: 100, attributes: 100, attributeBytes: 10_000, namespaces: 100 };
const XML_URI = "http://www.w3.org/XML/1998/namespace";

test(`saxes accepts and understands the same (XML_SEED=${SEED})`, () => {
  const accepted = { right: 0, wrong: 0 };
  const refused = { right: 0, wrong: 0 };
  for (let index = 0; index < CASES; index++) {
    const generator = new Generator(SEED + index);
    const document = generator.document();
    const isMutated = generator.chance(66);
    const bytes = isMutated ? generator.mutate(document) : Buffer.from(document);
    if (confusesSaxes(bytes)) continue;
    try {
      const count = check(bytes, generator.cut(bytes)) ? accepted : refused;
      count[isMutated ? "wrong" : "right"]++;
    } catch (error) {
      throw new Error(`XML_SEED=${SEED + index}: ${JSON.stringify(bytes.toString("latin1"))}`, {
        cause: error,
      });
    }
  }
  // Otherwise the generator makes nothing worth comparing.
  expect(accepted.right).toBeGreaterThan(CASES / 20);
  expect(accepted.wrong).toBeGreaterThan(CASES / 50);
  expect(refused.wrong).toBeGreaterThan(CASES / 5);
});

/** @returns whether both accept it. */
function check(bytes: Buffer, chunks: readonly Buffer[]): boolean {
  const expected = parseWithSaxes(bytes);
  const elements = parse(chunks);
  expect(elements !== undefined).toBe(expected !== undefined);
  if (elements === undefined || expected === undefined) return false;
  const trees = expected.nodes.filter((node): node is Tree => typeof node !== "string");
  expect(elements.length).toBe(trees.length);
  for (const [at, element] of elements.entries()) compare(element, trees[at] as Tree);
  return true;
}

/** The elements of a complete stream, or undefined. */
function parse(chunks: readonly Buffer[]): XmlElement[] | undefined {
  const parser = createXmlParser(LIMITS);
  const events: XmlEvent[] = [];
  try {
    for (const chunk of chunks) {
      parser.write(chunk);
      for (let event = parser.next(); event !== undefined; event = parser.next()) events.push(event);
    }
  } catch (error) {
    if (error instanceof XmlError) return undefined;
    throw error;
  }
  if (events.at(-1)?.kind !== "close") return undefined;
  return events.flatMap((event) => (event.kind === "element" ? [event.element] : []));
}

function compare(element: XmlElement, expected: Tree): void {
  expect({ name: element.name, ns: element.ns }).toEqual({ name: expected.name, ns: expected.ns });
  const children = expected.nodes.filter((node): node is Tree => typeof node !== "string");
  expect(element.heads).toEqual(children.map(({ name, ns }) => ({ name, ns })));
  expect(element.text).toBe(expected.nodes.filter((node) => typeof node === "string").join(""));
  expect(element.children.map((child) => treeOfElement(child, element.ns, new Map()))).toEqual(children);
  if (element.ns === XML_URI) return;

  // RFC 6120 §4.8.3: the same content inside another stanza, and inside another stanza's start tag.
  const known = ["to", "from", "id", "type", "xml:lang"]
    .filter((name) => name in element.attributes)
    .map((name) => ` ${name}="${escapeAttribute(element.attributes[name] as string)}"`)
    .join("");
  const again = `<${element.name} xmlns="${escapeAttribute(element.ns)}"${known}${element.extraAttributes}>${element.inner}</${element.name}>`;
  expect(parseWithSaxes(Buffer.from(`<x>${again}</x>`))?.nodes, again).toEqual([expected]);
}

function treeOfElement(element: Element, inherited: string, outer: ReadonlyMap<string, string>): Tree {
  const scope = new Map(outer);
  const attributes: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(element.attrs))
    if (name.startsWith("xmlns:")) scope.set(name.slice(6), value as string);
  for (const [name, value] of Object.entries(element.attrs)) {
    if (name === "xmlns" || name.startsWith("xmlns:")) continue;
    const [prefix, local] = name.includes(":") ? (name.split(":") as [string, string]) : ["", name];
    const uri = prefix === "xml" ? XML_URI : prefix === "" ? "" : scope.get(prefix);
    attributes[`{${uri}}${local}`] = value as string;
  }
  const current = (element.attrs["xmlns"] as string | undefined) ?? inherited;
  const isXml = element.name.startsWith("xml:");
  const nodes: (Tree | string)[] = [];
  for (const node of element.children)
    if (node instanceof Element) nodes.push(treeOfElement(node, current, scope));
    else addText(nodes, node);
  return {
    name: isXml ? element.name.slice(4) : element.name,
    ns: isXml ? XML_URI : current,
    attributes,
    nodes,
  };
}
