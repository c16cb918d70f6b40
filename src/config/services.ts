import type { Problem } from "../util/schema.ts";
import type { Config } from "./config.ts";

/** A module that opens address spaces of its own: their names, by its settings. */
export interface ServingModule {
  readonly name: string;
  readonly services?: (settings: never) => readonly string[];
}

/**
 * The domains of the services called `names` that belong to `domain`: a name without a dot is put before each of `domains`,
 * a whole name belongs to the domain that it is below. There is nothing below an IP address in brackets.
 */
export function serviceDomains(
  names: readonly string[],
  domain: string,
  domains: readonly string[],
): readonly string[] {
  return names.flatMap((name) => {
    if (!name.includes(".")) return domain.startsWith("[") ? [] : [`${name}.${domain}`];
    return parentOf(name, domains) === domain ? [name] : [];
  });
}

/** Services and components that cannot be: each needs a domain that nobody else has. */
export function serviceProblems(
  domains: Config["domains"],
  modules: readonly ServingModule[],
  settings: ReadonlyMap<string, unknown>,
  path: string,
  components: readonly string[],
): Problem[] {
  const hosts = domains.map(({ name }) => name);
  const taken = new Map(hosts.map((host) => [host, "one of the domains"]));
  const found = modules.flatMap((module) => {
    if (!module.services || !settings.has(module.name)) return [];
    const at = `${path}.${module.name}`;
    const names = module.services(settings.get(module.name) as never);
    const problems = names
      .filter((name) => name.includes(".") && parentOf(name, hosts) === undefined && !taken.has(name))
      .map((name) => ({ path: at, message: `"${name}" is below none of the domains` }));
    for (const domain of hosts
      .flatMap((host) => serviceDomains(names, host, hosts))
      .concat(own(names, hosts))) {
      const by = taken.get(domain);
      if (by !== undefined) problems.push({ path: at, message: `"${domain}" is ${by} already` });
      else taken.set(domain, `a service of ${at}`);
    }
    return problems;
  });
  for (const domain of components) {
    const by = taken.get(domain);
    if (by !== undefined)
      found.push({ path: `components.${domain}`, message: `"${domain}" is ${by} already` });
  }
  return found;
}

/** Names that are a domain themselves: also one that is below no other. */
function own(names: readonly string[], hosts: readonly string[]): readonly string[] {
  return names.filter((name) => hosts.includes(name) && parentOf(name, hosts) === undefined);
}

/** The longest of the domains that `name` is below. */
export function parentOf(name: string, domains: readonly string[]): string | undefined {
  const above = domains.filter((domain) => name.endsWith(`.${domain}`));
  return above.sort((a, b) => b.length - a.length)[0];
}
