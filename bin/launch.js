// Plain JavaScript, because the Node that runs it may be too old for everything else.
import { spawn } from "node:child_process";
import module from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** The oldest Node that runs the server: it strips types and has the Node-API 10 of better-sqlite3. */
export const oldestNode = "22.18";

/**
 * Whether a Node of this version, "24.21.0", runs the server.
 *
 * @param {string} version
 * @returns {boolean}
 */
export function isModern(version) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldestNode.split(".").map(Number);
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}

/**
 * Where Node keeps what it made of the code, so that the next start need not strip types and compile again; one that cannot write
 * there does without.
 */
const COMPILED = join(dirname(dirname(fileURLToPath(import.meta.url))), "node_modules", ".cache", "jackdaw");

/**
 * How V8 serves a server best: a large young generation would be room for garbage in each idle session, and for a small one
 * it costs more to share the work among threads than to do it.
 */
const SERVER_FLAGS = ["--max-semi-space-size=4", "--no-parallel-scavenge"];

/**
 * Sees to it that this process has the flags of a server: one that lacks any is replaced by another with the same id, which
 * starts anew. Flags that somebody set are left alone, and so is everything where processes cannot be replaced.
 */
export function haveServerFlags() {
  const given = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? "").split(" ")];
  const missing = SERVER_FLAGS.filter((flag) => !given.some((each) => nameOf(each) === nameOf(flag)));
  if (missing.length === 0 || process.platform === "win32" || !process.execve) return;
  process.execve(process.execPath, [
    process.execPath,
    ...missing,
    ...process.execArgv,
    ...process.argv.slice(1),
  ]);
}

/**
 * The same for a flag and its opposite.
 *
 * @param {string} flag
 */
function nameOf(flag) {
  return flag.replace(/=.*/s, "").replace(/^--no-/, "--");
}

/**
 * Runs a module in this process as if it had been named on the command line, so signals and the exit code are its own.
 *
 * @param {string} file absolute path
 * @param {readonly string[]} args
 */
export async function runHere(file, args) {
  process.argv = [process.execPath, file, ...args];
  module.enableCompileCache?.(COMPILED);
  await import(pathToFileURL(file).href);
}

/**
 * Runs a module under another Node with the limits of memory of this one, and ends as it ends: signals are passed on,
 * the exit code is passed back.
 *
 * @param {string} node path of the executable
 * @param {string} file absolute path
 * @param {readonly string[]} args
 */
export function runUnder(node, file, args) {
  const env = { NODE_COMPILE_CACHE: COMPILED, ...process.env };
  const child = spawn(node, [...flags(), file, ...args], { stdio: "inherit", env });
  // A terminal sends SIGINT and SIGHUP to the whole foreground group: the child has them already.
  const fromTerminal = process.stdin.isTTY === true;
  for (const signal of /** @type {const} */ (["SIGTERM", "SIGINT", "SIGHUP"])) {
    process.on(signal, () => {
      if (signal === "SIGTERM" || !fromTerminal) child.kill(signal);
    });
  }
  child.on("error", (error) => {
    process.stderr.write(`jackdaw: cannot run ${node}: ${error.message}\n`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

/** Not all flags: those that say what to run are not for the child. */
function flags() {
  return process.execArgv.filter((flag) => flag.startsWith("--max-"));
}
