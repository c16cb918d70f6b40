/**
 * The pages of `src/browser/` are bundled into `built/` there, one folder each, which is kept in the repository, so that a server
 * that was just cloned or installed has them without a build.
 */
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, sep } from "node:path";
import { build } from "vite";

const SOURCES = join(import.meta.dirname, "..", "src", "browser");

/** Where the pages are. */
export const builtFolder = join(SOURCES, "built");

/** Folders with a `main.tsx` and an `index.html`. */
export const pages: readonly string[] = ["console", "rig"];

/** Of all that the pages are made from; `built/source.sha256` has that of the last build. */
export function sourceHash(): string {
  const hash = createHash("sha256");
  const files = readdirSync(SOURCES, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const paths = files
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((path) => !path.startsWith(builtFolder + sep))
    .toSorted();
  for (const path of paths)
    hash.update(`${path.slice(SOURCES.length).replaceAll("\\", "/")}\n`).update(readFileSync(path));
  for (const name of ["preact", "vite"]) hash.update(`${name} ${versionOf(name)}\n`);
  return hash.digest("hex");
}

export async function buildPages(): Promise<void> {
  rmSync(builtFolder, { recursive: true, force: true });
  for (const page of pages) await buildPage(page);
  writeFileSync(join(builtFolder, "source.sha256"), `${sourceHash()}\n`);
}

async function buildPage(page: string): Promise<void> {
  const [root, outDir] = [join(SOURCES, page), join(builtFolder, page)];
  mkdirSync(outDir, { recursive: true });
  await build({
    configFile: false,
    root,
    publicDir: false,
    logLevel: "warn",
    oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
    build: {
      outDir,
      emptyOutDir: false,
      target: "es2022",
      modulePreload: false,
      rolldownOptions: {
        input: join(root, "main.tsx"),
        output: { entryFileNames: `${page}.js`, assetFileNames: `${page}[extname]` },
      },
    },
  });
  copyFileSync(join(root, "index.html"), join(outDir, "index.html"));
}

function versionOf(name: string): string {
  const manifest = join(import.meta.dirname, "..", "node_modules", name, "package.json");
  return (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version;
}

if (import.meta.main) await buildPages();
