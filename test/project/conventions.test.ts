import { describe, expect, test } from "vitest";
import { filesBelow, type SourceFile } from "./source-files.ts";

interface Convention {
  readonly name: string;
  readonly files: readonly SourceFile[];
  readonly violation: RegExp;
  /** One line that must be found and one that must not: a rule that cannot fail is none. */
  readonly bad: string;
  readonly good: string;
}

const source = filesBelow("src", [".ts"]);
const code = [...source, ...filesBelow("test", [".ts"]), ...filesBelow("scripts", [".ts", ".mjs", ".sh"])];

// Put together from parts, so that no rule finds itself.
const marks = ["TO" + "DO", "FIX" + "ME", "XX" + "X"].join("|");
const homes = ["work", "home", "root", "Users"].join("|");

const conventions: readonly Convention[] = [
  {
    name: "what is left to do names its issue",
    files: code,
    violation: new RegExp(String.raw`\b(${marks})\b(?!\(#\d+\))`),
    bad: `// ${"TO" + "DO"}: later`,
    good: `// ${"TO" + "DO"}(#12): later`,
  },
  {
    name: "no default exports",
    files: source,
    violation: /^export default\b|\bas default\b/,
    bad: "export default server;",
    good: "export const server = 1; // not the default",
  },
  {
    name: "private members are #private",
    // What others declare is named by them.
    files: source.filter(({ path }) => !path.endsWith(".d.ts")),
    violation:
      /\bthis\._\w|^\s*(private|protected)\s+(?!constructor\b)\w|^\s+(readonly |static )*_\w+\s*[:=(]/,
    bad: "    this._state = 1;",
    good: "    this.#state = 1;",
  },
  {
    name: "errors of the checker are solved, not silenced",
    files: source,
    violation: /@ts-(ignore|nocheck|expect-error)/,
    bad: "// @ts-" + "ignore",
    good: "// asserted above",
  },
  {
    name: "tests do not retry, and none is the only one",
    files: filesBelow("test", [".test.ts"]),
    violation: /\b(test|it|describe)\.only\(|\bretry:\s*[1-9]/,
    bad: "test" + ".only('x')",
    good: "test('x')",
  },
  {
    name: "no path of somebody's own machine",
    files: code,
    violation: new RegExp(String.raw`["'\`\s]/(${homes})/\w`),
    bad: ["see ", "work", "somebody"].join("/"),
    good: `import "../util/work/x.ts"`,
  },
];

describe.each(conventions)("$name", ({ files, violation, bad, good }) => {
  test("holds", () => {
    const found = files.flatMap(({ path, text }) =>
      text
        .split("\n")
        .flatMap((line, index) => (violation.test(line) ? [`${path}:${index + 1}: ${line}`] : [])),
    );
    expect(found).toEqual([]);
  });

  test("can be broken", () => {
    expect(bad).toMatch(violation);
    expect(good).not.toMatch(violation);
  });
});

/** "XEP-0199 XMPP Ping, version 2.0.1" or "RFC 6121 §2 ..." in the comment a file begins with. */
const moduleHeader = /^\/\*\*(?:(?!\*\/)[\s\S])*?(XEP-\d{4}[^\n]*version \d+(\.\d+)+|RFC \d{4})/;

test("the header of a module names its specification, XEPs with their version", () => {
  const modules = source.filter(({ path }) => /^src\/modules\/[^/]+(\/index)?\.ts$/.test(path));
  const lacking = modules.filter(
    ({ path, text }) => path !== "src/modules/index.ts" && !moduleHeader.test(text),
  );
  expect(lacking.map(({ path }) => path)).toEqual([]);
});

test("a header without a version, or after the first comment, does not count", () => {
  expect("/**\n * XEP-0199 XMPP Ping, version 2.0.1\n */").toMatch(moduleHeader);
  expect("/** RFC 6121 §3: subscriptions. */").toMatch(moduleHeader);
  expect("/** XEP-0199 XMPP Ping */").not.toMatch(moduleHeader);
  expect("/** Pings. */\n/** XEP-0199 XMPP Ping, version 2.0.1 */").not.toMatch(moduleHeader);
});
