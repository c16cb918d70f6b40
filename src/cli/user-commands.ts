import type { Command } from "commander";
import {
  addUser,
  checkUser,
  disableUser,
  enableUser,
  listUsers,
  removeUser,
  setPassword,
  showUser,
} from "../admin/account-commands.ts";
import { status } from "../admin/service-commands.ts";
import { administration, type Call } from "./administration.ts";
import type { Environment } from "./environment.ts";
import { CliError } from "./failure.ts";
import { type CommonOptions, domainArgument, examples, userArgument, withCommonOptions } from "./options.ts";
import { confirm, readNewPassword } from "./password.ts";

/** Addresses asked for at a time. */
const PAGE = 500;

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
      const call = await administration(options, environment);
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
      const call = await administration(options, environment);
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
      const call = await administration(options, environment);
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
      const call = await administration(options, environment);
      const domains = domain === undefined ? (await call(status, {})).domains : [domain];
      for (const each of domains) await list(call, each, (line) => stdout.write(`${line}\n`));
    });

  addStateCommands(user, environment);
}

/** What is known of an account, and whether it may be used. */
function addStateCommands(user: Command, environment: Environment): void {
  const { stdout } = environment;

  withCommonOptions(user.command("show"))
    .description("tell when a user last logged in, and where they are connected")
    .argument("<address>", "user@domain", userArgument)
    .addHelpText("after", examples("user show alice@example.org"))
    .action(async (address: string, options: CommonOptions) => {
      const call = await administration(options, environment);
      const { disabled, lastLogin, mechanisms, contacts, sessions } = await call(showUser, { user: address });
      const lines = [
        `account   ${disabled ? "disabled" : "active"}`,
        `login     ${lastLogin ?? "never"}`,
        `keys      ${mechanisms.join(", ") || "none: nobody can log in"}`,
        `contacts  ${contacts}`,
        ...sessions.map(({ resource, address: from }) => `session   ${resource} ${from}`.trimEnd()),
      ];
      stdout.write(`${lines.join("\n")}\n`);
    });

  withCommonOptions(user.command("disable"))
    .description("end an account's sessions and let nobody log in to it; everything in it is kept")
    .argument("<address>", "user@domain", userArgument)
    .addHelpText("after", examples("user disable alice@example.org"))
    .action(async (address: string, options: CommonOptions) => {
      await (await administration(options, environment))(disableUser, { user: address });
      stdout.write(`Disabled ${address}\n`);
    });

  withCommonOptions(user.command("enable"))
    .description("let the user of a disabled account log in again")
    .argument("<address>", "user@domain", userArgument)
    .addHelpText("after", examples("user enable alice@example.org"))
    .action(async (address: string, options: CommonOptions) => {
      await (await administration(options, environment))(enableUser, { user: address });
      stdout.write(`Enabled ${address}\n`);
    });
}

async function list(call: Call, domain: string, print: (user: string) => void): Promise<void> {
  let after: string | undefined;
  do {
    const page = await call(listUsers, { domain, after, search: undefined, limit: PAGE, states: false });
    for (const user of page.users) print(user);
    after = page.next;
  } while (after !== undefined);
}

async function mustExist(call: Call, address: string): Promise<void> {
  const { exists } = await call(checkUser, { user: address });
  if (!exists) throw new CliError(`there is no account ${address}`);
}
