import { z } from "zod";
import { formatDuration, parseDuration } from "./duration.ts";
import { nearest } from "./nearest.ts";
import { formatSize, parseSize } from "./size.ts";

/** One thing wrong with a configuration: where, and what was expected. */
export interface Problem {
  readonly path: string;
  readonly message: string;
}

/** A configuration that cannot be used; `message` has one line per problem, each beginning with its path. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly Problem[];

  constructor(path: string, message: string, more: readonly Problem[] = []) {
    const problems = [{ path, message }, ...more];
    super(problems.map((p) => (p.path ? `${p.path}: ${p.message}` : p.message)).join("\n"));
    this.problems = problems;
  }

  /** One error for all of `problems`, of which there is at least one. */
  static of(problems: readonly Problem[]): ConfigError {
    const [first, ...more] = problems;
    if (!first) throw new Error("a ConfigError needs a problem");
    return new ConfigError(first.path, first.message, more);
  }
}

/** What a section of the configuration may hold, what it defaults to, and what its documentation says. */
export interface Schema<T> {
  /** The value with all defaults filled in. Throws {@link ConfigError} with every problem found; `path` begins their paths. */
  parse(value: unknown, path: string): T;
  /** The same schema with a sentence for docs/config.md and the editor. */
  doc(text: string): Schema<T>;
  /** The type in words: `a duration like "30d"`. */
  describe(): string;
  /** The inverse of `parse`: the value as one would write it in the file. */
  print(value: T): unknown;
  readonly text: string;
  /** The default as one would write it in the file; undefined when the key is required or optional. */
  readonly fallback: unknown;
  readonly optional: boolean;
  /** The keys of an object. */
  readonly fields?: Fields;
  /** The schema of a list's items or of a record's values. */
  readonly items?: Schema<unknown>;
  readonly zod: z.ZodType<T>;
  /** `zod` without the default. */
  readonly bare: z.ZodType<T>;
}

type Fields = Readonly<Record<string, Schema<unknown>>>;
export type Infer<S> = S extends Schema<infer T> ? T : never;
type InferFields<F extends Fields> = { readonly [K in keyof F]: Infer<F[K]> };

interface Parts<T> {
  readonly bare: z.ZodType<T>;
  readonly words: string;
  readonly fallback?: unknown;
  readonly optional?: boolean;
  readonly text?: string;
  readonly fields?: Fields;
  readonly items?: Schema<unknown>;
  readonly print?: (value: T) => unknown;
}

/** Corrections to zod's JSON Schema where a value may be written in several ways. */
const jsonCorrections = new WeakMap<object, (json: Record<string, unknown>) => void>();

function make<T>(parts: Parts<T>): Schema<T> {
  const {
    bare,
    words,
    fallback,
    optional = false,
    text = "",
    print = (value: T) => value as unknown,
  } = parts;
  let zod = fallback === undefined ? bare : (bare.prefault(fallback as never) as unknown as z.ZodType<T>);
  if (text) zod = zod.describe(text);
  const schema: Schema<T> = {
    parse(value, path) {
      const result = zod.safeParse(value);
      if (result.success) return result.data;
      throw ConfigError.of(result.error.issues.flatMap((issue) => toProblems(issue, schema, path)));
    },
    doc: (more) => make({ ...parts, text: more }),
    describe: () => words,
    print,
    text,
    fallback,
    optional,
    ...(parts.fields && { fields: parts.fields }),
    ...(parts.items && { items: parts.items }),
    zod,
    bare,
  };
  return schema;
}

/** A value read by `convert`, which answers undefined for what it does not understand. */
function leaf<T>(
  words: string,
  json: Record<string, unknown>,
  convert: (value: unknown) => T | undefined,
  fallback?: unknown,
  print?: (value: T) => unknown,
  shown: (value: unknown) => string = show,
): Schema<T> {
  const bare = z
    .unknown()
    .transform((value, context): T => {
      const converted = convert(value);
      if (converted !== undefined) return converted;
      context.issues.push({
        code: "custom",
        input: value,
        message: `expected ${words}, got ${shown(value)}`,
      });
      return z.NEVER;
    })
    .meta(json);
  return make({ bare: bare as unknown as z.ZodType<T>, words, fallback, ...(print && { print }) });
}

