import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { builtFolder, sourceHash } from "../../scripts/console.ts";

test("the console in the repository was built from its sources; `npm run build` does it", () => {
  expect(readFileSync(join(builtFolder, "source.sha256"), "utf8").trim()).toBe(sourceHash());
});

test("the page has no script and no style of its own, which its policy would refuse", () => {
  const page = readFileSync(join(builtFolder, "index.html"), "utf8");
  expect(page.match(/<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=/g)).toBeNull();
});
