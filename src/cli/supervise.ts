import type { Config } from "../config/config.ts";
import type { LoadedConfig } from "../config/load.ts";
import { needsRestart } from "../config/reload.ts";
import type { Logger } from "../util/logger.ts";
import type { Environment } from "./environment.ts";
import { CliError } from "./failure.ts";

/** Milliseconds that a server may take to close before it is ended. */
const CLOSING_TIME = 10_000;

/** A terminal sends Ctrl+C to npm and to the server, and npm may pass it on: that is one wish, not two. */
const SAME_KEYPRESS_MS = 500;

const SIGNALS = ["SIGHUP", "SIGTERM", "SIGINT"] as const;
type Signal = (typeof SIGNALS)[number];

/** Signals that came while nobody could obey them yet. */
export interface HeldSignals {
  /** Holds no more of them; those that came, in their order. */
  release(): readonly Signal[];
}

/**
 * Keeps signals until the server is there: left to themselves they would end it half-way, or, where it is the first
 * process of a container, be lost.
 */
export function holdSignals(signals: Environment["signals"]): HeldSignals {
  const held: Signal[] = [];
  const listeners = SIGNALS.map((signal) => [signal, () => void held.push(signal)] as const);
  for (const [signal, listener] of listeners) signals.on(signal, listener);
  return {
    release() {
      for (const [signal, listener] of listeners) signals.removeListener(signal, listener);
      return held;
    },
  };
}

interface Supervised {
  readonly environment: Pick<Environment, "signals" | "exit" | "now">;
  /** What came before; it is obeyed now. */
  readonly held: HeldSignals;
  readonly logger: Logger;
  readonly load: () => Promise<LoadedConfig>;
  readonly loaded: LoadedConfig;
  readonly reload: (config: Config) => Promise<void>;
  /** Calls the listener when an administrator asks for the end of the server. */
  readonly onShutDown: (listener: () => void) => void;
  readonly close: () => Promise<void>;
}

/** Obeys the signals. Resolves when the server has closed after SIGTERM, SIGINT or an administrator's wish; throws when it could not in time. */
export function superviseUntilStopped({
  environment,
  held,
  logger,
  load,
  loaded,
  reload,
  onShutDown,
  close,
}: Supervised): Promise<void> {
  const { signals, exit, now } = environment;
  let current = loaded.config;
  let reloading = Promise.resolve();
  let stopping = false;

  return new Promise((resolve, reject) => {
    const onHangUp = () => {
      reloading = reloading.then(reread);
    };
    const onTerminate = () => {
      if (!stopping) stop("SIGTERM");
    };
    let interrupted = Number.NEGATIVE_INFINITY;
    const onInterrupt = () => {
      const isEcho = now() - interrupted < SAME_KEYPRESS_MS;
      interrupted = now();
      if (!stopping) stop("SIGINT");
      else if (!isEcho) exit(130);
    };
    const listeners = { SIGHUP: onHangUp, SIGTERM: onTerminate, SIGINT: onInterrupt };
    for (const signal of SIGNALS) signals.on(signal, listeners[signal]);
    for (const signal of held.release()) listeners[signal]();
    onShutDown(() => {
      if (!stopping) stop("an administrator");
    });

    function stop(by: string) {
      stopping = true;
      logger.info("stopping", { by });
      const timer = setTimeout(
        () =>
          finish(() => {
            logger.error("the server did not close in time");
            exit(1);
            reject(new CliError("the server did not close in time"));
          }),
        CLOSING_TIME,
      );
      close().then(
        () => finish(resolve),
        (error: unknown) => finish(() => reject(error instanceof Error ? error : new Error(String(error)))),
      );

      function finish(settle: () => void) {
        clearTimeout(timer);
        for (const signal of SIGNALS) signals.removeListener(signal, listeners[signal]);
        settle();
      }
    }

    async function reread() {
      if (stopping) return;
      try {
        const { config } = await load();
        const fixed = needsRestart(current, config);
        await reload(config);
        current = config;
        logger.info("read the configuration and the certificates again");
        if (fixed.length > 0) logger.warn("these parts change with the next start only", { parts: fixed });
      } catch (error) {
        logger.error("the configuration stays as it was", { reason: (error as Error).message });
      }
    }
  });
}
