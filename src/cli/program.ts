import { Command, CommanderError } from "commander";
import { addAdminCommands } from "./admin-commands.ts";
import { addCertCommand } from "./cert-command.ts";
import { addComponentCommands } from "./component-commands.ts";
import { addConfigCommands } from "./config-commands.ts";
import type { Environment } from "./environment.ts";
import { addExportCommand } from "./export-command.ts";
import { CliError, describeFailure } from "./failure.ts";
import { addImportCommand } from "./import-command.ts";
import { addInviteCommand } from "./invite-command.ts";
import { addMessageCommands } from "./message-commands.ts";
import { addRigCommand } from "./rig-command.ts";
import { addRoomCommands } from "./room-commands.ts";
import { addSessionCommands } from "./session-commands.ts";
import { addStartCommand } from "./start-command.ts";
import { addStopCommand } from "./stop-command.ts";
import { addAuditCommand, addTokenCommands } from "./token-commands.ts";
import { addUploadCommands } from "./upload-commands.ts";
import { addUserCommands } from "./user-commands.ts";
import { version } from "./version.ts";

const USAGE_ERROR = 2;

const HELP = `
Examples:
  $ jackdaw start
  $ jackdaw user add alice@example.org
  $ jackdaw config check

Exit codes: 0 done, 1 failed, 2 not called correctly.
`;

/** Runs one command line. Resolves to the exit code; whatever goes wrong is told on standard error. */
export async function run(args: readonly string[], environment: Environment): Promise<number> {
  const { stdout, stderr } = environment;
  const program = new Command("jackdaw")
    .description("Jackdaw, a standalone XMPP server")
    .version(`jackdaw ${version}`, "-V, --version", "print the version")
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
    })
    .exitOverride()
    .showHelpAfterError("(--help shows how it is called)")
    .addHelpText("after", HELP);
  addStartCommand(program, environment);
  addStopCommand(program, environment);
  addUserCommands(program, environment);
  addAdminCommands(program, environment);
  addSessionCommands(program, environment);
  addComponentCommands(program, environment);
  addInviteCommand(program, environment);
  addMessageCommands(program, environment);
  addRoomCommands(program, environment);
  addTokenCommands(program, environment);
  addAuditCommand(program, environment);
  addUploadCommands(program, environment);
  addImportCommand(program, environment);
  addExportCommand(program, environment);
  addCertCommand(program, environment);
  addConfigCommands(program, environment);
  addRigCommand(program, environment);
  try {
    await program.parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE_ERROR;
    const verbose = args.some((arg) => /^(--verbose|-v+)$/.test(arg));
    stderr.write(`jackdaw: ${describeFailure(error, verbose).replaceAll("\n", "\njackdaw: ")}\n`);
    return error instanceof CliError ? error.exitCode : 1;
  }
}
