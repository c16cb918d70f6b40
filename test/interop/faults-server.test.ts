/** Faults of the store, the archive, push services and the clock, as client libraries meet them. */
import { xml } from "@xmpp/client";
import { createClient } from "stanza";
import { describe, expect, onTestFinished, test } from "vitest";
import type { FaultOptions } from "../../src/testing/index.ts";
import { happens, romeoOf, serve, settledRomeo } from "./rig-clients.ts";

describe("the store", () => {
  const note = xml("query", { xmlns: "jabber:iq:private" }, xml("note", { xmlns: "urn:example:note" }, "x"));

  test.each(["fail", "full"] as const)("cannot keep anything: %s", async (how) => {
    const server = await serve();
    const romeo = await settledRomeo(server);
    const fault = server.faults.add({ fault: "storage", how });
    const kept = romeo.iqCaller.request(xml("iq", { type: "set" }, note), 200);
    // It is never told that what is lost was kept: the session ends.
    const disconnected = happens(romeo, "disconnect");
    await expect(kept).rejects.toMatchObject({ name: "TimeoutError" });
    await disconnected;
    expect(fault.hits).toBeGreaterThan(0);
    fault.remove();
    expect(server.errors).toEqual([]);
  });

  test("is slow: nothing is said before it is kept", async () => {
    const server = await serve({ clock: "virtual" });
    const romeo = await settledRomeo(server);
    server.faults.add({ fault: "storage", how: "slow", by: "3s", times: 1 });
    let isKept = false;
    const kept = romeo.iqCaller.set(note).then(() => {
      isKept = true;
    });
    await server.expect({ from: "romeo", iq: "set" });
    await server.settle();
    expect(isKept).toBe(false);
    await server.clock.advance("3s");
    await kept;
  });
});

describe("the archive", () => {
  const archive = ["1", "2", "3", "4"].map((body) => ({ from: "juliet", to: "romeo", body }));
  const users = [{ name: "romeo", archive }, "juliet"];

  async function read(fault: FaultOptions) {
    const server = await serve({ users });
    server.faults.add(fault);
    const { jid, password } = server.user("romeo");
    const transports = { websocket: server.service("ws"), bosh: false } as const;
    const client = createClient({ jid, password, transports });
    onTestFinished(() => client.disconnect());
    await new Promise<void>((resolve) => {
      client.once("session:started", () => resolve());
      client.connect();
    });
    const page = await client.searchHistory({ paging: { max: 10 } });
    return { bodies: page.results?.map(({ item }) => item.message?.body), complete: page.complete };
  }

  test("has gaps, repeats itself, goes backwards, has no end, as stanza reads it", async () => {
    const all = ["1", "2", "3", "4"];
    expect(await read({ fault: "archive", how: "gaps", times: 1 })).toMatchObject({
      bodies: ["1", "3", "4"],
    });
    expect(await read({ fault: "archive", how: "repeat", times: 1 })).toMatchObject({
      bodies: ["1", ...all],
    });
    expect(await read({ fault: "archive", how: "backwards" })).toMatchObject({ bodies: all.toReversed() });
    expect(await read({ fault: "archive", how: "endless" })).toMatchObject({
      bodies: all,
      complete: undefined,
    });
  });
});

describe("a push service that @xmpp/client plays", () => {
  /** romeo is away; his friend writes to him so often. The service hears of what is left when the fault is. */
  test.each(["silent", "error"] as const)("is down: %s, and hears of nothing until it is up", async (how) => {
    const server = await serve({ clock: "virtual", users: ["romeo", "push", "friend"] });
    const service = romeoOf(server, server.user("push").connectOptions);
    const asked: string[] = [];
    service.iqCallee.set("http://jabber.org/protocol/pubsub", "pubsub", ({ element }) => {
      asked.push(element.toString());
      return true;
    });
    await service.start();
    const romeo = await settledRomeo(server);
    const jid = service.jid.toString();
    await romeo.iqCaller.set(xml("enable", { xmlns: "urn:xmpp:push:0", jid, node: "1" }));
    await romeo.stop();
    const friend = await server.client("friend");
    const write = async () => {
      await friend.sends(`<message to="romeo@localhost" type="chat"><body>Hi</body></message>`);
      // So long the server waits for a service that is silent.
      await server.clock.advance("1m");
    };
    const fault = server.faults.add({ fault: "push", how, service: "push" });
    await write();
    expect(fault.hits).toBe(1);
    expect(asked).toEqual([]);
    fault.remove();
    await write();
    expect(asked).toEqual([expect.stringContaining("urn:xmpp:push:0")]);
  });

  test("is down for so long that the server gives it up (XEP-0357 §7.1)", async () => {
    const server = await serve({
      clock: "virtual",
      users: ["romeo", "push", "friend"],
      config: { limits: { idleTime: "off" } },
    });
    const service = romeoOf(server, server.user("push").connectOptions);
    await service.start();
    const romeo = await settledRomeo(server);
    const jid = service.jid.toString();
    await romeo.iqCaller.set(xml("enable", { xmlns: "urn:xmpp:push:0", jid, node: "1" }));
    await romeo.stop();
    const friend = await server.client("friend");
    const fault = server.faults.add({ fault: "push" });
    for (let hours = 0; hours <= 40; hours += 8) {
      await friend.sends(`<message to="romeo@localhost" type="chat"><body>Hi</body></message>`);
      await server.settle();
      await friend.sends(`<message to="romeo@localhost" type="chat"><body>Hi</body></message>`);
      await server.clock.advance("8h");
    }
    // The last at the end of the day.
    expect(fault.hits).toBe(7);
  });
});

test("the clock is slow: so are stamps, as @xmpp/client reads them", async () => {
  const server = await serve({ clock: "virtual" });
  const fault = server.faults.add({ fault: "clock-skew", by: "-90m" });
  const romeo = await settledRomeo(server);
  const time = async () => {
    const answer = await romeo.iqCaller.get(xml("time", { xmlns: "urn:xmpp:time" }), "localhost");
    return answer?.getChildText("utc");
  };
  expect(await time()).toMatch(/^2025-01-01T10:30:00/);
  fault.remove();
  expect(await time()).toMatch(/^2025-01-01T12:00:00/);
});
