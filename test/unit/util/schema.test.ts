import { expect, test } from "vitest";
import { ConfigError, jsonSchemaOf, type Schema, t } from "../../../src/util/schema.ts";

const archive = t.object({
  keep: t.duration("30d").doc("How long messages stay."),
  page: t.integer(50, { min: 1, max: 100 }),
  quota: t.size("10 MB", { off: true }),
  isPublic: t.boolean(false),
  title: t.string("none"),
  policy: t.oneOf(["always", "roster", "never"], "roster"),
  names: t.list(t.string()),
  proxy: t.optional(t.object({ host: t.string(), port: t.integer(8080) })),
});

function problemsOf(schema: Schema<unknown>, value: unknown, path = "modules.archive"): string[] {
  try {
    schema.parse(value, path);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split("\n");
    throw error;
  }
  return [];
}

test("every key that is left out has its default", () => {
  expect(archive.parse({}, "")).toEqual({
    keep: 2_592_000_000,
    page: 50,
    quota: 10_000_000,
    isPublic: false,
    title: "none",
    policy: "roster",
    names: [],
  });
  expect(archive.parse(undefined, "")).toEqual(archive.parse({}, ""));
});

test("durations are milliseconds, sizes bytes, and off is 0 for a duration and no limit for the others", () => {
  const parsed = archive.parse({ keep: "off", quota: "off", proxy: { host: "a" } }, "");
  expect(parsed).toMatchObject({
    keep: 0,
    quota: Number.POSITIVE_INFINITY,
    proxy: { host: "a", port: 8080 },
  });
  expect(archive.parse({ quota: 1234 }, "").quota).toBe(1234);
  expect(t.integer("off", { off: true }).parse(undefined, "")).toBe(Number.POSITIVE_INFINITY);
});

test("a list that may be absent or null is undefined then", () => {
  const schema = t.object({ mechanisms: t.optional(t.list(t.string())) });
  expect(schema.parse({}, "").mechanisms).toBeUndefined();
  expect(schema.parse({ mechanisms: null }, "").mechanisms).toBeUndefined();
  expect(schema.parse({ mechanisms: ["PLAIN"] }, "").mechanisms).toEqual(["PLAIN"]);
});

test.each([
  [{ keep: 12 }, 'modules.archive.keep: expected a duration like "30d", got 12'],
  [{ keep: "12" }, 'modules.archive.keep: expected a duration like "30d", got "12"'],
  [{ page: 0 }, "modules.archive.page: expected a whole number from 1 to 100, got 0"],
  [{ page: 1.5 }, "modules.archive.page: expected a whole number from 1 to 100, got 1.5"],
  [{ quota: "big" }, 'modules.archive.quota: expected a size like "10 MB" or "off", got "big"'],
  [{ isPublic: "yes" }, 'modules.archive.isPublic: expected true or false, got "yes"'],
  [{ title: null }, "modules.archive.title: expected a string, got null"],
  [{ policy: "all" }, 'modules.archive.policy: expected one of "always", "roster", "never", got "all"'],
  [{ names: "a" }, 'modules.archive.names: expected a list, got "a"'],
  [{ names: ["a", 2] }, "modules.archive.names.1: expected a string, got 2"],
  [{ proxy: {} }, "modules.archive.proxy.host: expected a string, got nothing"],
  [[], "modules.archive: expected an object, got []"],
  [{ polcy: "roster" }, 'modules.archive.polcy: unknown key, did you mean "policy"?'],
  [{ proxy: { host: "a", prot: 1 } }, 'modules.archive.proxy.prot: unknown key, did you mean "port"?'],
  [{ somethingElse: 1 }, "modules.archive.somethingElse: unknown key"],
])("%j is refused with path and expectation", (value, message) => {
  expect(problemsOf(archive, value)).toEqual([message]);
});

test("all problems are told at once", () => {
  const problems = problemsOf(archive, { keep: 1, page: "x", nams: [] }, "");
  expect(problems.toSorted()).toEqual([
    'keep: expected a duration like "30d", got 1',
    'nams: unknown key, did you mean "names"?',
    'page: expected a whole number from 1 to 100, got "x"',
  ]);
});

test("bounds hold for durations and sizes, and off is no way around them", () => {
  const schema = t.object({
    wait: t.duration("30s", { min: 1000 }),
    room: t.size("1 MB", { min: 1000, max: 2_000_000 }),
  });
  expect(problemsOf(schema, { wait: "off" }, "")).toEqual([
    'wait: expected a duration like "30d" of at least 1s, got "off"',
  ]);
  expect(problemsOf(schema, { room: "off" }, "")).toEqual([
    'room: expected a size like "10 MB" from 1 KB to 2 MB, got "off"',
  ]);
  expect(problemsOf(schema, { room: 999 }, "")).toHaveLength(1);
  expect(problemsOf(schema, { room: "3 MB" }, "")).toHaveLength(1);
});

test("a secret appears in no error and no print-out", () => {
  const schema = t.object({ secret: t.secret() });
  expect(problemsOf(schema, { secret: 12345 }, "")).toEqual([
    "secret: expected a string, got something else",
  ]);
  expect(schema.print(schema.parse({ secret: "hunter2" }, ""))).toEqual({ secret: "(secret)" });
});

test("a long value is cut in an error", () => {
  expect(problemsOf(t.integer(), "x".repeat(10_000), "")[0]?.length).toBeLessThan(120);
});

test("printing is the inverse of parsing", () => {
  const written = { keep: "7d", quota: "off", names: ["a"], proxy: { host: "h", port: 1 } };
  const parsed = archive.parse(written, "");
  expect(archive.print(parsed)).toMatchObject(written);
  expect(archive.parse(archive.print(parsed), "")).toEqual(parsed);
});

test("a record has any names; a shorthand may be a string or one of its literals", () => {
  expect(t.record(t.integer()).parse({ a: 1, b: 2 }, "")).toEqual({ a: 1, b: 2 });
  expect(problemsOf(t.record(t.integer()), { a: "1" }, "ports")).toEqual([
    'ports.a: expected a whole number of at least 0, got "1"',
  ]);
  const store = t.shorthand(t.object({ file: t.string() }), "file", "a file", { literals: ["memory"] });
  expect(store.parse("x.db", "")).toEqual({ file: "x.db" });
  expect(store.parse("memory", "")).toBe("memory");
  expect(problemsOf(store, 5, "store")).toEqual(["store: expected a file, got 5"]);
  expect(problemsOf(store, { fil: "x" }, "store")).toContain('store.fil: unknown key, did you mean "file"?');
});

test("the JSON Schema describes what may be written", () => {
  expect(jsonSchemaOf(archive)).toMatchObject({
    type: "object",
    additionalProperties: false,
    properties: {
      keep: {
        type: "string",
        default: "30d",
        description: "How long messages stay.",
        pattern: expect.any(String),
      },
      page: { type: "integer", minimum: 1, maximum: 100, default: 50 },
      policy: { enum: ["always", "roster", "never"] },
      names: { type: "array", items: { type: "string" } },
    },
  });
  expect(jsonSchemaOf(archive)).not.toHaveProperty("required");
  expect(jsonSchemaOf(t.object({ host: t.string(), port: t.integer(1) }))).toHaveProperty("required", [
    "host",
  ]);
});
