/** Faults of the network, on every way to the server, as client libraries meet them. */

import type { Duplex } from "node:stream";
import { xml } from "@xmpp/client";
import { describe, expect, test } from "vitest";
import type { FaultOptions, TestServer } from "../../src/testing/index.ts";
import { happens, romeoOf, serve, settledRomeo } from "./rig-clients.ts";
import { type RigPeer, ways } from "./rig-peers.ts";
import { $pres, makeStrophe, Strophe } from "./strophe-peer.ts";

const PATIENCE = { timeout: 10_000 };

/** juliet says these to romeo; settles when the server has sent them. */
async function says(server: TestServer, ...bodies: readonly string[]): Promise<void> {
  const juliet = await server.client("juliet");
  for (const body of bodies) {
    await juliet.sends(`<message to="romeo@localhost" type="chat"><body>${body}</body></message>`);
    await server.expect({ to: "romeo", kind: "message", body });
  }
}

/** It comes when time goes on, and not before so many milliseconds; some clients first have to ask for it. */
async function comes(server: TestServer, romeo: RigPeer, body: string, earliest: number): Promise<void> {
  const sent = server.archive("juliet").at(-1);
  const advance = async () => {
    await server.clock.advance("500ms");
    return romeo.bodies;
  };
  await expect.poll(advance, PATIENCE).toEqual([body]);
  expect(server.clock.now() - Date.parse(sent?.stamp ?? "")).toBeGreaterThanOrEqual(earliest);
}

describe.each(ways)("$name, in mid-session,", ({ tls, connect }) => {
  test("meets a connection that falls silent, and hears all of it, in order, when it speaks again", async () => {
    const server = await serve({ tls });
    const romeo = await connect(server);
    const fault = server.faults.add({ fault: "network", stall: true });
    expect(fault.hits).toBeGreaterThan(0);
    await says(server, "1", "2", "3");
    await server.settle();
    expect(romeo.bodies).toEqual([]);
    fault.remove();
    await expect.poll(() => romeo.bodies, PATIENCE).toEqual(["1", "2", "3"]);
  });

  test("sends bytes one by one, which the server puts together", async () => {
    const server = await serve({ tls });
    const romeo = await connect(server);
    const juliet = await server.client("juliet/balcony");
    server.faults.add({ fault: "network", direction: "in", slice: 1 });
    romeo.says("Où es-tu, 🌹?", "juliet@localhost/balcony");
    await server.expect({ to: "juliet", body: "Où es-tu, 🌹?" }, { within: 10_000 });
    await juliet.receives(`<message type="chat"><body>Où es-tu, 🌹?</body>{...}</message>`);
  });

  test("gets what is late when it is time", async () => {
    const server = await serve({ tls, clock: "virtual" });
    const romeo = await connect(server);
    const fault = server.faults.add({ fault: "network", direction: "out", latency: "2s" });
    await says(server, "late");
    await server.clock.advance("1s");
    expect(romeo.bodies).toEqual([]);
    await comes(server, romeo, "late", 2_000);
    fault.remove();
  });

  test("gets what is narrow bit by bit", async () => {
    const server = await serve({ tls, clock: "virtual" });
    const romeo = await connect(server);
    const fault = server.faults.add({ fault: "network", direction: "out", bandwidth: 500 });
    const text = "x".repeat(1000);
    await says(server, text);
    await server.clock.advance("1s");
    expect(romeo.bodies).toEqual([]);
    await comes(server, romeo, text, 2_000);
    fault.remove();
  });
});

describe("bytes come in slices to", () => {
  // In smaller pieces its parser does not even understand the XML declaration.
  test("@xmpp/client 0.14, which breaks the characters", async () => {
    const server = await serve();
    server.faults.add({ fault: "network", direction: "out", slice: 3 });
    const romeo = await settledRomeo(server);
    await says(server, "Ici, 🌙🌙");
    await expect.poll(() => romeo.bodies, PATIENCE).toEqual([expect.stringMatching(/^Ici, \uFFFD+$/)]);
  });

  test.each(ways.filter(({ name }) => !name.endsWith("over TCP")))(
    "$name, which puts them together",
    async ({ tls, connect }) => {
      const server = await serve({ tls });
      const romeo = await connect(server);
      server.faults.add({ fault: "network", direction: "out", slice: 1 });
      await says(server, "Ici, 🌙🌙");
      await expect.poll(() => romeo.bodies, PATIENCE).toEqual(["Ici, 🌙🌙"]);
    },
  );
});

