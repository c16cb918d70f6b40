import { ConfigError, type Problem, type Schema, unknownKey } from "../util/schema.ts";
import type { Config } from "./config.ts";
import { type ServingModule, serviceProblems } from "./services.ts";

/** What the configuration needs to know of a module. */
export interface ConfigurableModule extends ServingModule {
  /** Its section of the configuration; a module without one can only be switched on and off. */
  readonly config?: Schema<unknown>;
  /** Modules that it cannot be without. */
  readonly requires?: readonly ConfigurableModule[];
}

/**
 * The settings of each module by its name, defaults filled in; a module that is switched off is absent.
 * Throws ConfigError with every problem: sections of unknown modules, what the modules' schemas refuse, and services whose
 * names are taken.
 */
export function parseModules(
  { modules: sections, domains, components }: Pick<Config, "modules" | "domains" | "components">,
  modules: readonly ConfigurableModule[],
): ReadonlyMap<string, unknown> {
  const path = "modules";
  const names = modules.map((module) => module.name);
  const problems: Problem[] = Object.keys(sections)
    .filter((name) => !names.includes(name))
    .map((name) => ({ path: `${path}.${name}`, message: unknownKey(name, names).replace("key", "module") }));
  const settings = new Map<string, unknown>();
  for (const module of modules) {
    const section = Object.hasOwn(sections, module.name) ? sections[module.name] : true;
    if (section === false) continue;
    try {
      settings.set(
        module.name,
        parseSection(module, section === true ? {} : section, `${path}.${module.name}`),
      );
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems);
    }
  }
  problems.push(...missing(modules, sections, path));
  problems.push(...serviceProblems(domains, modules, settings, path, Object.keys(components)));
  if (problems.length > 0) throw ConfigError.of(problems);
  return settings;
}

/** Modules that are switched off although others that are on need them. */
function missing(
  modules: readonly ConfigurableModule[],
  sections: Config["modules"],
  path: string,
): Problem[] {
  const isOff = ({ name }: ConfigurableModule) => Object.hasOwn(sections, name) && sections[name] === false;
  const on = modules.filter((module) => !isOff(module));
  return modules.filter(isOff).flatMap((module) => {
    const dependents = on.filter(({ requires = [] }) => requires.includes(module)).map(({ name }) => name);
    if (dependents.length === 0) return [];
    const list = dependents.join(", ");
    return [
      { path: `${path}.${module.name}`, message: `cannot be switched off without ${list}, which need it` },
    ];
  });
}

function parseSection(module: ConfigurableModule, section: unknown, path: string): unknown {
  if (module.config) return module.config.parse(section, path);
  const [key] = Object.keys(section as object);
  if (key !== undefined) throw new ConfigError(`${path}.${key}`, "this module has no settings");
  return {};
}
