import { resolve } from "node:path";
import type { Command } from "commander";
import { piecesOfPie, readPie } from "../admin/transfer/pie-reader.ts";
import { TransferReport } from "../admin/transfer/report.ts";
import { importAccounts } from "../admin/transfer/transfer-commands.ts";
import { gathered } from "../util/pieces.ts";
import { streaming } from "./administration.ts";
import type { Environment } from "./environment.ts";
import { CliError } from "./failure.ts";
import { type CommonOptions, examples, withCommonOptions } from "./options.ts";

/** Characters that are handed over at a time. */
const PIECE = 64_000;

const SHA_1_ALONE =
  'Some accounts have keys for SCRAM-SHA-1 alone. Until they have others, their domain offers SCRAM-SHA-1 and PLAIN to clients that do not say who they are ("auth.offerAll"). They get the others when their users log in by PLAIN or with a client that knows XEP-0480, or set a password; `jackdaw user show` tells.';

/** `jackdaw import`: accounts from another server, as XEP-0227 has them. */
export function addImportCommand(program: Command, environment: Environment): void {
  withCommonOptions(program.command("import"))
    .description(
      "take in accounts that another server exported (XEP-0227); what is here already stays as it is, so it can be repeated",
    )
    .argument("<file...>", "exports; what they include is found by itself")
    .addHelpText("after", examples("import export.xml", "import prosody/*.xml"))
    .action(async (files: string[], options: CommonOptions) => {
      const { stdout, directory } = environment;
      const report = new TransferReport();
      try {
        const call = await streaming(options, environment);
        for (const file of files) {
          const pieces = gathered(piecesOfPie(readPie(resolve(directory, file))), PIECE);
          const read = async () => (await pieces.next()).value ?? undefined;
          const done = await call(importAccounts, {}, { read, write: async () => {} });
          report.add(done.report);
          if (done.failure !== undefined) throw new CliError(`${file}: ${done.failure}`);
        }
      } finally {
        // What came before something went wrong is in the store.
        for (const line of report.lines()) stdout.write(`${line}\n`);
      }
      if (report.hasWeakKeys) stdout.write(`${SHA_1_ALONE}\n`);
    });
}
