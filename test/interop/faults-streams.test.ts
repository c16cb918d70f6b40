/** Faults of streams and their management, as client libraries meet them. */
import { describe, expect, test } from "vitest";
import type { FaultOptions, TestServer } from "../../src/testing/index.ts";
import { STREAM_CONDITIONS } from "../../src/xmpp/errors.ts";
import { findPythonWith } from "./programs.ts";
import { chat, happens, romeoOf, serve, settledRomeo } from "./rig-clients.ts";
import { runPython } from "./rig-programs.ts";

/** juliet says these to romeo. */
async function says(server: TestServer, ...bodies: readonly string[]): Promise<void> {
  const juliet = await server.client("juliet");
  for (const body of bodies) {
    await juliet.sends(`<message to="romeo@localhost" type="chat"><body>${body}</body></message>`);
  }
  await server.settle();
}

describe("a connection is cut", () => {
  test.each<[when: string, options: Partial<FaultOptions>]>([
    ["at once", {}],
    ["after a stanza", { afterStanza: 2 }],
    ["before a stanza", { beforeStanza: 2 }],
  ])("%s, and @xmpp/client comes back and misses nothing", async (_, options) => {
    const server = await serve();
    const romeo = await settledRomeo(server);
    const resumed = happens(romeo.streamManagement, "resumed");
    const fault = server.faults.add({ fault: "cut", user: "romeo", ...options } as FaultOptions);
    await says(server, "1", "2", "3");
    await resumed;
    await server.settle();
    expect(romeo.bodies).toEqual(["1", "2", "3"]);
    expect(fault.hits).toBe(1);
  });

  test.each(["afterStanza", "beforeStanza"] as const)(
    "%s that @xmpp/client sends, which it sends again where it has to",
    async (when) => {
      const server = await serve();
      const juliet = await server.client("juliet");
      const romeo = await settledRomeo(server);
      const resumed = happens(romeo.streamManagement, "resumed");
      server.faults.add({ fault: "cut", user: "romeo", direction: "in", [when]: 2 } as FaultOptions);
      for (const body of ["1", "2"]) await romeo.send(chat(body));
      await resumed;
      await server.settle();
      for (const body of ["1", "2"]) expect(juliet.heard.split(`<body>${body}<`)).toHaveLength(2);
    },
  );
});

describe("stream management", () => {
  test("acknowledges nothing while TCP stays: the client does not know what arrived", async () => {
    const server = await serve();
    const romeo = await settledRomeo(server);
    const fault = server.faults.add({ fault: "acknowledgements", user: "romeo" });
    const acknowledged: unknown[] = [];
    romeo.streamManagement.on("ack", (stanza) => acknowledged.push(stanza));
    await romeo.send(chat("1"));
    await server.expect({ from: "romeo", kind: "nonza", child: "r" });
    await server.settle();
    expect(acknowledged).toEqual([]);
    expect(romeo.status).toBe("online");
    expect(fault.hits).toBeGreaterThan(0);
  });

  test("is cut before its first acknowledgement: what was sent is sent again, and arrives once", async () => {
    const server = await serve();
    server.faults.add({ fault: "acknowledgements", how: "cut", times: 1 });
    const juliet = await server.client("juliet");
    const romeo = await settledRomeo(server);
    const resumed = happens(romeo.streamManagement, "resumed");
    await romeo.send(chat("1"));
    await resumed;
    await server.settle();
    expect(juliet.heard.match(/<body>1</g)).toHaveLength(1);
  });

  test("loses the answer to a resumption, and the client tries again", async () => {
    const server = await serve();
    const romeo = await settledRomeo(server);
    const fault = server.faults.add({ fault: "resumption", how: "lose", times: 1 });
    const resumed = happens(romeo.streamManagement, "resumed");
    server.kill("romeo");
    await resumed;
    expect(fault.hits).toBe(1);
    expect(server.sessions("romeo")).toHaveLength(1);
  });

  test("answers a resumption with another session's id, at which @xmpp/client does not look", async () => {
    const server = await serve();
    const romeo = await settledRomeo(server);
    const resumed = happens(romeo.streamManagement, "resumed");
    const fault = server.faults.add({ fault: "resumption", how: "wrong-id", times: 1 });
    server.kill("romeo");
    await resumed;
    expect(fault.hits).toBe(1);
    await says(server, "1");
    expect(romeo.bodies).toEqual(["1"]);
  });

  test("answers a resumption with a wrong count, over which @xmpp/client trips", async () => {
    const server = await serve();
    const romeo = await settledRomeo(server);
    const fault = server.faults.add({ fault: "resumption", how: "wrong-count", times: 1 });
    let isResumed = false;
    romeo.streamManagement.once("resumed", () => (isResumed = true));
    server.kill("romeo");
    await server.expect({ direction: "out", kind: "nonza", child: "resumed" });
    await server.settle();
    expect(fault.hits).toBe(1);
    expect(isResumed).toBe(false);
    // It cannot count so far, takes the resumption for refused, and wants a resource, of which the session has one.
    expect(romeo.failures).toMatchObject([{ name: "StanzaError", condition: "service-unavailable" }]);
  });

  test("refuses a resumption: there is a new session", async () => {
    const server = await serve();
    const romeo = await settledRomeo(server);
    server.faults.add({ fault: "resumption", how: "refuse", times: 1 });
    server.kill("romeo");
    await happens(romeo, "online");
    await server.expect({ direction: "out", kind: "nonza", child: "failed" });
  });
});

