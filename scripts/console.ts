/**
 * The pages of the admin console: `src/modules/admin-console/page/` is bundled into `built/` beside it, which is kept in the
 * repository, so that a server that was just cloned or installed has them without a build.
 */
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "vite";

const MODULE = join(import.meta.dirname, "..", "src", "modules", "admin-console");
const PAGE = join(MODULE, "page");

/** Where the pages are. */
export const builtFolder = join(MODULE, "built");

/** Of all that the pages are made from; `built/source.sha256` has that of the last build. */
export function sourceHash(): string {
  const hash = createHash("sha256");
  const files = readdirSync(PAGE, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name)).toSorted();
  for (const path of paths)
    hash.update(`${path.slice(PAGE.length).replaceAll("\\", "/")}\n`).update(readFileSync(path));
  for (const name of ["preact", "vite"]) hash.update(`${name} ${versionOf(name)}\n`);
  return hash.digest("hex");
}

export async function buildConsole(): Promise<void> {
  rmSync(builtFolder, { recursive: true, force: true });
  mkdirSync(builtFolder, { recursive: true });
  await build({
    configFile: false,
    root: PAGE,
    publicDir: false,
    logLevel: "warn",
    oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
    build: {
      outDir: builtFolder,
      emptyOutDir: false,
      target: "es2022",
      modulePreload: false,
      rolldownOptions: {
        input: join(PAGE, "main.tsx"),
        output: { entryFileNames: "console.js", assetFileNames: "console[extname]" },
      },
    },
  });
  copyFileSync(join(PAGE, "index.html"), join(builtFolder, "index.html"));
  writeFileSync(join(builtFolder, "source.sha256"), `${sourceHash()}\n`);
}

function versionOf(name: string): string {
  const manifest = join(import.meta.dirname, "..", "node_modules", name, "package.json");
  return (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version;
}

if (import.meta.main) await buildConsole();
