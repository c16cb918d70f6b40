/** Faults of log-in and binding, as client libraries meet them. */
import { Strophe } from "strophe.js";
import { describe, expect, test } from "vitest";
import { SASL_CONDITIONS } from "../../src/auth/mechanism.ts";
import type { FaultOptions, TestServer } from "../../src/testing/index.ts";
import { findPythonWith } from "./programs.ts";
import { happens, romeoOf, serve, settledRomeo } from "./rig-clients.ts";
import { slixmppMeets } from "./rig-programs.ts";

describe.each([
  ["SASL", false],
  ["SASL2", true],
] as const)("authentication with %s", (_, tls) => {
  test.each(["start", "response"] as const)(
    "fails at the %s for every reason there is, which @xmpp/client tells, and then no longer",
    async (step) => {
      const server = await serve({ tls });
      for (const condition of SASL_CONDITIONS) {
        const fault = server.faults.add({ fault: "login", step, condition, text: "not today", times: 1 });
        const romeo = romeoOf(server);
        romeo.reconnect.stop();
        await expect(romeo.start()).rejects.toMatchObject({ name: "SASLError", condition });
        expect(fault.hits).toBe(1);
      }
      await romeoOf(server).start();
      expect(server.errors).toEqual([]);
    },
  );

  test("succeeds, and binding fails, which @xmpp/client tells", async () => {
    const server = await serve({ tls });
    for (const condition of ["resource-constraint", "conflict", "not-allowed"] as const) {
      const fault = server.faults.add({ fault: "bind", condition, times: 1 });
      const romeo = romeoOf(server);
      romeo.reconnect.stop();
      await expect(romeo.start()).rejects.toMatchObject({ name: "StanzaError", condition });
      expect(fault.hits).toBe(1);
    }
    await romeoOf(server).start();
  });
});

/** The statuses of strophe.js, until it has one of the last kind. */
async function statusesOf(server: TestServer): Promise<number[]> {
  const { jid, password } = server.user("romeo");
  Strophe.setLogLevel(Strophe.LogLevel.FATAL);
  const connection = new Strophe.Connection(server.service("ws"));
  const { CONNFAIL, AUTHFAIL, CONNECTED } = Strophe.Status;
  const statuses: number[] = [];
  await new Promise<void>((resolve) => {
    connection.connect(jid, password, (status: number) => {
      statuses.push(status);
      if (status === CONNFAIL || status === AUTHFAIL || status === CONNECTED) resolve();
    });
  });
  connection.reset();
  return statuses;
}

describe("strophe.js", () => {
  test.each<[what: string, fault: FaultOptions]>([
    ["is refused when it begins", { fault: "login", condition: "account-disabled" }],
    ["is refused at its proof", { fault: "login", step: "response", condition: "not-authorized" }],
    ["gets no resource", { fault: "bind" }],
  ])("%s, and says that it did not get in", async (_, options) => {
    const server = await serve();
    const fault = server.faults.add(options);
    expect((await statusesOf(server)).at(-1)).toBe(Strophe.Status.AUTHFAIL);
    expect(fault.hits).toBeGreaterThan(0);
  });

  test("turns away from a server that proves nothing", async () => {
    const server = await serve();
    const fault = server.faults.add({ fault: "server-signature" });
    expect(await statusesOf(server)).not.toContain(Strophe.Status.CONNECTED);
    expect(fault.hits).toBe(1);
  });
});

describe("@xmpp/client", () => {
  test("has a token that has run out, and goes on with its password", async () => {
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

  test("takes what is left when the offer is weakened on the way", async () => {
    const server = await serve({ tls: true });
    const fault = server.faults.add({ fault: "downgrade" });
    await romeoOf(server).start();
    expect(fault.hits).toBeGreaterThan(0);
    expect(server.transcript).toContain('mechanism="PLAIN"');
  });

  test("sees the offer as it was where chance does not want it to be weakened", async () => {
    const server = await serve();
    const fault = server.faults.add({ fault: "downgrade", probability: 0 });
    await romeoOf(server).start();
    expect(fault.hits).toBe(0);
    const { element } = await server.expect({ direction: "out", kind: "nonza", child: "features" });
    expect(element.getChild("mechanisms")?.toString()).toContain("SCRAM-SHA-1");
  });
});

describe.skipIf(findPythonWith("slixmpp") === undefined)("slixmpp (python3-slixmpp is needed)", () => {
  test("gets no proof of the server, and leaves", async () => {
    const server = await serve({ tls: true });
    const fault = server.faults.add({ fault: "server-signature" });
    await slixmppMeets(server, "disconnected");
    expect(fault.hits).toBeGreaterThan(0);
  });

  test("is refused at its proof", async () => {
    const server = await serve({ tls: true });
    const fault = server.faults.add({ fault: "login", step: "response", condition: "not-authorized" });
    await slixmppMeets(server, "failed_auth");
    expect(fault.hits).toBeGreaterThan(0);
  });
});
