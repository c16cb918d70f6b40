import type { Element } from "ltx";
import { attributesEnd, localName, readAttributes } from "./attributes.ts";
import { contentText } from "./content.ts";
import type { XmlElement, XmlHead } from "./parser.ts";
import { decodeText } from "./references.ts";
import * as T from "./tape.ts";
import { type Content, parseContent } from "./tree.ts";

const NO_HEADS: readonly XmlHead[] = [];

/**
 * Takes the element off the tape. What it returns consists of strings: neither the bytes nor the tape is needed any
 * more, so a small element does not hold on to the chunk it came in. Trees are parsed from `inner` when asked for.
 */
export function readXmlElement(tape: T.Tape): XmlElement {
  const { all, extra } = readAttributes(tape, 0);
  const name = localName(tape, 0);
  return new ParsedElement(name, tape.uri(tape.at(5)), all, extra, readHeads(tape), contentText(tape));
}

function readHeads(tape: T.Tape): readonly XmlHead[] {
  let heads: XmlHead[] | undefined;
  let index = attributesEnd(tape, 0);
  for (;;) {
    const kind = tape.at(index) & T.KIND;
    if (kind === T.CLOSE) return heads ?? NO_HEADS;
    if (kind === T.OPEN) {
      const head = { name: localName(tape, index), ns: tape.uri(tape.at(index + 5)) };
      if (heads === undefined) heads = [head];
      else heads.push(head);
      index = tape.at(index + 7);
    } else {
      index += T.TEXT_SIZE;
    }
  }
}

class ParsedElement implements XmlElement {
  readonly name: string;
  readonly ns: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly extraAttributes: string;
  readonly heads: readonly XmlHead[];
  readonly inner: string;
  #content: Content | undefined;

  constructor(
    name: string,
    ns: string,
    attributes: Readonly<Record<string, string>>,
    extra: string,
    heads: readonly XmlHead[],
    inner: string,
  ) {
    this.name = name;
    this.ns = ns;
    this.attributes = attributes;
    this.extraAttributes = extra;
    this.heads = heads;
    this.inner = inner;
  }

  get children(): readonly Element[] {
    return this.#parsed().children;
  }

  get text(): string {
    return this.#parsed().text;
  }

  #parsed(): Content {
    this.#content ??= this.inner.includes("<")
      ? parseContent(this.inner, this.ns)
      : { children: [], text: decodeText(this.inner) };
    return this.#content;
  }
}
