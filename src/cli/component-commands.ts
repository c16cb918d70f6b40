import type { Command } from "commander";
import { endComponent, listComponents } from "../admin/component-commands.ts";
import { runningServer } from "./administration.ts";
import type { Environment } from "./environment.ts";
import { type CommonOptions, domainArgument, examples, withCommonOptions } from "./options.ts";

/** `jackdaw component …`: programs that speak for a domain of their own. */
export function addComponentCommands(program: Command, environment: Environment): void {
  const { stdout } = environment;
  const component = program
    .command("component")
    .description("list the components of the running server, and end their connections");

  withCommonOptions(component.command("list"))
    .description("list the components, one a line: whether each is connected, since when, from where")
    .addHelpText("after", examples("component list"))
    .action(async (options: CommonOptions) => {
      const { components } = await (await runningServer(options, environment))(listComponents, {});
      for (const { domain, name, external, since, address, secure, received, sent } of components) {
        const connection = since === undefined ? "not connected" : `connected since ${since.slice(0, 19)}Z`;
        const place = external ? `${address}, ${secure ? "encrypted" : "not encrypted"}` : "in the server";
        const columns = [
          domain,
          name,
          connection,
          since !== undefined && place,
          `${received} stanzas in, ${sent} out`,
        ];
        stdout.write(`${columns.filter(Boolean).join("  ")}\n`);
      }
    });

  withCommonOptions(component.command("end"))
    .description("end the connection of a component; it may connect again")
    .argument("<domain>", "the component's", domainArgument)
    .addHelpText("after", examples("component end irc.example.org"))
    .action(async (domain: string, options: CommonOptions) => {
      await (await runningServer(options, environment))(endComponent, { domain });
      stdout.write(`Ended the connection of ${domain}\n`);
    });
}
