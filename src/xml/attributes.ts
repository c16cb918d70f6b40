import { escapeAttribute } from "./element.ts";
import { hashOf, hashOfEnds, names, values } from "./names.ts";
import { decodeValue } from "./references.ts";
import * as T from "./tape.ts";

/** Objects without inherited properties, `__proto__` included, that V8 nevertheless treats as ordinary ones. */
const Attributes = function Attributes() {} as unknown as new () => Record<string, string>;
Attributes.prototype = Object.create(null);

const REPEATED = 1;
const UNIQUE = 2;
/** Attributes common to all stanzas (RFC 6120 §8.1), and whether their values come again and again. */
const COMMON: ReadonlyMap<string, number> = new Map([
  ["to", REPEATED],
  ["from", REPEATED],
  ["type", REPEATED],
  ["xml:lang", REPEATED],
  ["id", UNIQUE],
]);

interface AttributesRead {
  /** By name as written, without namespace declarations. */
  readonly all: Record<string, string>;
  /** Those that are not common to all stanzas, as XML text. */
  readonly extra: string;
}

/** The attributes of the element whose record is at `head`. */
export function readAttributes(tape: T.Tape, head: number): AttributesRead {
  const all = new Attributes();
  let hasExtra = false;
  const end = attributesEnd(tape, head);
  for (let index = head + T.OPEN_SIZE; index < end; index += T.ATTRIBUTE_SIZE) {
    if ((tape.at(index) & T.DECLARATION) !== 0) continue;
    const name = qualifiedName(tape, index);
    const kind = COMMON.get(name);
    all[name] = kind === REPEATED ? repeatedValue(tape, index) : attributeValue(tape, index);
    hasExtra ||= kind === undefined;
  }
  return { all, extra: hasExtra ? attributeText(tape, head, (name) => !COMMON.has(name)) : "" };
}

/** The default namespace that the tag at `head` declares; "" when it declares none. */
export function declaredDefault(tape: T.Tape, head: number): string {
  const end = attributesEnd(tape, head);
  for (let index = head + T.OPEN_SIZE; index < end; index += T.ATTRIBUTE_SIZE) {
    const isDeclaration = (tape.at(index) & T.DECLARATION) !== 0;
    if (isDeclaration && tape.at(index + 1) === tape.at(index + 2)) return attributeValue(tape, index);
  }
  return "";
}

/** Where the content of the element at `head` begins on the tape. */
export function attributesEnd(tape: T.Tape, head: number): number {
  return head + T.OPEN_SIZE + tape.at(head + 6) * T.ATTRIBUTE_SIZE;
}

/** The name of an attribute as written. */
export function qualifiedName(tape: T.Tape, index: number): string {
  const { source, base } = tape;
  return names.get(source, base + tape.at(index + 1), base + tape.at(index + 3), tape.at(index + 4));
}

/** The name of an element or attribute without its prefix. */
export function localName(tape: T.Tape, index: number): string {
  const local = tape.at(index + 2);
  if (local === tape.at(index + 1)) return qualifiedName(tape, index);
  const { source, base } = tape;
  const end = base + tape.at(index + 3);
  return names.get(source, base + local, end, hashOf(source, base + local, end));
}

export function attributeValue(tape: T.Tape, index: number): string {
  const raw = tape.raw(tape.at(index + 6), tape.at(index + 7));
  return (tape.at(index) & T.ENCODED) === 0 ? raw : decodeValue(raw);
}

function repeatedValue(tape: T.Tape, index: number): string {
  if ((tape.at(index) & T.ENCODED) !== 0) return attributeValue(tape, index);
  const { source, base } = tape;
  const start = base + tape.at(index + 6);
  const end = base + tape.at(index + 7);
  return values.get(source, start, end, hashOfEnds(source, start, end));
}

/**
 * The attributes of the element at `head` as XML text, each with a leading space, values as they came, declarations
 * of their prefixes included and all others left out.
 */
export function attributeText(tape: T.Tape, head: number, isWanted: (name: string) => boolean): string {
  let text = "";
  const declared = new Set<string>();
  const end = attributesEnd(tape, head);
  for (let index = head + T.OPEN_SIZE; index < end; index += T.ATTRIBUTE_SIZE) {
    if ((tape.at(index) & T.DECLARATION) !== 0) continue;
    const name = qualifiedName(tape, index);
    if (!isWanted(name)) continue;
    const prefix = attributePrefix(tape, index);
    if (prefix !== "" && !declared.has(prefix)) {
      text += ` xmlns:${prefix}="${escapeAttribute(tape.uri(tape.at(index + 5)))}"`;
      declared.add(prefix);
    }
    // The quotes that came with the value are the ones it has no need to escape.
    text += ` ${name}=${tape.raw(tape.at(index + 6) - 1, tape.at(index + 7) + 1)}`;
  }
  return text;
}

/** The prefix of an attribute if it needs a declaration, else "". */
export function attributePrefix(tape: T.Tape, index: number): string {
  const start = tape.at(index + 1);
  const local = tape.at(index + 2);
  if (local === start || tape.at(index + 5) === T.XML_NAMESPACE) return "";
  return tape.raw(start, local - 1);
}
