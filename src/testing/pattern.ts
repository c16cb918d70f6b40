import { isPromise } from "../util/awaitable.ts";
import { childElements, type Element } from "../xml/element.ts";
import { mismatch } from "./match.ts";
import { readXml } from "./read-xml.ts";
import { bareOf, type Direction, type Seen, type SeenKind } from "./seen.ts";

/** What a stanza, or a nonza, must be like. All that is given must hold; nothing given: any stanza. */
export interface StanzaPattern {
  /** Default: a stanza of any kind. `nonza` for elements such as `<resume/>`; `any` for these and stanzas. */
  readonly kind?: Exclude<SeenKind, "header" | "end"> | "any";
  /** `kind: "iq"` and its type. */
  readonly iq?: "get" | "set" | "result" | "error";
  /**
   * Who it is from and for: a user's name (`"romeo"`), or an address; without a resource, any of them. With `to` it is
   * something the server sends to that client, with `from` alone something that client sent.
   */
  readonly from?: string;
  readonly to?: string;
  /** Default: see `from`; with neither of the two, both ways. */
  readonly direction?: Direction;
  /** `normal` and `available` go for none. */
  readonly type?: string;
  readonly id?: string;
  /** A child element's local name and namespace, both of the same child; of a nonza, its own. */
  readonly child?: string;
  readonly xmlns?: string;
  /** The text of the message. */
  readonly body?: string | RegExp;
  /** As `toMatchStanza` has it. */
  readonly xml?: string;
  /** Anything else. It answers at once; what it throws fails the expectation, or the test (`server.errors`). */
  readonly where?: (stanza: Element) => boolean;
}

/** What is said of a stanza in text, with the texts there are where not any will do. */
export const patternTexts: Readonly<
  Record<Exclude<keyof StanzaPattern, "where">, readonly string[] | undefined>
> = {
  kind: ["message", "presence", "iq", "nonza", "any"],
  iq: ["get", "set", "result", "error"],
  from: undefined,
  to: undefined,
  direction: ["in", "out"],
  type: undefined,
  id: undefined,
  child: undefined,
  xmlns: undefined,
  body: undefined,
  xml: undefined,
};
const KEYS = [...Object.keys(patternTexts), "where"];

/** A pattern with a slip of the pen would fit everything, or nothing. @throws TypeError */
function check(pattern: StanzaPattern): void {
  for (const [key, value] of Object.entries(pattern)) {
    if (!KEYS.includes(key)) throw new TypeError(`a pattern has no ${key}; it may have ${KEYS.join(", ")}`);
    const choices = patternTexts[key as keyof typeof patternTexts];
    if (value === undefined || choices === undefined || choices.includes(value)) continue;
    throw new TypeError(`there is no ${key} ${value}; there are ${choices.join(", ")}`);
  }
}

const DEFAULT_TYPES: Readonly<Record<string, string>> = { message: "normal", presence: "available" };

/**
 * Whether something that went by is as the pattern says; `resolve` turns names of users into addresses.
 * @throws TypeError when it is no pattern.
 */
export function matcherOf(
  pattern: StanzaPattern,
  resolve: (name: string) => string,
): (seen: Seen) => boolean {
  check(pattern);
  const direction = pattern.direction ?? (pattern.to ? "out" : pattern.from ? "in" : undefined);
  const kind = pattern.kind ?? (pattern.iq ? "iq" : undefined);
  const type = pattern.type ?? pattern.iq;
  const from = pattern.from && resolve(pattern.from);
  const to = pattern.to && resolve(pattern.to);
  const xml = pattern.xml === undefined ? undefined : readXml(pattern.xml);
  return (seen) =>
    (kind === undefined ? seen.isStanza : kind === "any" || seen.kind === kind) &&
    (direction === undefined || seen.direction === direction) &&
    (from === undefined || isAt(seen.from, from)) &&
    (to === undefined || isAt(seen.to, to)) &&
    (type === undefined || (seen.attribute("type") ?? DEFAULT_TYPES[seen.kind]) === type) &&
    (pattern.id === undefined || seen.attribute("id") === pattern.id) &&
    holds(pattern, seen) &&
    (xml === undefined || mismatch(xml, seen.element, new Map()) === undefined) &&
    (pattern.where === undefined || isWhere(pattern.where, seen.element));
}

function isWhere(where: NonNullable<StanzaPattern["where"]>, element: Element): boolean {
  const answer: unknown = where(element);
  if (!isPromise(answer)) return Boolean(answer);
  answer.catch(() => {});
  throw new TypeError("the where of a pattern has to answer at once, not with a promise");
}

/** For patterns that nobody waits for: `failed` hears what their own function throws, and the stanza does not fit. */
export function guarded(
  matches: (seen: Seen) => boolean,
  failed: (message: string) => void,
): (seen: Seen) => boolean {
  return (seen) => {
    try {
      return matches(seen);
    } catch (error) {
      failed(
        `a pattern failed: ${error instanceof Error ? error.stack : String(error)}\nat ${seen.toString()}`,
      );
      return false;
    }
  };
}

/** For people: what was asked for. */
export function describePattern(pattern: StanzaPattern): string {
  const parts = Object.entries(pattern).map(([key, value]) => `${key}: ${describeValue(value)}`);
  return parts.length === 0 ? "any stanza" : `a stanza with { ${parts.join(", ")} }`;
}

function describeValue(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

function isAt(address: string, wanted: string): boolean {
  return address === wanted || (!wanted.includes("/") && bareOf(address) === wanted);
}

function holds({ child, xmlns, body }: StanzaPattern, seen: Seen): boolean {
  const isWanted = (element: Element) =>
    (child === undefined || element.getName() === child) &&
    (xmlns === undefined || element.getNS() === xmlns);
  if (child !== undefined || xmlns !== undefined) {
    const candidates = seen.kind === "nonza" ? [seen.element] : childElements(seen.element);
    if (!candidates.some(isWanted)) return false;
  }
  if (body === undefined) return true;
  const text = seen.element.getChildText("body");
  return typeof text === "string" && (typeof body === "string" ? text === body : text.search(body) !== -1);
}
