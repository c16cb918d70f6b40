import { declaredDefault, localName, readAttributes } from "./attributes.ts";
import { ByteQueue } from "./byte-queue.ts";
import { isSpace } from "./bytes.ts";
import { byteOrderMark, refuseWideEncodings, xmlDeclaration } from "./declaration.ts";
import type { Scope } from "./namespaces.ts";
import {
  type Renaming,
  type StreamTag,
  XmlError,
  type XmlEvent,
  type XmlLimits,
  type XmlParser,
} from "./parser.ts";
import type { Tape } from "./tape.ts";
import { borrowTokenizer, returnTokenizer, type Tokenizer } from "./tokenizer.ts";
import { illFormed, WAITING } from "./window.ts";
import { readXmlElement } from "./xml-element.ts";

const LESS_THAN = 0x3c;
const GREATER_THAN = 0x3e;
const SLASH = 0x2f;
const QUESTION = 0x3f;
const NO_SCOPE: Scope = [];
const CLOSE: XmlEvent = { kind: "close" };

/**
 * - `restart`: what separated the last element of the old stream from the new one may come (RFC 6120 §11.7)
 * - `start`: a byte order mark may come; `declaration`: an XML declaration may; `header`: the root's start tag must
 * - `content`: between the root's tags; `end`: inside its end tag; `empty`: the root had only one tag
 * - `over`: behind the root
 */
type Phase = "restart" | "start" | "declaration" | "header" | "content" | "end" | "empty" | "over";

/**
 * A strict, incremental parser for one XML stream. Elements are checked against XML 1.0, Namespaces in XML 1.0 and
 * RFC 6120 §11.1 while their bytes come in; an error is thrown as soon as it can be seen. `renaming` holds for everything
 * but the header, which is told as it came.
 */
export function createXmlParser(limits: XmlLimits, renaming?: Renaming): XmlParser {
  return new StreamParser(limits, renaming);
}

class StreamParser implements XmlParser {
  readonly limits: XmlLimits;
  readonly #input = new ByteQueue();
  #phase: Phase = "start";
  /** Declarations of the root. */
  #scope = NO_SCOPE;
  /** The root's name as written, a byte a character, and how much of it was seen in the end tag. */
  #rootName = "";
  #matched = 0;
  /** Of an unfinished tag or element that begins where the input does. */
  #tokenizer: Tokenizer | undefined;
  #error: XmlError | undefined;
  readonly #renaming: Renaming | undefined;

  constructor(limits: XmlLimits, renaming: Renaming | undefined) {
    this.limits = limits;
    this.#renaming = renaming;
  }

