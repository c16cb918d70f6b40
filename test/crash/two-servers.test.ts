import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { ns } from "../../src/xmpp/ns.ts";
import { RawClient } from "./raw-client.ts";
import { ServerFolder, type ServerProcess } from "./server-process.ts";
import { isAccepted } from "./workload.ts";

// Processes of their own: on a busy machine each takes seconds to start.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const folder = new ServerFolder({ store: { sqlite: "data/jackdaw.sqlite", busyTimeout: "100ms" } });
let server: ServerProcess;

beforeAll(async () => {
  server = await folder.start();
});

afterAll(() => folder.remove());

test("a second server on the same store is refused in one line, as is one without a store", async () => {
  const other = new ServerFolder({ store: "server.config.json/db.sqlite" });
  const [second, failed] = await Promise.all([folder.run(["start"]), other.run(["start"])]);
  await other.remove();
  expect([await second.exit, await failed.exit]).toEqual([1, 1]);
  expect(second.err.trim().split("\n")).toEqual([
    `jackdaw: store ${folder.path}/data/jackdaw.sqlite: another server is running on it; stop that one, or name another file`,
  ]);
  expect(second.out).toBe("");
  expect(failed.err.trim().split("\n")).toHaveLength(1);
  expect(failed.err).toMatch(/^jackdaw: store .*db\.sqlite: .*look at its owner and permissions/);
});

describe("user commands", () => {
  test("work on a running server at once", async () => {
    expect((await folder.run(["user", "add", "alice@localhost"], "first")).out).toBe(
      "Added alice@localhost\n",
    );
    const alice = await RawClient.logIn(server.port, "alice", "first");
    expect((await folder.run(["user", "passwd", "alice@localhost"], "second")).err).toBe("");
    expect(await isAccepted(server.port, "alice", "first")).toBe(false);
    expect(await isAccepted(server.port, "alice", "second")).toBe(true);
    // A password that changed does not end what it began.
    await alice.ping();
    await folder.run(["user", "remove", "--yes", "alice@localhost"]);
    await alice.ended;
    expect(alice.elements.at(-1)?.heads[0]).toMatchObject({ name: "not-authorized", ns: ns.STREAM_ERRORS });
    expect(await isAccepted(server.port, "alice", "second")).toBe(false);
  });

  test("work without one, and what they did is there when it starts", async () => {
    server.signal("SIGTERM");
    expect(await server.exit).toBe(0);
    for (const [command, password] of [
      ["add", "first"],
      ["passwd", "second"],
    ] as const) {
      expect(await (await folder.run(["user", command, "bob@localhost"], password)).exit).toBe(0);
    }
    server = await folder.start();
    expect(await isAccepted(server.port, "bob", "first")).toBe(false);
    expect(await isAccepted(server.port, "bob", "second")).toBe(true);
  });
});
