import * as B from "./bytes.ts";
import { hashOf, hashOfEnds, names, uris } from "./names.ts";
import type { Namespaces } from "./namespaces.ts";
import { decodeValue, skipReference } from "./references.ts";
import * as T from "./tape.ts";
import { illFormed, violation, WAITING, type Window } from "./window.ts";

const SLASH = 0x2f;
const GREATER_THAN = 0x3e;
const EQUALS = 0x3d;
const DOUBLE_QUOTE = 0x22;
const SINGLE_QUOTE = 0x27;
/** Added to each repetition of a namespace: ` xmlns=""` and a bit. */
const DECLARATION_BYTES = 12;
/** Where the tape has the namespace of the element it is about. */
const OWN_NAMESPACE = 5;
/** The parent of the element that the tape is about. */
export const NO_PARENT = -1;

/** Checks start tags and writes them on the tape, namespaces resolved. */
export class StartTagReader {
  readonly #window: Window;
  readonly #tape: T.Tape;
  readonly #namespaces: Namespaces;
  /** Of the name read last: where its local part is, and its hash. */
  #local = 0;
  #hash = 0;
  /** Of the tag being read: how many attributes, how many of them with a prefix, flags of the value read last. */
  #count = 0;
  #prefixed = 0;
  #valueFlags = 0;
  /** `uriCount` before the tag being read, and behind the first tag of the tape. */
  #outerUris = 0;
  #contentUris = 0;
  /** Bytes the element would grow by if each namespace were declared where it is used. */
  #repeated = 0;

  constructor(window: Window, tape: T.Tape, namespaces: Namespaces) {
    this.#window = window;
    this.#tape = tape;
    this.#namespaces = namespaces;
  }

  /**
   * Reads the tag whose `<` is at `open`; its declarations are in scope afterwards, its records at the end of the tape.
   * @param parent the namespace of the parent element, or NO_PARENT.
   * @returns the position behind the tag's `>`, or -1, and then nothing has changed.
   */
  read(open: number, parent: number): number {
    const tape = this.#tape;
    const namespaces = this.#namespaces;
    const { size, current } = namespaces;
    const head = tape.length;
    this.#outerUris = tape.uriCount;
    this.#count = this.#prefixed = 0;
    if (parent === NO_PARENT) this.#repeated = 0;
    const end = this.#parseAttributes(this.#parseOpen(head, open + 1));
    if (end < 0) {
      tape.uriCount = this.#outerUris;
      namespaces.restore(size, current);
      return WAITING;
    }
    if (parent === NO_PARENT) this.#contentUris = tape.uriCount;
    this.#resolve(head, parent);
    tape.length = head + T.OPEN_SIZE + this.#count * T.ATTRIBUTE_SIZE;
    return end;
  }

