import { type Schema, t } from "../../util/schema.ts";
import type { StanzaPattern } from "../pattern.ts";

const TEXTS = [
  "kind",
  "iq",
  "from",
  "to",
  "direction",
  "type",
  "id",
  "child",
  "xmlns",
  "body",
  "xml",
] as const;
const CHOICES = {
  kind: ["message", "presence", "iq", "nonza", "any"],
  iq: ["get", "set", "result", "error"],
  direction: ["in", "out"],
} as const satisfies Partial<Record<keyof StanzaPattern, readonly string[]>>;

const json = {
  type: "object",
  additionalProperties: false,
  properties: Object.fromEntries(
    TEXTS.map((key) => [
      key,
      key in CHOICES ? { enum: CHOICES[key as keyof typeof CHOICES] } : { type: "string" },
    ]),
  ),
};

/** What a stanza must be like. In code, `body` may be a regular expression, and `where` a function. */
export function patternField(fallback?: StanzaPattern): Schema<StanzaPattern> {
  return t.custom("a pattern like { kind, from, to, child, xmlns, body }", json, readPattern, fallback);
}

function readPattern(value: unknown): StanzaPattern | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.entries(value).every(([key, one]) => isRight(key, one)) ? value : undefined;
}

function isRight(key: string, value: unknown): boolean {
  if (value === undefined) return true;
  if (key === "where") return typeof value === "function";
  if (key === "body" && value instanceof RegExp) return true;
  if (typeof value !== "string") return false;
  if (key in CHOICES) return (CHOICES[key as keyof typeof CHOICES] as readonly string[]).includes(value);
  return (TEXTS as readonly string[]).includes(key);
}
