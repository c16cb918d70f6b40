import type { Command } from "commander";
import { announceText, removeMessage, setMessage, showMessage } from "../admin/service-commands.ts";
import { administration, runningServer } from "./administration.ts";
import type { Environment } from "./environment.ts";
import { CliError } from "./failure.ts";
import { type CommonOptions, domainArgument, examples, withCommonOptions } from "./options.ts";

interface MessageOptions extends CommonOptions {
  readonly domain?: string;
  readonly edit?: boolean;
}

const DOMAIN = ["-d, --domain <domain>", "default: the first domain", domainArgument] as const;

/** `jackdaw announce`, `jackdaw motd …`, `jackdaw welcome …`: what users are told. */
export function addMessageCommands(program: Command, environment: Environment): void {
  withCommonOptions(program.command("announce"))
    .description("send a message to everybody who is online")
    .argument("<text...>", "what it says")
    .option(...DOMAIN)
    .addHelpText("after", examples("announce The server restarts in five minutes."))
    .action(async (words: string[], { domain, ...options }: MessageOptions) => {
      const call = await runningServer(options, environment);
      const { sessions } = await call(announceText, { domain, text: words.join(" ") });
      environment.stdout.write(`Sent to ${sessions === 1 ? "1 session" : `${sessions} sessions`}\n`);
    });

  addStanding(program, environment, "motd", "the message of the day, which every user gets once");
  addStanding(program, environment, "welcome", "the message for those who log in for the first time");
}

function addStanding(
  program: Command,
  environment: Environment,
  kind: "motd" | "welcome",
  description: string,
): void {
  const { stdout } = environment;
  const parent = program.command(kind).description(`show, set and remove ${description}`);

  withCommonOptions(parent.command("show"))
    .description("show it")
    .option(...DOMAIN)
    .addHelpText("after", examples(`${kind} show`))
    .action(async ({ domain, ...options }: MessageOptions) => {
      const { text } = await (await administration(options, environment))(showMessage, { domain, kind });
      if (text === undefined) throw new CliError("there is none");
      stdout.write(`${text}\n`);
    });

  const set = withCommonOptions(parent.command("set"))
    .description("set it")
    .argument("<text...>", "what it says")
    .option(...DOMAIN);
  if (kind === "motd") set.option("-e, --edit", "only correct it: whoever has had it does not get it again");
  set
    .addHelpText("after", examples(`${kind} set Welcome to our server!`))
    .action(async (words: string[], { domain, edit = false, ...options }: MessageOptions) => {
      const call = await administration(options, environment);
      await call(setMessage, { domain, kind, text: words.join(" "), again: !edit });
      stdout.write("Set\n");
    });

  withCommonOptions(parent.command("remove"))
    .description("remove it")
    .option(...DOMAIN)
    .addHelpText("after", examples(`${kind} remove`))
    .action(async ({ domain, ...options }: MessageOptions) => {
      await (await administration(options, environment))(removeMessage, { domain, kind });
      stdout.write("Removed\n");
    });
}
