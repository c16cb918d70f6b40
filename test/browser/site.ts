import { TestServer, type TestServerOptions } from "../../src/testing/index.ts";
import { test as browserTest } from "./browser.ts";

interface Fixtures {
  /** What the server is made with; `test.override({ siteOptions })` changes it for a file. */
  readonly siteOptions: TestServerOptions;
  /** One for all tests of a file: TLS on ports of 127.0.0.1. A file's tests fail when it logs an error. */
  readonly site: TestServer;
  /** Where its pages are: `https://localhost:PORT`. */
  readonly url: string;
}

/** The test of `browser.ts` with a server of one's own. */
export const test = browserTest.extend<Fixtures>({
  siteOptions: [{}, { scope: "file" }],
  site: [
    async ({ siteOptions }, use) => {
      // As many rounds as RFC 5802 §5.1 wants: web clients insist on them.
      await using site = await TestServer.start({ tls: true, iterations: 4096, ...siteOptions });
      await use(site);
      if (site.errors.length > 0) throw new Error(`the server failed:\n${site.errors.join("\n")}`);
    },
    { scope: "file" },
  ],
  url: ({ site }, use) => use(site.server.host().http.url),
});
