import type { Command } from "commander";
import {
  type AdminCommand,
  AdminError,
  addUser,
  checkUser,
  listUsers,
  removeUser,
  runCommand,
  setPassword,
  status,
} from "../admin/commands.ts";
import { callControl, controlPath } from "../admin/control.ts";
import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import type { Environment } from "./environment.ts";
import { CliError } from "./failure.ts";
import { type CommonOptions, domainArgument, userArgument, withCommonOptions } from "./options.ts";
import { confirm, readNewPassword } from "./password.ts";

/** `jackdaw user …`, on the running server or, when there is none, on its store. */
export function addUserCommands(program: Command, environment: Environment): void {
  const user = program
    .command("user")
    .description("add, change, remove and list accounts, whether the server runs or not");
  const { stdin, stdout, stderr } = environment;

  withCommonOptions(user.command("add"))
    .description("make an account; the password is asked for, or read from standard input")
    .argument("<address>", "user@domain", userArgument)
    .addHelpText("after", examples("user add alice@example.org", "user add alice@example.org < password.txt"))
    .action(async (address: string, options: CommonOptions) => {
      const call = await opened(options, environment);
      const { exists } = await call(checkUser, { user: address });
      if (exists)
        throw new CliError(
          `there is an account ${address} already; its password is set with: jackdaw user passwd ${address}`,
        );
      await call(addUser, { user: address, password: await readNewPassword(stdin, stderr, address) });
      stdout.write(`Added ${address}\n`);
    });

  withCommonOptions(user.command("passwd"))
    .description("set the password of an account; it is asked for, or read from standard input")
    .argument("<address>", "user@domain", userArgument)
    .addHelpText("after", examples("user passwd alice@example.org"))
    .action(async (address: string, options: CommonOptions) => {
      const call = await opened(options, environment);
      await mustExist(call, address);
      await call(setPassword, { user: address, password: await readNewPassword(stdin, stderr, address) });
      stdout.write(`Set the password of ${address}\n`);
    });

  withCommonOptions(user.command("remove"))
    .description("end an account's sessions and remove it with everything that belongs to it")
    .argument("<address>", "user@domain", userArgument)
    .option("-y, --yes", "do not ask")
    .addHelpText("after", examples("user remove alice@example.org"))
    .action(async (address: string, options: CommonOptions & { yes?: boolean }) => {
      const call = await opened(options, environment);
      await mustExist(call, address);
      const question = `Remove ${address} and everything that belongs to it?`;
      if (!options.yes && !(await confirm(stdin, stderr, question)))
        throw new CliError("nothing was removed");
      await call(removeUser, { user: address });
      stdout.write(`Removed ${address}\n`);
    });

  withCommonOptions(user.command("list"))
    .description("list the accounts, one a line")
    .argument("[domain]", "only those of this domain", domainArgument)
    .addHelpText("after", examples("user list", "user list example.org"))
    .action(async (domain: string | undefined, options: CommonOptions) => {
      const call = await opened(options, environment);
      const domains = domain === undefined ? (await call(status, {})).domains : [domain];
      for (const each of domains) await list(call, each, (line) => stdout.write(`${line}\n`));
    });
}

type Call = <A, R>(command: AdminCommand<A, R>, args: A) => Promise<R>;

async function list(call: Call, domain: string, print: (user: string) => void): Promise<void> {
  let after: string | undefined;
  do {
    const page = await call(listUsers, { domain, after });
    for (const user of page.users) print(user);
    after = page.next;
  } while (after !== undefined);
}

async function mustExist(call: Call, address: string): Promise<void> {
  const { exists } = await call(checkUser, { user: address });
  if (!exists) throw new CliError(`there is no account ${address}`);
}

/** Each call goes to the server that runs at that moment, else to its store, which is held for the call only. */
async function opened(options: CommonOptions, environment: Environment): Promise<Call> {
  const { env, directory, backend } = environment;
  const { config } = await loadConfig(options.config, { env, directory, modules: backend.modules });
  const path = socketOf(config);
  return async (command, args) => {
    const answer = await callControl(path, command, args);
    return answer
      ? answer.result
      : onStore(environment, config, options, (context) => runCommand(command, context, args));
  };
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
  work: (context: Awaited<ReturnType<typeof backend.open>>["admin"]) => Promise<T>,
): Promise<T> {
  const server = await backend.open(config, logger(verbose > 0 ? "debug" : "warn"));
  try {
    return await work(server.admin);
  } finally {
    await server.close();
  }
}

function examples(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ jackdaw ${line}\n`).join("")}`;
}
