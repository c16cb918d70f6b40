import { expect, test } from "vitest";
import { filesBelow } from "./source-files.ts";

const maxLines = 500;

test.each(["src", "test", "scripts"])(`no file in %s has more than ${maxLines} lines`, (folder) => {
  const lengths = filesBelow(folder, [".ts", ".tsx", ".mjs"]).map(({ path, text }) => ({
    path,
    lines: text.split("\n").length - 1,
  }));
  expect(lengths.length).toBeGreaterThan(0);
  expect(lengths.filter(({ lines }) => lines > maxLines)).toEqual([]);
});
