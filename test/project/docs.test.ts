import { existsSync, readdirSync } from "node:fs";
import { join, posix } from "node:path";
import { describe, expect, test } from "vitest";
import { generatedDocs } from "../../scripts/docs/generated.ts";
import { defaultModules } from "../../src/modules/index.ts";
import { fileAt, filesBelow, type SourceFile } from "./source-files.ts";

const root = join(import.meta.dirname, "..", "..");
const generated = await generatedDocs();
const topLevel = readdirSync(root).filter((name) => name.endsWith(".md"));
const documents = [...topLevel.map(fileAt), ...filesBelow("docs", [".md"])];

test.each([...generated.keys()])("docs/%s is what the source says; `npm run docs` makes it so", (name) => {
  expect(fileAt(`docs/${name}`).text).toBe(generated.get(name));
});

describe("modules", () => {
  const files = readdirSync(join(root, "src", "modules")).filter((name) => name !== "index.ts");

  test("every file and folder of src/modules is in the default list, under its own name", () => {
    const names = files.map((name) =>
      name.replace(/\.ts$/, "").replaceAll(/-(\w)/g, (_, c: string) => c.toUpperCase()),
    );
    expect(defaultModules.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
  });

  test("every module that implements a specification has its row in docs/xeps.md", () => {
    const rows = generated.get("xeps.md");
    for (const { name } of defaultModules.filter((module) => module.implements.length > 0))
      expect(rows).toContain(`\`${name}\``);
  });
});

/** Targets of Markdown links to files, with the document that they stand in. */
function fileLinks({ path, text }: SourceFile): string[] {
  const prose = text.replaceAll(/```[^]*?```/g, "");
  return [...prose.matchAll(/\]\(([^)\s#]+)(?:#[^)\s]*)?\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => posix.join(posix.dirname(path), target));
}

describe("links", () => {
  test.each(documents.map(({ path }) => path))("of %s lead to files", (path) => {
    expect(fileLinks(fileAt(path)).filter((target) => !existsSync(join(root, target)))).toEqual([]);
  });

  test("of $schema lead to files", () => {
    const examples = [fileAt("README.md"), fileAt("server.config.json")].map(({ text }) => text).join("");
    const schemas = [...examples.matchAll(/"\$schema": "([^"]+)"/g)].map(([, target = ""]) => target);
    // The configuration is for everybody to change.
    expect(schemas).not.toEqual([]);
    expect(schemas.filter((target) => !existsSync(join(root, target)))).toEqual([]);
  });

  test("are found, but for those that leave the repository", () => {
    const text = "[a](b.md) [c](../d.ts#L1) [e](https://example.org/f) ![g](h.png)\n```ts\nx[0](y.ts)\n```";
    expect(fileLinks({ path: "docs/x.md", text })).toEqual(["docs/b.md", "d.ts", "docs/h.png"]);
  });
});

/** Code blocks with the file that they are copied from: ```ts src/modules/ping.ts, or ```js. */
function samples(text: string): { file: string; code: string }[] {
  return [...text.matchAll(/^```[jt]s *(\S*)\n([^]*?)^```$/gm)].map(([, file = "", code = ""]) => ({
    file,
    code,
  }));
}

/** Without indentation, which a part of a file may lose. */
function outdented(text: string): string {
  return text.replaceAll(/^ +/gm, "");
}

describe("TypeScript in the documentation for developers", () => {
  const developers = documents.filter(
    ({ path }) =>
      /^docs\/(architecture|writing-a-module|testing-with-jackdaw)\.md$/.test(path) ||
      path.startsWith("docs/decisions/"),
  );

  test.each(developers.map(({ path }) => path))(
    "of %s is copied from files that are compiled and run",
    (path) => {
      for (const { file, code } of samples(fileAt(path).text)) {
        expect(file, code).not.toBe("");
        expect(outdented(fileAt(file).text)).toContain(outdented(code));
      }
    },
  );

  test("is there", () => {
    expect(samples(fileAt("docs/writing-a-module.md").text).length).toBeGreaterThan(5);
  });
});
