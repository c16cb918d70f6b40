import { jsonSchemaOf, type Schema } from "../../util/schema.ts";

/** A command's arguments out of a query string, as JSON would have them; what does not fit is left for the schema to refuse. */
export function argsOfQuery(schema: Schema<unknown>, url: string): Record<string, unknown> {
  const parameters = new URL(url).searchParams;
  const args: Record<string, unknown> = {};
  for (const key of new Set(parameters.keys())) {
    const values = parameters.getAll(key);
    const field = schema.fields?.[key];
    const convert = converter(field && typeOf(field));
    args[key] = field?.items
      ? values.map(convert)
      : values.length === 1
        ? convert(values[0] as string)
        : values;
  }
  return args;
}

function converter(type: unknown): (text: string) => unknown {
  if (type === "integer") return (text) => (/^-?\d+$/.test(text) ? Number(text) : text);
  if (type === "boolean") return (text) => (text === "true" ? true : text === "false" ? false : text);
  return (text) => text;
}

function typeOf(field: Schema<unknown>): unknown {
  return jsonSchemaOf(field.items ?? field)["type"] ?? anyTypeOf(jsonSchemaOf(field));
}

/** An optional field may be null as well. */
function anyTypeOf({ anyOf }: Record<string, unknown>): unknown {
  return Array.isArray(anyOf) ? (anyOf[0] as Record<string, unknown>)["type"] : undefined;
}
