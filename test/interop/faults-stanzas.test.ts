/** Faults of what passes, as @xmpp/client meets them. */
import { xml } from "@xmpp/client";
import { describe, expect, test } from "vitest";
import type { FaultOptions, TestServer } from "../../src/testing/index.ts";
import { chat, serve, settledRomeo } from "./rig-clients.ts";

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
