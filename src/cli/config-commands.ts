import type { Command } from "commander";
import { type Config, configSchema } from "../config/config.ts";
import { configJsonSchema } from "../config/docs.ts";
import { loadConfig } from "../config/load.ts";
import { parseModules } from "../config/modules.ts";
import type { Backend } from "./backend.ts";
import type { Environment } from "./environment.ts";
import { type CommonOptions, withCommonOptions } from "./options.ts";

/** `jackdaw config …`: what the configuration is and what is wrong with it. */
export function addConfigCommands(program: Command, environment: Environment): void {
  const { env, directory, backend, stdout } = environment;
  const config = program.command("config").description("check and show the configuration");
  const load = (options: CommonOptions) =>
    loadConfig(options.config, { env, directory, modules: backend.modules });

  withCommonOptions(config.command("check"))
    .description("tell what is wrong with the configuration; exit code 1 if anything is")
    .addHelpText("after", "\nExample:\n  $ jackdaw config check --config /etc/jackdaw.json\n")
    .action(async (options: CommonOptions) => {
      const { file } = await load(options);
      stdout.write(
        file === undefined ? "There is no server.config.json: all is default\n" : `${file} is all right\n`,
      );
    });

  withCommonOptions(config.command("print"))
    .description("print the configuration with all defaults filled in; secrets are left out")
    .addHelpText("after", "\nExample:\n  $ jackdaw config print\n")
    .action(async (options: CommonOptions) => {
      const { config: loaded } = await load(options);
      stdout.write(`${JSON.stringify(printed(loaded, backend), null, 2)}\n`);
    });

  config
    .command("schema")
    .description("print the JSON Schema of server.config.json, for editors")
    .addHelpText("after", "\nExample:\n  $ jackdaw config schema > server.config.schema.json\n")
    .action(() => {
      stdout.write(`${JSON.stringify(configJsonSchema(backend.modules), null, 2)}\n`);
    });
}

function printed(config: Config, { modules }: Backend): object {
  const settings = parseModules(config, modules);
  const sections = modules.map(({ name, config: schema }) => {
    if (!settings.has(name)) return [name, false];
    return [name, schema ? schema.print(settings.get(name)) : true];
  });
  return { ...(configSchema.print(config) as object), modules: Object.fromEntries(sections) as object };
}
