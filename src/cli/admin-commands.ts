import type { Command } from "commander";
import { demoteAdmin, listAdmins, promoteAdmin } from "../admin/account-commands.ts";
import { consoleLink } from "../admin/console-commands.ts";
import { administration, runningServer } from "./administration.ts";
import type { Environment } from "./environment.ts";
import { type CommonOptions, examples, userArgument, withCommonOptions } from "./options.ts";

/** `jackdaw admin …`: who may administer the server from their client. */
export function addAdminCommands(program: Command, environment: Environment): void {
  const { stdout } = environment;
  const admin = program
    .command("admin")
    .description(
      "say who may administer the server, besides those whom the configuration names; open its console",
    );

  withCommonOptions(admin.command("promote"))
    .description("make a user an administrator")
    .argument("<address>", "user@domain", userArgument)
    .addHelpText("after", examples("admin promote alice@example.org"))
    .action(async (address: string, options: CommonOptions) => {
      const { changed } = await (await administration(options, environment))(promoteAdmin, { user: address });
      stdout.write(
        changed ? `${address} is an administrator now\n` : `${address} is an administrator already\n`,
      );
    });

  withCommonOptions(admin.command("demote"))
    .description("make a user no longer an administrator")
    .argument("<address>", "user@domain", userArgument)
    .addHelpText("after", examples("admin demote alice@example.org"))
    .action(async (address: string, options: CommonOptions) => {
      await (await administration(options, environment))(demoteAdmin, { user: address });
      stdout.write(`${address} is no administrator any more\n`);
    });

  withCommonOptions(admin.command("link"))
    .description("print a link that opens the console in a browser, once and soon, without a password")
    .argument("[address]", "the administrator who opens it (default: whoever has the machine)", userArgument)
    .addHelpText("after", examples("admin link", "admin link alice@example.org"))
    .action(async (address: string | undefined, options: CommonOptions) => {
      const call = await runningServer(options, environment);
      const { url, until } = await call(consoleLink, { user: address });
      stdout.write(`${url}\n`);
      environment.stderr.write(`Good for one visit, until ${until.slice(0, 16).replace("T", " ")} UTC.\n`);
    });

  withCommonOptions(admin.command("list"))
    .description("list the administrators, one a line")
    .addHelpText("after", examples("admin list"))
    .action(async (options: CommonOptions) => {
      const { admins } = await (await administration(options, environment))(listAdmins, {});
      for (const address of admins) stdout.write(`${address}\n`);
    });
}
