/** docs/xeps.md: what the modules and the streams declare, with the tests that hold them to it. */
import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import type { Module } from "../../src/core/module.ts";
import { defaultModules } from "../../src/modules/index.ts";
import { specifications } from "../../src/stream/specifications.ts";

/** A specification with all that claim it. */
export interface Claim {
  readonly versions: Set<string>;
  readonly where: Set<string>;
  readonly omits: Set<string>;
}

const root = new URL("../../", import.meta.url);

const INTRODUCTION = `# What is implemented

<!-- Generated from the modules and src/stream/specifications.ts by \`npm run docs\`; edit those. -->

*Complete* means every MUST and SHOULD that concerns a server; whatever is left out stands in the last column. Modules can be
switched off by their names, see [config.md](config.md).

| specification | version | state | where | tests | left out |
|---|---|---|---|---|---|
`;

export function xepsDocs(): string {
  const claims = collectClaims();
  const titles = titlesIn("src");
  for (const { name, title } of specifications) titles.set(numberOf(name), title);
  const numbers = [...claims.keys()].toSorted();
  const tests = readdirSync(new URL("test", root), { recursive: true, encoding: "utf8" });
  return (
    INTRODUCTION + numbers.map((number) => row(number, claims.get(number) as Claim, titles, tests)).join("")
  );
}

/** By number, such as "XEP-0280". */
export function collectClaims(): Map<string, Claim> {
  const claims = new Map<string, Claim>();
  const claim = (name: string): Claim => {
    const known = claims.get(numberOf(name));
    const own = known ?? { versions: new Set(), where: new Set(), omits: new Set() };
    claims.set(numberOf(name), own);
    const version = /^XEP-\d{4} (.+)$/.exec(name)?.[1];
    if (version) own.versions.add(version);
    return own;
  };
  for (const { name, where, omits = [] } of specifications) {
    const own = claim(name);
    for (const path of where) own.where.add(`[${path}](../src/${path})`);
    for (const omission of omits) own.omits.add(omission);
  }
  for (const module of defaultModules) {
    for (const name of module.implements) {
      const own = claim(name);
      const section = /^RFC \d{4} (.+)$/.exec(name)?.[1];
      own.where.add(`\`${module.name}\`${section ? ` (${section})` : ""}`);
      for (const omission of omissionsOf(module, numberOf(name))) own.omits.add(omission);
    }
  }
  return claims;
}

/** @throws Error when a module leaves out something of what it does not implement. */
function omissionsOf({ name, implements: claimed, omits = {} }: Module, number: string): readonly string[] {
  for (const omitted of Object.keys(omits)) {
    if (!claimed.some((each) => numberOf(each) === omitted))
      throw new Error(`module ${name} does not implement ${omitted}`);
  }
  return omits[number] ?? [];
}

function row(
  number: string,
  claim: Claim,
  titles: ReadonlyMap<string, string>,
  tests: readonly string[],
): string {
  const { versions, where, omits } = claim;
  if (versions.size > 1) throw new Error(`several versions of ${number}: ${[...versions].join(", ")}`);
  const prefix = number.toLowerCase().replace(" ", "");
  const files = tests.filter((path) => basename(path).startsWith(`${prefix}-`) && path.endsWith(".test.ts"));
  const links = files.toSorted().map((path) => `[${basename(path, ".test.ts")}](../test/${path})`);
  const cells = [
    `[${number}](${addressOf(number)}) ${titles.get(number) ?? ""}`.trim(),
    [...versions][0] ?? "",
    stateOf(claim),
    [...where].join(", "),
    links.join(", "),
    [...omits].join(" "),
  ];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`;
}

export function stateOf({ where, omits }: Claim): "not yet" | "partial" | "complete" {
  if (where.size === 0) return "not yet";
  return omits.size > 0 ? "partial" : "complete";
}

/** "XEP-0280 1.0.1" is "XEP-0280", "RFC 6121 §2" is "RFC 6121". */
function numberOf(name: string): string {
  const number = /^(XEP-\d{4}|RFC \d{4})( |$)/.exec(name)?.[1];
  if (number === undefined) throw new Error(`"${name}" names no specification`);
  return number;
}

export function addressOf(number: string): string {
  return number.startsWith("XEP")
    ? `https://xmpp.org/extensions/${number.toLowerCase()}.html`
    : `https://www.rfc-editor.org/rfc/${number.toLowerCase().replace(" ", "")}`;
}

/** Titles as the headers of source files have them: "XEP-0199 XMPP Ping, version 2.0.1", "RFC 9457 Problem Details for HTTP APIs". */
function titlesIn(folder: string): Map<string, string> {
  const titles = new Map<string, string>();
  const files = readdirSync(new URL(folder, root), { recursive: true, encoding: "utf8" });
  for (const file of files.filter((name) => name.endsWith(".ts")).toSorted()) {
    const text = readFileSync(new URL(`${folder}/${file}`, root), "utf8");
    const found = [
      ...text.matchAll(/(XEP-\d{4}):? ([^\n,]+), version \d/g),
      ...text.matchAll(/^(?:\/\*)? \* (RFC \d{4}) ([^\n,]+)$/gm),
    ];
    for (const [, number = "", title = ""] of found) {
      if (!titles.has(number)) titles.set(number, title);
    }
  }
  return titles;
}
