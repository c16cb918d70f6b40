#!/usr/bin/env node
// The `jackdaw` command. It only finds a Node that is new enough and the program to run: dist/ of the
// package, src/ of a checkout.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { haveServerFlags, isModern, oldestNode, runHere, runUnder } from "./launch.js";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
// A checkout may have a dist/ of long ago.
const isCheckout = existsSync(join(root, "scripts"));
const program = isCheckout ? join(root, "src", "main.ts") : join(root, "dist", "main.js");
const args = process.argv.slice(2);

if (isModern(process.versions.node)) {
  if (args.includes("start")) haveServerFlags();
  await runHere(program, args);
} else {
  const node = installedNode() ?? fetchedNode();
  if (node === undefined) {
    process.stderr.write(
      `jackdaw: needs Node ${oldestNode} or newer, this is ${process.versions.node}, and npm could not fetch one. ` +
        "Install a newer Node, or add it to the project: npm install node@24\n",
    );
    process.exit(1);
  }
  runUnder(node, program, args);
}

/**
 * The executable of an installed `node` package, next to this one or in the working directory.
 *
 * @returns {string | undefined}
 */
function installedNode() {
  for (const from of [import.meta.url, join(process.cwd(), "package.json")]) {
    try {
      const manifest = createRequire(from).resolve("node/package.json");
      const node = join(dirname(manifest), "bin", process.platform === "win32" ? "node.exe" : "node");
      if (isModern(versionOf(node, ["--version"]).replace("v", ""))) return node;
    } catch {
      // None there, or none that runs here.
    }
  }
  return undefined;
}

/**
 * A Node from npm's cache, fetched when missing.
 *
 * @returns {string | undefined}
 */
function fetchedNode() {
  process.stderr.write(
    `jackdaw: needs Node ${oldestNode} or newer, this is ${process.versions.node}; running under node@24 from npm\n`,
  );
  const print = "process.versions.node + ' ' + process.execPath";
  const exec = ["exec", "--yes", "--package=node@24", "--", "node", "-p", `"${print}"`];
  try {
    const answer = versionOf("npm", exec, true);
    const [version = "", ...path] = answer.split(" ");
    return isModern(version) ? path.join(" ") : undefined;
  } catch {
    return undefined;
  }
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {boolean} [shell] npm is a script that only a shell finds on Windows
 * @returns {string} the last line it prints
 */
function versionOf(command, args, shell = false) {
  const output = execFileSync(command, args, {
    encoding: "utf8",
    shell,
    stdio: ["ignore", "pipe", "ignore"],
  });
  return output.trim().split("\n").at(-1) ?? "";
}
