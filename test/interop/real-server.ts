import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test as plainTest, type TestAPI } from "vitest";
import { createServer, type Logger, type Server, type ServerOptions } from "../../src/index.ts";
import { type KeyPair, selfSigned } from "../../src/net/self-signed.ts";

/** A server on real ports, as foreign clients see it. */
export interface RealServer {
  readonly server: Server;
  /** PEM; the authority and the certificate are one. */
  readonly certificate: string;
  /** PEM, of the certificate. */
  readonly key: string;
  /** A directory that is gone afterwards: a home for the clients. */
  readonly directory: string;
  /** File with `certificate`. */
  readonly caFile: string;
  /** What was logged as an error. */
  readonly errors: readonly string[];
}

interface Fixtures {
  readonly options: Omit<ServerOptions, "tls" | "logger">;
  readonly real: RealServer;
}

/** vitest's `test` with a server of its own on 127.0.0.1 for each test, which fails when the server logs an error. */
export const test: TestAPI<Fixtures> = plainTest.extend<Fixtures>({
  options: [{}, { scope: "test" }],
  real: async ({ options }, use) => {
    const real = await start(options);
    try {
      await use(real);
    } finally {
      await real.server.close();
      rmSync(real.directory, { recursive: true, force: true });
    }
    if (real.errors.length > 0) throw new Error(`the server failed:\n${real.errors.join("\n")}`);
  },
});

async function start(options: Fixtures["options"]): Promise<RealServer> {
  const domains = [options.domain ?? "localhost"].flat();
  const tls = await certificateOf(domains);
  const errors: string[] = [];
  const config = { ...options.config, auth: { iterations: 4096, ...(options.config?.["auth"] as object) } };
  const server = await createServer({ ...options, config, tls, logger: recorder(errors) });
  await server.listen();
  const directory = mkdtempSync(join(tmpdir(), "jackdaw-interop-"));
  const caFile = join(directory, "ca.pem");
  writeFileSync(caFile, tls.cert);
  return { server, certificate: tls.cert, key: tls.key, directory, caFile, errors };
}

const certificates = new Map<string, Promise<KeyPair>>();

/** One for all tests of a file: to make one takes long. */
function certificateOf(domains: readonly string[]): Promise<KeyPair> {
  const key = domains.join();
  const made = certificates.get(key) ?? selfSigned(domains);
  certificates.set(key, made);
  return made;
}

function recorder(errors: string[]): Logger {
  const ignore = () => {};
  return {
    debug: ignore,
    info: ignore,
    warn: ignore,
    error: (message, data) => errors.push(`${message} ${JSON.stringify(data)}`),
    child: () => recorder(errors),
  };
}
