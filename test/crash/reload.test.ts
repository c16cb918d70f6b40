import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { connectSecure, logInSecurely } from "./secure.ts";
import { ServerFolder, type ServerProcess } from "./server-process.ts";
import { registerAccount } from "./workload.ts";

// Processes of their own: on a busy machine each takes seconds to start.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const CONFIG = { modules: { register: { open: true } } };
const folder = new ServerFolder(CONFIG);
let server: ServerProcess;

beforeAll(async () => {
  server = await folder.start();
  await registerAccount(server.port, "alice");
});

afterAll(() => folder.remove());

function certificateOnDisk(): string {
  return new X509Certificate(readFileSync(join(folder.path, "certs/localhost.pem"))).fingerprint256;
}

async function certificateShown(): Promise<string | undefined> {
  const socket = await connectSecure(server.tlsPort);
  const shown = socket.getPeerX509Certificate()?.fingerprint256;
  socket.destroy();
  return shown;
}

test("SIGHUP shows new connections the new certificate, and leaves the old ones alone", async () => {
  const alice = await logInSecurely(server.tlsPort, "alice", "secret", "a");
  const before = certificateOnDisk();
  expect(await certificateShown()).toBe(before);
  await folder.run(["cert"]);
  expect(certificateOnDisk()).not.toBe(before);
  expect(await certificateShown()).toBe(before);
  server.signal("SIGHUP");
  await server.logged("read the configuration and the certificates again");
  expect(await certificateShown()).toBe(certificateOnDisk());
  await alice.ping();
  alice.socket.destroy();
});

test.each([
  ["an unknown key", () => folder.configure({ ...CONFIG, surprise: true }), "surprise"],
  ["no JSON", () => folder.write("server.config.json", "{"), "server.config.json"],
  [
    "a certificate that is none",
    () => {
      folder.configure({
        ...CONFIG,
        domains: [{ name: "localhost", certificate: "wrong.pem", key: "wrong.pem" }],
      });
      folder.write("wrong.pem", "no certificate");
    },
    "wrong.pem: is not a certificate",
  ],
])("%s is refused in one line, and all stays as it was", async (_, change, reason) => {
  const before = certificateOnDisk();
  const { length } = server.err;
  change();
  server.signal("SIGHUP");
  await server.until(() => server.err.indexOf("\n", length) > 0);
  const lines = server.err.slice(length).trim().split("\n");
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain("the configuration stays as it was");
  expect(lines[0]).toContain(reason);
  expect(await certificateShown()).toBe(before);
});
