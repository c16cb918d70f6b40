import { XmlError } from "./parser.ts";

/** What a byte is outside of tags: 0 for a character that stands for itself. */
export const TEXT = new Uint8Array(256);
/** What a byte is inside an attribute value: 0 for a character that stands for itself. */
export const VALUE = new Uint8Array(256);
/** What a byte is in a name. */
export const NAME = new Uint8Array(256);

export const LESS_THAN = 1;
export const AMPERSAND = 2;
/** In TEXT: the end of a possible `]]>`. */
export const GREATER_THAN = 3;
/** In VALUE: either quote, one of which ends the value. */
const QUOTE = 4;
/** First byte of a longer UTF-8 sequence, or a byte that cannot be one. */
export const MULTI_BYTE = 5;
/** A control character XML has no place for. */
export const ILLEGAL = 6;
/** White space that does not stand for itself: in TEXT a carriage return, in VALUE that, tab and line feed. */
export const SPACE = 7;

export const NAME_START = 0;
export const NAME_REST = 1;
const NAME_COLON = 2;
export const NAME_MULTI_BYTE = 3;
export const NAME_END = 4;

TEXT.fill(ILLEGAL, 0, 0x20).fill(MULTI_BYTE, 0x80);
VALUE.fill(ILLEGAL, 0, 0x20).fill(MULTI_BYTE, 0x80);
TEXT[0x09] = TEXT[0x0a] = 0;
TEXT[0x0d] = VALUE[0x09] = VALUE[0x0a] = VALUE[0x0d] = SPACE;
TEXT[0x3c] = VALUE[0x3c] = LESS_THAN;
TEXT[0x26] = VALUE[0x26] = AMPERSAND;
TEXT[0x3e] = GREATER_THAN;
VALUE[0x22] = VALUE[0x27] = QUOTE;
NAME.fill(NAME_END).fill(NAME_START, 0x41, 0x5b).fill(NAME_START, 0x61, 0x7b).fill(NAME_REST, 0x30, 0x3a);
NAME.fill(NAME_MULTI_BYTE, 0x80);
NAME[0x5f] = NAME_START;
NAME[0x2d] = NAME[0x2e] = NAME_REST;
NAME[0x3a] = NAME_COLON;

/** XML 1.0 §2.3 `S`. */
export function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/**
 * The UTF-8 sequence of two or more bytes (RFC 3629 §4) that begins at `at`.
 * @returns its code point, or -1 when `end` cuts it in two.
 * @throws XmlError for bytes that are no UTF-8, and for U+FFFE and U+FFFF (XML 1.0 §2.2 `Char`).
 */
export function codePoint(source: Buffer, at: number, end: number): number {
  const lead = source[at] as number;
  // RFC 6120 §4.9.3.22: a violation of UTF-8 is a matter of encoding, not of well-formedness.
  if (lead < 0xc2 || lead > 0xf4) throw new XmlError("unsupported-encoding", "invalid UTF-8");
  const length = sequenceLength(lead);
  let code = lead & (0x7f >> length);
  for (let index = 1; index < length; index++) {
    if (at + index >= end) return -1;
    const byte = source[at + index] as number;
    if (byte >> 6 !== 2) throw new XmlError("unsupported-encoding", "invalid UTF-8");
    code = (code << 6) | (byte & 0x3f);
  }
  if (code < SHORTEST[length]! || code > 0x10ffff || code >> 11 === 0x1b)
    throw new XmlError("unsupported-encoding", "invalid UTF-8");
  if (code === 0xfffe || code === 0xffff) throw new XmlError("not-well-formed", "illegal character");
  return code;
}

/** The position behind the sequence of two or more bytes at `at`, or -1; see `codePoint`. */
export function skipMultiByte(source: Buffer, at: number, end: number): number {
  return codePoint(source, at, end) < 0 ? -1 : at + sequenceLength(source[at] as number);
}

/** The smallest code point that needs a sequence of so many bytes: a longer form of a smaller one is invalid. */
const SHORTEST = [0, 0, 0x80, 0x800, 0x10000] as const;

/** Bytes of the sequence that `lead` begins; it is a lead byte. */
export function sequenceLength(lead: number): number {
  return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/** XML 1.0 §2.2 `Char`, for any integer. */
export function isCharacter(code: number): boolean {
  if (code < 0x20) return code === 0x09 || code === 0x0a || code === 0x0d;
  return code <= 0xd7ff || (code >= 0xe000 && code <= 0xfffd) || (code >= 0x10000 && code <= 0x10ffff);
}

/** XML 1.0 (fifth edition) §2.3 `NameStartChar`, above ASCII. */
export function isNameStart(code: number): boolean {
  return isWithin(NAME_START_RANGES, code);
}

/** XML 1.0 (fifth edition) §2.3 `NameChar`, above ASCII. */
export function isNameRest(code: number): boolean {
  return (
    code === 0xb7 ||
    (code >= 0x300 && code <= 0x36f) ||
    code === 0x203f ||
    code === 0x2040 ||
    isNameStart(code)
  );
}

const NAME_START_RANGES = [
  [0xc0, 0xd6],
  [0xd8, 0xf6],
  [0xf8, 0x2ff],
  [0x370, 0x37d],
  [0x37f, 0x1fff],
  [0x200c, 0x200d],
  [0x2070, 0x218f],
  [0x2c00, 0x2fef],
  [0x3001, 0xd7ff],
  [0xf900, 0xfdcf],
  [0xfdf0, 0xfffd],
  [0x10000, 0xeffff],
] as const;

function isWithin(ranges: readonly (readonly [number, number])[], code: number): boolean {
  return ranges.some(([first, last]) => code >= first && code <= last);
}
