import { checkErrors, showTranscript } from "./failures.ts";
import type { TestServerOptions } from "./test-options.ts";
import { TestServer } from "./test-server.ts";

/**
 * Runs `body` with a server of its own, for any test runner: `test("…", () => withServer({}, async (server) => { … }))`.
 * What it throws gets the transcript. @throws Error when the server failed while the body did not.
 */
export async function withServer<T>(
  options: TestServerOptions,
  body: (server: TestServer) => T | Promise<T>,
): Promise<T> {
  await using server = await TestServer.start(options);
  try {
    const result = await body(server);
    checkErrors(server);
    return result;
  } catch (error) {
    showTranscript([error], server.transcript);
    throw error;
  }
}
