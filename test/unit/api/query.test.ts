import { expect, test } from "vitest";
import { argsOfQuery } from "../../../src/modules/api/query.ts";
import { t } from "../../../src/util/schema.ts";

const schema = t.object({
  text: t.string(""),
  count: t.integer(1),
  flag: t.boolean(false),
  maybe: t.optional(t.integer()),
  perhaps: t.optional(t.boolean()),
  many: t.list(t.integer()),
  words: t.list(t.string()),
});

function read(query: string): unknown {
  return argsOfQuery(schema, `https://example.org/x?${query}`);
}

test("values have the types of their fields", () => {
  expect(read("text=7&count=7&flag=true&maybe=-3&perhaps=false&many=1&many=2&words=a")).toEqual({
    text: "7",
    count: 7,
    flag: true,
    maybe: -3,
    perhaps: false,
    many: [1, 2],
    words: ["a"],
  });
});

test("what does not fit is left for the schema to refuse", () => {
  const args = read("count=many&flag=yes&unknown=1");
  expect(args).toEqual({ count: "many", flag: "yes", unknown: "1" });
  expect(() => schema.parse(args, "")).toThrow("unknown key");
  expect(read("text=a&text=b")).toEqual({ text: ["a", "b"] });
  for (const key of ["__proto__", "constructor", "toString"]) {
    expect(Object.keys(read(`${key}=x`) as object)).toEqual([key]);
  }
});
