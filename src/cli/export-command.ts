import { resolve } from "node:path";
import type { Command } from "commander";
import { exportAccounts } from "../admin/transfer/transfer-commands.ts";
import { streaming } from "./administration.ts";
import type { Environment } from "./environment.ts";
import { CliError } from "./failure.ts";
import { writeNewFile } from "./new-file.ts";
import { type CommonOptions, examples, userArgument, withCommonOptions } from "./options.ts";

interface ExportOptions extends CommonOptions {
  readonly user?: string;
}

/** `jackdaw export`: everything of the accounts, as XEP-0227 has it. */
export function addExportCommand(program: Command, environment: Environment): void {
  withCommonOptions(program.command("export"))
    .description(
      "write all accounts with everything in them into a file that other servers can read (XEP-0227)",
    )
    .argument("<file>", "must not be there yet; keep it safe, for it can prove everybody's password")
    .option("-u, --user <address>", "only this account", userArgument)
    .addHelpText("after", examples("export accounts.xml", "export --user alice@example.org alice.xml"))
    .action(async (file: string, { user, ...options }: ExportOptions) => {
      const call = await streaming(options, environment);
      const { accounts } = await writeNewFile(resolve(environment.directory, file), (write) =>
        call(exportAccounts, { user }, { read: async () => undefined, write }),
      ).catch(explain);
      environment.stdout.write(
        `Wrote ${accounts === 1 ? "1 account" : `${accounts} accounts`} into ${file}\n`,
      );
    });
}

function explain(error: NodeJS.ErrnoException): never {
  if (error.code === "EEXIST") throw new CliError(`${error.path}: is there already`);
  throw error;
}
