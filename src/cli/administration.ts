import { type AdminCommand, AdminError, runCommand } from "../admin/command.ts";
import { callControl, controlPath, streamControl } from "../admin/control.ts";
import { type Pipe, runStreamCommand, type StreamCommand } from "../admin/stream-command.ts";
import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import type { ServerHandle } from "./backend.ts";
import type { Environment } from "./environment.ts";
import { CliError } from "./failure.ts";
import type { CommonOptions } from "./options.ts";

/** Runs a command of administration. Throws AdminError. */
export type Call = <A, R>(command: AdminCommand<A, R>, args: A) => Promise<R>;

/** Each call goes to the server that runs at that moment, else to its store, which is held for the call only. */
export async function administration(options: CommonOptions, environment: Environment): Promise<Call> {
  const config = await configOf(options, environment);
  const path = socketOf(config);
  return async (command, args) => {
    const answer = await callControl(path, command, args);
    return answer
      ? answer.result
      : onStore(environment, config, options, ({ admin }) => runCommand(command, admin, args));
  };
}

/** For what only a running server can do. The calls throw CliError when there is none. */
export async function runningServer(options: CommonOptions, environment: Environment): Promise<Call> {
  const path = socketOf(await configOf(options, environment));
  return async (command, args) => {
    const answer = await callControl(path, command, args);
    if (answer) return answer.result;
    throw new CliError("the server is not running");
  };
}

/** Runs a command that moves more than fits into an answer. Throws AdminError. */
export type StreamCall = <A, R>(command: StreamCommand<A, R>, args: A, pipe: Pipe) => Promise<R>;

/** As `administration`, for such commands. */
export async function streaming(options: CommonOptions, environment: Environment): Promise<StreamCall> {
  const config = await configOf(options, environment);
  const path = socketOf(config);
  return async (command, args, pipe) => {
    const answer = await streamControl(path, command, args, pipe);
    return answer
      ? answer.result
      : onStore(environment, config, options, ({ admin }) => runStreamCommand(command, admin, args, pipe));
  };
}

async function configOf(options: CommonOptions, { env, directory, backend }: Environment): Promise<Config> {
  return (await loadConfig(options.config, { env, directory, modules: backend.modules })).config;
}

function socketOf({ store }: Config): string {
  if (store !== "memory") return controlPath(store.sqlite);
  throw new AdminError(
    'the store is "memory": its accounts live and end with the server, so there is nothing to work on; name a file under "store"',
  );
}

async function onStore<T>(
  { backend, logger }: Environment,
  config: Config,
  { verbose }: CommonOptions,
  work: (server: ServerHandle) => Promise<T>,
): Promise<T> {
  const server = await backend.open(config, logger(verbose > 0 ? "debug" : "warn"));
  try {
    return await work(server);
  } finally {
    await server.close();
  }
}
