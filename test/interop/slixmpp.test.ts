import { join } from "node:path";
import { describe } from "vitest";
import { findPythonWith, Program } from "./programs.ts";
import { type RealServer, test } from "./real-server.ts";

const python = findPythonWith("slixmpp");

/** Runs one of the scripts beside this file to its end, with slixmpp checking the server's certificate. */
async function run(script: string, { server, directory, caFile }: RealServer): Promise<void> {
  const settings = { port: server.ports.c2s, tlsPort: server.ports.c2sTls, ca: caFile };
  await using program = new Program({
    file: python as string,
    args: [join(import.meta.dirname, script), JSON.stringify(settings)],
    home: directory,
    env: { PYTHONDONTWRITEBYTECODE: "1", SSL_CERT_FILE: caFile },
  });
  await program.prints(/^all is well$/m);
  await program.succeeds();
}

describe("slixmpp", () => {
  test.beforeEach(async ({ real, skip }) => {
    if (python === undefined) skip("python3-slixmpp is not installed");
    for (const name of ["alice", "bob"]) await real.server.createUser(`${name}@localhost`, "secret");
  });

  test("logs in over both kinds of TLS", ({ real }) => run("slixmpp-log-in.py", real));

  test("keeps contacts, sees their presence and chats, now and later", ({ real }) =>
    run("slixmpp-contacts.py", real));

  test("asks the server what clients ask", ({ real }) => run("slixmpp-queries.py", real));

  test("reads its archive page by page", ({ real }) => run("slixmpp-archive.py", real));

  test("sees on one device what another sends and receives", ({ real }) => run("slixmpp-carbons.py", real));

  test("makes a room, talks there, and administers it", ({ real }) => run("slixmpp-rooms.py", real));

  describe("where files may be uploaded", () => {
    test.override({
      options: { listen: { https: 0 }, config: { modules: { upload: { maxFileSize: "1 MB" } } } },
    });

    test("finds the service, uploads a file and reads it again", ({ real }) =>
      run("slixmpp-upload.py", real));
  });

  describe("where anybody may register", () => {
    test.override({ options: { config: { modules: { register: { open: true } } } } });

    test("makes, changes and removes an account", ({ real }) => run("slixmpp-account.py", real));
  });
});