describe.skipIf(findPythonWith("aioxmpp") === undefined)("aioxmpp (python3-aioxmpp is needed)", () => {
  /** romeo with aioxmpp, cut off when he is there; what happens to him then, line by line. */
  async function cutOff(options: FaultOptions | undefined) {
    const server = await serve({ tls: true });
    const program = runPython(server, "aioxmpp", "aioxmpp-faults.py", { port: server.port });
    await program.prints(/^established$/m);
    const fault = options && server.faults.add(options);
    server.kill("romeo");
    return { server, program, fault };
  }

  test("resumes without a fault", async () => {
    const { program } = await cutOff(undefined);
    await program.prints(/^suspended[^]*^resumed$/m);
    expect(program.output).not.toContain("destroyed");
  });

  test("does not believe that more arrived than it sent, and fails", async () => {
    const { program, fault } = await cutOff({ fault: "resumption", how: "wrong-count", times: 1 });
    await program.prints(/^failed to resume stream \(acked more stanzas than have been sent/m);
    // It goes on as if the server had refused, which it had not.
    await program.prints(/^failed: /m);
    expect(fault?.hits).toBe(1);
  });

  test("is refused, and begins a new session", async () => {
    const { program, fault } = await cutOff({ fault: "resumption", how: "refuse", times: 1 });
    await program.prints(/^suspended[^]*^destroyed[^]*^established$/m);
    expect(fault?.hits).toBe(1);
  });

  test("loses the answer to its resumption, and resumes once more", async () => {
    const { program, fault } = await cutOff({ fault: "resumption", how: "lose", times: 1 });
    await program.prints(/^suspended[^]*^resumed$/m);
    expect(fault?.hits).toBe(1);
    expect(program.output).not.toContain("destroyed");
  });
});

describe("a stream ends with any error there is", () => {
  const conditions = STREAM_CONDITIONS.filter((condition) => condition !== "see-other-host");

  test("in mid-session, which @xmpp/client tells", async () => {
    const server = await serve({ config: { limits: { resourcesPerAccount: 50 } } });
    for (const condition of conditions) {
      const romeo = await settledRomeo(server);
      romeo.reconnect.stop();
      const disconnected = happens(romeo, "disconnect");
      server.faults.add({ fault: "stream-error", condition, user: "romeo", text: "so it goes" });
      await disconnected;
      expect(romeo.failures).toMatchObject([{ name: "StreamError", condition }]);
      server.forget();
    }
  });

  test("in place of its features, which @xmpp/client tells", async () => {
    const server = await serve();
    for (const condition of conditions) {
      server.faults.add({ fault: "stream-error", condition, times: 1 });
      const romeo = romeoOf(server);
      romeo.reconnect.stop();
      await expect(romeo.start()).rejects.toMatchObject({ condition });
    }
    await romeoOf(server).start();
  });

  test("for another host, to which @xmpp/client goes", async () => {
    const server = await serve();
    const other = await serve();
    const fault = server.faults.add({
      fault: "stream-error",
      condition: "see-other-host",
      host: `127.0.0.1:${other.port}`,
      times: 1,
    });
    const romeo = romeoOf(server);
    romeo.reconnect.stop();
    romeo.start().catch(() => {});
    await other.expect({ from: "romeo", iq: "set" });
    await expect.poll(() => other.sessions("romeo")).toHaveLength(1);
    expect(fault.hits).toBe(1);
    expect(server.sessions()).toEqual([]);
  });
});
