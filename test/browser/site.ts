import { createServer, type Logger, type Server, type ServerOptions } from "../../src/index.ts";
import { test as browserTest } from "./browser.ts";

/** A server that people meet with a browser. */
interface Site {
  readonly server: Server;
  /** `https://localhost:PORT` */
  readonly url: string;
}

interface Fixtures {
  /** What the server is made with; `test.override({ siteOptions })` changes it for a file. */
  readonly siteOptions: Omit<ServerOptions, "logger" | "tls">;
  readonly site: Site;
}

/**
 * The test of `browser.ts` with a server on 127.0.0.1, one for all tests of a file, with accounts alice and bob, whose
 * passwords are `PASSWORD`. It fails when the server logs an error.
 */
export const test = browserTest.extend<Fixtures>({
  siteOptions: [{}, { scope: "file" }],
  site: [
    async ({ siteOptions }, use) => {
      const errors: string[] = [];
      const server = await createServer({
        ...siteOptions,
        listen: { c2s: false, c2sTls: false, https: 0 },
        config: { auth: { iterations: 4096 }, ...siteOptions.config },
        logger: recorder(errors),
      });
      await server.listen();
      for (const name of ["alice", "bob"]) await server.createUser(`${name}@localhost`, PASSWORD);
      await use({ server, url: server.host().http.url });
      await server.close();
      if (errors.length > 0) throw new Error(`the server failed:\n${errors.join("\n")}`);
    },
    { scope: "file" },
  ],
});

const PASSWORD = "correct horse battery";

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
