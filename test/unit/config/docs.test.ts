import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseConfig } from "../../../src/config/config.ts";
import { configDocs, configJsonSchema } from "../../../src/config/docs.ts";
import { parseJson } from "../../../src/config/json.ts";
import { defaultModules } from "../../../src/modules/index.ts";
import { t } from "../../../src/util/schema.ts";

function contentOf(file: string): string {
  return readFileSync(new URL(`../../../${file}`, import.meta.url), "utf8");
}

const modules = [
  { name: "ping", config: t.object({ interval: t.duration("off").doc("How often | or not.") }) },
  { name: "time" },
];

test("docs/config.md and the JSON Schema are what the schemas say: npm run docs", () => {
  expect(contentOf("docs/config.md")).toBe(configDocs(defaultModules));
  expect(JSON.parse(contentOf("docs/server.config.schema.json"))).toEqual(configJsonSchema(defaultModules));
});

test("the configuration in the repository is valid and points to the schema", () => {
  const value = parseJson(contentOf("server.config.json")) as { $schema: string };
  expect(() => parseConfig(value)).not.toThrow();
  expect(() => contentOf(value.$schema)).not.toThrow();
});

test("the documentation has a row for every key, nested ones and those of modules", () => {
  const docs = configDocs(modules);
  expect(docs).toContain('| `stanzaBytes` | a size like "10 MB" of at least 10 KB | `"256 KB"` |');
  expect(docs).toContain("## `tls.clientCertificates`");
  expect(docs).toContain("| `certificate` |");
  expect(docs).toContain(
    "### `modules.ping`\n\n| key | type | default | meaning |\n|---|---|---|---|\n| `interval` |",
  );
  expect(docs).toContain("How often \\| or not.");
  expect(docs).toContain("### `modules.time`\n\nOnly `true` or `false`.");
});

test("every key has its sentence", () => {
  expect(configDocs(defaultModules)).not.toMatch(/^\|.*\| +\|$/m);
});

test("the JSON Schema completes the modules' sections and refuses others", () => {
  const schema = configJsonSchema(modules) as { properties: { modules: { properties: object } } };
  expect(schema.properties.modules).toMatchObject({
    additionalProperties: false,
    properties: {
      ping: {
        anyOf: [
          { type: "boolean" },
          { properties: { interval: { type: "string" } }, additionalProperties: false },
        ],
      },
      time: { anyOf: [{ type: "boolean" }, { type: "object", additionalProperties: false }] },
    },
  });
});
