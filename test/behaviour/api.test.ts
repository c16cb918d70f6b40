/** The commands of administrators over HTTP. */
import { describe, expect } from "vitest";
import { listAudit } from "../../src/admin/audit-commands.ts";
import { runCommand } from "../../src/admin/command.ts";
import { adminCommands } from "../../src/admin/commands.ts";
import { COMMAND_LINE, type Scope } from "../../src/admin/scopes.ts";
import { createToken } from "../../src/admin/token-commands.ts";
import { createRig, type Rig } from "../../src/testing/create-rig.ts";
import { test } from "../../src/testing/rig.ts";

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly headers: Headers;
}

/** Who calls commands with a token of these scopes. */
async function caller(rig: Rig, ...scopes: Scope[]) {
  const { server } = rig;
  const context = { by: COMMAND_LINE, hosts: server.hosts, commit: () => server.commit() };
  const { token } = await runCommand(createToken, context, { name: "test", scopes });
  const ask = async (path: string, init: RequestInit = {}): Promise<Answer> => {
    const headers = { authorization: `Bearer ${token}`, ...(init.headers as Record<string, string>) };
    const answer = await rig.request(`/api/v1/${path}`, { ...init, headers });
    return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Answer["body"] };
  };
  const post = (name: string, args: unknown) =>
    ask(name, {
      method: "POST",
      body: JSON.stringify(args),
      headers: { "content-type": "application/json; charset=utf-8" },
    });
  return { token, get: ask, post };
}

describe("commands", () => {
  test("that change something are posted, those that do not are got, with arguments of every type", async ({
    rig,
  }) => {
    const { get, post } = await caller(rig, "accounts");
    for (const name of ["a", "b", "c"]) {
      const { status, body } = await post("user-add", { user: `${name}@LOCALHOST`, password: "x" });
      expect([status, body]).toEqual([200, { user: `${name}@localhost` }]);
    }
    const { body, headers } = await get("user-list?domain=localhost&limit=2");
    expect(body).toEqual({ users: ["a@localhost", "b@localhost"], next: "b@localhost" });
    expect(headers.get("cache-control")).toBe("no-store");
    expect((await get("user-list?domain=localhost&after=b@localhost")).body).toEqual({
      users: ["c@localhost"],
    });
    await post("user-disable", { user: "c@localhost" });
    expect((await get("user-count")).body).toMatchObject({ registered: 3, disabled: 1 });
  });

  test("are refused in the form of RFC 9457, with the nearest status", async ({ rig }) => {
    const { get, post } = await caller(rig, "accounts");
    await post("user-add", { user: "a@localhost", password: "x" });
    for (const [answer, status, detail] of [
      [
        await post("user-add", { user: "a@localhost", password: "x" }),
        409,
        "there is an account a@localhost already",
      ],
      [await post("user-remove", { user: "b@localhost" }), 404, "there is no account b@localhost"],
      [await post("user-remove", { user: "localhost" }), 400, "expected an address like user@domain"],
      [await post("user-add", { user: "b@localhost" }), 400, "password: expected a string, got nothing"],
      [await post("user-add", { usr: "b@localhost" }), 400, 'usr: unknown key, did you mean "user"?'],
      [
        await post("user-add", { constructor: 1, user: "b@localhost", password: "x" }),
        400,
        "constructor: unknown key",
      ],
      [await post("user-remove", { user: "\ud800@localhost" }), 400, "user: expected a string"],
      [await get("user-list?domain=localhost&constructor=1"), 400, "constructor: unknown key"],
      [await get("user-list?domain=localhost&limit=many"), 400, "limit: expected a whole number"],
      [await post("shutdown", {}), 403, 'shutdown needs the scope "service"'],
      [await get("user-add"), 405, "user-add is asked for with POST"],
      [await post("user-list", {}), 405, "user-list is asked for with GET"],
      [await get("nothing"), 404, "openapi.json"],
    ] as const) {
      expect(answer.headers.get("content-type")).toBe("application/problem+json");
      expect(answer.status).toBe(status);
      expect(answer.body).toMatchObject({ type: "about:blank", status, title: expect.any(String) });
      expect(answer.body["detail"]).toContain(detail);
    }
  });

  test("have their body as JSON and nothing else", async ({ rig, server }) => {
    const { get } = await caller(rig, "accounts");
    const body = JSON.stringify({ user: "a@localhost", password: "x" });
    const plain = await get("user-add", { method: "POST", body, headers: { "content-type": "text/plain" } });
    expect(plain.status).toBe(415);
    const json = { "content-type": "application/json" };
    expect((await get("user-add", { method: "POST", body: "{", headers: json })).status).toBe(400);
    expect((await get("user-add", { method: "POST", body: "[]", headers: json })).status).toBe(400);
    expect(await server.host().accounts.count("localhost")).toBe(0);
  });

  test("are in the audit with the token's name, in the log without secrets", async ({ rig, server }) => {
    const { post, token } = await caller(rig, "accounts");
    await post("user-add", { user: "a@localhost", password: "sesame" });
    const context = { by: COMMAND_LINE, hosts: server.hosts, commit: () => {} };
    const { entries } = await runCommand(listAudit, context, { limit: 1 });
    expect(entries[0]).toMatchObject({
      by: `token test (${token.slice(8, 20)})`,
      action: "user-add",
      details: { user: "a@localhost", password: "(secret)" },
    });
    const lines = JSON.stringify(server.logTail.since(0));
    expect(lines).toContain("user-add");
    expect(lines).not.toContain("sesame");
    expect(lines).not.toContain(token.slice(21));
  });
});

