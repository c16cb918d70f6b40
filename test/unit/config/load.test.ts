import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parseJson } from "../../../src/config/json.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { ConfigError, t } from "../../../src/util/schema.ts";

const root = mkdtempSync(join(tmpdir(), "jackdaw-config-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function directory(files: Record<string, string> = {}): string {
  const path = mkdtempSync(join(root, "d-"));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content);
  return path;
}

test("without a file all is default and paths are those of the working directory", async () => {
  const path = directory();
  const { config, file } = await loadConfig(undefined, { directory: path, env: {} });
  expect(file).toBeUndefined();
  expect(config.store).toMatchObject({ sqlite: join(path, "data/jackdaw.sqlite") });
  expect(config.tls.directory).toBe(join(path, "certs"));
});

test("--config goes before JACKDAW_CONFIG, that before server.config.json", async () => {
  const named = (domain: string) => JSON.stringify({ domains: [domain] });
  const path = directory({
    "server.config.json": named("a.org"),
    "b.json": named("b.org"),
    "c.json": named("c.org"),
  });
  const load = async (file: string | undefined, env: Record<string, string>) =>
    (await loadConfig(file, { directory: path, env })).config.domains[0]?.name;
  expect(await load(undefined, {})).toBe("a.org");
  expect(await load(undefined, { JACKDAW_CONFIG: "b.json" })).toBe("b.org");
  expect(await load("c.json", { JACKDAW_CONFIG: "b.json" })).toBe("c.org");
});

test("paths in a file are relative to the file", async () => {
  const path = directory();
  mkdirSync(join(path, "etc"));
  const content = {
    domains: [{ name: "a.org", certificate: "a.pem", key: "/keys/a.key" }],
    store: "../data/a.sqlite",
    tls: { clientCertificates: { ca: "ca.pem" } },
  };
  writeFileSync(join(path, "etc/my.json"), JSON.stringify(content));
  const { config } = await loadConfig("etc/my.json", { directory: path, env: {} });
  expect(config.domains[0]).toMatchObject({ certificate: join(path, "etc/a.pem"), key: "/keys/a.key" });
  expect(config.store).toMatchObject({ sqlite: join(path, "data/a.sqlite") });
  expect(config.tls.clientCertificates.ca).toBe(join(path, "etc/ca.pem"));
});

test.each([
  ["a missing file", "no.json", /^no\.json: there is no such file$/],
  ["a mistake in the JSON", "broken.json", /^broken\.json:2:3: expected a key in double quotes, got "d"$/],
  ["a mistake in a value", "wrong.json", /^wrong\.json: listn: unknown key, did you mean "listen"\?$/],
  ["something else than an object", "list.json", /^list\.json: expected an object, got \[\]$/],
  ["a mistake in a module's section", "module.json", /^module\.json: modules\.ping\.x: unknown key$/],
  ["a directory", ".", /^\.: cannot be read \(EISDIR\)$/],
])("%s is told with the file's name", async (_, file, message) => {
  const path = directory({
    "broken.json": "{\n  domains: []\n}",
    "wrong.json": '{ "listn": 1 }',
    "list.json": "[]",
    "module.json": '{ "modules": { "ping": { "x": 1 } } }',
  });
  const modules = [{ name: "ping", config: t.object({}) }];
  const failure = loadConfig(file, { directory: path, env: {}, modules });
  await expect(failure).rejects.toThrow(ConfigError);
  await expect(failure).rejects.toThrow(message);
});

test("a byte order mark is no mistake", async () => {
  const path = directory({ "server.config.json": '\uFEFF{ "domains": ["a.org"] }\r\n' });
  expect((await loadConfig(undefined, { directory: path, env: {} })).config.domains[0]?.name).toBe("a.org");
});

test.each([
  '{ "a": [1, -2.5e3, true, false, null, "\\u00e4\\n"], "b": {} }',
  "[]",
  '"x"',
  " 0 ",
  '{"__proto__": 1}',
])("reads %s as JSON.parse does", (text) => {
  expect(parseJson(text)).toEqual(JSON.parse(text));
});

test.each([
  ["", 1, 1, "expected a value, got the end of the file"],
  ["{", 1, 2, "expected a key in double quotes, got the end of the file"],
  ['{\n  "a": 1,\n}', 2, 9, 'a comma before "}" is not allowed'],
  ["[1 2]", 1, 4, 'expected "," or "]", got "2"'],
  ['{"a" 1}', 1, 6, 'expected ":" after "a", got "1"'],
  ['{"a": 1, "a": 2}', 1, 10, 'the key "a" is given twice'],
  ['{\r\n// no\r\n"a": 1}', 2, 1, "JSON has no comments"],
  ['{"a": "x\n"}', 1, 7, "a string that is not closed, or has a wrong escape"],
  ["{} x", 1, 4, 'expected the end of the file, got "x"'],
  ["{'a': 1}", 1, 2, `expected a key in double quotes, got "'"`],
  ["01", 1, 2, 'expected the end of the file, got "1"'],
  ["[".repeat(1000), 1, 102, "too deeply nested"],
])("%j is wrong at %i:%i", (text, line, column, message) => {
  expect(() => parseJson(text)).toThrow(expect.objectContaining({ line, column, message }));
});
