import { localName, readAttributes } from "./attributes.ts";
import { ByteQueue } from "./byte-queue.ts";
import { isSpace } from "./bytes.ts";
import { byteOrderMark, refuseWideEncodings, xmlDeclaration } from "./declaration.ts";
import type { Scope } from "./namespaces.ts";
import type { XmlElement, XmlHead, XmlLimits } from "./parser.ts";
import { borrowTokenizer, returnTokenizer } from "./tokenizer.ts";
import { illFormed, violation, WAITING } from "./window.ts";
import { readXmlElement } from "./xml-element.ts";

const LESS_THAN = 0x3c;
const GREATER_THAN = 0x3e;
const SLASH = 0x2f;
const NO_SCOPE: Scope = [];
const COMMENT = Buffer.from("<!--");
const COMMENT_END = Buffer.from("-->");
const INSTRUCTION = Buffer.from("<?");
const INSTRUCTION_END = Buffer.from("?>");

/** The tag of an element that is read piece by piece. */
export interface OpenTag {
  readonly name: string;
  readonly ns: string;
  /** By their name as written, without namespace declarations. */
  readonly attributes: Readonly<Record<string, string>>;
}

export type DocumentEvent =
  | { readonly kind: "open"; readonly tag: OpenTag }
  | { readonly kind: "element"; readonly element: XmlElement }
  | { readonly kind: "close" };

/** An element that is open: its name as written, and what is declared inside of it. */
interface Level {
  readonly name: string;
  readonly scope: Scope;
}

/**
 * Reads a document of any size with little memory: elements that `isContainer` says yes to are told of when they open
 * and close, and their children one by one; all others come whole. `limits.stanzaBytes` bounds what comes whole, and
 * tags. Between elements comments and processing instructions are skipped, and so is text; everything else that RFC 6120
 * §11.1 restricts is refused in a document too.
 */
export class DocumentReader {
  readonly #limits: XmlLimits;
  readonly #isContainer: (head: XmlHead, depth: number) => boolean;
  readonly #input = new ByteQueue();
  readonly #levels: Level[] = [];
  #isBehindProlog = false;
  /** The container that was just told of has only one tag. */
  #isEmpty = false;
  #isOver = false;

  /** `depth`: how many containers there are around the element; the root is asked about at 0. */
  constructor(limits: XmlLimits, isContainer: (head: XmlHead, depth: number) => boolean) {
    this.#limits = limits;
    this.#isContainer = isContainer;
  }

  write(chunk: Buffer): void {
    this.#input.append(chunk);
  }

  /** Whether the root is closed. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** The next event, or undefined when more bytes are needed. @throws XmlError */
  next(): DocumentEvent | undefined {
    const event = this.#read();
    if (event === undefined) this.#input.settle();
    return event;
  }

  #read(): DocumentEvent | undefined {
    if (this.#isEmpty) return this.#close();
    if (!this.#isBehindProlog && !this.#readProlog()) return undefined;
    const input = this.#input;
    if (!this.#skip()) return undefined;
    if (this.#isOver) throw illFormed("something behind the end of the document");
    if (input.source[input.start + 1] === SLASH) return this.#readEnd();
    return this.#readTag();
  }

  /** @returns false when bytes ran out. */
  #readProlog(): boolean {
    const input = this.#input;
    refuseWideEncodings(input.source, input.start, input.end);
    const mark = byteOrderMark(input.source, input.start, input.end);
    if (mark === WAITING) return false;
    const declaration = xmlDeclaration(input.source, input.start + mark, input.end);
    if (declaration === WAITING) return false;
    input.start += mark + declaration;
    this.#isBehindProlog = true;
    return true;
  }

  /** To the next tag, of which two bytes are there then. @returns false when bytes ran out. */
  #skip(): boolean {
    const input = this.#input;
    for (;;) {
      this.#skipText();
      if (input.length < 2) return false;
      const length = this.#specialLength();
      if (length === WAITING) {
        if (input.length > this.#limits.stanzaBytes) throw violation("comment too long");
        return false;
      }
      if (length === 0) return true;
      input.start += length;
    }
  }

  #skipText(): void {
    const input = this.#input;
    const { source, end } = input;
    const isInside = this.#levels.length > 0;
    let at = input.start;
    while (at < end && source[at] !== LESS_THAN) {
      if (!isInside && !isSpace(source[at] as number)) throw illFormed("text outside of the root");
      at++;
    }
    input.start = at;
  }

  /** Of the comment or processing instruction here; 0 when there is none. */
  #specialLength(): number {
    for (const [start, end] of [
      [COMMENT, COMMENT_END],
      [INSTRUCTION, INSTRUCTION_END],
    ] as const) {
      const { source, start: at, end: limit } = this.#input;
      const here = source.subarray(at, Math.min(at + start.length, limit));
      if (!start.subarray(0, here.length).equals(here)) continue;
      const found = source.subarray(0, limit).indexOf(end, at + start.length);
      return found === -1 ? WAITING : found + end.length - at;
    }
    return 0;
  }

  /** A start tag: that of a container, or the beginning of an element that comes whole. */
  #readTag(): DocumentEvent | undefined {
    const input = this.#input;
    const scope = this.#levels.at(-1)?.scope ?? NO_SCOPE;
    const tokenizer = borrowTokenizer(scope, this.#limits);
    try {
      const length = tokenizer.readStartTag(input.source, input.start, input.end);
      if (length === WAITING) return undefined;
      const { tape } = tokenizer;
      const head = { name: localName(tape, 0), ns: tape.uri(tape.at(5)) };
      if (!this.#isContainer(head, this.#levels.length)) return this.#readWhole(scope);
      const tag = { ...head, attributes: readAttributes(tape, 0).all };
      const name = input.source.toString("latin1", input.start + tape.at(1), input.start + tape.at(3));
      this.#isEmpty = !tokenizer.isOpen;
      // What a tag without content declares concerns nobody.
      this.#levels.push({ name, scope: this.#isEmpty ? NO_SCOPE : tokenizer.namespaces.snapshot() });
      input.start += length;
      return { kind: "open", tag };
    } finally {
      returnTokenizer(tokenizer);
    }
  }

  #readWhole(scope: Scope): DocumentEvent | undefined {
    const input = this.#input;
    const tokenizer = borrowTokenizer(scope, this.#limits);
    try {
      const length = tokenizer.readElement(input.source, input.start, input.end);
      if (length === WAITING) return undefined;
      const element = readXmlElement(tokenizer.tape);
      input.start += length;
      this.#isOver = this.#levels.length === 0;
      return { kind: "element", element };
    } finally {
      returnTokenizer(tokenizer);
    }
  }

  #readEnd(): DocumentEvent | undefined {
    const input = this.#input;
    const level = this.#levels.at(-1);
    if (!level) throw illFormed("end tag before the start tag");
    const { source, start, end } = input;
    const close = source.subarray(0, end).indexOf(GREATER_THAN, start);
    if (close === -1) {
      if (input.length > this.#limits.stanzaBytes) throw violation("tag too long");
      return undefined;
    }
    if (source.toString("latin1", start + 2, close).trimEnd() !== level.name)
      throw illFormed("end tag of another element");
    input.start = close + 1;
    return this.#close();
  }

  #close(): DocumentEvent {
    this.#isEmpty = false;
    this.#levels.pop();
    this.#isOver = this.#levels.length === 0;
    return { kind: "close" };
  }
}
