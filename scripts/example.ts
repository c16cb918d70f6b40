/**
 * `npm run example NAME`: runs `npm test` of the project in examples/NAME as if it stood alone: in a temporary folder, with
 * the package as it is published and the project's other packages beside it.
 */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Manifest {
  readonly files?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const root = join(import.meta.dirname, "..");
const [name = ""] = process.argv.slice(2);
const example = join(root, "examples", name);

if (name === "" || !existsSync(join(example, "package.json"))) {
  console.error(`There is no example ${name}; see examples/README.md`);
  process.exitCode = 2;
} else {
  process.exitCode = runExample();
}

function runExample(): number {
  const folder = mkdtempSync(join(tmpdir(), "jackdaw-example-"));
  try {
    cpSync(example, folder, { recursive: true });
    const modules = join(folder, "node_modules");
    mkdirSync(modules);
    linkPackages(modules);
    return install(join(modules, "jackdaw")) || run("npm", ["test"], folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What is published: the files that package.json names, with dist/ built from this source. */
function install(target: string): number {
  const { files = [] } = manifestIn(root);
  mkdirSync(target);
  for (const file of ["package.json", ...files.filter((each) => each !== "dist")]) {
    cpSync(join(root, file), join(target, file), { recursive: true });
  }
  return run("tsc", ["-p", "tsconfig.build.json", "--outDir", join(target, "dist")], root);
}

/** All packages that are here, but for the test runner of those that have none: it must not be needed. */
function linkPackages(modules: string): void {
  const { dependencies, devDependencies } = manifestIn(example);
  const usesVitest = "vitest" in { ...dependencies, ...devDependencies };
  for (const each of readdirSync(join(root, "node_modules"))) {
    if (!usesVitest && each.includes("vitest")) continue;
    symlinkSync(join(root, "node_modules", each), join(modules, each));
  }
}

function manifestIn(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
}

function run(command: string, args: readonly string[], cwd: string): number {
  return spawnSync(command, args, { cwd, stdio: "inherit", shell: process.platform === "win32" }).status ?? 1;
}
