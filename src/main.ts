#!/usr/bin/env node
import { run } from "./cli/program.ts";
import { serverBackend } from "./cli/server-backend.ts";
import { jsonLogger } from "./util/logger.ts";
import { systemRandom } from "./util/random.ts";

const code = await run(process.argv.slice(2), {
  backend: serverBackend,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  directory: process.cwd(),
  signals: process,
  random: systemRandom,
  now: () => Date.now(),
  logger: jsonLogger,
  exit: (code) => process.exit(code),
});

// Whatever is still open keeps nobody waiting, but what was printed arrives.
process.stdout.write("", () => process.exit(code));
