/** Faults on the way in, as client libraries meet them. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Strophe } from "strophe.js";
import { describe, expect, onTestFinished, test } from "vitest";
import type { FaultOptions } from "../../src/testing/index.ts";
import { findPythonWith, Program } from "./programs.ts";
import { happens, romeoOf, serve, settledRomeo } from "./rig-clients.ts";

const python = findPythonWith("slixmpp");

describe("authentication", () => {
  test.each(["account-disabled", "temporary-auth-failure", "not-authorized"] as const)(
    "fails with %s, which @xmpp/client tells",
    async (condition) => {
      for (const tls of [false, true]) {
        const server = await serve({ tls });
        server.faults.add({ fault: "login", condition, text: "not today" });
        const romeo = romeoOf(server);
        romeo.reconnect.stop();
        await expect(romeo.start()).rejects.toMatchObject({ name: "SASLError", condition });
      }
    },
  );

  test("fails for a token that has run out, and @xmpp/client goes on with its password", async () => {
    const server = await serve({ tls: true });
    const romeo = await settledRomeo(server);
    const fault = server.faults.add({ fault: "expired-token", times: 1 });
    server.kill("romeo");
    await happens(romeo.streamManagement, "resumed");
    expect(fault.hits).toBe(1);
    const names = [...server.transcript.matchAll(/mechanism="([^"]+)"/g)].map(([, name]) => name);
    expect(names.at(-2)).toMatch(/^HT-/);
    expect(names.at(-1)).not.toMatch(/^HT-/);
  });

  test("has a server that proves nothing: strophe.js turns away", async () => {
    const server = await serve();
    const fault = server.faults.add({ fault: "server-signature" });
    const { jid, password } = server.user("romeo");
    Strophe.setLogLevel(Strophe.LogLevel.FATAL);
    const connection = new Strophe.Connection(server.service("ws"));
    const statuses: number[] = [];
    await new Promise<void>((resolve) => {
      connection.connect(jid, password, (status: number) => {
        statuses.push(status);
        if (status === Strophe.Status.CONNFAIL || status === Strophe.Status.AUTHFAIL) resolve();
        if (status === Strophe.Status.CONNECTED) resolve();
      });
    });
    expect(fault.hits).toBe(1);
    expect(statuses).not.toContain(Strophe.Status.CONNECTED);
  });

  test("is weakened on the way: @xmpp/client takes what is left", async () => {
    const server = await serve({ tls: true });
    const fault = server.faults.add({ fault: "downgrade" });
    await romeoOf(server).start();
    expect(fault.hits).toBeGreaterThan(0);
    expect(server.transcript).toContain('mechanism="PLAIN"');
  });

  test("is not weakened where chance does not want it, and is seen as it was", async () => {
    const server = await serve();
    const fault = server.faults.add({ fault: "downgrade", probability: 0 });
    await romeoOf(server).start();
    expect(fault.hits).toBe(0);
    const { element } = await server.expect({ direction: "out", kind: "nonza", child: "features" });
    expect(element.getChild("mechanisms")?.toString()).toContain("SCRAM-SHA-1");
  });
});

describe("STARTTLS", () => {
  test("is missing: @xmpp/client has nothing to go on with", async () => {
    const server = await serve({ tls: true });
    server.faults.add({ fault: "starttls", how: "missing" });
    const romeo = romeoOf(server);
    romeo.start().catch(() => {});
    await server.expect({ direction: "out", kind: "nonza", child: "features" });
    await server.expectNone({ direction: "in", kind: "nonza" });
    expect(romeo.status).not.toBe("online");
  });

  test("is stripped: @xmpp/client refuses to send a password in clear", async () => {
    const server = await serve({ tls: true });
    const fault = server.faults.add({ fault: "starttls", how: "stripped" });
    const romeo = romeoOf(server);
    romeo.reconnect.stop();
    await expect(romeo.start()).rejects.toThrow("Mechanism undefined");
    expect(fault.hits).toBe(1);
    await server.expectNone({ direction: "in", kind: "nonza", child: "auth" });
  });

  test("is refused", async () => {
    const server = await serve({ tls: true });
    server.faults.add({ fault: "starttls", how: "refused" });
    const romeo = romeoOf(server);
    romeo.reconnect.stop();
    await expect(romeo.start()).rejects.toThrow("STARTTLS_FAILURE");
    await server.expect({ direction: "out", kind: "nonza", child: "failure" });
  });

  test("begins and comes to nothing", async () => {
    const server = await serve({ tls: true });
    const fault = server.faults.add({ fault: "starttls", how: "handshake" });
    const romeo = romeoOf(server);
    romeo.reconnect.stop();
    await expect(romeo.start()).rejects.toMatchObject({ code: "ERR_SSL_WRONG_VERSION_NUMBER" });
    expect(fault.hits).toBe(1);
  });
});

test.each([
  ["expired", "CERT_HAS_EXPIRED"],
  ["wrong-host", "ERR_TLS_CERT_ALTNAME_INVALID"],
  ["self-signed", "DEPTH_ZERO_SELF_SIGNED_CERT"],
] as const)("a certificate is %s: @xmpp/client does not go on", async (how, code) => {
  for (const service of ["xmpp", "xmpps"] as const) {
    const server = await serve({ tls: true });
    const fault = server.faults.add({ fault: "certificate", how });
    const romeo = romeoOf(server, { service: server.service(service).replace("127.0.0.1", "localhost") });
    romeo.reconnect.stop();
    await expect(romeo.start()).rejects.toMatchObject({ code });
    fault.remove();
    await romeoOf(server, { service: server.service(service) }).start();
  }
});

describe.skipIf(python === undefined)("slixmpp (python3-slixmpp is needed)", () => {
  test.each<[what: string, fault: FaultOptions, event: string]>([
    ["is bound to another channel", { fault: "channel-binding" }, "failed_auth"],
    ["gets no proof of the server", { fault: "server-signature" }, "disconnected"],
    ["sees a certificate that has expired", { fault: "certificate", how: "expired" }, "ssl_invalid_chain"],
  ])("%s, and does not log in", async (_, options, event) => {
    const server = await serve({ tls: true });
    const fault = server.faults.add(options);
    const home = mkdtempSync(join(tmpdir(), "jackdaw-faults-"));
    onTestFinished(() => rmSync(home, { recursive: true }));
    const ca = join(home, "ca.pem");
    writeFileSync(ca, server.ca);
    await using program = new Program({
      file: python as string,
      args: [
        join(import.meta.dirname, "slixmpp-faults.py"),
        JSON.stringify({ port: server.port, ca, expected: event }),
      ],
      home,
      env: { PYTHONDONTWRITEBYTECODE: "1" },
    });
    await program.prints(/^all is well$/m);
    expect(fault.hits).toBeGreaterThan(0);
  });
});
