import * as B from "./bytes.ts";
import { Namespaces, type Scope } from "./namespaces.ts";
import type { Renaming, XmlLimits } from "./parser.ts";
import { skipReference } from "./references.ts";
import { NO_PARENT, StartTagReader } from "./start-tag.ts";
import { TagSearch } from "./tag-search.ts";
import * as T from "./tape.ts";
import { illFormed, restricted, violation, WAITING, type Window } from "./window.ts";

const SLASH = 0x2f;
const GREATER_THAN = 0x3e;
const BANG = 0x21;
const QUESTION = 0x3f;
const BRACKET = 0x5d;
const CDATA_START = Buffer.from("<![CDATA[");
/** Integers of one open element on the stack: its record, and the namespaces outside of it. */
const FRAME = 3;
const INITIAL_DEPTH = 16;
const NOTHING = Buffer.alloc(0);
const NO_LIMITS: XmlLimits = { stanzaBytes: 0, depth: 0, attributes: 0, attributeBytes: 0, namespaces: 0 };
/** A tokenizer that grew beyond this is not kept: one large stanza is no reason to hold on to its room. */
const KEPT_INTEGERS = 16_384;
const KEPT_TOKENIZERS = 8;
const idle: Tokenizer[] = [];

/**
 * A tokenizer for one element that stands where the declarations of `scope` hold. Only what has an unfinished element
 * owns one, so an idle connection costs none.
 */
export function borrowTokenizer(scope: Scope, limits: XmlLimits, renaming?: Renaming): Tokenizer {
  const tokenizer = idle.pop() ?? new Tokenizer();
  tokenizer.begin(scope, limits, renaming);
  return tokenizer;
}

/** Gives back what `borrowTokenizer` gave; its tape is not to be read any more. */
export function returnTokenizer(tokenizer: Tokenizer): void {
  tokenizer.end();
  if (idle.length < KEPT_TOKENIZERS && tokenizer.tape.integers.length <= KEPT_INTEGERS) idle.push(tokenizer);
}

/**
 * Checks one element, from `<` to the `>` of its end, against XML 1.0, Namespaces in XML 1.0, the restrictions of
 * RFC 6120 §11.1 and the limits, and writes what it saw on `tape`. It can be interrupted at any byte, and looks
 * at each byte a constant number of times, however the bytes come.
 */
export class Tokenizer {
  readonly tape = new T.Tape();
  readonly namespaces = new Namespaces(this.tape);
  readonly #window: Window = { source: NOTHING, base: 0, end: 0, limits: NO_LIMITS };
  readonly #startTags = new StartTagReader(this.#window, this.tape, this.namespaces);
  readonly #search = new TagSearch();
  /** Next byte to look at, from the element's `<`; inside an unfinished tag, its `<`. */
  #at = 0;
  #depth = 0;
  #stack = new Int32Array(INITIAL_DEPTH * FRAME);
  #textStart = 0;
  #textFlags = 0;

  /** Prepares for an element. */
  begin(scope: Scope, limits: XmlLimits, renaming?: Renaming): void {
    this.tape.clear();
    this.namespaces.reset(scope, renaming);
    this.#window.limits = limits;
    this.#search.stop();
    this.#at = this.#depth = 0;
  }

  /** Lets go of what belongs to the peer. */
  end(): void {
    this.tape.release();
    this.#window.source = NOTHING;
    this.#window.limits = NO_LIMITS;
  }

