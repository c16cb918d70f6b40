import * as B from "./bytes.ts";
import { guesses, hashOf, hashOfEnds, names, uris } from "./names.ts";
import type { Namespaces } from "./namespaces.ts";
import { decodeValue, skipReference } from "./references.ts";
import * as T from "./tape.ts";
import { illFormed, violation, WAITING, type Window } from "./window.ts";

const SLASH = 0x2f;
const GREATER_THAN = 0x3e;
const COLON = 0x3a;
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
  /** Of the tag being read: how many attributes, how many of them with a prefix. */
  #count = 0;
  #prefixed = 0;
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
    let at = start;
    while (at >= 0 && at < end) {
      const byte = source[at] as number;
      if (byte === GREATER_THAN) return at + 1;
      if (byte === SLASH) {
        if (at + 1 >= end) return WAITING;
        if (source[at + 1] !== GREATER_THAN) throw illFormed("slash inside a tag");
        return at + 2;
      }
      if (!B.isSpace(byte)) throw illFormed("no white space before an attribute");
      const next = at + 1 < end && B.isSpace(source[at + 1] as number) ? this.#skipSpace(at + 1) : at + 1;
      if (next >= end) return WAITING;
      at = source[next] === GREATER_THAN || source[next] === SLASH ? next : this.#parseAttribute(next);
    }
    return WAITING;
  }

  #parseAttribute(start: number): number {
    const { source, end, limits } = this.#window;
    if (this.#count >= limits.attributes) throw violation("too many attributes");
    const nameEnd = this.#parseName(start);
    if (nameEnd < 0) return WAITING;
    const equals = source[nameEnd] === EQUALS ? nameEnd : this.#skipSpace(nameEnd);
    if (equals >= end) return WAITING;
    if (source[equals] !== EQUALS) throw illFormed("attribute without value");
    let opening = equals + 1;
    if (opening < end && B.isSpace(source[opening] as number)) opening = this.#skipSpace(opening);
    if (opening >= end) return WAITING;
    const quote = source[opening] as number;
    if (quote !== DOUBLE_QUOTE && quote !== SINGLE_QUOTE) throw illFormed("value without quotes");
    const index = this.#addName(start, nameEnd);
    const valueEnd = isXmlns(source, start, this.#local, nameEnd)
      ? this.#parseDeclaration(index, opening + 1, quote)
      : this.#parseValue(index, opening + 1, quote);
    return valueEnd < 0 ? WAITING : valueEnd + 1;
  }

  /** Reads the value of the attribute at `index`. @returns the position of the closing quote, or -1. */
  #parseValue(index: number, start: number, quote: number): number {
    const { source, limits } = this.#window;
    const classes = B.VALUE;
    const limit = start + limits.attributeBytes;
    const end = Math.min(this.#window.end, limit + 1);
    let flags = 0;
    let at = start;
    for (;;) {
      while (at < end && classes[source[at] as number] === 0) at++;
      if (at >= end) break;
      const kind = classes[source[at] as number];
      if (source[at] === quote) return this.#addValue(index, flags, start, at);
      if (kind === B.LESS_THAN) throw illFormed("< in an attribute value");
      if (kind === B.ILLEGAL) throw illFormed("illegal character");
      if (kind === B.SPACE || kind === B.AMPERSAND) flags = T.ENCODED;
      if (kind === B.AMPERSAND) at = skipReference(source, at, end);
      else if (kind === B.MULTI_BYTE) at = B.skipMultiByte(source, at, end);
      else at++;
      if (at < 0) break;
    }
    if (this.#window.end > limit) throw violation("attribute value too long");
    return WAITING;
  }

  /** Begins the record of an attribute. @returns its index. */
  #addName(start: number, end: number): number {
    const tape = this.#tape;
    const { base } = this.#window;
    const hash = this.#hash;
    const first = tape.length + T.OPEN_SIZE;
    const index = first + this.#count * T.ATTRIBUTE_SIZE;
    tape.reserve(index);
    const { integers } = tape;
    for (let other = first; other < index; other += T.ATTRIBUTE_SIZE)
      if (integers[other + 4] === hash && this.#isSame(other, 1, start - base, end - base))
        throw illFormed("attribute given twice");
    integers[index + 1] = start - base;
    integers[index + 2] = this.#local - base;
    integers[index + 3] = end - base;
    integers[index + 4] = hash;
    integers[index + 5] = T.NO_NAMESPACE;
    this.#count++;
    if (this.#local > start) this.#prefixed++;
    return index;
  }

  #addValue(index: number, flags: number, start: number, end: number): number {
    const { base } = this.#window;
    const { integers } = this.#tape;
    integers[index] = T.ATTRIBUTE | flags;
    integers[index + 6] = start - base;
    integers[index + 7] = end - base;
    return end;
  }

  /** The same as `parseValue` for `xmlns` and `xmlns:…`. */
  #parseDeclaration(index: number, start: number, quote: number): number {
    const { source, base, end, limits } = this.#window;
    const tape = this.#tape;
    if (this.#namespaces.size >= limits.namespaces) throw violation("too many namespaces");
    const hasPrefix = tape.at(index + 2) > tape.at(index + 1);
    const prefix = hasPrefix ? this.#name(tape.at(index + 2), tape.at(index + 3)) : "";
    const element = tape.at(tape.length + 4);
    const guessed = guesses.match(element, source, start, end, quote);
    if (guessed >= 0 && guessed <= limits.attributeBytes) {
      this.#namespaces.declare(prefix, guesses.get(element));
      return this.#addValue(index, T.DECLARATION, start, start + guessed);
    }
    const valueEnd = this.#parseValue(index, start, quote);
    if (valueEnd < 0) return WAITING;
    const flags = tape.at(index);
    tape.integers[index] = flags | T.DECLARATION;
    if ((flags & T.ENCODED) !== 0) {
      this.#namespaces.declare(prefix, decodeValue(tape.raw(start - base, valueEnd - base)));
    } else {
      const uri = uris.get(source, start, valueEnd, hashOfEnds(source, start, valueEnd));
      this.#namespaces.declare(prefix, uri);
      guesses.put(element, source, start, valueEnd, uri);
    }
    return valueEnd;
  }

  #name(start: number, end: number): string {
    const { source, base } = this.#window;
    return names.get(source, base + start, base + end, hashOf(source, base + start, base + end));
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
    let hash = 0;
    let at = start;
    for (; at < end; at++) {
      const byte = source[at] as number;
      if ((classes[byte] as number) > B.NAME_REST) break;
      hash = (Math.imul(hash, 31) + byte) | 0;
    }
    if (at >= end) return WAITING;
    if (classes[source[at] as number] !== B.NAME_END) return this.#parseLongName(start);
    if (classes[source[start] as number] !== B.NAME_START) throw illFormed("bad name");
    this.#local = start;
    this.#hash = hash;
    return at;
  }

  /** A name with a colon or characters beyond ASCII. Namespaces in XML 1.0 §4: two NCNames at most. */
  #parseLongName(start: number): number {
    const { source, end } = this.#window;
    let local = start;
    let at = start;
    while (at < end && B.NAME[source[at] as number] !== B.NAME_END) {
      if (source[at] === COLON) {
        if (local !== start || at === start) throw illFormed("misplaced colon");
        at++;
        local = at;
      } else {
        const next = this.#skipNameCharacter(at, at === local);
        if (next < 0) return WAITING;
        at = next;
      }
    }
    if (at >= end) return WAITING;
    if (at === local) throw illFormed("bad name");
    this.#local = local;
    this.#hash = hashOf(source, start, at);
    return at;
  }

  #skipNameCharacter(at: number, isFirst: boolean): number {
    const { source, end } = this.#window;
    const kind = B.NAME[source[at] as number];
    if (kind === B.NAME_MULTI_BYTE) {
      const code = B.codePoint(source, at, end);
      if (code < 0) return WAITING;
      if (!(isFirst ? B.isNameStart(code) : B.isNameRest(code))) throw illFormed("bad name");
      return at + B.sequenceLength(source[at] as number);
    }
    if (isFirst && kind !== B.NAME_START) throw illFormed("bad name");
    return at + 1;
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
