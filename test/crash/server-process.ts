import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

/** For clients of a test: passwords in clear, and few PBKDF2 rounds. */
const CONFIG = {
  listen: { c2s: "127.0.0.1:0", c2sTls: "127.0.0.1:0" },
  tls: { required: false },
  auth: { plainWithoutTls: true, iterations: 4096 },
};

/** How a process ended. */
export type Exit = NodeJS.Signals | number | null;

/** A directory with a configuration, where servers are started one after another. */
export class ServerFolder {
  readonly path = mkdtempSync(join(tmpdir(), "jackdaw-crash-"));
  readonly #processes: ServerProcess[] = [];

  constructor(config: Readonly<Record<string, unknown>> = {}) {
    this.configure(config);
  }

  /** Writes the configuration anew; sections given take the place of the default ones. */
  configure(config: Readonly<Record<string, unknown>>): void {
    this.write("server.config.json", JSON.stringify({ ...CONFIG, ...config }));
  }

  write(file: string, content: string): void {
    writeFileSync(join(this.path, file), content);
  }

  /** Starts a server; see {@link ServerProcess.ready}. */
  spawn(): ServerProcess {
    const server = new ServerProcess(this.path, ["start"]);
    this.#processes.push(server);
    return server;
  }

  /** A server that listens. @throws Error with its output when it ended instead. */
  async start(): Promise<ServerProcess> {
    const server = this.spawn();
    await server.ready();
    return server;
  }

  /** Runs one command line to its end. */
  async run(args: readonly string[], stdin = ""): Promise<ServerProcess> {
    const process = new ServerProcess(this.path, args);
    this.#processes.push(process);
    process.child.stdin?.end(stdin);
    await process.exit;
    return process;
  }

  /** Kills what still runs and removes everything. */
  async remove(): Promise<void> {
    for (const { child } of this.#processes) if (child.exitCode === null) child.kill("SIGKILL");
    await Promise.all(this.#processes.map(({ exit }) => exit));
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** The command line in a process of its own. */
export class ServerProcess {
  readonly child: ChildProcess;
  readonly exit: Promise<Exit>;
  out = "";
  /** The log, and what the command line complains of. */
  err = "";
  #waiting: (() => void)[] = [];

  constructor(directory: string, args: readonly string[]) {
    const child = spawn(process.execPath, [MAIN, ...args], { cwd: directory, stdio: "pipe" });
    this.child = child;
    const kill = () => void child.kill("SIGKILL");
    process.once("exit", kill);
    child.once("close", () => process.removeListener("exit", kill));
    // A process that is gone does not read.
    child.stdin.on("error", () => {});
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.out += text;
      this.#wake();
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.err += text;
      this.#wake();
    });
    this.exit = once(child, "close").then(([code, signal]) => {
      this.#wake();
      return (signal ?? code) as Exit;
    });
  }

  get port(): number {
    return this.#portOf("STARTTLS");
  }

  get tlsPort(): number {
    return this.#portOf("TLS");
  }

  /** Settles when the server listens. @throws Error when it ended instead. */
  ready(): Promise<void> {
    return this.until(() => this.out.includes("Add an account:"));
  }

  /** Settles when the process logged what is asked for. @throws Error when it ended instead. */
  logged(text: string): Promise<void> {
    return this.until(() => this.err.includes(text));
  }

  async until(happened: () => boolean): Promise<void> {
    while (!happened()) {
      if (this.child.exitCode !== null || this.child.signalCode !== null) {
        throw new Error(`the server ended\n${this.out}\n${this.err}`);
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Resident bytes of the process. Linux only. */
  get memory(): number {
    const status = readFileSync(`/proc/${this.child.pid}/status`, "utf8");
    return Number(/^VmRSS:\s*(\d+) kB/m.exec(status)?.[1]) * 1024;
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Ends the process without a chance for it to do anything about it. */
  async kill(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.exit;
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  #portOf(kind: string): number {
    return Number(new RegExp(`:(\\d+) \\(clients, ${kind}\\)`).exec(this.out)?.[1]);
  }
}
