import { join } from "node:path";
import { describe } from "vitest";
import { findPythonWith, Program } from "./programs.ts";
import { test } from "./real-server.ts";

const python = findPythonWith("aioxmpp");

describe("aioxmpp", () => {
  test("logs in, chats, keeps contacts, asks the server, makes a room and meets there", async ({
    real: { server, directory, caFile },
    skip,
  }) => {
    if (python === undefined) return skip("python3-aioxmpp is not installed");
    for (const name of ["alice", "bob"]) await server.createUser(`${name}@localhost`, "secret");
    await using program = new Program({
      file: python,
      args: [join(import.meta.dirname, "aioxmpp-visit.py"), JSON.stringify({ port: server.ports.c2s })],
      home: directory,
      env: { PYTHONDONTWRITEBYTECODE: "1", SSL_CERT_FILE: caFile },
    });
    await program.prints(/^all is well$/m);
    await program.succeeds();
  });
});
