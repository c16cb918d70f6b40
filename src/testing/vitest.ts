/** For Vitest: `test` with a server of its own for each test, and `expect(…).toMatchStanza(…)`. */
import { expect, test as plainTest, type TestAPI } from "vitest";
import { checkErrors, showTranscript } from "./failures.ts";
import { type MatchOptions, stanzaMatchers } from "./match-stanza.ts";
import type { TestServerOptions } from "./test-options.ts";
import { TestServer } from "./test-server.ts";

expect.extend(stanzaMatchers);

declare module "vitest" {
  // The parameters are those of Vitest's own declaration.
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown> {
    /** See `stanzaMatchers`. */
    toMatchStanza(pattern: string, options?: MatchOptions): R;
  }
}

interface Fixtures {
  /** What the server is started with; `test.override({ options })` changes it for a suite. */
  readonly options: TestServerOptions;
  /** A server that is gone with the test. A test that fails shows its transcript; it fails when the server does. */
  readonly server: TestServer;
}

export const test: TestAPI<Fixtures> = plainTest.extend<Fixtures>({
  options: [{}, { scope: "test" }],
  server: async ({ options, onTestFailed }, use) => {
    const server = await TestServer.start(options);
    onTestFailed(({ task }) => showTranscript(task.result?.errors ?? [], server.transcript));
    await use(server);
    await server.close();
    checkErrors(server);
  },
});
