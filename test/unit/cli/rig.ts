import { EventEmitter } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { onTestFinished } from "vitest";
import type { Backend } from "../../../src/cli/backend.ts";
import type { Environment, Input } from "../../../src/cli/environment.ts";
import { run } from "../../../src/cli/program.ts";
import type { Config } from "../../../src/config/config.ts";
import type { Logger } from "../../../src/util/logger.ts";
import { systemRandom } from "../../../src/util/random.ts";
import { t } from "../../../src/util/schema.ts";
import { FakeContext } from "../admin/fake-context.ts";

/** A server of nothing but accounts; `events` tells what was asked of it. */
class FakeBackend implements Backend {
  readonly ping = { name: "ping", config: t.object({ interval: t.duration("off"), key: t.secret("none") }) };
  readonly modules = [this.ping];
  readonly events: string[] = [];
  readonly passwords = new Map<string, string>();
  /** Of the server that was opened last. */
  context = new FakeContext();
  listen: () => void = () => {};
  /** An administrator asks for the end. */
  shutDown: () => void = () => {};
  close: () => Promise<void> = async () => {};

  async open(config: Config, logger: Logger) {
    this.events.push("open");
    logger.debug("opened");
    this.context = new FakeContext(
      this.passwords,
      config.domains.map(({ name }) => name),
    );
    return {
      admin: this.context,
      listen: async () => {
        this.listen();
        this.events.push("listen");
        return [
          { name: "c2s", port: 5222 },
          { name: "https", port: 5443, url: "https://localhost:5443" },
        ];
      },
      onShutDown: (listener: () => void) => {
        this.shutDown = listener;
      },
      reload: async (changed: Config) => void this.events.push(`reload ${changed.admins.join()}`),
      close: async () => {
        await this.close();
        this.events.push("close");
      },
    };
  }
}

export class Terminal extends PassThrough {
  readonly isTTY = true;
  isRaw = false;

  setRawMode(on: boolean): void {
    this.isRaw = on;
  }
}

/** One command line in a fresh directory, with everything that it printed. */
export class CliRig {
  readonly backend = new FakeBackend();
  readonly signals = new EventEmitter();
  readonly exits: number[] = [];
  readonly log: string[] = [];
  readonly directory: string;
  out = "";
  err = "";

  constructor(files: Record<string, string | object> = {}) {
    this.directory = mkdtempSync(join(tmpdir(), "jk-cli-"));
    onTestFinished(() => rmSync(this.directory, { recursive: true, force: true }));
    for (const [name, content] of Object.entries(files)) this.write(name, content);
  }

  write(name: string, content: string | object): void {
    writeFileSync(
      join(this.directory, name),
      typeof content === "string" ? content : JSON.stringify(content),
    );
  }

  run(
    commandLine: string,
    stdin: string | Input = "",
    overrides: Partial<Environment> = {},
  ): Promise<number> {
    const write =
      (level: string) =>
      (message: string, data: object = {}) =>
        void this.log.push(`${level} ${message} ${JSON.stringify(data)}`);
    const logger: Logger = {
      debug: write("debug"),
      info: write("info"),
      warn: write("warn"),
      error: write("error"),
      child: () => logger,
    };
    return run(commandLine.split(" "), {
      backend: this.backend,
      stdin: typeof stdin === "string" ? Readable.from([Buffer.from(stdin)]) : stdin,
      stdout: this.#sink((text) => (this.out += text)),
      stderr: this.#sink((text) => (this.err += text)),
      env: {},
      directory: this.directory,
      signals: this.signals,
      random: systemRandom,
      now: () => Date.UTC(2026, 0, 1),
      logger: () => logger,
      exit: (code) => void this.exits.push(code),
      ...overrides,
    });
  }

  /** Settles when the server obeys signals, for until then they are only held. */
  started(): Promise<void> {
    return new Promise((resolve) => {
      this.signals.on("removeListener", (signal) => signal === "SIGINT" && setImmediate(resolve));
    });
  }

  #sink(append: (text: string) => void): PassThrough {
    const stream = new PassThrough();
    const write = (chunk: unknown) => {
      append(String(chunk));
      return true;
    };
    return Object.assign(stream, { write });
  }
}
