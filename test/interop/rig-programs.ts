/** Programs in Python against the test server. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { TestServer } from "../../src/testing/index.ts";
import { findPythonWith, Program } from "./programs.ts";

/** Runs a script of this folder with what it is told; it is gone with the test. */
export function runPython(
  server: TestServer,
  module: string,
  script: string,
  settings: Readonly<Record<string, unknown>>,
): Program {
  const home = mkdtempSync(join(tmpdir(), "jackdaw-faults-"));
  const ca = join(home, "ca.pem");
  writeFileSync(ca, server.ca);
  const program = new Program({
    file: findPythonWith(module) as string,
    args: [join(import.meta.dirname, script), JSON.stringify({ ca, ...settings })],
    home,
    env: { PYTHONDONTWRITEBYTECODE: "1", SSL_CERT_FILE: ca },
  });
  onTestFinished(async () => {
    await program[Symbol.asyncDispose]();
    rmSync(home, { recursive: true });
  });
  return program;
}

/** romeo with slixmpp, to whom the event happens, and no other that ends the log-in. Default: with STARTTLS. */
export async function slixmppMeets(
  server: TestServer,
  expected: string,
  place = { port: server.port, direct: false },
): Promise<void> {
  const program = runPython(server, "slixmpp", "slixmpp-faults.py", { ...place, expected });
  await program.prints(/^all is well$/m);
}
