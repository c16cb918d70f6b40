import type { Command } from "commander";
import { shutDown } from "../admin/service-commands.ts";
import { runningServer } from "./administration.ts";
import type { Environment } from "./environment.ts";
import { type CommonOptions, durationArgument, examples, withCommonOptions } from "./options.ts";

interface StopOptions extends CommonOptions {
  readonly delay?: number;
  readonly announce?: string;
}

/** `jackdaw stop`: the end of the running server. */
export function addStopCommand(program: Command, environment: Environment): void {
  withCommonOptions(program.command("stop"))
    .description("stop the running server")
    .option("-d, --delay <time>", "wait so long first", durationArgument)
    .option("-a, --announce <text>", "tell everybody who is online")
    .addHelpText("after", examples("stop", 'stop --delay 5m --announce "Back in an hour"'))
    .action(async ({ delay = 0, announce, ...options }: StopOptions) => {
      const seconds = Math.ceil(delay / 1000);
      await (await runningServer(options, environment))(shutDown, { delay: seconds, text: announce });
      environment.stdout.write(seconds === 0 ? "It stops\n" : `It stops in ${seconds} seconds\n`);
    });
}
