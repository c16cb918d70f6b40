import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { findProgram, Program } from "./programs.ts";
import { type RealServer, test } from "./real-server.ts";

const file = findProgram("go-sendxmpp");

interface Sender {
  readonly user: string;
  readonly tls: boolean;
  readonly password?: string;
}

/** Runs go-sendxmpp, which checks the certificate against the given authority. */
function run(
  { server, directory, caFile }: RealServer,
  { user, tls, password = "secret" }: Sender,
  ...args: string[]
): Program {
  const port = tls ? server.ports.c2sTls : server.ports.c2s;
  const account = ["-u", user, "-p", password, "-j", `localhost:${port}`, ...(tls ? ["-t"] : [])];
  return new Program({
    file: file as string,
    args: [...account, ...args],
    home: directory,
    env: { SSL_CERT_FILE: caFile },
  });
}

describe("go-sendxmpp", () => {
  test.beforeEach(({ skip }) => {
    if (file === undefined) skip("go-sendxmpp is not installed");
  });

  test.for([false, true])("sends and receives; direct TLS: %s", async (tls, { real }) => {
    await real.server.createUser("alice@localhost", "secret");
    await real.server.createUser("bob@localhost", "secret");

    await using bob = run(real, { user: "bob@localhost", tls }, "-l");
    await using alice = run(real, { user: "alice@localhost", tls }, "bob@localhost");
    alice.endInput("Grüße & <Küsse>\n");
    await alice.succeeds();
    await bob.prints(/alice@localhost\S*: Grüße & <Küsse>/);
  });

  describe("with a file", () => {
    test.override({ options: { listen: { https: 0 } } });

    test("uploads it and sends its address", async ({ real }) => {
      await real.server.createUser("alice@localhost", "secret");
      await real.server.createUser("bob@localhost", "secret");
      const file = join(real.directory, "Grüße an alle.png");
      const content = randomBytes(200_000);
      writeFileSync(file, content);

      await using bob = run(real, { user: "bob@localhost", tls: true }, "-l");
      await using alice = run(real, { user: "alice@localhost", tls: true }, "-h", file, "bob@localhost");
      await alice.succeeds();
      await bob.prints(/alice@localhost\S*: https:\S+\/Gr_e_an_alle\.png/);
      const [stored] = readdirSync(await real.server.host().folder("uploads"), {
        recursive: true,
        withFileTypes: true,
      })
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(join(entry.parentPath, entry.name)));
      expect(stored).toEqual(content);
    });
  });

  test("is told of a wrong password", async ({ real }) => {
    await real.server.createUser("alice@localhost", "secret");
    await using alice = run(real, { user: "alice@localhost", tls: true, password: "wrong" }, "bob@localhost");
    alice.endInput("hello\n");
    await alice.prints(/not-authorized/);
    expect(await alice.ends()).not.toBe(0);
  });
});
