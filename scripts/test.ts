/**
 * Everything that must hold before a commit: format, lint, types, unused code, tests. A step runs even when one
 * before it failed. Ends with `N passed, N failed` (and `, N skipped`), where each check and each test counts as one,
 * and with exit code 1 when anything failed.
 *
 * `--fast` runs only the first four checks. Other arguments are vitest's file filters.
 */
import { execFile } from "node:child_process";
import { relative } from "node:path";
import { startVitest, type TestCase, type TestModule, type TestSuite } from "vitest/node";

interface Check {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}

interface Tally {
  passed: number;
  readonly failed: string[];
  readonly skipped: string[];
}

const fastChecks: readonly Check[] = [
  { name: "format", command: ["biome", "check", "--error-on-warnings"] },
  { name: "lint", command: ["oxlint"] },
  { name: "types", command: ["tsc", "--noEmit", "-p", "tsconfig.json"] },
  {
    name: "types of the pages",
    command: ["tsc", "--noEmit", "-p", "src/browser/tsconfig.json"],
  },
];
const slowChecks: readonly Check[] = [{ name: "unused code", command: ["knip"] }];

const args = process.argv.slice(2);
const isFast = args.includes("--fast");
const filters = args.filter((argument) => argument !== "--fast");

const tally: Tally = { passed: 0, failed: [], skipped: [] };
await runChecks(isFast ? fastChecks : [...fastChecks, ...slowChecks]);
if (!isFast) await runTests();
report();

/** Runs the checks side by side and prints them one after another. */
async function runChecks(checks: readonly Check[]): Promise<void> {
  const results = checks.map(({ command }) => run(command));
  for (const [index, { name }] of checks.entries()) {
    const failure = await results[index];
    console.log(failure === undefined ? ` ✓ ${name}` : `${failure}\n ✗ ${name}`);
    if (failure === undefined) tally.passed++;
    else tally.failed.push(name);
  }
}

/** Resolves to what a failing command printed, or to undefined when it succeeded. */
function run([file, ...parameters]: Check["command"]): Promise<string | undefined> {
  const options = { maxBuffer: 64 * 1024 * 1024, shell: process.platform === "win32" };
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  execFile(file, parameters, options, (error, stdout, stderr) => {
    resolve(error === null ? undefined : `${stdout}${stderr}`.trimEnd() || error.message);
  });
  return promise;
}

async function runTests(): Promise<void> {
  try {
    const vitest = await startVitest(filters, { run: true, watch: false, reporters: ["default"] });
    const modules = vitest.state.getTestModules();
    const errors = vitest.state.getUnhandledErrors();
    await vitest.close();
    if (modules.length === 0) tally.failed.push("tests: none found");
    for (const module of modules) count(module);
    for (const error of errors) tally.failed.push(`outside of a test: ${messageOf(error)}`);
  } catch (error) {
    console.error(error);
    tally.failed.push("tests: vitest did not run");
  }
}

/** Counts the tests of a file; one that fails to load, and a hook that fails, are a failure each. */
function count(module: TestModule): void {
  for (const container of [module, ...module.children.allSuites()]) {
    if (container.errors().length > 0) tally.failed.push(title(container));
  }
  for (const test of module.children.allTests()) {
    const result = test.result();
    if (result.state === "passed") tally.passed++;
    else if (result.state === "skipped")
      tally.skipped.push(`${title(test)}: ${result.note ?? "no reason given"}`);
    else tally.failed.push(title(test));
  }
}

/** Errors that come from a test's process are plain objects. */
function messageOf(error: unknown): string {
  const hasMessage = typeof error === "object" && error !== null && "message" in error;
  return hasMessage ? String(error.message) : JSON.stringify(error);
}

function title(task: TestModule | TestSuite | TestCase): string {
  if (task.type === "module") return relative(process.cwd(), task.moduleId);
  return `${relative(process.cwd(), task.module.moduleId)} > ${task.fullName}`;
}

function report(): void {
  const { passed, failed, skipped } = tally;
  if (skipped.length > 0) console.log(["", "Skipped:", ...skipped].join("\n  "));
  if (failed.length > 0) console.log(["", "Failed:", ...failed].join("\n  "));
  const counts = [`${passed} passed`, `${failed.length} failed`];
  if (skipped.length > 0) counts.push(`${skipped.length} skipped`);
  console.log(`\n${counts.join(", ")}`);
  process.exit(failed.length > 0 ? 1 : 0);
}
