import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** In milliseconds: how long a foreign program may take for anything; only a failing test waits so long. */
export const PATIENCE_MS = 15_000;

/** The program's path, or undefined where it is not installed. */
export function findProgram(name: string): string | undefined {
  for (const directory of (process.env["PATH"] ?? "").split(delimiter)) {
    const file = join(directory, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not there.
    }
  }
  return undefined;
}

/** The first Python that has the module. Debian's modules belong to Debian's Python, which need not be the first. */
export function findPythonWith(module: string): string | undefined {
  return ["/usr/bin/python3", findProgram("python3")].find((python) => {
    if (python === undefined) return false;
    try {
      execFileSync(python, ["-c", `import ${module}`], { stdio: "ignore", timeout: PATIENCE_MS });
      return true;
    } catch {
      return false;
    }
  });
}

export interface RunOptions {
  readonly file: string;
  readonly args: readonly string[];
  /** Working directory and HOME. */
  readonly home: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A foreign program that runs; `using` ends it. */
export class Program implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #exit: Promise<unknown>;
  readonly #name: string;
  /** Standard output and standard error so far, as they came. */
  output = "";

  constructor({ file, args, home, env = {} }: RunOptions) {
    this.#name = file;
    this.#child = spawn(file, args, {
      cwd: home,
      env: { PATH: process.env["PATH"], LANG: "C.UTF-8", TERM: "xterm", HOME: home, ...env },
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => (this.output += text));
    }
    this.#child.stdin.on("error", () => {}); // it ended without reading
    this.#exit = once(this.#child, "close").catch((error: Error) => (this.output += error.message));
  }

  write(text: string): void {
    this.#child.stdin.write(text);
  }

  endInput(text = ""): void {
    this.#child.stdin.end(text);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Settles when the output has this. @throws Error with the output when it ends before, or takes too long. */
  async prints(pattern: RegExp): Promise<RegExpExecArray> {
    const deadline = AbortSignal.timeout(PATIENCE_MS);
    const late = once(deadline, "abort").then(() => "late");
    const ended = this.#exit.then(() => "ended");
    for (;;) {
      const found = pattern.exec(this.output);
      if (found) return found;
      const more = once(this.#child.stdout, "data").then(() => "more");
      const moreErrors = once(this.#child.stderr, "data").then(() => "more");
      const outcome = await Promise.race([more, moreErrors, late, ended]);
      if (outcome !== "more" && !pattern.test(this.output))
        throw this.#failure(`was ${outcome} without ${pattern}`);
    }
  }

  /** Settles with the exit code when the program has ended by itself. @throws Error with the output when it does not. */
  async ends(): Promise<number | null> {
    const outcome = await Promise.race([
      this.#exit,
      once(AbortSignal.timeout(PATIENCE_MS), "abort").then(() => "late"),
    ]);
    if (outcome === "late") throw this.#failure("did not end");
    return this.#child.exitCode;
  }

  /** Settles when the program ended well. @throws Error with the output when it does not. */
  async succeeds(): Promise<string> {
    const code = await this.ends();
    if (code !== 0) throw this.#failure(`ended with ${code ?? this.#child.signalCode}`);
    return this.output;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exit;
  }

  #failure(what: string): Error {
    return new Error(`${this.#name} ${what}\n\nIts output:\n${this.output}\n`);
  }
}
