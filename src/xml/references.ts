import { isCharacter, NAME, NAME_END, NAME_MULTI_BYTE, NAME_START } from "./bytes.ts";
import { XmlError } from "./parser.ts";

/** From `&` to `;`. XML allows any number of leading zeros; nobody needs them, and this bounds what is read twice. */
const REFERENCE_BYTES = 32;

const PREDEFINED: ReadonlyMap<string, string> = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
]);

const NUMBER = 0x23;
const SEMICOLON = 0x3b;

/**
 * Checks the reference whose `&` is at `at`.
 * @returns the position behind its `;`, or -1 when `end` comes first.
 * @throws XmlError `restricted-xml` for any entity but the predefined ones (RFC 6120 §11.1).
 */
export function skipReference(source: Buffer, at: number, end: number): number {
  const stop = Math.min(end, at + REFERENCE_BYTES);
  if (at + 1 >= stop) return -1;
  const isNumeric = source[at + 1] === NUMBER;
  if (!isNumeric && !canStartName(source[at + 1] as number))
    throw new XmlError("not-well-formed", "bare ampersand");
  for (let position = at + 2; position < stop; position++) {
    const byte = source[position] as number;
    if (byte === SEMICOLON) {
      check(source.toString("latin1", at + 1, position));
      return position + 1;
    }
    if (NAME[byte] === NAME_END) throw new XmlError("not-well-formed", "reference without semicolon");
  }
  if (stop === end && stop < at + REFERENCE_BYTES) return -1;
  throw isNumeric
    ? new XmlError("policy-violation", "character reference too long")
    : new XmlError("restricted-xml", "entity reference");
}

function canStartName(byte: number): boolean {
  return NAME[byte] === NAME_START || NAME[byte] === NAME_MULTI_BYTE;
}

function check(body: string): void {
  if (body.charCodeAt(0) !== NUMBER) {
    if (!PREDEFINED.has(body)) throw new XmlError("restricted-xml", "entity reference");
  } else if (!isCharacter(numericReference(body))) {
    throw new XmlError("not-well-formed", "illegal character reference");
  }
}

/** The code point of `#65` or `#x41` (XML 1.0 §4.1 `CharRef`); NaN when it is neither. */
function numericReference(body: string): number {
  const isHexadecimal = body.charCodeAt(1) === 0x78;
  const digits = body.slice(isHexadecimal ? 2 : 1);
  if (!(isHexadecimal ? /^[0-9a-fA-F]+$/ : /^[0-9]+$/).test(digits)) return Number.NaN;
  return Number.parseInt(digits, isHexadecimal ? 16 : 10);
}

/** What validated character data means: references replaced, line ends normalised (XML 1.0 §2.11). */
export function decodeText(raw: string): string {
  return decodeReferences(decodeLineEnds(raw));
}

/** What a validated attribute value means: white space normalised as well (XML 1.0 §3.3.3, type CDATA). */
export function decodeValue(raw: string): string {
  return decodeReferences(raw.replace(/\r\n|[\t\n\r]/g, " "));
}

/** XML 1.0 §2.11. */
export function decodeLineEnds(raw: string): string {
  return raw.includes("\r") ? raw.replace(/\r\n?/g, "\n") : raw;
}

function decodeReferences(raw: string): string {
  let ampersand = raw.indexOf("&");
  if (ampersand < 0) return raw;
  let decoded = "";
  let from = 0;
  while (ampersand >= 0) {
    const semicolon = raw.indexOf(";", ampersand);
    const body = raw.slice(ampersand + 1, semicolon);
    decoded += raw.slice(from, ampersand);
    decoded += PREDEFINED.get(body) ?? String.fromCodePoint(numericReference(body));
    from = semicolon + 1;
    ampersand = raw.indexOf("&", from);
  }
  return decoded + raw.slice(from);
}
