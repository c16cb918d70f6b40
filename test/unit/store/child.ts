import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export interface Fixture {
  /** Lines of standard output so far. */
  readonly lines: string[];
  /** The signal or code that ended the child, when all its output is there. */
  readonly exit: Promise<NodeJS.Signals | number | null>;
  kill(): void;
}

interface FixtureOptions {
  /** Without root's power over permissions, if the test runs as root. */
  readonly unprivileged?: boolean;
  /** In blocks, as `ulimit -f` counts. */
  readonly maxFileBlocks?: number;
  onLine?(this: void, fixture: Fixture): void;
}

const NOBODY = 65534;

/** Runs a TypeScript file in a process of its own. Its standard error is that of the test. */
export function runFixture(file: URL, args: readonly string[], options: FixtureOptions = {}): Fixture {
  const node = [process.execPath, fileURLToPath(file), ...args];
  const limited = ["/bin/sh", "-c", `ulimit -f ${options.maxFileBlocks}; exec "$@"`, "sh", ...node];
  const [command, ...rest] = options.maxFileBlocks === undefined ? node : limited;
  const isRoot = process.getuid?.() === 0;
  const child = spawn(command as string, rest, {
    stdio: ["ignore", "pipe", "inherit"],
    ...(options.unprivileged && isRoot ? { uid: NOBODY, gid: NOBODY } : {}),
  });
  let unfinished = "";
  const fixture: Fixture = {
    lines: [],
    exit: new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code, signal) => resolve(signal ?? code));
    }),
    kill: () => void child.kill("SIGKILL"),
  };
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    const parts = (unfinished + chunk).split("\n");
    unfinished = parts.pop() ?? "";
    fixture.lines.push(...parts);
    options.onLine?.(fixture);
  });
  return fixture;
}