  /**
   * Reads on in the element whose `<` is at `base`; bytes already seen may have moved, not changed.
   * @returns the length of the element in bytes, or -1 when it is not complete.
   * @throws XmlError
   */
  readElement(source: Buffer, base: number, end: number): number {
    this.#locate(source, base, end);
    do {
      if (this.#depth > 0 && !this.#readText()) return this.#wait(end);
      if (!this.#readMarkup()) return this.#wait(end);
    } while (this.#depth > 0);
    return this.#at;
  }

  /** The same for a start tag alone. `isOpen` then tells whether an end tag will follow. */
  readStartTag(source: Buffer, base: number, end: number): number {
    this.#locate(source, base, end);
    return this.#readMarkup() ? this.#at : this.#wait(end);
  }

  get isOpen(): boolean {
    return this.#depth > 0;
  }

  #locate(source: Buffer, base: number, end: number): void {
    const window = this.#window;
    window.source = this.tape.source = source;
    window.base = this.tape.base = base;
    // What lies beyond the limit is never looked at, so the outcome does not depend on how the bytes were cut.
    window.end = Math.min(end, base + window.limits.stanzaBytes);
  }

  /** RFC 6120 §4.9.3.14, as soon as the first byte too many is here. */
  #wait(end: number): number {
    if (end <= this.#window.end) return WAITING;
    if (this.#search.isActive) this.#parseTag(); // what is wrong in the unfinished tag goes first
    throw violation("element too long");
  }

  /** Reads to the next `<`. @returns false when bytes ran out. */
  #readText(): boolean {
    if (this.#search.isActive) return true;
    const { source, base, end } = this.#window;
    const classes = B.TEXT;
    let at = base + this.#at;
    for (;;) {
      while (at < end && classes[source[at] as number] === 0) at++;
      if (at >= end) break;
      const kind = classes[source[at] as number] as number;
      if (kind === B.LESS_THAN && (this.#textFlags & T.CDATA) === 0) {
        this.#at = at - base;
        this.#endText(this.#at);
        return true;
      }
      const next = this.#readSpecial(kind, at);
      if (next < 0) break;
      at = next;
    }
    this.#at = at - base;
    return false;
  }

  /** @returns the position behind the character, or -1. */
  #readSpecial(kind: number, at: number): number {
    const { source, base, end } = this.#window;
    const isCdata = (this.#textFlags & T.CDATA) !== 0;
    switch (kind) {
      case B.GREATER_THAN:
        if (!this.#endsSection(at)) return at + 1;
        // XML 1.0 §2.4: not in character data.
        if (!isCdata) throw illFormed("]]> in character data");
        this.#endText(at - 2 - base);
        this.#startText(at + 1 - base, 0);
        return at + 1;
      case B.AMPERSAND:
        if (isCdata) return at + 1;
        this.#textFlags |= T.ENCODED;
        return skipReference(source, at, end);
      case B.SPACE:
        this.#textFlags |= T.ENCODED;
        return at + 1;
      case B.MULTI_BYTE:
        return B.skipMultiByte(source, at, end);
      case B.LESS_THAN:
        return at + 1; // in CDATA
      default:
        throw illFormed("illegal character");
    }
  }

  /** Is the `>` at `at` the end of a `]]>`, all of it in this run of text? */
  #endsSection(at: number): boolean {
    const { source, base } = this.#window;
    return at - base - this.#textStart >= 2 && source[at - 1] === BRACKET && source[at - 2] === BRACKET;
  }

  #startText(start: number, flags: number): void {
    this.#textStart = start;
    this.#textFlags = flags;
  }

  #endText(end: number): void {
    // An empty section counts: what it separates may be the halves of a line end, or of a `]]>`.
    if (end === this.#textStart && (this.#textFlags & T.CDATA) === 0) return;
    const { tape } = this;
    const index = tape.length;
    tape.reserve(index);
    tape.integers[index] = T.TEXT_RUN | this.#textFlags;
    tape.integers[index + 1] = this.#textStart;
    tape.integers[index + 2] = end;
    tape.length = index + T.TEXT_SIZE;
    this.#textStart = end;
  }

  /** Reads what the `<` here begins. @returns false when bytes ran out. */
  #readMarkup(): boolean {
    if (this.#search.isActive) return this.#resumeTag();
    const { source, base, end } = this.#window;
    const at = base + this.#at;
    if (at + 1 >= end) return false;
    const next = source[at + 1];
    if (next === BANG) return this.#readSectionStart(at);
    if (next === QUESTION) throw restricted("processing instruction");
    if (this.#parseTag()) return true;
    this.#search.start(this.#at);
    return this.#resumeTag();
  }

  #resumeTag(): boolean {
    if (!this.#search.find(this.#window) || !this.#parseTag()) return false;
    this.#search.stop();
    return true;
  }

  /** RFC 6120 §11.1 prohibits comments and document types; CDATA sections are not in its list. */
  #readSectionStart(at: number): boolean {
    const { source, end } = this.#window;
    for (let index = 2; index < CDATA_START.length; index++) {
      if (at + index >= end) return false;
      if (source[at + index] === CDATA_START[index]) continue;
      throw index === 2 ? restricted("comment or declaration") : illFormed("bad section");
    }
    if (this.#depth === 0) throw illFormed("character data outside of an element");
    this.#at += CDATA_START.length;
    this.#startText(this.#at, T.CDATA);
    return true;
  }

  #parseTag(): boolean {
    const { source, base } = this.#window;
    const at = base + this.#at;
    return this.#depth > 0 && source[at + 1] === SLASH ? this.#parseEndTag(at) : this.#parseStartTag(at);
  }

  #parseEndTag(open: number): boolean {
    const { source, base, end } = this.#window;
    const { tape } = this;
    const head = this.#head();
    const nameEnd = base + tape.at(head + 3);
    let at = open + 2;
    for (let name = base + tape.at(head + 1); name < nameEnd; name++, at++) {
      if (at >= end) return false;
      if (source[at] !== source[name]) throw illFormed("end tag of another element");
    }
    while (at < end && B.isSpace(source[at] as number)) at++;
    if (at >= end) return false;
    if (source[at] !== GREATER_THAN) throw illFormed("end tag of another element");
    this.#depth--;
    const frame = this.#depth * FRAME;
    this.#finish(head, open - base, this.#stack[frame + 1] as number, this.#stack[frame + 2] as number);
    this.#at = at + 1 - base;
    this.#startText(this.#at, 0);
    return true;
  }

  #parseStartTag(open: number): boolean {
    const { tape } = this;
    const { source, base, limits } = this.#window;
    const { size, current } = this.namespaces;
    if (this.#depth >= limits.depth) throw violation("elements too deep");
    const head = tape.length;
    const end = this.#startTags.read(open, this.#depth === 0 ? NO_PARENT : tape.at(this.#head() + 5));
    if (end < 0) return false;
    this.#at = end - base;
    if (this.#depth === 0) tape.contentStart = this.#at;
    if (source[end - 2] === SLASH) this.#finish(head, this.#at, size, current);
    else this.#enter(head, size, current);
    this.#startText(this.#at, 0);
    return true;
  }

  /** The record of the innermost open element. */
  #head(): number {
    return this.#stack[(this.#depth - 1) * FRAME] as number;
  }

  #enter(head: number, size: number, current: number): void {
    const frame = this.#depth * FRAME;
    if (frame === this.#stack.length) {
      const grown = new Int32Array(frame * 2);
      grown.set(this.#stack);
      this.#stack = grown;
    }
    const stack = this.#stack;
    stack[frame] = head;
    stack[frame + 1] = size;
    stack[frame + 2] = current;
    this.#depth++;
  }

  #finish(head: number, contentEnd: number, size: number, current: number): void {
    const { tape } = this;
    const index = tape.length;
    tape.reserve(index);
    tape.integers[index] = T.CLOSE;
    tape.integers[head + 7] = tape.length = index + 1;
    this.namespaces.restore(size, current);
    if (this.#depth === 0) tape.contentEnd = contentEnd;
  }
}
