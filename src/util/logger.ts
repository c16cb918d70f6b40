import { pino } from "pino";

/** Structured log. `data` never holds a secret: no password, key, token or stanza payload. */
export interface Logger {
  debug(message: string, data?: object): void;
  info(message: string, data?: object): void;
  warn(message: string, data?: object): void;
  error(message: string, data?: object): void;
  /** A logger that adds `bindings` to every line. */
  child(bindings: object): Logger;
}

export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const ignore = () => {};

/** Keeps nothing: the default of an embedded server. */
export const silentLogger: Logger = {
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  child: () => silentLogger,
};

/** What waits in memory while it cannot be written. */
const MAX_WAITING = 1_000_000;

/**
 * JSON lines on standard error, written at once so that a crash loses none. Where they cannot be written, the disk being full
 * or whoever read them gone, they wait, some of them, and nobody suffers.
 */
export function jsonLogger(level: LogLevel): Logger {
  const lines = pino.destination({ fd: 2, sync: true, maxLength: MAX_WAITING });
  lines.on("error", ignore);
  return wrap(pino({ level, base: undefined, timestamp: pino.stdTimeFunctions.isoTime }, lines));
}

interface Sink {
  isLevelEnabled(level: LogLevel): boolean;
  debug(data: object, message: string): void;
  info(data: object, message: string): void;
  warn(data: object, message: string): void;
  error(data: object, message: string): void;
  child(bindings: object): Sink;
}

/** A child is made when it has something to say: each stream has one, and what most would say is below the level. */
function wrap(parent: Sink, bindings?: object): Logger {
  let sink = bindings ? undefined : parent;
  const say =
    (level: "debug" | "info" | "warn" | "error") =>
    (message: string, data: object = {}) => {
      if (!parent.isLevelEnabled(level)) return;
      sink ??= parent.child(bindings as object);
      sink[level](data, message);
    };
  return {
    debug: say("debug"),
    info: say("info"),
    warn: say("warn"),
    error: say("error"),
    child: (more) => wrap((sink ??= parent.child(bindings as object)), more),
  };
}
