import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { oldestNode } from "../../bin/launch.js";
import { fileAt } from "./source-files.ts";

const root = join(import.meta.dirname, "..", "..");
const versions = z.record(z.string(), z.string());
const manifest = z
  .object({
    bin: versions,
    engines: z.object({ node: z.string() }),
    exports: z.record(
      z.string(),
      z.union([z.string(), z.object({ types: z.string(), default: z.string() })]),
    ),
    files: z.array(z.string()),
    dependencies: versions,
    devDependencies: versions,
  })
  .parse(JSON.parse(fileAt("package.json").text));

const lock = z
  .object({
    packages: z.record(
      z.string(),
      z.object({ integrity: z.string().optional(), link: z.boolean().optional() }).loose(),
    ),
  })
  .parse(JSON.parse(fileAt("package-lock.json").text));

test("every dependency names one exact version", () => {
  const loose = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }).filter(
    ([, version]) => !/^\d+\.\d+\.\d+$/.test(version),
  );
  expect(loose).toEqual([]);
});

test("the lock has a checksum for every package and names no registry", () => {
  // A package may bring others in its own archive, and links to them: its checksum is theirs.
  const isInside = (path: string) => !/(^|\/)node_modules\/(@[^/]+\/)?[^/]+$/.test(path);
  const unchecked = Object.entries(lock.packages).filter(
    ([path, entry]) => path !== "" && !entry.integrity && !entry.link && !isInside(path),
  );
  expect(unchecked.map(([path]) => path)).toEqual([]);
  expect(fileAt("package-lock.json").text).not.toMatch(/"resolved": "https?:/);
});

test("the lock has every platform's package of the tools that come as one per platform", () => {
  const platforms = z.object({ optionalDependencies: versions.default({}) });
  const missing = Object.entries(lock.packages).flatMap(([path, entry]) =>
    Object.keys(platforms.parse(entry).optionalDependencies)
      .filter(
        (name) =>
          !(`${path}/node_modules/${name}` in lock.packages || `node_modules/${name}` in lock.packages),
      )
      .map((name) => `${path} lacks ${name}`),
  );
  expect(missing).toEqual([]);
});

test("what the package offers is built from a source that exists and is shipped", () => {
  const targets = Object.values(manifest.exports).flatMap((entry) =>
    typeof entry === "string" ? [] : [entry.types, entry.default],
  );
  expect(targets.length).toBeGreaterThan(0);
  for (const target of targets) {
    const source = target.replace("./dist/", "src/").replace(/(\.d\.ts|\.js)$/, ".ts");
    expect(existsSync(join(root, source)), source).toBe(true);
    expect(manifest.files).toContain(target.split("/")[1]);
  }
});

test("the command is shipped and asks for the Node that `engines` names", () => {
  const [command = ""] = Object.values(manifest.bin);
  expect(existsSync(join(root, command))).toBe(true);
  expect(manifest.files).toContain(command.split("/")[0]);
  expect(manifest.engines.node).toBe(`>=${oldestNode}`);
});
