import { type Command, InvalidArgumentError } from "commander";
import { listAudit } from "../admin/audit-commands.ts";
import { SCOPE_NAMES, SCOPES, type Scope } from "../admin/scopes.ts";
import { createToken, listTokens, revokeToken } from "../admin/token-commands.ts";
import { administration } from "./administration.ts";
import type { Environment } from "./environment.ts";
import { type CommonOptions, countArgument, daysArgument, examples, withCommonOptions } from "./options.ts";

interface CreateOptions extends CommonOptions {
  readonly scope: readonly Scope[];
  readonly days?: number;
}

const SCOPES_HELP = `
Scopes:
${SCOPE_NAMES.map((name) => `  ${name.padEnd(9)} ${SCOPES[name]}`).join("\n")}
`;

/** `jackdaw token …`: what programs show over HTTP in place of a password. */
export function addTokenCommands(program: Command, environment: Environment): void {
  const { stdout, stderr } = environment;
  const token = program
    .command("token")
    .description("let programs use the HTTP interface, each for its purpose");

  withCommonOptions(token.command("create"))
    .description("print a new token; it is shown this once")
    .argument("<name>", "what it is for")
    .requiredOption("-s, --scope <scopes>", "what it lets do, separated by commas", scopesArgument)
    .option("-d, --days <number>", "how long it holds (default: until it is revoked)", daysArgument)
    .addHelpText(
      "after",
      `${SCOPES_HELP}${examples("token create prometheus --scope metrics", "token create shop --scope accounts --days 90")}`,
    )
    .action(async (name: string, { scope, days, ...options }: CreateOptions) => {
      const call = await administration(options, environment);
      const made = await call(createToken, { name, scopes: scope, days });
      stdout.write(`${made.token}\n`);
      stderr.write(`Keep it safe. Take it back with: jackdaw token revoke ${made.id}\n`);
    });

  withCommonOptions(token.command("list"))
    .description("list the tokens, without their secrets, one a line")
    .addHelpText("after", examples("token list"))
    .action(async (options: CommonOptions) => {
      const call = await administration(options, environment);
      for (const { id, name, scopes, expires, used } of (await call(listTokens, {})).tokens) {
        const until = expires === undefined ? "" : `  until ${day(expires)}`;
        stdout.write(
          `${id}  ${scopes.join(",")}${until}  used ${used === undefined ? "never" : day(used)}  ${name}\n`,
        );
      }
    });

  withCommonOptions(token.command("revoke"))
    .description("take a token back")
    .argument("<id>", "as `token list` shows it")
    .addHelpText("after", examples("token revoke 0123456789ab"))
    .action(async (id: string, options: CommonOptions) => {
      await (await administration(options, environment))(revokeToken, { id });
      stdout.write(`Took back ${id}\n`);
    });
}

/** `jackdaw audit`: what administrators changed. */
export function addAuditCommand(program: Command, environment: Environment): void {
  const { stdout } = environment;
  withCommonOptions(program.command("audit"))
    .description("tell who changed what, the latest first, one a line")
    .option("-n, --number <count>", "how many changes", countArgument, 50)
    .addHelpText("after", examples("audit", "audit -n 500"))
    .action(async ({ number, ...options }: CommonOptions & { readonly number: number }) => {
      const call = await administration(options, environment);
      const { entries } = await call(listAudit, { limit: number, before: undefined });
      for (const { at, by, action, details } of entries) {
        stdout.write(`${at}  ${by}  ${action}  ${JSON.stringify(details)}\n`);
      }
    });
}

function scopesArgument(text: string): readonly Scope[] {
  return text.split(",").map((part) => {
    const scope = SCOPE_NAMES.find((name) => name === part.trim());
    if (scope) return scope;
    throw new InvalidArgumentError(`Expected some of ${SCOPE_NAMES.join(", ")}.`);
  });
}

/** "2026-01-08" */
function day(time: string): string {
  return time.slice(0, 10);
}