function toProblems(issue: z.core.$ZodIssue, root: Schema<unknown>, path: string): Problem[] {
  const at = [...(path ? [path] : []), ...issue.path.map(String)].join(".");
  if (issue.code === "unrecognized_keys") {
    const known = Object.keys(schemaAt(root, issue.path)?.fields ?? {});
    return issue.keys.map((key) => ({
      path: at ? `${at}.${key}` : key,
      message: unknownKey(key, known),
    }));
  }
  return [{ path: at, message: issue.message }];
}

function schemaAt(root: Schema<unknown>, path: readonly PropertyKey[]): Schema<unknown> | undefined {
  let schema: Schema<unknown> | undefined = root;
  for (const key of path) schema = schema?.fields?.[String(key)] ?? schema?.items;
  return schema;
}

/** `unknown key, did you mean "stanzaBytes"?` */
export function unknownKey(key: string, known: readonly string[]): string {
  const close = nearest(key, known);
  return close === undefined ? "unknown key" : `unknown key, did you mean "${close}"?`;
}

/** The value as the file has it, short enough for one line of an error. */
function show(value: unknown): string {
  if (value === undefined) return "nothing";
  const json = JSON.stringify(value) ?? typeof value;
  return json.length > 60 ? `${json.slice(0, 57)}...` : json;
}

function showSecret(value: unknown): string {
  return value === undefined ? "nothing" : "something else";
}

interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

function within(value: number, { min = 0, max = Number.MAX_SAFE_INTEGER }: Bounds): boolean {
  return value >= min && value <= max;
}

function boundsInWords({ min, max }: Bounds, format: (value: number) => string): string {
  if (min !== undefined && max !== undefined) return ` from ${format(min)} to ${format(max)}`;
  if (min !== undefined) return ` of at least ${format(min)}`;
  return max === undefined ? "" : ` of at most ${format(max)}`;
}

const DURATION_PATTERN = "^(off|\\d+(\\.\\d+)? ?(ms|s|m|h|d|w))$";
const SIZE_PATTERN = "^(off|\\d+(\\.\\d+)? ?([KMGTkmgt]?[iI]?[Bb]))$";

/** Half of a surrogate pair is no character, and no store keeps it. */
function asText(value: unknown): string | undefined {
  return typeof value === "string" && value.isWellFormed() ? value : undefined;
}

