import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { onTestFinished, vi } from "vitest";
import { PATIENCE_MS, Program } from "./programs.ts";

const run = promisify(execFile);

export interface TerminalOptions {
  /** tmux. */
  readonly file: string;
  /** The program that runs in it. */
  readonly command: string;
  readonly home: string;
}

/** A program that believes it has a screen and a keyboard: a tmux of its own, which ends with it. */
export class Terminal implements AsyncDisposable {
  readonly #options: TerminalOptions;
  readonly #socket: string;
  readonly #server: Program;

  private constructor(options: TerminalOptions) {
    this.#options = options;
    this.#socket = join(options.home, "tmux");
    // -D: stays in the foreground, so that it is ours to end.
    this.#server = new Program({
      ...options,
      args: ["-D", "-S", this.#socket, "-f", "/dev/null"],
    });
  }

  static async open(options: TerminalOptions): Promise<Terminal> {
    const terminal = new Terminal(options);
    // Also when the test fails before it has it.
    onTestFinished(() => terminal[Symbol.asyncDispose]());
    // The server takes a moment to make its socket.
    await vi.waitFor(() => terminal.#tmux("new-session", "-d", "-x", "120", "-y", "40", options.command), {
      timeout: PATIENCE_MS,
    });
    return terminal;
  }

  /** Types a line, and Enter. */
  async types(line: string): Promise<void> {
    await this.#tmux("send-keys", "-l", line);
    await this.#tmux("send-keys", "Enter");
  }

  /**
   * As `types`, for programs that take what comes at once for something pasted, and an Enter for a part of it: it is
   * pressed again until the screen has this.
   */
  async writes(line: string, until: RegExp): Promise<void> {
    await this.press(line);
    await this.pressUntil("Enter", until);
  }

  /** Presses a key, by tmux's name for it, again and again until the screen has this. */
  async pressUntil(key: "Enter" | "PageUp" | "PageDown", until: RegExp): Promise<void> {
    await vi.waitFor(
      async () => {
        await this.#tmux("send-keys", key);
        const screen = await this.#tmux("capture-pane", "-p");
        if (!until.test(screen)) throw new Error(`no ${until} on the screen:\n${screen}`);
      },
      { timeout: PATIENCE_MS, interval: 300 },
    );
  }

  /** Presses the keys of a text, without Enter. */
  async press(text: string): Promise<void> {
    await this.#tmux("send-keys", "-l", text);
  }

  /** Settles with the screen when it has this, within `patience` milliseconds. @throws Error with the screen when it does not get it. */
  async shows(pattern: RegExp, patience = PATIENCE_MS): Promise<string> {
    return vi.waitFor(
      async () => {
        const screen = await this.#tmux("capture-pane", "-p");
        if (!pattern.test(screen)) throw new Error(`no ${pattern} on the screen:\n${screen}`);
        return screen;
      },
      { timeout: patience },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tmux("kill-server").catch(() => {});
    await this.#server[Symbol.asyncDispose]();
  }

  /** -N: one that is not there yet is not to be started by this, with a home that is not its own. */
  async #tmux(...args: string[]): Promise<string> {
    const { stdout } = await run(this.#options.file, ["-N", "-S", this.#socket, ...args], {
      timeout: PATIENCE_MS,
    });
    return stdout;
  }
}
