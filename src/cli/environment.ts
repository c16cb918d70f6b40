import type { Readable, Writable } from "node:stream";
import type { Logger, LogLevel } from "../util/logger.ts";
import type { Random } from "../util/random.ts";
import type { Backend } from "./backend.ts";

/** Standard input: a terminal can stop showing what is typed. */
export interface Input extends Readable {
  readonly isTTY?: boolean;
  setRawMode?(on: boolean): unknown;
}

/** Standard output: a terminal shows pictures made of letters. */
interface Output extends Writable {
  readonly isTTY?: boolean;
}

type SignalName = "SIGINT" | "SIGTERM" | "SIGHUP";

interface Signals {
  on(signal: SignalName, listener: () => void): unknown;
  removeListener(signal: SignalName, listener: () => void): unknown;
}

/** Everything that the command line touches, so that tests can run it inside their process. */
export interface Environment {
  readonly backend: Backend;
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Writable;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly directory: string;
  readonly signals: Signals;
  readonly random: Random;
  readonly now: () => number;
  readonly logger: (level: LogLevel) => Logger;
  /** Ends the process at once. */
  readonly exit: (code: number) => void;
}
