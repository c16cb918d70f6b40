import { readdirSync, readFileSync } from "node:fs";
import { join, posix, sep } from "node:path";

/** A file of the checkout; `path` is relative to its root and has forward slashes. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** One import or re-export of a file of ours. */
export interface LocalImport {
  /** Path of the imported file. */
  readonly target: string;
  readonly isTypeOnly: boolean;
  /** What is imported as a value, by its name there. */
  readonly values: readonly string[];
}

const root = join(import.meta.dirname, "..", "..");

/** The files below a folder of the checkout whose names end in one of `endings`, in order. */
export function filesBelow(folder: string, endings: readonly string[]): SourceFile[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => endings.some((ending) => name.endsWith(ending)))
    .sort()
    .map((name) => fileAt(posix.join(folder, name.split(sep).join("/"))));
}

/** @throws Error when there is no such file */
export function fileAt(path: string): SourceFile {
  return { path, text: readFileSync(join(root, path), "utf8") };
}

// With `from`, without it (for the side effect) and dynamic; a clause never contains a quote or a semicolon.
const importPattern =
  /^\s*(?:import|export)\s+([^"';]*?)\s*from\s+"(\.[^"]+)"|\bimport\s*\(?\s*"(\.[^"]+)"/gm;

/** What a file imports from files of ours. */
export function localImports(file: SourceFile): LocalImport[] {
  return [...file.text.matchAll(importPattern)].map(([, clause = "", from, bare]) => {
    const target = posix.join(posix.dirname(file.path), from ?? bare ?? "");
    const values = clause.startsWith("type ") ? [] : valueNames(clause);
    const isTypeOnly = clause !== "" && clause !== "{}" && values.length === 0;
    return { target, isTypeOnly, values };
  });
}

/** `{ a, type B, c as d }` imports the values a and c; `*` is a value too. */
function valueNames(clause: string): string[] {
  const names = clause.replace(/^[^{]*\{|\}.*$/gs, "").split(",");
  return names
    .map((name) => name.trim())
    .filter((name) => name !== "" && !name.startsWith("type "))
    .map((name) => name.split(/\s+as\s+/)[0] ?? name);
}
