import { Socket } from "node:net";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { TestServerOptions } from "../testing/index.ts";
import type { Environment } from "./environment.ts";
import { CliError } from "./failure.ts";

const HELP = `
It prints one line of JSON when it is ready: where its control API is, where clients connect to, and whom they are to trust. The
API is described at /openapi.json, and answers at /health. It ends with SIGTERM, or when a pipe to its standard input is closed.

Examples:
  $ jackdaw rig --user romeo --user juliet
  $ jackdaw rig --user romeo --tls --clock virtual --seed 7
`;

interface RigOptions {
  readonly user: readonly string[];
  readonly domain?: string;
  readonly clock: "virtual" | "real";
  readonly ids: "seq" | "random";
  readonly seed: number;
  readonly mimic?: "prosody" | "ejabberd" | "openfire";
  readonly tls: boolean;
  readonly port: number;
  readonly httpPort: number;
  readonly controlPort: number;
}

/** `jackdaw rig`: a test server for suites in other processes. */
export function addRigCommand(program: Command, environment: Environment): void {
  program
    .command("rig")
    .description("start a test server that other programs control, for the tests of clients")
    .addOption(
      new Option("--user <name>", "an account; may be given several times")
        .argParser((name, all: readonly string[]) => [...all, name])
        .default([], "none"),
    )
    .option("--domain <domain>", "what it serves (default: localhost)")
    .addOption(
      new Option("--clock <kind>", "a clock that stands still until it is turned")
        .choices(["virtual", "real"])
        .default("real"),
    )
    .addOption(
      new Option("--ids <kind>", "the same ids in each run").choices(["seq", "random"]).default("random"),
    )
    .option("--seed <number>", "for what is left to chance", numberArgument, 1)
    .addOption(
      new Option("--mimic <server>", "looks like another server").choices([
        "prosody",
        "ejabberd",
        "openfire",
      ]),
    )
    .option("--tls", "STARTTLS and TLS, with a certificate of the rig's own authority", false)
    .addOption(port("--port <port>", "for clients on TCP"))
    .addOption(port("--http-port <port>", "for WebSocket and BOSH"))
    .addOption(port("--control-port <port>", "for the control API"))
    .addHelpText("after", HELP)
    .action((options: RigOptions) => rig(options, environment));
}

function port(flags: string, description: string): Option {
  return new Option(flags, description).argParser(portArgument).default(0, "any free one");
}

async function rig(options: RigOptions, { stdin, stdout, signals }: Environment): Promise<void> {
  // A server that is no rig does without all of it.
  const [{ TestServer }, { startControlServer }, { viewServer }] = await Promise.all([
    import("../testing/index.ts"),
    import("../testing/control/control-server.ts"),
    import("../testing/control/views.ts"),
  ]);
  const ends = endOf(stdin, signals);
  await using server = await TestServer.start(serverOptions(options));
  const control = await startControlServer(server, options.controlPort).catch((error: Error) => {
    throw new CliError(`the control API cannot be opened: ${error.message}`);
  });
  const users = options.user.map((name) => {
    const { jid, password } = server.user(name);
    return { jid, password };
  });
  stdout.write(`${JSON.stringify({ ready: true, control: control.url, ...viewServer(server), users })}\n`);
  await ends;
  await control.close();
}

function serverOptions({ user, domain, mimic, ...rest }: RigOptions): TestServerOptions {
  const { clock, ids, seed, tls, port, httpPort } = rest;
  return {
    users: user,
    ...(domain !== undefined && { domain }),
    ...(mimic && { mimic }),
    clock,
    ids,
    seed,
    tls,
    port,
    httpPort,
  };
}

/** Settles when whoever started the rig wants its end, or is gone. */
function endOf(stdin: Environment["stdin"], signals: Environment["signals"]): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      stdin.destroy();
      for (const signal of ["SIGTERM", "SIGINT"] as const) signals.removeListener(signal, end);
      resolve();
    };
    for (const signal of ["SIGTERM", "SIGINT"] as const) signals.on(signal, end);
    // A file, such as /dev/null, is at its end from the start, and a terminal is there for Ctrl+C.
    if (stdin.isTTY || !(stdin instanceof Socket)) return;
    stdin.once("end", end);
    stdin.once("close", end);
    stdin.resume();
  });
}

/** 0: any free one. */
function portArgument(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new InvalidArgumentError("Expected a port from 0 to 65535.");
}

function numberArgument(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new InvalidArgumentError("Expected a whole number.");
}
