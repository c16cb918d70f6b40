import { isDeepStrictEqual } from "node:util";
import type { Config } from "./config.ts";

/**
 * What a running server cannot take over when it rereads its configuration: nothing of a section, all of it,
 * or some keys. Complete by its type, so that a new section must decide.
 */
const FIXED_KEYS: { readonly [K in keyof Config]-?: "none" | "all" | readonly (keyof Config[K] & string)[] } =
  {
    $schema: "none",
    domains: "all",
    admins: "none",
    listen: "all",
    http: "all",
    websocket: "all",
    bosh: "all",
    proxies: "all",
    store: "all",
    tls: ["clientCertificates"],
    auth: "all",
    components: "none",
    limits: ["resourcesPerAccount", "resourceConflict"],
    log: "all",
    modules: "all",
  };

/** The changed parts that take effect with the next start only, as paths. */
export function needsRestart(before: Config, after: Config): string[] {
  const [old, now] = [comparable(before), comparable(after)];
  return Object.entries(FIXED_KEYS).flatMap(([section, fixed]) => {
    if (fixed === "none") return [];
    if (fixed === "all") return isDeepStrictEqual(old[section], now[section]) ? [] : [section];
    return fixed
      .filter((key) => !isDeepStrictEqual(old[section]?.[key], now[section]?.[key]))
      .map((key) => `${section}.${key}`);
  });
}

/** Other certificate files for the same domains are no change: they are only read again. */
function comparable(config: Config): Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>> {
  return { ...config, domains: config.domains.map(({ name, url }) => ({ name, url })) } as never;
}
