import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { isModern } from "../../bin/launch.js";

const launcher = pathToFileURL(join(import.meta.dirname, "..", "..", "bin", "launch.js")).href;

/** A process that runs `program` in another one, through the launcher. */
function launch(program: string, ...args: string[]) {
  const folder = mkdtempSync(join(tmpdir(), "jackdaw-launch-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "program.mjs");
  writeFileSync(file, program);
  const source = `
    import { runUnder } from ${JSON.stringify(launcher)};
    runUnder(process.execPath, ${JSON.stringify(file)}, ${JSON.stringify(args)});`;
  return spawn(process.execPath, ["--input-type=module", "--eval", source], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

test.each([
  ["20.20.2", false],
  ["22.17.9", false],
  ["22.18.0", true],
  ["24.0.0", true],
])("Node %s runs the server: %s", (version, expected) => {
  expect(isModern(version)).toBe(expected);
});

test("the command runs what a package was built to, and the source of a checkout", () => {
  const folder = mkdtempSync(join(tmpdir(), "jackdaw-command-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  cpSync(join(import.meta.dirname, "..", "..", "bin"), join(folder, "bin"), { recursive: true });
  writeFileSync(join(folder, "package.json"), `{ "type": "module" }`);
  for (const name of ["dist/main.js", "src/main.ts"]) {
    mkdirSync(join(folder, name, ".."));
    writeFileSync(join(folder, name), `process.stdout.write("${name}");`);
  }
  const command = () =>
    execFileSync(process.execPath, [join(folder, "bin", "jackdaw.js")], { encoding: "utf8" });
  expect(command()).toBe("dist/main.js");
  mkdirSync(join(folder, "scripts"));
  expect(command()).toBe("src/main.ts");
});

test("arguments reach the program and its exit code comes back", async () => {
  const child = launch("process.exit(process.argv.slice(2).join() === 'a,--b' ? 7 : 1)", "a", "--b");
  const [code] = await once(child, "exit");
  expect(code).toBe(7);
});

test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
  "%s reaches the program, which ends in its own way",
  async (signal) => {
    const child = launch(`
    const alive = setInterval(() => {}, 1000);
    process.on(${JSON.stringify(signal)}, () => { clearInterval(alive); process.exitCode = 5; });
    console.log("ready");`);
    await once(child.stdout, "data");
    child.kill(signal);
    const [code] = await once(child, "exit");
    expect(code).toBe(5);
  },
);

test("a program that a signal ends makes the launcher end by it", async () => {
  const child = launch("process.kill(process.pid, 'SIGKILL')");
  const [code, signal] = await once(child, "exit");
  expect([code, signal]).toEqual([null, "SIGKILL"]);
});

describe.skipIf(process.platform === "win32")("a process without the flags of a server", () => {
  /** What a program says that asks for them. */
  async function flagsOf(...given: string[]): Promise<unknown> {
    const source = `
      import { haveServerFlags } from ${JSON.stringify(launcher)};
      console.log(process.pid);
      haveServerFlags();
      console.log(JSON.stringify([process.pid, process.execArgv, process.argv.slice(2)]));`;
    const folder = mkdtempSync(join(tmpdir(), "jackdaw-launch-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, "program.mjs");
    writeFileSync(file, source);
    const child = spawn(process.execPath, [...given, file, "start", "--config", "a b"], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [text, errors] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => void (text += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => void (errors += chunk.toString()));
    const [code] = await once(child, "close");
    expect([code, errors]).toEqual([0, ""]);
    const [first, ...more] = text.trim().split("\n");
    const [pid, flags, args] = JSON.parse(more.at(-1) as string) as [number, string[], string[]];
    expect([pid, args]).toEqual([Number(first), ["start", "--config", "a b"]]);
    return flags;
  }

  test("goes on with them, as the same process", async () => {
    expect(await flagsOf()).toEqual(["--max-semi-space-size=4", "--no-parallel-scavenge"]);
    expect(await flagsOf("--no-warnings", "--no-parallel-scavenge")).toEqual([
      "--max-semi-space-size=4",
      "--no-warnings",
      "--no-parallel-scavenge",
    ]);
  });

  test("keeps what somebody set", async () => {
    const others = ["--max-semi-space-size=16", "--parallel-scavenge"];
    expect(await flagsOf(...others)).toEqual(others);
  });
});

test("the program's compiled code is kept for its next start", async () => {
  const child = launch("console.log(process.env.NODE_COMPILE_CACHE)");
  const [printed] = await once(child.stdout, "data");
  expect(String(printed).trim()).toBe(
    join(import.meta.dirname, "..", "..", "node_modules", ".cache", "jackdaw"),
  );
});
