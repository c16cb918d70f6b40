/** Faults of STARTTLS, certificates and channel binding, as client libraries meet them. */
import { describe, expect, test } from "vitest";
import type { FaultOptions, TestServer } from "../../src/testing/index.ts";
import { findPythonWith } from "./programs.ts";
import { romeoOf, serve } from "./rig-clients.ts";
import { slixmppMeets } from "./rig-programs.ts";

const python = findPythonWith("slixmpp");

describe("STARTTLS", () => {
  test("is missing: @xmpp/client has nothing to go on with", async () => {
    const server = await serve({ tls: true, clock: "virtual" });
    server.faults.add({ fault: "starttls", how: "missing" });
    const romeo = romeoOf(server);
    romeo.reconnect.stop();
    const started = romeo.start();
    await server.expect({ direction: "out", kind: "nonza", child: "features" });
    await server.expectNone({ direction: "in", kind: "nonza" });
    // It would wait for ever: the server's patience ends.
    await Promise.all([
      expect(started).rejects.toMatchObject({ name: "StreamError", condition: "connection-timeout" }),
      server.clock.advance("5m"),
    ]);
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

describe.each([
  ["expired", "CERT_HAS_EXPIRED"],
  ["wrong-host", "ERR_TLS_CERT_ALTNAME_INVALID"],
  ["self-signed", "DEPTH_ZERO_SELF_SIGNED_CERT"],
] as const)("a certificate is %s", (how, code) => {
  const ways = [
    ["STARTTLS", "xmpp", "xmpp"],
    ["direct TLS", "xmpps", "xmpps"],
    ["the port of HTTPS", "https", "xmpps"],
  ] as const;

  test.each(ways)(
    "on %s: @xmpp/client does not go on, and does with the right one",
    async (_, name, scheme) => {
      const server = await serve({ tls: true });
      const fault = server.faults.add({ fault: "certificate", how, times: 1 });
      const service = server.service(name).replace(/^\w+:\/\/127.0.0.1/, `${scheme}://localhost`);
      const romeo = romeoOf(server, { service });
      romeo.reconnect.stop();
      await expect(romeo.start()).rejects.toMatchObject({ code });
      expect(fault.hits).toBe(1);
      await romeoOf(server, { service }).start();
    },
  );

  test("on WebSocket: @xmpp/client does not go on", async () => {
    const server = await serve({ tls: true });
    const fault = server.faults.add({ fault: "certificate", how });
    const romeo = romeoOf(server, { service: server.service("wss").replace("127.0.0.1", "localhost") });
    romeo.reconnect.stop();
    // What its WebSocket says of it is now one thing, now another.
    await expect(romeo.start()).rejects.toBeInstanceOf(Error);
    expect(fault.hits).toBe(1);
    fault.remove();
    await romeoOf(server, { service: server.service("wss").replace("127.0.0.1", "localhost") }).start();
  });
});

describe.skipIf(python === undefined)("slixmpp (python3-slixmpp is needed)", () => {
  const places = [
    ["STARTTLS", (server: TestServer) => ({ port: server.port, direct: false }), "ssl_invalid_chain"],
    ["direct TLS", (server: TestServer) => ({ port: server.tlsPort, direct: true }), "connection_failed"],
    [
      "the port of HTTPS",
      (server: TestServer) => ({ port: server.server.ports.https, direct: true }),
      "connection_failed",
    ],
  ] as const;

  test.each(places)("is bound to another channel on %s, and does not get in", async (_, place) => {
    const server = await serve({ tls: true });
    const fault = server.faults.add({ fault: "channel-binding" });
    await slixmppMeets(server, "failed_auth", place(server));
    expect(fault.hits).toBeGreaterThan(0);
    expect(server.transcript).toMatch(/mechanism="SCRAM-SHA-\d+-PLUS"/);
  });

  test.each(places)("sees a certificate that has expired on %s", async (_, place, event) => {
    const server = await serve({ tls: true });
    const fault = server.faults.add({ fault: "certificate", how: "expired" });
    await slixmppMeets(server, event, place(server));
    expect(fault.hits).toBeGreaterThan(0);
  });

  test("binds to the right channel without a fault", async () => {
    for (const [, place] of places) {
      const server = await serve({ tls: true });
      await slixmppMeets(server, "session_start", place(server));
      expect(server.transcript).toMatch(/mechanism="SCRAM-SHA-\d+-PLUS"/);
    }
  });

  // RFC 5802 §6: it says that it could bind, and the server knows that it offered to.
  test("is told of no channel binding, says that it could, and is not let in", async () => {
    const server = await serve({ tls: true });
    const mechanisms = ["SCRAM-SHA-256", "SCRAM-SHA-1"];
    const fault: FaultOptions = { fault: "downgrade", mechanisms };
    server.faults.add(fault);
    await slixmppMeets(server, "failed_auth");
    expect(server.transcript).toContain("not-authorized");
  });
});
