import { jsonSchemaOf, type Schema } from "../../util/schema.ts";

/** A command's arguments out of a query string, as JSON would have them; what does not fit is left for the schema to refuse. */
export function argsOfQuery(schema: Schema<unknown>, url: string): Record<string, unknown> {
  const { fields = {} } = schema;
  const parameters = new URL(url).searchParams;
  return Object.fromEntries(
    Array.from(new Set(parameters.keys()), (key) => {
      const values = parameters.getAll(key);
      const field = Object.hasOwn(fields, key) ? fields[key] : undefined;
      const convert = converter(field && typeOf(field));
      if (field?.items) return [key, values.map(convert)];
      return [key, values.length === 1 ? convert(values[0] as string) : values];
    }),
  );
}

function converter(type: unknown): (text: string) => unknown {
  if (type === "integer") return (text) => (/^-?\d+$/.test(text) ? Number(text) : text);
  if (type === "boolean") return (text) => (text === "true" ? true : text === "false" ? false : text);
  return (text) => text;
}

/** An optional field may be null as well, which no query can say. */
function typeOf(field: Schema<unknown>): unknown {
  const { type, anyOf } = jsonSchemaOf(field.items ?? field);
  const types = [
    type,
    ...[anyOf ?? []].flat().map((each) => (each as { readonly type?: unknown }).type),
  ].flat();
  return types.find((each) => each !== undefined && each !== "null");
}
