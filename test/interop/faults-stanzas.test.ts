/** Faults of what passes, as @xmpp/client meets them. */
import { xml } from "@xmpp/client";
import { describe, expect, test } from "vitest";
import type { FaultOptions, TestServer } from "../../src/testing/index.ts";
import { chat, happens, romeoOf, serve, settledRomeo } from "./rig-clients.ts";

/** juliet says these to romeo; settles when he got so many. */
async function says(server: TestServer, ...bodies: readonly string[]): Promise<void> {
  const juliet = await server.client("juliet");
  for (const body of bodies) {
    await juliet.sends(`<message to="romeo@localhost" type="chat"><body>${body}</body></message>`);
  }
  await server.settle();
}

const toRomeo = { to: "romeo", kind: "message" } as const;

describe("of what the server sends", () => {
  test("some is lost, the same for the same seed", async () => {
    const all = Array.from({ length: 12 }, (_, index) => String(index));
    const heard: string[][] = [];
    for (const seed of [3, 3, 4]) {
      const server = await serve({ seed });
      const romeo = await settledRomeo(server);
      const fault = server.faults.add({ on: toRomeo, action: "drop", probability: 0.5 });
      await says(server, ...all);
      expect(romeo.bodies).toHaveLength(all.length - fault.hits);
      heard.push(romeo.bodies);
    }
    expect(heard[0]).not.toEqual(all);
    expect(heard[1]).toEqual(heard[0]);
    expect(heard[2]).not.toEqual(heard[0]);
  });

  test("some is late", async () => {
    const server = await serve({ clock: "virtual" });
    const romeo = await settledRomeo(server);
    server.faults.add({ on: { ...toRomeo, body: "1" }, action: "delay", by: "2s" });
    await says(server, "1", "2");
    expect(romeo.bodies).toEqual(["2"]);
    await server.clock.advance("2s");
    await server.settle();
    expect(romeo.bodies).toEqual(["2", "1"]);
  });

  test("some comes twice", async () => {
    const server = await serve();
    const romeo = await settledRomeo(server);
    server.faults.add({ on: toRomeo, action: "duplicate", times: 1 });
    await says(server, "1", "2");
    expect(romeo.bodies).toEqual(["1", "1", "2"]);
  });

  test("some comes after what was said later", async () => {
    const server = await serve();
    const romeo = await settledRomeo(server);
    server.faults.add({ on: toRomeo, action: "reorder", times: 1 });
    await says(server, "1", "2", "3");
    expect(romeo.bodies).toEqual(["2", "1", "3"]);
  });

  test("some is kept until it is released", async () => {
    const server = await serve();
    const romeo = await settledRomeo(server);
    const fault = server.faults.add({ on: toRomeo, action: "hold" });
    await says(server, "1", "2");
    expect(romeo.bodies).toEqual([]);
    fault.remove();
    fault.release();
    await server.settle();
    expect(romeo.bodies).toEqual(["1", "2"]);
  });
});

test("of what the client sends some is lost, and it hears nothing of that", async () => {
  const server = await serve();
  const romeo = await settledRomeo(server);
  server.faults.add({ on: { from: "romeo", body: "1" }, action: "drop" });
  await romeo.send(chat("1"));
  await romeo.send(chat("2"));
  await server.expect({ from: "romeo", body: "2" });
  await server.client("juliet");
  await server.expect({ to: "juliet", body: "2" });
  await server.expectNone({ to: "juliet", body: "1" });
});

test("a request is never answered: the client gives up by itself", async () => {
  const server = await serve();
  const romeo = await settledRomeo(server);
  const fault = server.faults.add({ fault: "unanswered", on: { xmlns: "jabber:iq:version" } });
  const ask = romeo.iqCaller.request(
    xml("iq", { type: "get", to: "localhost" }, xml("query", { xmlns: "jabber:iq:version" })),
    50,
  );
  await expect(ask).rejects.toMatchObject({ name: "TimeoutError" });
  expect(fault.hits).toBe(1);
  await romeo.iqCaller.get(xml("ping", { xmlns: "urn:xmpp:ping" }), "localhost");
});

test("a connection is cut after a stanza, and the client comes back and misses nothing", async () => {
  const server = await serve();
  const romeo = await settledRomeo(server);
  server.faults.add({ fault: "cut", user: "romeo", afterStanza: 2 });
  const resumed = happens(romeo.streamManagement, "resumed");
  await says(server, "1", "2", "3");
  await resumed;
  await server.settle();
  expect(romeo.bodies).toEqual(["1", "2", "3"]);
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

  test.each(["wrong-count", "wrong-id"] as const)("answers a resumption with a %s", async (how) => {
    const server = await serve();
    const romeo = await settledRomeo(server);
    server.faults.add({ fault: "resumption", how, times: 1 });
    server.kill("romeo");
    const { element } = await server.expect({ direction: "out", kind: "nonza", child: "resumed" });
    const asked = await server.expect({ direction: "in", kind: "nonza", child: "resume" });
    if (how === "wrong-count") expect(Number(element.attrs["h"])).toBeGreaterThanOrEqual(1_000);
    else expect(element.attrs["previd"]).not.toBe(asked.element.attrs["previd"]);
    expect(romeo.failures).toEqual([]);
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

test.each<FaultOptions>([
  { fault: "stream-error", condition: "system-shutdown", user: "romeo" },
  { fault: "stream-error", condition: "conflict", user: "romeo", text: "replaced" },
])("a stream ends with $condition, which the client tells", async (options) => {
  const server = await serve();
  const romeo = await settledRomeo(server);
  server.faults.add(options);
  await happens(romeo, "disconnect");
  expect(romeo.failures).toMatchObject([
    { name: "StreamError", condition: (options as { condition: string }).condition },
  ]);
});

test("a new stream ends in place of its features", async () => {
  const server = await serve();
  server.faults.add({ fault: "stream-error", condition: "resource-constraint", times: 1 });
  const romeo = romeoOf(server);
  romeo.reconnect.stop();
  await expect(romeo.start()).rejects.toMatchObject({ condition: "resource-constraint" });
  await romeoOf(server).start();
});

test("options that cannot be are refused, and say why", async () => {
  const server = await serve({ port: false });
  const add = (options: object) => () => server.faults.add(options as FaultOptions);
  expect(add({ on: { kind: "letter" }, action: "drop" })).toThrow(/fault\.on: expected a pattern/);
  expect(add({ fault: "stream-error", condition: "bad-weather" })).toThrow(
    /fault\.condition: expected one of/,
  );
  expect(add({ fault: "storage", how: "fail", time: 1 })).toThrow(
    /fault\.time: unknown key, did you mean "times"/,
  );
  expect(add({ fault: "earthquake" })).toThrow(/fault: expected one of/);
});
