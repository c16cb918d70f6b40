/** Builds the pages of the admin console, and dist/: JavaScript, declarations and source maps, from nothing. */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { buildConsole } from "./console.ts";

await buildConsole();

rmSync("dist", { recursive: true, force: true });
const tsc = spawnSync("tsc", ["-p", "tsconfig.build.json"], {
  stdio: "inherit",
  shell: process.platform === "win32",
});
process.exitCode = tsc.status ?? 1;