/** The words a schema is written in. Every key with a default may be left out of the file. */
export const t = {
  object: objectSchema,
  optional: optionalSchema,
  list: listSchema,
  record: recordSchema,
  shorthand: shorthandSchema,
  custom: leaf,

  /** Milliseconds. `"off"` is 0 and allowed unless a `min` is given. */
  duration(fallback?: string, bounds: Bounds = {}): Schema<number> {
    const words = `a duration like "30d"${boundsInWords(bounds, formatDuration)}`;
    const json = { type: "string", pattern: DURATION_PATTERN };
    const convert = (value: unknown) => {
      const ms = typeof value === "string" ? parseDuration(value) : undefined;
      return ms !== undefined && within(ms, bounds) ? ms : undefined;
    };
    return leaf(words, json, convert, fallback, formatDuration);
  },

  /** Bytes, at least 1; a plain number is bytes as well. With `off`, `"off"` is allowed and means no limit: Infinity. */
  size(fallback?: string, { off = false, min = 1, max }: Bounds & { off?: boolean } = {}): Schema<number> {
    const bounds = max === undefined ? { min } : { min, max };
    const words = `a size like "10 MB"${min === 1 && max === undefined ? "" : boundsInWords(bounds, formatSize)}${off ? ' or "off"' : ""}`;
    const json = { type: ["string", "integer"], pattern: SIZE_PATTERN, minimum: min };
    const convert = (value: unknown) => {
      if (off && value === "off") return Number.POSITIVE_INFINITY;
      const bytes = typeof value === "string" ? parseSize(value) : value;
      return Number.isSafeInteger(bytes) && within(bytes as number, bounds) ? (bytes as number) : undefined;
    };
    return leaf(words, json, convert, fallback, (bytes) =>
      Number.isFinite(bytes) ? formatSize(bytes) : "off",
    );
  },

  /** A whole number, 0 or more unless `min` says otherwise. With `off`, `"off"` means no limit: Infinity. */
  integer(
    fallback?: number | "off",
    { off = false, min = 0, max }: Bounds & { off?: boolean } = {},
  ): Schema<number> {
    const bounds = max === undefined ? { min } : { min, max };
    const words = `a whole number${boundsInWords(bounds, String)}${off ? ' or "off"' : ""}`;
    const number = { type: "integer", minimum: min, ...(max !== undefined && { maximum: max }) };
    const json = off ? { anyOf: [number, { const: "off" }] } : number;
    const convert = (value: unknown) => {
      if (off && value === "off") return Number.POSITIVE_INFINITY;
      return Number.isSafeInteger(value) && within(value as number, bounds) ? (value as number) : undefined;
    };
    return leaf(words, json, convert, fallback, (value) => (Number.isFinite(value) ? value : "off"));
  },

  boolean: (fallback?: boolean): Schema<boolean> =>
    leaf("true or false", { type: "boolean" }, (v) => (typeof v === "boolean" ? v : undefined), fallback),

  string: (fallback?: string): Schema<string> => leaf("a string", { type: "string" }, asText, fallback),

  /** A string that is shown in no error and no print-out. */
  secret: (fallback?: string): Schema<string> =>
    leaf("a string", { type: "string" }, asText, fallback, () => "(secret)", showSecret),

  oneOf<const V extends string>(values: readonly V[], fallback?: NoInfer<V>): Schema<V> {
    const words = values.map((value) => JSON.stringify(value)).join(", ");
    return leaf(`one of ${words}`, { enum: values }, (v) => values.find((value) => value === v), fallback);
  },
};

/** An object with these keys and no others. */
function objectSchema<const F extends Fields>(fields: F): Schema<InferFields<F>> {
  const shape = Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, field.zod]));
  const bare = z.strictObject(shape, {
    error: (issue) =>
      issue.code === "invalid_type" ? `expected an object, got ${show(issue.input)}` : undefined,
  });
  const required = Object.keys(fields).filter((key) => isRequired(fields[key] as Schema<unknown>));
  jsonCorrections.set(bare, (json) => {
    delete json["required"];
    if (required.length > 0) json["required"] = required;
  });
  return make({
    bare: bare as unknown as z.ZodType<InferFields<F>>,
    words: "an object",
    fallback: {},
    fields,
    print: (value) => {
      const entries = Object.entries(fields).map(([key, field]) => {
        const part = value[key as keyof F] as unknown;
        return [key, part === undefined ? undefined : field.print(part)];
      });
      return Object.fromEntries(entries.filter(([, part]) => part !== undefined));
    },
  });
}

function isRequired(schema: Schema<unknown>): boolean {
  return schema.fallback === undefined && !schema.optional;
}

/** The value, or undefined when the key is absent or null. */
function optionalSchema<T>(inner: Schema<T>): Schema<T | undefined> {
  const bare = inner.bare.nullish().transform((value) => value ?? undefined);
  return make<T | undefined>({
    bare: bare as unknown as z.ZodType<T | undefined>,
    words: inner.describe(),
    optional: true,
    ...(inner.fields && { fields: inner.fields }),
    ...(inner.items && { items: inner.items }),
    print: (value) => (value === undefined ? undefined : inner.print(value)),
  });
}

