import type { Module, ServerOptions } from "../index.ts";
import { nearest } from "../util/nearest.ts";
import { ConfigError } from "../util/schema.ts";
import { type LikenessName, likenesses } from "./mimic/likenesses.ts";
import type { RoomFixture } from "./test-rooms.ts";
import type { UserFixture } from "./user-fixture.ts";

/** All of it is optional: `TestServer.start()` serves `localhost` on free ports of 127.0.0.1, from memory. */
export interface TestServerOptions {
  /** One domain, or several; the first is the default one. Default: `localhost`. */
  readonly domain?: string | readonly string[];
  /** Accounts: names, or names with what the accounts are to have from the start. */
  readonly users?: readonly (string | UserFixture)[];
  /** Rooms for group chat: names, or names with what the rooms are to be from the start. */
  readonly rooms?: readonly (string | RoomFixture)[];
  /** `virtual`: time stands still until `clock.advance`. Default: `real`. */
  readonly clock?: "virtual" | "real";
  /** `seq`: whatever is made up (ids, resources, nonces) is the same in each run. Default: `random`. */
  readonly ids?: "seq" | "random";
  /** For everything that is left to chance. Default: 1. */
  readonly seed?: number;
  /** STARTTLS on `port`, TLS on all others, with a certificate of `server.ca`. Default: no TLS. */
  readonly tls?: boolean;
  /** For clients on TCP. Default: any free one; false: none. */
  readonly port?: number | false;
  /** For everything on HTTP. Default: any free one, unless `port` is false; false: none. */
  readonly httpPort?: number | false;
  /**
   * PBKDF2 rounds of the passwords of `users`, which each log-in costs a client again. Default: the 4096 that RFC 5802 §5.1
   * wants for SCRAM-SHA-256 and -512, and 64 for SCRAM-SHA-1, which clients use that are slow at it.
   */
  readonly iterations?: number;
  /** Looks like another server where clients ask what it is, and in its errors. Default: like itself. */
  readonly mimic?: LikenessName;
  /** Sections of server.config.json. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Default: the server's own. */
  readonly modules?: readonly Module[];
}

/** Their names, and what those may be that are one of several texts. */
const OPTIONS: Readonly<Record<keyof TestServerOptions, readonly string[] | undefined>> = {
  domain: undefined,
  users: undefined,
  rooms: undefined,
  clock: ["virtual", "real"],
  ids: ["seq", "random"],
  seed: undefined,
  tls: undefined,
  port: undefined,
  httpPort: undefined,
  iterations: undefined,
  mimic: Object.keys(likenesses),
  config: undefined,
  modules: undefined,
};

/** For tests that no compiler checks: an option with a slip of the pen would be none. @throws ConfigError */
export function checkOptions(options: TestServerOptions): void {
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(OPTIONS, name)) throw new ConfigError(name, unknownOption(name));
    if (value === undefined) continue;
    const choices = OPTIONS[name as keyof TestServerOptions];
    if (choices && !choices.includes(value as string)) {
      throw new ConfigError(name, `expected one of ${choices.join(", ")}, got ${JSON.stringify(value)}`);
    }
  }
  const { seed = 1, iterations = 1, port = 0, httpPort = 0 } = options;
  if (!Number.isSafeInteger(seed)) throw new ConfigError("seed", `expected a whole number, got ${seed}`);
  if (!Number.isSafeInteger(iterations) || iterations < 1) {
    throw new ConfigError("iterations", `expected a whole number of at least 1, got ${iterations}`);
  }
  for (const [name, value] of Object.entries({ port, httpPort })) {
    const isPort = value === false || (Number.isInteger(value) && value >= 0 && value <= 65_535);
    if (!isPort) throw new ConfigError(name, `expected a port from 0 to 65535 or false, got ${value}`);
  }
}

function unknownOption(name: string): string {
  const meant = nearest(name, Object.keys(OPTIONS));
  return `there is no such option${meant === undefined ? "" : `, did you mean "${meant}"?`}`;
}

/** What a server on a test's own machine need not fear; what the options say goes first. */
export function configForTests({
  config = {},
  tls = false,
  mimic,
}: TestServerOptions): Record<string, unknown> {
  const modules = (config["modules"] ?? {}) as Record<string, unknown>;
  const like = mimic && {
    streamManagement: { resumeTime: likenesses[mimic].resumeTime },
    muc: { defaults: likenesses[mimic].roomDefaults },
  };
  return {
    ...config,
    ...(like && {
      modules: {
        ...like,
        ...modules,
        ...(isSection(modules["muc"]) && { muc: { ...like.muc, ...modules["muc"] } }),
      },
    }),
    tls: { required: tls, ...(config["tls"] as object | undefined) },
    auth: { plainWithoutTls: !tls, backoff: "off", ...(config["auth"] as object | undefined) },
    limits: { bytesPerSecond: "off", streamsPerAddress: "off", ...(config["limits"] as object | undefined) },
  };
}

function isSection(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** The server's own ports: those for HTTP; the endpoints have the others. */
export function httpListen({ port, httpPort, tls }: TestServerOptions): NonNullable<ServerOptions["listen"]> {
  const wanted = httpPort ?? (port === false ? false : 0);
  return { c2s: false, c2sTls: false, http: tls ? false : wanted, https: tls ? wanted : false };
}
