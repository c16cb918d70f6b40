import { AssertionError } from "node:assert";
import { Element } from "../xml/element.ts";
import { mismatch } from "./match.ts";
import { readXml } from "./read-xml.ts";
import { textOf, type XmlLike } from "./xml-like.ts";

export interface MatchOptions {
  /** Names of attributes that do not count, wherever they are: `["id", "stamp"]`. */
  readonly ignore?: readonly string[];
}

/** What the `expect` of Vitest and Jest takes in `expect.extend`. */
export const stanzaMatchers = {
  /**
   * Whether a stanza is as `pattern` says. Attributes are in no order, white space between elements means nothing; `from`,
   * `to`, `id` and `xml:lang` of stanzas count only where the pattern has them. `{any}` stands for any value,
   * `{...}` among children for more of them.
   */
  toMatchStanza(received: XmlLike, pattern: string, options: MatchOptions = {}) {
    const difference = compare(received, pattern, options);
    return {
      pass: difference === undefined,
      message: () =>
        difference === undefined
          ? `expected a stanza that does not match\n  ${pattern}\ngot\n  ${textOf(received)}`
          : `expected\n  ${pattern}\ngot\n  ${textOf(received)}\n${difference}`,
    };
  },
};

/** The same for node:test and others. @throws AssertionError */
export function assertStanza(received: XmlLike, pattern: string, options: MatchOptions = {}): void {
  const { pass, message } = stanzaMatchers.toMatchStanza(received, pattern, options);
  if (pass) return;
  throw new AssertionError({
    message: message(),
    actual: textOf(received),
    expected: pattern,
    operator: "toMatchStanza",
    stackStartFn: assertStanza,
  });
}

function compare(received: XmlLike, pattern: string, { ignore = [] }: MatchOptions): string | undefined {
  const wanted = readXml(pattern);
  const actual = readXml(textOf(received));
  for (const tree of ignore.length > 0 ? [wanted, actual] : []) strip(tree, new Set(ignore));
  return mismatch(wanted, actual, new Map());
}

function strip(tree: Element, names: ReadonlySet<string>): void {
  for (const name of names) delete tree.attrs[name];
  for (const child of tree.children) if (child instanceof Element) strip(child, names);
}
