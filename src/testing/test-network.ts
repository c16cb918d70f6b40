import type { TestServerOptions } from "./test-options.ts";
import type { TestServer } from "./test-server.ts";

export interface TestNetworkOptions {
  /** The domains, one server each; or the options of each server. */
  readonly servers: readonly (string | TestServerOptions)[];
  /** Of each stanza between servers; milliseconds, or a duration such as `"50ms"`. Default: none. */
  readonly latency?: number | string;
}

/** Test servers that talk to each other in one process, with names and certificates of their own. */
export interface TestNetwork extends AsyncDisposable {
  /** @throws Error when there is no server of that domain. */
  server(domain: string): TestServer;
  /** Nothing passes between these domains until they are healed. */
  partition(...domains: readonly string[]): void;
  heal(): void;
  close(): Promise<void>;
}

/** Waits for federation: server-to-server streams (RFC 6120 §4.1) are not part of Jackdaw yet. */
export const TestNetwork = {
  /** @throws Error always, for want of federation. */
  async start({ servers }: TestNetworkOptions): Promise<TestNetwork> {
    throw new Error(
      `TestNetwork needs federation between ${servers.length} servers, which Jackdaw does not have yet; ` +
        "TestServer.start({ domain: [...] }) serves several domains without it",
    );
  },
};
