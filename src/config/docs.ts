import { jsonSchemaOf, type Schema } from "../util/schema.ts";
import { configSchema } from "./config.ts";
import type { ConfigurableModule } from "./modules.ts";

/** The JSON Schema that lets an editor complete and check server.config.json, the modules' sections included. */
export function configJsonSchema(modules: readonly ConfigurableModule[]): Record<string, unknown> {
  const { default: _, ...json } = jsonSchemaOf(configSchema);
  const properties = json["properties"] as Record<string, object>;
  properties["modules"] = {
    type: "object",
    description: configSchema.fields?.["modules"]?.text,
    properties: Object.fromEntries(
      modules.map(({ name, config }) => [name, { anyOf: [{ type: "boolean" }, sectionSchema(config)] }]),
    ),
    additionalProperties: false,
  };
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Configuration of Jackdaw",
    ...json,
  };
}

function sectionSchema(config: Schema<unknown> | undefined): object {
  return config ? jsonSchemaOf(config) : { type: "object", additionalProperties: false };
}

const INTRODUCTION = `# Configuration

<!-- Generated from the schema in the source; edit that. -->

The server reads \`server.config.json\` in its working directory, or the file that \`--config\` or the environment's
\`JACKDAW_CONFIG\` names. Every key may be left out, and so may the file. Keys that do not exist are refused.
File names are relative to the file that they stand in. \`jackdaw config check\` says what is wrong with a file,
\`jackdaw config print\` shows it with all defaults.

Durations are written \`"500ms"\`, \`"30s"\`, \`"15m"\`, \`"6h"\`, \`"30d"\`, \`"2w"\` or \`"off"\`; sizes \`"512 B"\`, \`"256 KB"\` (1000 bytes each),
\`"10 MiB"\` (1024² each), or as a number of bytes.

After SIGHUP a running server takes over \`admins\`, \`components\`, \`tls\`, \`limits\` and the certificates; the log names what needs a restart.
`;

/** docs/config.md: each key with its type, default and meaning. */
export function configDocs(modules: readonly ConfigurableModule[]): string {
  const { fields = {} } = configSchema;
  const sections = Object.entries(fields).flatMap(([key, field]) => section(key, field));
  const ofModules = modules.map(({ name, config }) =>
    config?.fields && Object.keys(config.fields).length > 0
      ? `### \`modules.${name}\`\n\n${config.text ? `${config.text}\n\n` : ""}${table(config.fields)}`
      : `### \`modules.${name}\`\n\nOnly \`true\` or \`false\`.\n`,
  );
  return [INTRODUCTION, "## Top level\n", table(fields), ...sections, ...ofModules].join("\n");
}

/** A heading and a table for each object at or below `schema`. */
function section(path: string, schema: Schema<unknown>): string[] {
  const fields = schema.fields ?? schema.items?.fields;
  if (!fields) return path === "modules" ? [`## \`modules\`\n\n${schema.text}\n`] : [];
  const intro = schema.text ? `${schema.text}\n\n` : "";
  const own = `## \`${path}\`\n\n${intro}${table(fields)}`;
  return [own, ...Object.entries(fields).flatMap(([key, field]) => section(`${path}.${key}`, field))];
}

function table(fields: NonNullable<Schema<unknown>["fields"]>): string {
  const rows = Object.entries(fields).map(([key, field]) =>
    [`\`${key}\``, field.describe(), defaultOf(field), field.text].map(escapeCell).join(" | "),
  );
  return `| key | type | default | meaning |\n|---|---|---|---|\n${rows.map((row) => `| ${row} |\n`).join("")}`;
}

function escapeCell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

function defaultOf({ fallback, optional }: Schema<unknown>): string {
  if (fallback === undefined) return optional ? "" : "required";
  const json = JSON.stringify(fallback);
  return json === "{}" ? "" : `\`${json}\``;
}
