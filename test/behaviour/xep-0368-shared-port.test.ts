/** XEP-0368: clients of XMPP and of HTTP on one port; and the PROXY protocol in front of any of them. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { selfSigned } from "../../src/net/self-signed.ts";
import { createRig, type Rig, type RigOptions } from "../../src/testing/create-rig.ts";
import { logIn } from "../../src/testing/log-in.ts";
import { clientOn, connectSecure, handshake } from "./socket-client.ts";

const tls = await selfSigned(["localhost"], { now: Date.now() });

async function listening(options: RigOptions = {}): Promise<Rig> {
  const rig = await createRig({ listen: { c2s: 0, c2sTls: 0, http: 0, https: 0 }, tls, ...options });
  onTestFinished(() => rig.close());
  await rig.server.listen();
  await rig.user("alice");
  return rig;
}

const ALICE = { domain: "localhost", user: "alice", password: "secret of alice", resource: "phone" };
const REQUEST = "GET /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

async function answerOn(socket: Socket): Promise<string> {
  let heard = "";
  socket.on("data", (data: Buffer) => {
    heard += data.toString();
  });
  socket.on("error", () => {});
  await new Promise((resolve) => void socket.once("close", resolve));
  return heard;
}

describe("the shared port", () => {
  test.each([{ ALPNProtocols: ["xmpp-client"] }, { ALPNProtocols: ["xmpp-client", "http/1.1"] }, {}])(
    "serves clients of XMPP that offer $ALPNProtocols",
    async (offer) => {
      const rig = await listening();
      const client = await connectSecure(rig, { port: rig.server.ports.https, ...offer });
      await logIn(client, ALICE);
      const stream = [...rig.server.streams][0];
      expect(stream?.transport.kind).toBe("tls");
      expect(stream?.transport.channelBinding("tls-exporter")).toHaveLength(32);
      await client.closes();
    },
  );

  test("takes white space before a stream for a part of it", async () => {
    const rig = await listening();
    const client = await connectSecure(rig, { port: rig.server.ports.https });
    await client.sendsRaw("\n");
    await expect.poll(() => rig.server.streams.size).toBe(1);
    await client.disconnects();
  });

  test.each([{ ALPNProtocols: ["h2", "http/1.1"] }, {}])(
    "serves requests of those that offer $ALPNProtocols",
    async (offer) => {
      const rig = await listening();
      const socket = await handshake({ port: rig.server.ports.https, host: "127.0.0.1", ...offer });
      // Byte by byte: the first one tells.
      for (const char of REQUEST) socket.write(char);
      expect(await answerOn(socket)).toMatch(/^HTTP\/1.1 404 /);
    },
  );

  test("refuses those that speak nothing of it", async () => {
    const rig = await listening();
    await expect(
      handshake({ port: rig.server.ports.https, host: "127.0.0.1", ALPNProtocols: ["h2"] }),
    ).rejects.toThrow(/ALPN|alert|no application/i);
  });

  test("cuts off those that say nothing, in the handshake and after it", async () => {
    const rig = await listening();
    const silent = connect({ port: rig.server.ports.https, host: "127.0.0.1" });
    await once(silent, "connect");
    const secured = await handshake({ port: rig.server.ports.https, host: "127.0.0.1" });
    const gone = Promise.all([answerOn(silent), answerOn(secured)]);
    await rig.clock.advance(15_000);
    await gone;
  });
});

describe("the PROXY protocol", () => {
  const options: RigOptions = {
    config: { proxies: { trusted: ["127.0.0.1"], protocol: ["c2s", "c2sTls", "http", "https"] } },
  };
  const HEADER = "PROXY TCP4 192.0.2.7 127.0.0.1 1234 5222\r\n";

  async function through(port: number, header: string): Promise<Socket> {
    const socket = connect({ port, host: "127.0.0.1" });
    await once(socket, "connect");
    onTestFinished(() => void socket.destroy());
    socket.on("error", () => {});
    for (const char of header) socket.write(char);
    return socket;
  }

  test("names the client of a stream", async () => {
    const rig = await listening(options);
    const client = clientOn(await through(rig.server.ports.c2s, HEADER), rig);
    await client.opens();
    expect([...rig.server.streams][0]?.remote).toBe("192.0.2.7");
    await client.disconnects();
  });

  test.each(["c2sTls", "https"] as const)("comes before TLS on %s", async (port) => {
    const rig = await listening(options);
    const socket = await through(rig.server.ports[port], HEADER);
    const client = clientOn(await handshake({ socket }), rig);
    await logIn(client, ALICE);
    expect([...rig.server.streams][0]?.remote).toBe("192.0.2.7");
    await client.disconnects();
  });

  test("may come together with what is behind it", async () => {
    const rig = await listening(options);
    const plain = connect({ port: rig.server.ports.https, host: "127.0.0.1" });
    await once(plain, "connect");
    plain.write(HEADER);
    const socket = await handshake({ socket: plain });
    socket.write(REQUEST);
    expect(await answerOn(socket)).toMatch(/^HTTP\/1.1 404 /);
    const inClear = connect({ port: rig.server.ports.http, host: "127.0.0.1" });
    inClear.write(HEADER + REQUEST);
    expect(await answerOn(inClear)).toMatch(/^HTTP\/1.1 404 /);
  });

  test("names the client of a request", async () => {
    const rig = await listening(options);
    const socket = await through(rig.server.ports.http, HEADER);
    socket.write(REQUEST);
    expect(await answerOn(socket)).toMatch(/^HTTP\/1.1 404 /);
  });

  test("counts the connections of the client, not of the proxy", async () => {
    const rig = await listening({ config: { ...options.config, limits: { streamsPerAddress: 1 } } });
    const first = clientOn(await through(rig.server.ports.c2s, HEADER), rig);
    await first.opens();
    expect(await answerOn(await through(rig.server.ports.c2s, HEADER))).toBe("");
    const other = clientOn(await through(rig.server.ports.c2s, HEADER.replace("2.7", "2.8")), rig);
    await other.opens();
  });

  test.each(["<?xml version='1.0'?>", "PROXY TCP4 here there 1 2\r\n", `PROXY UNKNOWN ${"x".repeat(200)}`])(
    "%s in its place closes the connection",
    async (text) => {
      const rig = await listening(options);
      expect(await answerOn(await through(rig.server.ports.c2s, text))).toBe("");
      expect(rig.server.streams.size).toBe(0);
    },
  );

  test("is waited for, but not for long", async () => {
    const rig = await listening(options);
    const socket = await through(rig.server.ports.c2s, "PROXY TCP4 ");
    const gone = answerOn(socket);
    await rig.clock.advance(5_000);
    expect(await gone).toBe("");
  });

  test("is garbage where nobody said that there is a proxy", async () => {
    const rig = await listening({ config: { proxies: { trusted: ["192.0.2.99"], protocol: ["c2s"] } } });
    const socket = await through(rig.server.ports.c2s, HEADER);
    expect(await answerOn(socket)).toContain("<not-well-formed");
  });
});
