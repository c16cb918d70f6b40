import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { ConfigError, type Problem } from "../util/schema.ts";
import { type Config, parseConfig } from "./config.ts";
import { JsonError, parseJson } from "./json.ts";
import { type ConfigurableModule, parseModules } from "./modules.ts";

const DEFAULT_CONFIG_FILE = "server.config.json";

export interface LoadedConfig {
  /** All paths in it are absolute: those in the file are relative to the file. */
  readonly config: Config;
  /** The file as it was named; undefined when there is none and all is default. */
  readonly file: string | undefined;
}

export interface LoadOptions {
  /** The modules whose sections are checked; without them the sections are taken as they are. */
  readonly modules?: readonly ConfigurableModule[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly directory?: string;
}

/**
 * Reads `file`, else the file that the environment's JACKDAW_CONFIG names, else server.config.json in the working
 * directory if there is one, else takes the defaults. Throws ConfigError naming the file and every problem in it.
 */
export async function loadConfig(file?: string, options: LoadOptions = {}): Promise<LoadedConfig> {
  const { modules, env = process.env, directory = process.cwd() } = options;
  const named = file ?? (env["JACKDAW_CONFIG"] || undefined);
  const path = resolve(directory, named ?? DEFAULT_CONFIG_FILE);
  const text = await read(path, named);
  if (text === undefined) return { config: withAbsolutePaths(parseConfig({}), directory), file: undefined };
  const name = named ?? DEFAULT_CONFIG_FILE;
  const value = parse(text, name);
  try {
    const config = parseConfig(value);
    if (modules) parseModules(config, modules);
    return { config: withAbsolutePaths(config, dirname(path)), file: name };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw ConfigError.of(error.problems.map((problem) => inFile(problem, name)));
  }
}

function inFile({ path, message }: Problem, file: string): Problem {
  return { path: path ? `${file}: ${path}` : file, message };
}

async function read(path: string, named: string | undefined): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" && named === undefined) return undefined;
    const why = code === "ENOENT" ? "there is no such file" : `cannot be read (${code ?? "unknown error"})`;
    throw new ConfigError(named ?? DEFAULT_CONFIG_FILE, why);
  }
}

function parse(text: string, name: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw new ConfigError(`${name}:${error.line}:${error.column}`, error.message);
  }
}

function withAbsolutePaths(config: Config, base: string): Config {
  const absolute = <P extends string | undefined>(path: P) =>
    (path === undefined ? path : resolve(base, path)) as P;
  return {
    ...config,
    domains: config.domains.map((domain) => ({
      ...domain,
      certificate: absolute(domain.certificate),
      key: absolute(domain.key),
    })),
    store: config.store === "memory" ? "memory" : { ...config.store, sqlite: absolute(config.store.sqlite) },
    tls: {
      ...config.tls,
      directory: absolute(config.tls.directory),
      clientCertificates: { ca: absolute(config.tls.clientCertificates.ca) },
    },
  };
}