  write(chunk: Buffer): void {
    if (this.#error === undefined) this.#input.append(chunk);
  }

  get pending(): number {
    return this.#input.length;
  }

  discard(): void {
    this.#input.clear();
    this.#release();
  }

  restart(): void {
    this.#release();
    this.#scope = NO_SCOPE;
    this.#rootName = "";
    this.#phase = "restart";
  }

  next(): XmlEvent | undefined {
    if (this.#error !== undefined) throw this.#error;
    try {
      const event = this.#read();
      if (event === undefined) this.#input.settle();
      return event;
    } catch (error) {
      if (error instanceof XmlError) this.#error = error;
      this.discard();
      throw error;
    }
  }

  #read(): XmlEvent | undefined {
    const input = this.#input;
    if (this.#phase === "empty") return this.#close();
    if (this.#phase === "end") return this.#readEnd();
    if (!this.#isBehindProlog() && !this.#readProlog()) return undefined;
    if (this.#tokenizer === undefined) {
      this.#skipSpace();
      if (input.length === 0) return undefined;
      if (this.#phase === "over") throw illFormed("something behind the end of the stream");
      // Well-formed perhaps, but never XMPP. RFC 6120 §4.9.3.1 allows bad-format and prefers a more specific condition.
      if (input.source[input.start] !== LESS_THAN) throw illFormed("character data outside of an element");
      if (input.length === 1) return undefined;
      if (input.source[input.start + 1] === SLASH) return this.#beginEnd();
      if (input.source[input.start + 1] === QUESTION) return this.#refuseInstruction();
    }
    return this.#phase === "header" ? this.#readHeader() : this.#readElement();
  }

  #skipSpace(): void {
    const input = this.#input;
    const { source, end } = input;
    let start = input.start;
    while (start < end && isSpace(source[start] as number)) start++;
    input.start = start;
  }

  #isBehindProlog(): boolean {
    return this.#phase === "content" || this.#phase === "header" || this.#phase === "over";
  }

  /** @returns false when bytes ran out. */
  #readProlog(): boolean {
    const input = this.#input;
    if (this.#phase === "restart") this.#skipSpace();
    if (input.length === 0) return false;
    if (this.#phase === "restart") this.#phase = "start";
    if (this.#phase === "start") {
      refuseWideEncodings(input.source, input.start, input.end);
      const length = byteOrderMark(input.source, input.start, input.end);
      if (length === WAITING) return false;
      input.start += length;
      this.#phase = "declaration";
    }
    refuseWideEncodings(input.source, input.start, input.end);
    const length = xmlDeclaration(input.source, input.start, input.end);
    if (length === WAITING) return false;
    input.start += length;
    this.#phase = "header";
    return true;
  }

  #readHeader(): XmlEvent | undefined {
    const input = this.#input;
    this.#tokenizer ??= borrowTokenizer(NO_SCOPE, this.limits, this.#renaming);
    const tokenizer = this.#tokenizer;
    const length = tokenizer.readStartTag(input.source, input.start, input.end);
    if (length === WAITING) return undefined;
    const { tape } = tokenizer;
    const tag = readStreamTag(tape);
    this.#scope = tokenizer.isOpen ? tokenizer.namespaces.snapshot() : NO_SCOPE;
    this.#rootName = input.source.toString("latin1", input.start + tape.at(1), input.start + tape.at(3));
    this.#phase = tokenizer.isOpen ? "content" : "empty";
    this.#consume(length);
    return { kind: "open", tag };
  }

  #readElement(): XmlEvent | undefined {
    const input = this.#input;
    this.#tokenizer ??= borrowTokenizer(this.#scope, this.limits, this.#renaming);
    const tokenizer = this.#tokenizer;
    const length = tokenizer.readElement(input.source, input.start, input.end);
    if (length === WAITING) return undefined;
    const element = readXmlElement(tokenizer.tape);
    this.#consume(length);
    return { kind: "element", element };
  }

  /** A declaration is one at the very beginning alone (XML 1.0 §2.6, §2.8). */
  #refuseInstruction(): undefined {
    const { source, start, end } = this.#input;
    if (xmlDeclaration(source, start, end) === WAITING) return undefined;
    throw illFormed("XML declaration behind the beginning");
  }

  #beginEnd(): XmlEvent | undefined {
    if (this.#phase !== "content") throw illFormed("end tag before the start tag");
    this.#input.start += 2;
    this.#phase = "end";
    this.#matched = 0;
    return this.#readEnd();
  }

  /** The root's end tag is consumed byte by byte. */
  #readEnd(): XmlEvent | undefined {
    const input = this.#input;
    for (; this.#matched < this.#rootName.length; this.#matched++) {
      if (input.length === 0) return undefined;
      if (input.source[input.start] !== this.#rootName.charCodeAt(this.#matched))
        throw illFormed("end tag of another element");
      input.start++;
    }
    this.#skipSpace();
    if (input.length === 0) return undefined;
    if (input.source[input.start] !== GREATER_THAN) throw illFormed("end tag of another element");
    input.start++;
    return this.#close();
  }

  #close(): XmlEvent {
    this.#phase = "over";
    return CLOSE;
  }

  #consume(length: number): void {
    this.#input.start += length;
    this.#release();
  }

  #release(): void {
    if (this.#tokenizer === undefined) return;
    returnTokenizer(this.#tokenizer);
    this.#tokenizer = undefined;
  }
}

function readStreamTag(tape: Tape): StreamTag {
  const start = tape.at(1);
  const local = tape.at(2);
  return {
    name: localName(tape, 0),
    prefix: local > start ? tape.raw(start, local - 1) : "",
    ns: tape.uri(tape.at(5)),
    defaultNs: declaredDefault(tape, 0),
    attributes: readAttributes(tape, 0).all,
  };
}