describe("tokens", () => {
  test("are asked for as RFC 6750 §3 has it", async ({ request }) => {
    const none = await request("/api/v1/status");
    expect(none.status).toBe(401);
    expect(none.headers.get("www-authenticate")).toBe('Bearer realm="jackdaw"');
    for (const authorization of ["Bearer x", "Bearer", "Basic eDp5", "Bearer jackdaw_000000000000_x y"]) {
      const wrong = await request("/api/v1/status", { headers: { authorization } });
      expect(wrong.status).toBe(401);
      expect(wrong.headers.get("www-authenticate")).toContain('error="invalid_token"');
    }
  });

  test("are not taken in clear, but on this machine", async ({ rig }) => {
    const { token } = await caller(rig, "read");
    const init = { headers: { authorization: `Bearer ${token}` } };
    const status = async (remote: string) =>
      (await rig.request("/api/v1/status", init, { secure: false, remote })).status;
    expect(await status("192.0.2.1")).toBe(403);
    expect(await status("127.0.0.1")).toBe(200);
  });

  test("are good for so many requests a minute", async () => {
    await using rig = await createRig({
      config: { modules: { tokens: { perMinute: 2, wrongPerMinute: 5 } } },
    });
    const { get } = await caller(rig, "read");
    const other = await caller(rig, "read");
    expect([(await get("status")).status, (await get("status")).status]).toEqual([200, 200]);
    const limited = await get("status");
    expect(limited.status).toBe(429);
    expect(limited.headers.get("retry-after")).toBe("30");
    expect((await other.get("status")).status).toBe(200);
    await rig.clock.advance(30_000);
    expect((await get("status")).status).toBe(200);
  });

  test("that are good may be shown many times at once", async ({ rig }) => {
    const { get } = await caller(rig, "read");
    const answers = await Promise.all(Array.from({ length: 50 }, () => get("status")));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(50);
  });

  test("that are guessed hold up the network that they come from, and no other", async () => {
    await using rig = await createRig({ config: { modules: { tokens: { wrongPerMinute: 2 } } } });
    const { token } = await caller(rig, "read");
    const ask = async (shown: string, remote: string) =>
      (await rig.request("/api/v1/status", { headers: { authorization: `Bearer ${shown}` } }, { remote }))
        .status;
    const wrong = `jackdaw_000000000000_${"a".repeat(43)}`;
    expect(await ask(wrong, "2001:db8::1")).toBe(401);
    expect(await ask(wrong, "2001:db8::2")).toBe(401);
    expect(await ask(wrong, "2001:db8::3")).toBe(429);
    // Not even a good one, or guessing would go on by its answers.
    expect(await ask(token, "2001:db8::4")).toBe(429);
    expect(await ask(token, "192.0.2.1")).toBe(200);
  });
});

describe("the OpenAPI document", () => {
  test("has every command with its arguments, and needs no token", async ({ request }) => {
    expect((await request("/api/v1")).headers.get("location")).toBe("/api/v1/openapi.json");
    const answer = await request("/api/v1/openapi.json");
    const document = (await answer.json()) as {
      openapi: string;
      paths: Record<string, { get?: Operation; post?: Operation }>;
    };
    expect(document.openapi).toBe("3.1.0");
    expect(Object.keys(document.paths)).toEqual(adminCommands.map(({ name }) => `/${name}`));
    expect(document.paths["/user-add"]?.post?.requestBody?.content["application/json"].schema).toMatchObject({
      type: "object",
      required: ["user", "password"],
      additionalProperties: false,
    });
    const parameters = document.paths["/user-list"]?.get?.parameters ?? [];
    expect(parameters.map(({ name, required }) => [name, required])).toEqual([
      ["domain", true],
      ["after", false],
      ["search", false],
      ["limit", false],
      ["states", false],
    ]);
    expect(parameters[3]?.schema).toEqual({ type: "integer", default: 500, minimum: 1, maximum: 500 });
    expect(parameters[1]?.schema).toEqual({ type: "string" });
  });
});

interface Operation {
  readonly parameters?: { name: string; required: boolean; schema: object }[];
  readonly requestBody?: { content: Record<"application/json", { schema: object }> };
}
