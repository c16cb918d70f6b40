import { describe, expect } from "vitest";
import { runCommand } from "../../src/admin/command.ts";
import { COMMAND_LINE, type Scope } from "../../src/admin/scopes.ts";
import { createToken } from "../../src/admin/token-commands.ts";
import type { XmppServer } from "../../src/server.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { StoreError } from "../../src/store/store.ts";
import { createRig } from "../../src/testing/create-rig.ts";
import { test } from "../../src/testing/rig.ts";

async function tokenOf(server: XmppServer, ...scopes: Scope[]): Promise<string> {
  const context = { by: COMMAND_LINE, hosts: server.hosts, commit: () => server.commit() };
  return (await runCommand(createToken, context, { name: "test", scopes })).token;
}

function bearer(token: string): RequestInit {
  return { headers: { authorization: `Bearer ${token}` } };
}

describe("/metrics", () => {
  test("are for this machine, in the format of Prometheus", async ({ request, connect }) => {
    await connect("alice/phone");
    for (const remote of ["127.0.0.1", "::1"]) {
      const answer = await request("/metrics", {}, { remote });
      expect(answer.status).toBe(200);
      expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
      expect(answer.headers.get("cache-control")).toBe("no-store");
      const text = await answer.text();
      for (const line of [
        '\njackdaw_sessions{domain="localhost",state="connected"} 1\n',
        '\njackdaw_stanzas_received_total{kind="presence"} 1\n',
        "\n# TYPE jackdaw_commit_seconds histogram\n",
        "\n# TYPE process_cpu_seconds_total counter\n",
      ]) {
        expect(text).toContain(line);
      }
    }
  });

  test("keep to the grammar, each name once, counters ending in _total", async ({ request, connect }) => {
    const alice = await connect("alice/phone");
    await alice.sends(`<iq type="get" id="x" to="localhost"><nothing xmlns="urn:x"/></iq>`);
    const text = await (await request("/metrics", {}, { remote: "::1" })).text();
    const types = new Map<string, string>();
    for (const line of text.trimEnd().split("\n")) {
      const [, name = "", type] = /^# TYPE ([a-z][a-z0-9_]*) (counter|gauge|histogram)$/.exec(line) ?? [];
      if (type === undefined) {
        expect(line).toMatch(
          /^(# HELP [a-z][a-z0-9_]* \S.*|[a-z][a-z0-9_]*(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? (\S+))$/,
        );
        continue;
      }
      expect(types.has(name)).toBe(false);
      expect(name.endsWith("_total")).toBe(type === "counter");
      types.set(name, type);
    }
    expect(types.size).toBeGreaterThan(20);
  });

  test("are not for others, nor for those whom a proxy on this machine brings", async ({ request }) => {
    for (const [init, remote] of [
      [{}, "192.0.2.1"],
      [{}, ""],
      [{ headers: { "x-forwarded-for": "192.0.2.1" } }, "127.0.0.1"],
      [{ headers: { forwarded: "for=192.0.2.1" } }, "::1"],
      [bearer("jackdaw_000000000000_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), "192.0.2.1"],
      [{ headers: { authorization: "Basic eDp5" } }, "192.0.2.1"],
    ] as const) {
      const answer = await request("/metrics", init as RequestInit, { remote });
      expect(answer.status).toBe(401);
      expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer/);
      expect(await answer.text()).not.toContain("jackdaw_");
    }
  });

  test("are for those who show a token made for it", async ({ request, server }) => {
    const remote = "192.0.2.1";
    expect((await request("/metrics", bearer(await tokenOf(server, "metrics")), { remote })).status).toBe(
      200,
    );
    expect((await request("/metrics", bearer(await tokenOf(server, "rooms")), { remote })).status).toBe(403);
  });
});

describe("/health", () => {
  test("is fine while the process lives", async ({ request }) => {
    const answer = await request("/health");
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ status: "ok" });
  });
});

describe("/ready", () => {
  test("is not before a port is open", async ({ request }) => {
    const answer = await request("/ready");
    expect(answer.status).toBe(503);
    expect(await answer.json()).toEqual({ status: "not ready", reason: "no port is open" });
  });

  test("is when the server listens and writes", async () => {
    await using rig = await createRig({ listen: { c2s: 0 } });
    await rig.server.listen();
    const answer = await rig.request("/ready");
    expect(await answer.json()).toEqual({ status: "ready" });
  });

  test("is not when the store takes no writes, and asks it no more often than every five seconds", async () => {
    const store = createMemoryStore();
    await using rig = await createRig({ listen: { c2s: 0 }, store });
    await rig.server.listen();
    await rig.clock.advance(60_000);
    let commits = 0;
    const { commit } = store;
    store.commit = () => {
      if (!store.dirty) return undefined;
      commits++;
      void store.rollback();
      throw new StoreError("the disk is full");
    };
    for (const [wait, tries] of [
      [0, 1],
      [3000, 1],
      [3000, 2],
    ] as const) {
      await rig.clock.advance(wait);
      const answer = await rig.request("/ready");
      expect(answer.status).toBe(503);
      expect(await answer.json()).toEqual({ status: "not ready", reason: "the store cannot be written" });
      expect(commits).toBe(tries);
    }
    store.commit = commit;
    await rig.clock.advance(5000);
    expect((await rig.request("/ready")).status).toBe(200);
  });
});

test("answers are counted by their status", async ({ request, server }) => {
  await request("/health");
  await request("/nothing");
  const figures = server.metrics.snapshot();
  expect(figures['jackdaw_http_requests{status="2xx"}']).toBe(1);
  expect(figures['jackdaw_http_requests{status="4xx"}']).toBe(1);
});
