import { Element } from "ltx";
import { attributePrefix, attributesEnd, attributeValue, qualifiedName } from "./attributes.ts";
import { plainName } from "./content.ts";
import type { XmlLimits } from "./parser.ts";
import { decodeLineEnds, decodeText } from "./references.ts";
import * as T from "./tape.ts";
import { borrowTokenizer, returnTokenizer } from "./tokenizer.ts";

const ANY = 0x3fff_ffff;
/** For content that has been checked against the limits of its stream. */
const UNLIMITED: XmlLimits = {
  stanzaBytes: ANY,
  depth: ANY,
  attributes: ANY,
  attributeBytes: ANY,
  namespaces: ANY,
};

export interface Content {
  readonly children: readonly Element[];
  /** Character data outside of the children. */
  readonly text: string;
}

/**
 * The trees in well-formed content whose default namespace is `ns`. Names are without prefixes. An element has an
 * `xmlns` where its namespace is not its parent's (for the outermost: not `ns`), and an `xmlns:p` for an
 * attribute whose prefix no element around it declares.
 */
export function parseContent(content: string, ns: string): Content {
  const source = Buffer.from(`<x>${content}</x>`);
  const tokenizer = borrowTokenizer([{ prefix: "", uri: ns }], UNLIMITED);
  tokenizer.readElement(source, 0, source.length);
  const root = buildTree(tokenizer.tape, ns);
  returnTokenizer(tokenizer);
  const children = root.children.filter((node): node is Element => typeof node !== "string");
  for (const child of children) child.parent = null;
  return { children, text: root.getText() };
}

function buildTree(tape: T.Tape, ns: string): Element {
  const root = new Element("x");
  const outer: string[] = [];
  let current = ns;
  let parent = root;
  let index = attributesEnd(tape, 0);
  for (;;) {
    const kind = tape.at(index) & T.KIND;
    if (kind === T.TEXT_RUN) {
      appendText(parent, textOf(tape, index));
      index += T.TEXT_SIZE;
    } else if (kind === T.OPEN) {
      const isXml = tape.at(index + 5) === T.XML_NAMESPACE;
      const uri = isXml ? current : tape.uri(tape.at(index + 5));
      const element = new Element(plainName(tape, index));
      if (uri !== current) element.attrs["xmlns"] = uri;
      parent.cnode(element);
      setAttributes(element, tape, index);
      outer.push(current);
      current = uri;
      parent = element;
      index = attributesEnd(tape, index);
    } else {
      if (parent === root) return root;
      parent = parent.parent as Element;
      current = outer.pop() as string;
      index++;
    }
  }
}

function setAttributes(element: Element, tape: T.Tape, head: number): void {
  const end = attributesEnd(tape, head);
  for (let index = head + T.OPEN_SIZE; index < end; index += T.ATTRIBUTE_SIZE) {
    if ((tape.at(index) & T.DECLARATION) !== 0) continue;
    const prefix = attributePrefix(tape, index);
    const uri = tape.uri(tape.at(index + 5));
    if (prefix !== "" && element.findNS(prefix) !== uri) element.attrs[`xmlns:${prefix}`] = uri;
    setAttribute(element, qualifiedName(tape, index), attributeValue(tape, index));
  }
}

function setAttribute(element: Element, name: string, value: string): void {
  // An ordinary object would take a `__proto__` for something else.
  if (name === "__proto__")
    Object.defineProperty(element.attrs, name, {
      value,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  else element.attrs[name] = value;
}

/** Adjacent runs (text and CDATA sections) become one node. */
function appendText(parent: Element, text: string): void {
  const { children } = parent;
  if (text === "") return;
  const last = children.at(-1);
  if (typeof last === "string") children[children.length - 1] = last + text;
  else children.push(text);
}

function textOf(tape: T.Tape, index: number): string {
  const raw = tape.raw(tape.at(index + 1), tape.at(index + 2));
  const flags = tape.at(index);
  if ((flags & T.ENCODED) === 0) return raw;
  return (flags & T.CDATA) === 0 ? decodeText(raw) : decodeLineEnds(raw);
}