function listSchema<T>(item: Schema<T>, fallback: readonly unknown[] = []): Schema<readonly T[]> {
  const bare = z.array(item.bare, { error: (issue) => `expected a list, got ${show(issue.input)}` });
  return make<readonly T[]>({
    bare: bare as unknown as z.ZodType<readonly T[]>,
    words: `a list, each ${item.describe()}`,
    fallback,
    items: item as Schema<unknown>,
    print: (value) => value.map((entry) => item.print(entry)),
  });
}

/** An object with values of one kind, and keys that `readKey` prepares, or answers undefined for. Default: any. */
function recordSchema<T>(
  values: Schema<T>,
  keys = "names",
  readKey: (key: string) => string | undefined = (key) => key,
): Schema<Readonly<Record<string, T>>> {
  const entries = z.record(z.string(), values.bare, {
    error: (issue) =>
      issue.code === "invalid_type" ? `expected an object, got ${show(issue.input)}` : undefined,
  });
  const bare = entries.transform((record, context) => {
    const read = new Map<string, unknown>();
    for (const [written, value] of Object.entries(record)) {
      const key = readKey(written);
      const fault =
        key === undefined
          ? `expected ${keys} as keys, got ${show(written)}`
          : read.has(key)
            ? "is there already"
            : undefined;
      if (fault) context.issues.push({ code: "custom", input: record, path: [written], message: fault });
      else read.set(key as string, value);
    }
    return Object.fromEntries(read);
  });
  return make<Readonly<Record<string, T>>>({
    bare: bare as unknown as z.ZodType<Readonly<Record<string, T>>>,
    words: `an object of ${keys}, each ${values.describe()}`,
    fallback: {},
    items: values as Schema<unknown>,
    print: (value) =>
      Object.fromEntries(Object.entries(value).map(([key, part]) => [key, values.print(part)])),
  });
}

/**
 * An object that may also be written as a string, which is then its key `key`; the strings in `literals`
 * stand for themselves instead. `isSecret`: what else stands there may be a secret and is not shown.
 */
function shorthandSchema<T, const L extends string = never>(
  inner: Schema<T>,
  key: string & keyof T,
  words: string,
  {
    literals = [],
    fallback,
    isSecret = false,
  }: { literals?: readonly L[]; fallback?: string; isSecret?: boolean } = {},
): Schema<T | L> {
  const isLiteral = (value: unknown): value is L => literals.some((literal) => literal === value);
  const bare = z.unknown().transform((value, context): T | L => {
    if (isLiteral(value)) return value;
    if (typeof value !== "string" && (typeof value !== "object" || value === null || Array.isArray(value))) {
      const got = isSecret ? showSecret(value) : show(value);
      context.issues.push({ code: "custom", input: value, message: `expected ${words}, got ${got}` });
      return z.NEVER;
    }
    const result = inner.bare.safeParse(typeof value === "string" ? { [key]: value } : value);
    if (result.success) return result.data;
    for (const issue of result.error.issues)
      context.issues.push({ ...issue, input: value } as z.core.$ZodRawIssue);
    return z.NEVER;
  });
  const corrected = bare.meta({});
  jsonCorrections.set(corrected, (json) => {
    json["anyOf"] = [{ type: "string" }, jsonSchemaOf(inner)];
  });
  return make<T | L>({
    bare: corrected as unknown as z.ZodType<T | L>,
    words,
    fallback,
    ...(inner.fields && { fields: inner.fields }),
    print: (value) => (isLiteral(value) ? value : inner.print(value as T)),
  });
}

/** JSON Schema (2020-12, without `$schema`) of what may be written in the file. */
export function jsonSchemaOf(schema: Schema<unknown>): Record<string, unknown> {
  const json = z.toJSONSchema(schema.zod, {
    io: "input",
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }) => jsonCorrections.get(zodSchema)?.(jsonSchema),
  }) as Record<string, unknown>;
  delete json["$schema"];
  return json;
}
