import { type Schema, t } from "../../util/schema.ts";
import { patternTexts, type StanzaPattern } from "../pattern.ts";

/** JSON Schema of a pattern without functions. */
export const patternSchema = {
  type: "object",
  additionalProperties: false,
  properties: Object.fromEntries(
    Object.entries(patternTexts).map(([key, choices]) => [
      key,
      choices === undefined ? { type: "string" } : { enum: choices },
    ]),
  ),
};

/** What a stanza must be like. In code, `body` may be a regular expression, and `where` a function. */
export function patternField(fallback?: StanzaPattern): Schema<StanzaPattern> {
  return t.custom(
    "a pattern like { kind, from, to, child, xmlns, body }",
    patternSchema,
    readPattern,
    fallback,
  );
}

function readPattern(value: unknown): StanzaPattern | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.entries(value).every(([key, one]) => isRight(key, one)) ? value : undefined;
}

function isRight(key: string, value: unknown): boolean {
  if (value === undefined) return true;
  if (key === "where") return typeof value === "function";
  if (key === "body" && value instanceof RegExp) return true;
  if (typeof value !== "string" || !Object.hasOwn(patternTexts, key)) return false;
  return patternTexts[key as keyof typeof patternTexts]?.includes(value) ?? true;
}
