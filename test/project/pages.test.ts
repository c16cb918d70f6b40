import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { builtFolder, pages, sourceHash } from "../../scripts/pages.ts";

test("the pages in the repository were built from their sources; `npm run build` does it", () => {
  expect(readFileSync(join(builtFolder, "source.sha256"), "utf8").trim()).toBe(sourceHash());
});

test.each(pages)("%s has no script and no style in its page, which its policy would refuse", (page) => {
  const text = readFileSync(join(builtFolder, page, "index.html"), "utf8");
  expect(text.match(/<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=/g)).toBeNull();
});
