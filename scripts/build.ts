/** Builds the pages of src/browser, and dist/: JavaScript, declarations and source maps, from nothing. */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { buildPages } from "./pages.ts";

await buildPages();

rmSync("dist", { recursive: true, force: true });
const tsc = spawnSync("tsc", ["-p", "tsconfig.build.json"], {
  stdio: "inherit",
  shell: process.platform === "win32",
});
process.exitCode = tsc.status ?? 1;