  #parseOpen(head: number, start: number): number {
    const end = this.#parseName(start);
    if (end < 0) return WAITING;
    const tape = this.#tape;
    tape.reserve(head);
    const { integers } = tape;
    integers[head] = T.OPEN;
    integers[head + 1] = start - this.#window.base;
    integers[head + 2] = this.#local - this.#window.base;
    integers[head + 3] = end - this.#window.base;
    integers[head + 4] = this.#hash;
    return end;
  }

  /** @returns the position behind the tag's `>`, or -1. */
  #parseAttributes(start: number): number {
    const { source, end } = this.#window;
    for (let at = start; at >= 0; ) {
      const next = this.#skipSpace(at);
      if (next >= end) return WAITING;
      const byte = source[next];
      if (byte === GREATER_THAN) return next + 1;
      if (byte === SLASH) {
        if (next + 1 >= end) return WAITING;
        if (source[next + 1] !== GREATER_THAN) throw illFormed("slash inside a tag");
        return next + 2;
      }
      if (next === at) throw illFormed("no white space before an attribute");
      at = this.#parseAttribute(next);
    }
    return WAITING;
  }

  #parseAttribute(start: number): number {
    const { source, end } = this.#window;
    if (this.#count >= this.#window.limits.attributes) throw violation("too many attributes");
    const nameEnd = this.#parseName(start);
    if (nameEnd < 0) return WAITING;
    let at = this.#skipSpace(nameEnd);
    if (at >= end) return WAITING;
    if (source[at] !== EQUALS) throw illFormed("attribute without value");
    at = this.#skipSpace(at + 1);
    if (at >= end) return WAITING;
    const quote = source[at] as number;
    if (quote !== DOUBLE_QUOTE && quote !== SINGLE_QUOTE) throw illFormed("value without quotes");
    const valueEnd = this.#parseValue(at + 1, quote);
    if (valueEnd < 0) return WAITING;
    this.#addAttribute(start, nameEnd, at + 1, valueEnd);
    return valueEnd + 1;
  }

  /** @returns the position of the closing quote, or -1. */
  #parseValue(start: number, quote: number): number {
    const source = this.#window.source;
    const classes = B.VALUE;
    const limit = start + this.#window.limits.attributeBytes;
    const end = Math.min(this.#window.end, limit + 1);
    this.#valueFlags = 0;
    let at = start;
    for (;;) {
      while (at < end && classes[source[at] as number] === 0) at++;
      if (at >= end) break;
      const kind = classes[source[at] as number];
      if (source[at] === quote) return at;
      if (kind === B.LESS_THAN) throw illFormed("< in an attribute value");
      if (kind === B.ILLEGAL) throw illFormed("illegal character");
      if (kind === B.SPACE || kind === B.AMPERSAND) this.#valueFlags = T.ENCODED;
      if (kind === B.AMPERSAND) at = skipReference(source, at, end);
      else if (kind === B.MULTI_BYTE) at = B.skipMultiByte(source, at, end);
      else at++;
      if (at < 0) break;
    }
    if (this.#window.end > limit) throw violation("attribute value too long");
    return WAITING;
  }

  #addAttribute(start: number, nameEnd: number, valueStart: number, valueEnd: number): void {
    const tape = this.#tape;
    const base = this.#window.base;
    const hash = this.#hash;
    const first = tape.length + T.OPEN_SIZE;
    const index = first + this.#count * T.ATTRIBUTE_SIZE;
    tape.reserve(index);
    const { integers } = tape;
    for (let other = first; other < index; other += T.ATTRIBUTE_SIZE)
      if (integers[other + 4] === hash && this.#isSame(other, 1, start - base, nameEnd - base))
        throw illFormed("attribute given twice");
    integers[index] = T.ATTRIBUTE | this.#valueFlags;
    integers[index + 1] = start - base;
    integers[index + 2] = this.#local - base;
    integers[index + 3] = nameEnd - base;
    integers[index + 4] = hash;
    integers[index + 5] = T.NO_NAMESPACE;
    integers[index + 6] = valueStart - base;
    integers[index + 7] = valueEnd - base;
    this.#count++;
    if (isXmlns(this.#window.source, start, this.#local, nameEnd)) this.#declare(index);
    else if (this.#local > start) this.#prefixed++;
  }

  #declare(attribute: number): void {
    const tape = this.#tape;
    if (this.#namespaces.size >= this.#window.limits.namespaces) throw violation("too many namespaces");
    tape.integers[attribute] = tape.at(attribute) | T.DECLARATION;
    const hasPrefix = tape.at(attribute + 2) > tape.at(attribute + 1);
    const prefix = hasPrefix ? this.#name(tape.at(attribute + 2), tape.at(attribute + 3)) : "";
    const start = tape.at(attribute + 6);
    const end = tape.at(attribute + 7);
    const isEncoded = (tape.at(attribute) & T.ENCODED) !== 0;
    this.#namespaces.declare(prefix, isEncoded ? decodeValue(tape.raw(start, end)) : this.#uri(start, end));
  }

  #name(start: number, end: number): string {
    const { source, base } = this.#window;
    return names.get(source, base + start, base + end, hashOf(source, base + start, base + end));
  }

  #uri(start: number, end: number): string {
    const { source, base } = this.#window;
    return uris.get(source, base + start, base + end, hashOfEnds(source, base + start, base + end));
  }

  /** Is the name from `start` to `end` that of the record `other`, which begins at its field `field`? */
  #isSame(other: number, field: number, start: number, end: number): boolean {
    const from = this.#tape.at(other + field);
    if (this.#tape.at(other + 3) - from !== end - start) return false;
    const { source, base } = this.#window;
    for (let index = 0; index < end - start; index++)
      if (source[base + from + index] !== source[base + start + index]) return false;
    return true;
  }

  // ── Namespaces ─────────────────────────────────────────────────────────────────

  /** Gives the element at `head` and its attributes their namespaces, once all declarations of the tag are known. */
  #resolve(head: number, parent: number): void {
    const tape = this.#tape;
    const start = tape.at(head + 1);
    const local = tape.at(head + 2);
    const hasPrefix = local > start;
    const namespace = hasPrefix
      ? this.#namespaces.resolve(this.#name(start, local - 1))
      : this.#namespaces.current;
    tape.integers[head + 5] = namespace;
    tape.integers[head + 6] = this.#count;
    if (this.#prefixed > 0) this.#resolveAttributes(head, parent);
    if (parent === NO_PARENT) return;

    const isOuter = namespace < this.#contentUris && namespace !== T.XML_NAMESPACE;
    if (namespace !== parent) this.#countRepeated(namespace);
    if (!isOuter && !hasPrefix) return;
    const isOwn = tape.uri(namespace) === tape.uri(tape.at(OWN_NAMESPACE));
    // RFC 6120 §4.8.5: a prefix for the content namespace is an error to correct.
    if (hasPrefix ? isOuter || isOwn : !isOwn) tape.isPortable = false;
  }

  #resolveAttributes(head: number, parent: number): void {
    const tape = this.#tape;
    const first = head + T.OPEN_SIZE;
    const end = first + this.#count * T.ATTRIBUTE_SIZE;
    for (let index = first; index < end; index += T.ATTRIBUTE_SIZE) {
      const start = tape.at(index + 1);
      const local = tape.at(index + 2);
      if (local === start || (tape.at(index) & T.DECLARATION) !== 0) continue;
      const namespace = this.#namespaces.resolve(this.#name(start, local - 1));
      tape.integers[index + 5] = namespace;
      if (this.#prefixed > 1) this.#checkUnique(first, index);
      if (namespace === T.XML_NAMESPACE) continue;
      this.#countRepeated(namespace);
      if (parent !== NO_PARENT && namespace < this.#contentUris) tape.isPortable = false;
    }
  }

  /** Namespaces in XML 1.0 §6.3: two prefixes may mean the same. */
  #checkUnique(first: number, index: number): void {
    const tape = this.#tape;
    const namespace = tape.at(index + 5);
    for (let other = first; other < index; other += T.ATTRIBUTE_SIZE)
      if (tape.at(other + 5) === namespace || tape.uri(tape.at(other + 5)) === tape.uri(namespace))
        if (this.#isSame(other, 2, tape.at(index + 2), tape.at(index + 3)))
          throw illFormed("attribute given twice");
  }

  /** Without this, one long namespace and many short names with its prefix would make megabytes out of kilobytes. */
  #countRepeated(namespace: number): void {
    if (namespace >= this.#outerUris) return;
    this.#repeated += this.#tape.uri(namespace).length + DECLARATION_BYTES;
    if (this.#repeated > this.#window.limits.stanzaBytes) throw violation("namespaces repeated too often");
  }

  // ── Names ──────────────────────────────────────────────────────────────────────

  /** @returns the position behind the name, or -1. Sets `#local` and `#hash`. */
  #parseName(start: number): number {
    const { source, end } = this.#window;
    const classes = B.NAME;
    let at = start;
    let local = start;
    let hash = 0;
    for (; at < end; at++) {
      const byte = source[at] as number;
      const kind = classes[byte];
      if (kind === 0) break;
      if (kind !== B.NAME_START) {
        // Namespaces in XML 1.0 §4: two NCNames at most, with a colon between them.
        if (kind === B.NAME_COLON) {
          if (local !== start || at === start) throw illFormed("misplaced colon");
          local = at + 1;
        } else if (kind === B.NAME_REST) {
          if (at === local) throw illFormed("bad name");
        } else {
          const code = B.codePoint(source, at, end);
          if (code < 0) return WAITING;
          if (!(at === local ? B.isNameStart(code) : B.isNameRest(code))) throw illFormed("bad name");
          const last = at + B.sequenceLength(byte) - 1;
          for (; at < last; at++) hash = (Math.imul(hash, 31) + (source[at] as number)) | 0;
        }
      }
      hash = (Math.imul(hash, 31) + (source[at] as number)) | 0;
    }
    if (at >= end) return WAITING;
    if (at === local) throw illFormed("bad name");
    this.#local = local;
    this.#hash = hash;
    return at;
  }

  #skipSpace(start: number): number {
    const { source, end } = this.#window;
    let at = start;
    while (at < end && B.isSpace(source[at] as number)) at++;
    return at;
  }
}

/** Is the attribute's name `xmlns` or `xmlns:…`? */
function isXmlns(source: Buffer, start: number, local: number, end: number): boolean {
  if (local > start ? local - start !== 6 : end - start !== 5) return false;
  return (
    source[start] === 0x78 &&
    source[start + 1] === 0x6d &&
    source[start + 2] === 0x6c &&
    source[start + 3] === 0x6e &&
    source[start + 4] === 0x73
  );
}