describe("@xmpp/client", () => {
  test.each<FaultOptions>([
    { fault: "network", latency: "10ms", jitter: "5ms" },
    { fault: "network", bandwidth: 50_000 },
    { fault: "network", slice: 7 },
  ])("logs in nevertheless: %o", async (options) => {
    for (const tls of [false, true]) {
      const server = await serve({ tls });
      const fault = server.faults.add({ direction: "in", ...options } as FaultOptions);
      await settledRomeo(server);
      expect(fault.hits).toBe(1);
    }
  });

  test("hears nothing at all, and gives up, while the connection stays", async () => {
    const server = await serve();
    server.faults.add({ fault: "network", direction: "out", stall: true });
    const romeo = romeoOf(server);
    Object.assign(romeo, { timeout: 100 });
    romeo.reconnect.stop();
    await expect(romeo.start()).rejects.toMatchObject({ name: "TimeoutError" });
    expect(server.server.streams.size).toBe(1);
  });

  test("is cut in the middle of a message, comes back, and misses nothing", async () => {
    for (const tls of [false, true]) {
      const server = await serve({ tls });
      const romeo = await settledRomeo(server);
      const resumed = happens(romeo.streamManagement, "resumed");
      const disconnected = happens(romeo, "disconnect");
      const fault = server.faults.add({
        fault: "network",
        direction: "out",
        user: "romeo",
        cutAfter: 50,
        times: 1,
      });
      await says(server, "x".repeat(500));
      await disconnected;
      await resumed;
      await expect.poll(() => romeo.bodies, PATIENCE).toEqual(["x".repeat(500)]);
      expect(fault.hits).toBe(1);
    }
  });

  test("is the one that is hit, where a fault is one user's", async () => {
    const server = await serve({ users: ["romeo", "juliet", "nurse"] });
    const nurse = romeoOf(server, server.user("nurse").connectOptions);
    await nurse.start();
    await nurse.send(xml("presence"));
    const fault = server.faults.add({ fault: "network", user: "romeo", direction: "out", stall: true });
    // What comes before it is known who he is does not stall.
    const romeo = romeoOf(server);
    romeo.start().catch(() => {});
    await expect.poll(() => fault.hits, PATIENCE).toBe(1);
    const juliet = await server.client("juliet");
    await juliet.sends(`<message to="nurse@localhost" type="chat"><body>Hi</body></message>`);
    await expect.poll(() => nurse.bodies, PATIENCE).toEqual(["Hi"]);
    expect(romeo.status).not.toBe("online");
    fault.remove();
    await expect.poll(() => romeo.status, PATIENCE).toBe("online");
  });
});

test("stanza over BOSH is cut in the middle of an answer, asks again, and gets it once", async () => {
  const server = await serve();
  const romeo = await ways.find(({ name }) => name.startsWith("stanza over BOSH"))?.connect(server);
  // As many as there are now: the next one is whole.
  const { hits: times } = server.faults.add({ fault: "network" });
  const fault = server.faults.add({ fault: "network", direction: "out", cutAfter: 100, times });
  await says(server, "x".repeat(500), "2");
  await expect.poll(() => romeo?.bodies, PATIENCE).toEqual(["x".repeat(500), "2"]);
  expect(fault.hits).toBe(times);
  expect(server.sessions("romeo")).toHaveLength(1);
});

describe("strophe.js over BOSH", () => {
  async function romeoOn(server: TestServer) {
    const { jid, password } = server.user("romeo");
    const peer = makeStrophe({ server: server.server, certificate: server.ca }, "bosh", { jid, password });
    await peer.reaches(Strophe.Status.CONNECTED);
    peer.send($pres());
    await server.expect({ to: "romeo", kind: "presence" });
    return peer;
  }

  test("is disconnected where its session is cut", async () => {
    const server = await serve({ tls: true });
    const romeo = await romeoOn(server);
    server.kill("romeo");
    await romeo.reaches(Strophe.Status.DISCONNECTED);
    expect(server.sessions("romeo")).toEqual([]);
  });
});

test("a stream without a port is a network as well, and one that the test scripts is not", async () => {
  const server = await serve({ port: false, clock: "virtual" });
  await server.client("juliet");
  const fault = server.faults.add({ fault: "network", latency: "1s" });
  const duplex: Duplex = server.connect();
  let heard = "";
  duplex.on("data", (bytes: Buffer) => (heard += bytes.toString()));
  duplex.write(`<stream:stream xmlns="jabber:client" xmlns:stream="http://etherx.jabber.org/streams"
    to="localhost" version="1.0">`);
  await server.clock.advance("1999ms");
  expect(heard).toBe("");
  await server.clock.advance("1ms");
  await server.settle();
  expect(heard).toContain("<stream:features>");
  expect(fault.hits).toBe(1);
});

test("the same seed has the same jitter", async () => {
  const run = async (seed: number) => {
    const server = await serve({ port: false, clock: "virtual", seed });
    server.faults.add({ fault: "network", direction: "out", jitter: "1s" });
    const arrivals: number[] = [];
    const began = server.clock.now();
    for (let count = 0; count < 5; count++) {
      const duplex = server.connect();
      duplex.on("data", () => arrivals.push(server.clock.now() - began));
      duplex.write(`<stream:stream xmlns="jabber:client" to="localhost" version="1.0"
        xmlns:stream="http://etherx.jabber.org/streams">`);
    }
    await server.clock.advance("1s");
    return arrivals;
  };
  const arrivals = await run(1);
  expect(arrivals).toHaveLength(5);
  expect(await run(1)).toEqual(arrivals);
  expect(await run(2)).not.toEqual(arrivals);
});
