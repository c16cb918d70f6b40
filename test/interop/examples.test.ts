/** The projects in examples/ run with the package as it is published. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..", "..");
const examples = readdirSync(join(root, "examples"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

test.each(examples)("npm run example %s", async (name) => {
  const run = spawn(process.execPath, [join(root, "scripts", "example.ts"), name], { cwd: root });
  const said = Promise.all([text(run.stdout), text(run.stderr)]);
  const [code] = await once(run, "close");
  expect(code, (await said).join("\n")).toBe(0);
});

test("there is one for Vitest, one that does without it, and one in another language", () => {
  expect(examples).toEqual(expect.arrayContaining(["vitest", "node-test", "python", "node-rig"]));
});
