// Runs under whatever Node a fresh clone meets, so it is plain JavaScript for Node 18.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { isModern, oldestNode } from "../bin/launch.js";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const binaries = join(root, "node_modules", ".bin");

/**
 * Installs what package-lock.json asks for unless it is there, and puts the installed tools on PATH.
 *
 * @param {{ development: boolean }} need `development`: the tools of the checkout too, not only what the server loads
 */
export function ensureInstalled({ development }) {
  if (!isInstalled(development)) install();
  process.env.PATH = [binaries, process.env.PATH].join(delimiter);
}

/**
 * The Node to go on with.
 *
 * @returns {string | undefined} path of the installed `node` package's, or undefined when the running one will do
 */
export function newerNode() {
  if (isModern(process.versions.node)) return undefined;
  const node = join(root, "node_modules", "node", "bin", process.platform === "win32" ? "node.exe" : "node");
  if (existsSync(node)) return node;
  fail(
    `Jackdaw needs Node ${oldestNode} or newer and this is ${process.versions.node}. ` +
      "npm normally installs one beside it; when install scripts are off, run: npm rebuild node",
  );
}

/**
 * Compares the lock with npm's own record of what it installed.
 *
 * @param {boolean} development
 */
function isInstalled(development) {
  const record = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(record)) return false;
  const wanted = packagesOf(join(root, "package-lock.json"));
  const installed = packagesOf(record);
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === "" || entry.optional || entry.devOptional || (entry.dev && !development)) return true;
    return installed[path]?.version === entry.version;
  });
}

/**
 * @param {string} lock
 * @returns {Record<string, { version?: string, dev?: boolean, optional?: boolean, devOptional?: boolean }>}
 */
function packagesOf(lock) {
  return JSON.parse(readFileSync(lock, "utf8")).packages;
}

/**
 * Runs no scripts but that of `node`, which brings a Node of its own. npm takes better-sqlite3 for something to build, for which it
 * wants a compiler and Node's headers, while the binaries of all usual platforms are in the package.
 */
function install() {
  process.stderr.write("Installing packages (npm ci) ...\n");
  npm("ci", "--include=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error");
  npm("rebuild", "node", "--loglevel=error");
  if (!hasBinaries()) npm("rebuild", "better-sqlite3", "--dangerously-allow-all-scripts", "--loglevel=error");
}

/** Whether better-sqlite3 brings what this platform loads: it tells so itself. */
function hasBinaries() {
  const binding = join(root, "node_modules", "better-sqlite3", "lib", "binding.js");
  const { stdout } = spawnSync(process.execPath, [binding], { encoding: "utf8" });
  return stdout === "1";
}

/** @param {readonly [string, ...string[]]} args */
function npm(...args) {
  // The Node that npm runs on must not be the one that npm ci is about to replace.
  const path = (process.env.PATH ?? "").split(delimiter).filter((entry) => entry !== binaries);
  const { status } = spawnSync("npm", args, {
    cwd: root,
    env: { ...process.env, PATH: path.join(delimiter) },
    shell: process.platform === "win32",
    stdio: ["ignore", 2, 2],
  });
  if (status !== 0) fail(`npm ${args[0]} failed; its message is above`);
}

/**
 * @param {string} message
 * @returns {never}
 */
function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
