import type { Command } from "commander";
import { AdminError } from "../admin/command.ts";
import { type Control, controlPath, startControl } from "../admin/control.ts";
import { formatAddress } from "../config/address.ts";
import type { Config } from "../config/config.ts";
import { type LoadedConfig, loadConfig } from "../config/load.ts";
import type { Logger } from "../util/logger.ts";
import type { Listener, ServerHandle } from "./backend.ts";
import type { Environment } from "./environment.ts";
import { makeFirstAccount } from "./first-account.ts";
import { type CommonOptions, withCommonOptions } from "./options.ts";
import { holdSignals, superviseUntilStopped } from "./supervise.ts";
import { version } from "./version.ts";

const HELP = `
SIGHUP makes a running server read its configuration and its certificates again. SIGTERM and SIGINT (Ctrl+C)
stop it gracefully, a second SIGINT at once.

Examples:
  $ jackdaw start
  $ jackdaw start --config /etc/jackdaw.json
`;

/** `jackdaw start`: a server until a signal ends it. */
export function addStartCommand(program: Command, environment: Environment): void {
  withCommonOptions(program.command("start"))
    .description("start the server")
    .addHelpText("after", HELP)
    .action((options: CommonOptions) => start(options, environment));
}

interface Running {
  readonly logger: Logger;
  readonly loaded: LoadedConfig;
  readonly server: ServerHandle;
  close(): Promise<void>;
}

async function start(options: CommonOptions, environment: Environment): Promise<void> {
  const { env, directory, backend, signals } = environment;
  const load = () => loadConfig(options.config, { env, directory, modules: backend.modules });
  const held = holdSignals(signals);
  let running: Running;
  try {
    running = await run(await load(), options, environment);
  } catch (error) {
    held.release();
    throw error;
  }
  const { logger, loaded, server, close } = running;
  await superviseUntilStopped({
    environment,
    held,
    logger,
    load,
    loaded,
    reload: (config) => server.reload(config),
    onShutDown: (listener) => server.onShutDown(listener),
    close,
  });
}

/** Starts all that belongs to a server; what was started is closed again when something fails. */
async function run(loaded: LoadedConfig, options: CommonOptions, environment: Environment): Promise<Running> {
  const { env, backend, stdout } = environment;
  const logger = environment.logger(options.verbose > 0 ? "debug" : loaded.config.log.level);
  const server = await backend.open(loaded.config, logger);
  let control: Control | undefined;
  const close = async () => {
    await control?.close();
    await server.close();
  };
  try {
    control = await openControl(loaded, server, logger);
    const account = await makeFirstAccount(server.admin, environment.random);
    // Shown before anything else can fail: it is nowhere else.
    if (account)
      stdout.write(`Made the first account ${account.user} with the password ${account.password}\n`);
    const listeners = await server.listen();
    stdout.write(greeting(loaded, listeners, env));
  } catch (error) {
    await close();
    throw error;
  }
  return { logger, loaded, server, close };
}

async function openControl(
  { config }: LoadedConfig,
  server: ServerHandle,
  logger: Logger,
): Promise<Control | undefined> {
  if (config.store === "memory") return undefined;
  let path: string;
  try {
    path = controlPath(config.store.sqlite);
  } catch (error) {
    if (!(error instanceof AdminError)) throw error;
    logger.warn("user commands cannot reach this server", { reason: error.message });
    return undefined;
  }
  return startControl(path, server.admin, logger);
}

const KINDS: Readonly<Record<string, string>> = {
  c2s: "clients, STARTTLS",
  c2sTls: "clients, TLS",
  https: "web",
  http: "web, in the clear",
  component: "components",
};

function greeting(
  { config, file }: LoadedConfig,
  listeners: readonly Listener[],
  env: Environment["env"],
): string {
  const [domain = { name: "localhost" }] = config.domains;
  // Started by npm, from a clone or a folder that it is installed in, the command is not in the PATH.
  const command = env["npm_command"] === undefined ? "jackdaw" : "npx jackdaw";
  const withConfig = file === undefined || file === "server.config.json" ? "" : ` --config ${file}`;
  const store =
    config.store === "memory" ? "memory: everything is forgotten at the end" : config.store.sqlite;
  return [
    `Jackdaw ${version} serves ${config.domains.map(({ name }) => name).join(", ")}`,
    ...listeners.map(describe),
    ...(listeners.length === 0 ? ["  listening nowhere"] : []),
    `  store: ${store}`,
    ...pageLines(config, listeners),
    ...(config.store === "memory"
      ? []
      : [
          `Add an account:     ${command} user add${withConfig} alice@${domain.name}`,
          `Invite somebody:    ${command} invite${withConfig}`,
        ]),
    "",
  ].join("\n");
}

/** Where a browser is all that one needs. */
function pageLines({ modules }: Config, listeners: readonly Listener[]): string[] {
  const url = listeners.find((listener) => listener.url !== undefined)?.url;
  if (url === undefined) return [];
  return [
    ...(modules["chat"] === false ? [] : [`Chat in a browser:  ${url}/chat`]),
    ...(modules["adminConsole"] === false ? [] : [`Administer it:      ${url}/admin`]),
  ];
}

function describe(listener: Listener): string {
  const { name, url } = listener;
  return `  ${formatAddress(listener)} (${KINDS[name] ?? name})${url === undefined ? "" : `: ${url}/`}`;
}
