/** The control API of the test server, as programs in other languages use it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { startControlServer } from "../../src/testing/control/control-server.ts";
import { operations } from "../../src/testing/control/operations.ts";
import { TestServer, type TestServerOptions } from "../../src/testing/index.ts";

async function start(options: TestServerOptions = {}) {
  const server = await TestServer.start({ users: ["romeo", "juliet"], clock: "virtual", ...options });
  const control = await startControlServer(server);
  onTestFinished(async () => {
    await control.close();
    await server.close();
  });
  const read = async (response: Response) => {
    const body: unknown = await response.json();
    if (response.ok) checkAnswer(new URL(response.url).pathname.slice(1), body);
    return { status: response.status, body: body as never };
  };
  return {
    server,
    url: control.url,
    get: async (path: string) => read(await fetch(`${control.url}${path}`)),
    post: async (name: string, args: object = {}) =>
      read(
        await fetch(`${control.url}/${name}`, {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify(args),
        }),
      ),
  };
}

/** Whatever is answered is as described. */
function checkAnswer(name: string, body: unknown): void {
  operations.find((operation) => operation.name === name)?.answer.parse(body, `${name}: `);
}

const hi = `<message to="juliet@localhost" type="chat"><body>Hi</body></message>`;

describe("over HTTP", () => {
  test("somebody speaks, and what passes can be expected", async () => {
    const { server, get, post } = await start();
    const juliet = await server.client("juliet");
    await post("send", { as: "romeo", xml: hi });
    await juliet.receives(`<message type="chat"><body>Hi</body></message>`);
    const seen = await post("expect", { on: { to: "juliet", body: "Hi" } });
    expect(seen).toMatchObject({ status: 200, body: { direction: "out", kind: "message" } });
    expect(await post("expect-none", { on: { to: "juliet" }, within: 0 })).toMatchObject({ status: 200 });
    expect(await post("expect", { on: { to: "juliet", body: "Bye" }, within: 1 })).toMatchObject({
      status: 422,
      body: { detail: expect.stringContaining("Transcript:") as string },
    });
    expect(await get("/sessions?user=juliet")).toMatchObject({ body: [{ jid: juliet.jid }] });
  });

  test("what comes is not for a suite that waits no longer", async () => {
    const { server, url, post } = await start();
    const juliet = await server.client("juliet");
    const given = new AbortController();
    const waiting = fetch(`${url}/expect`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ on: { to: "juliet", body: "Hi" }, within: "1m" }),
      signal: given.signal,
    });
    setTimeout(() => given.abort(), 50);
    await expect(waiting).rejects.toThrow("aborted");
    await sleep(50);
    await post("send", { as: "romeo", xml: hi });
    await juliet.receives(`<message type="chat"><body>Hi</body></message>`);
    expect(await post("expect", { on: { to: "juliet", body: "Hi" } })).toMatchObject({ status: 200 });
  });

  test("a client that is there can be spoken for", async () => {
    const { server, post } = await start();
    const romeo = await server.client("romeo/orchard");
    await post("send", { as: "romeo", xml: `<iq type="get" id="1"><ping xmlns="urn:xmpp:ping"/></iq>` });
    await romeo.receives(`<iq type="result" id="1"/>`);
    await post("deliver", { to: "romeo", xml: `<message from="friar@localhost"><body>Hi</body></message>` });
    await romeo.receives(`<message from="friar@localhost"><body>Hi</body></message>`);
    expect(await post("deliver", { to: "juliet", xml: hi })).toMatchObject({
      status: 422,
      body: { detail: "juliet has no client" },
    });
    expect(await post("send", { as: "romeo", xml: "<message>" })).toMatchObject({ status: 422 });
    expect(server.sessions("romeo")).toHaveLength(1);
  });

  test("faults begin, hold, release and end", async () => {
    const { server, get, post } = await start();
    const juliet = await server.client("juliet");
    expect(await post("fault-add", { on: { to: "juliet" }, action: "hold" })).toMatchObject({
      body: { id: 1 },
    });
    await post("send", { as: "romeo", xml: hi });
    expect(await get("/faults")).toMatchObject({ body: [{ id: 1, hits: 1, held: [{ kind: "message" }] }] });
    await post("fault-remove", { id: 1 });
    await post("fault-release", { id: 1 });
    await juliet.receives(`<message type="chat"><body>Hi</body></message>`);
    expect(await post("fault-remove", { id: 2 })).toMatchObject({
      status: 422,
      body: { detail: "there is no fault 2" },
    });
    expect(await post("fault-add", { fault: "storage", how: "smoke" })).toMatchObject({
      status: 400,
      body: { detail: expect.stringContaining("fault.how: expected one of") as string },
    });
  });

  test("handlers answer in the server's place", async () => {
    const { server, get, post } = await start();
    const romeo = await server.client("romeo");
    await post("handler-add", { on: { iq: "get" }, error: "forbidden", times: 2 });
    await romeo.sends(`<iq type="get" id="1"><ping xmlns="urn:xmpp:ping"/></iq>`);
    await romeo.receives(
      `<iq type="error" id="1">{...}<error type="auth"><forbidden xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`,
    );
    await post("unhandled", { what: "error" });
    await romeo.sends(`<iq type="set" id="2"><x xmlns="urn:example:x"/></iq>`);
    await romeo.receives(
      `<iq type="error" id="2">{...}<error type="cancel"><service-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`,
    );
    expect(await get("/transcript")).toMatchObject({
      body: { errors: [expect.stringContaining("nobody handles romeo@localhost/") as string] },
    });
    expect(await get("/pending")).toMatchObject({ body: [expect.stringContaining("1 of 2") as string] });
  });

  test("scansion scripts are played", async () => {
    const { post } = await start();
    const script = "[Client] Romeo\n\tjid: friar@localhost\n---\nRomeo connects\nRomeo receives: nothing\n";
    expect(await post("scansion-run", { script })).toMatchObject({ status: 200 });
    expect(await post("scansion-run", { script: "Romeo yawns" })).toMatchObject({
      status: 422,
      body: { detail: expect.stringContaining("line 1 of the script") as string },
    });
  });

  test("fixtures say all that those in a program do", async () => {
    const { server, post } = await start();
    const mood = `<mood xmlns="urn:example:mood">happy</mood>`;
    expect(
      await post("user-add", { name: "nurse", pep: { "urn:example:mood": { current: mood } } }),
    ).toMatchObject({ status: 200 });
    expect((await server.account("nurse")).toString()).toContain("happy");
    const room = { name: "hall", owner: "juliet", admins: ["romeo"], outcasts: ["nurse"], subject: "Love" };
    expect(await post("room-add", room)).toMatchObject({ body: { persistent: true, occupants: [] } });
    const romeo = await server.client("romeo");
    await romeo.sends(
      `<presence to="hall@conference.localhost/R"><x xmlns="http://jabber.org/protocol/muc"/></presence>`,
    );
    await server.expect({ to: "romeo", kind: "message", child: "subject" });
    expect(server.room("hall").occupants).toMatchObject([{ affiliation: "admin" }]);
    expect(await post("room-add", { name: "x", colour: "red" })).toMatchObject({ status: 400 });
  });

  test("rooms are made, and seen", async () => {
    const { server, post } = await start();
    expect(await post("room", { name: "x" })).toMatchObject({
      status: 200,
      body: { jid: "x@conference.localhost", persistent: true, occupants: [] },
    });
    const to = "x@conference.localhost/R";
    await post("send", {
      as: "romeo",
      xml: `<presence to="${to}"><x xmlns="http://jabber.org/protocol/muc"/></presence>`,
    });
    await server.settle();
    expect(await post("room", { name: "x" })).toMatchObject({ body: { occupants: [{ nick: "R" }] } });
  });

  test("users are made, time is turned, and everything is what it was", async () => {
    const { get, post } = await start();
    await post("snapshot");
    const nurse = await post("user-add", { name: "nurse", roster: [{ contact: "juliet" }] });
    expect(nurse.body).toMatchObject({ jid: "nurse@localhost", password: "secret of nurse" });
    expect(await get("/roster?user=nurse")).toMatchObject({
      body: [{ jid: "juliet@localhost", subscription: "both" }],
    });
    const { now } = (await get("/clock")).body as { now: number };
    await post("clock-advance", { by: "10m" });
    expect(await get("/clock")).toMatchObject({ body: { now: now + 600_000 } });
    await post("snapshot-restore", { id: 1 });
    expect(await get("/clock")).toMatchObject({ body: { now } });
    expect(await get("/user?name=nurse")).toMatchObject({ status: 422 });
  });

  test("each operation and each fault is described, and it says when it is well", async () => {
    const { get, url } = await start();
    expect(await get("/health")).toEqual({ status: 200, body: { status: "ok" } });
    const { body } = await get("/openapi.json");
    const { paths } = body as { paths: Record<string, Record<string, object>> };
    expect(Object.keys(paths)).toEqual(expect.arrayContaining(["/expect", "/fault-add", "/clock-advance"]));
    const faults = JSON.stringify(paths["/fault-add"]);
    for (const name of ["stanza", "starttls", "clock-skew"]) expect(faults).toContain(`"${name}"`);
    const ok = {
      description: "What came of it.",
      content: { "application/json": { schema: { type: "array" } } },
    };
    expect(paths["/sessions"]?.["get"]).toMatchObject({ responses: { 200: ok } });
    expect(paths["/stanzas"]?.["get"]).toMatchObject({ parameters: expect.arrayContaining([]) as object[] });
    for (const [path, methods] of Object.entries(paths)) {
      if (path === "/stanzas") continue;
      for (const method of ["get", "post"]) {
        const { status } = await fetch(`${url}${path}`, { method });
        const isThere = path.includes("health") || path.includes("openapi") ? status !== 404 : status !== 405;
        expect(isThere, `${method} ${path}`).toBe(method in methods);
      }
    }
  });

  test("whatever can be looked at is as described", async () => {
    const { server, get, post } = await start();
    await post("mutual-roster", { one: "romeo", other: "juliet" });
    const juliet = await server.client("juliet");
    await post("fault-add", { fault: "stanza", on: { kind: "message" }, action: "hold", times: 1 });
    for (let count = 0; count < 2; count++) await post("send", { as: "romeo", xml: hi });
    await juliet.receives("<presence/>");
    await juliet.receives(`<message type="chat"><body>Hi</body></message>`);
    for (const { name, changes } of operations) {
      if (changes) continue;
      const query = ["roster", "archive"].includes(name)
        ? "?user=romeo"
        : name === "user"
          ? "?name=romeo"
          : "";
      const { status, body } = await get(`/${name}${query}`);
      expect(status, name).toBe(200);
      const isList = ["roster", "archive", "sessions", "faults"].includes(name);
      if (isList) expect((body as unknown[]).length, name).toBeGreaterThan(0);
    }
  });

  test("what cannot be is told as a problem", async () => {
    const { url, post } = await start();
    const ask = async (path: string, init: RequestInit) => {
      const response = await fetch(`${url}${path}`, init);
      expect(response.headers.get("content-type")).toBe("application/problem+json");
      return { status: response.status, body: (await response.json()) as object };
    };
    expect(await ask("/expect", {})).toMatchObject({ status: 405 });
    expect(await ask("/nothing", {})).toMatchObject({ status: 404 });
    const method = "POST";
    const headers = { "Content-Type": "application/json" };
    expect(await ask("/user-add", { method, body: `{"name":"eve"}` })).toMatchObject({ status: 400 });
    const body = " ".repeat(17 * 1024 * 1024);
    expect(await ask("/forget", { method, headers, body })).toMatchObject({ status: 413 });
    expect(await post("handler-add", { on: {}, reply: ["<a/>"], error: "gone" })).toMatchObject({
      status: 400,
    });
    expect(await post("handler-add", { on: {}, reply: ["<a>"] })).toMatchObject({ status: 422 });
  });

  test("its page runs its own script alone", async () => {
    const { url } = await start();
    const page = await fetch(url);
    expect(page.headers.get("content-security-policy")).toMatch(
      /default-src 'none'.*script-src 'self';.*frame-ancestors 'none'/,
    );
    for (const [, path = ""] of (await page.text()).matchAll(/(?:src|href)="([^":]+)"/g)) {
      expect((await fetch(`${url}/${path}`)).status, path).toBe(200);
    }
  });

  test("only programs of this machine are heard", async () => {
    const { url } = await start();
    const ask = async (headers: Record<string, string>) => {
      const asked = request(`${url}/server`, { headers });
      asked.end();
      const [{ statusCode }] = (await once(asked, "response")) as [{ statusCode: number }];
      return statusCode;
    };
    expect(await ask({})).toBe(200);
    expect(await ask({ Host: "evil.example" })).toBe(403);
    expect(await ask({ Origin: "https://evil.example" })).toBe(403);
  });
});

test("over a WebSocket stanzas come as they pass", async () => {
  const { server, url, post } = await start();
  await server.client("juliet");
  const socket = new WebSocket(`${url.replace("http", "ws")}/stanzas?to=juliet&kind=message`);
  await once(socket, "open");
  const message = once(socket, "message") as Promise<[Buffer]>;
  await post("send", { as: "romeo", xml: hi });
  const [data] = await message;
  expect(JSON.parse(data.toString())).toMatchObject({
    direction: "out",
    to: expect.stringContaining("juliet") as string,
  });
});

test("over a WebSocket also what passed comes, nonzas included, in order", async () => {
  const { server, url } = await start();
  const juliet = await server.client("juliet");
  await juliet.sends(`<enable xmlns="urn:xmpp:sm:3"/>`);
  await juliet.sends(`<presence id="p"/>`);
  const socket = new WebSocket(`${url.replace("http", "ws")}/stanzas?kind=any&direction=in&last=1000`);
  const heard: string[] = [];
  socket.on("message", (data: Buffer) => heard.push((JSON.parse(data.toString()) as { kind: string }).kind));
  await once(socket, "open");
  await expect.poll(() => heard.slice(-2)).toEqual(["nonza", "presence"]);
  await juliet.sends(`<message to="romeo@localhost"/>`);
  await expect.poll(() => heard.slice(-2)).toEqual(["presence", "message"]);
});

describe("a WebSocket that cannot be", () => {
  const upgrade = (path: string, host: string) =>
    `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

  test.each<readonly [path: string, status: string, name: string]>([
    ["//", "400 Bad Request", "127.0.0.1"],
    ["/", "400 Bad Request", "127.0.0.1"],
    ["/stanzas?xml=%3C", "400 Bad Request", "127.0.0.1"],
    ["/stanzas?kind=smoke", "400 Bad Request", "127.0.0.1"],
    ["/stanzas?last=-1", "400 Bad Request", "127.0.0.1"],
    ["/stanzas", "403 Forbidden", "evil.example"],
  ])("%s is refused with %s, and nothing else", async (path, status, name) => {
    const { url, get } = await start();
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.write(upgrade(path, name));
    const answer = await text(socket);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status}\r\nContent-Type: application/problem\\+json`));
    expect(await get("/health")).toMatchObject({ status: 200 });
  });

  test("is nobody's loss when who asked for it is gone", async () => {
    const { url, get } = await start();
    for (let count = 0; count < 10; count++) {
      const socket = connect(Number(new URL(url).port), "127.0.0.1");
      await new Promise<void>((resolve) => {
        socket.write(upgrade("/nothing", new URL(url).host), () => resolve());
      });
      socket.resetAndDestroy();
    }
    expect(await get("/health")).toMatchObject({ status: 200 });
  });
});

describe("jackdaw rig", () => {
  function run(...args: string[]) {
    const child = spawn(process.execPath, [join(import.meta.dirname, "../../src/main.ts"), "rig", ...args]);
    onTestFinished(() => void child.kill("SIGKILL"));
    return child;
  }

  test.each(["SIGTERM", "the end of its input"])("says when it is ready, and ends with %s", async (how) => {
    const child = run("--user", "romeo", "--tls", "--ids", "seq");
    const exit = once(child, "exit");
    const [line] = (await once(createInterface(child.stdout), "line")) as [string];
    const ready = JSON.parse(line) as { control: string; users: object[] };
    expect(ready).toMatchObject({
      ready: true,
      domain: "localhost",
      services: { xmpps: expect.stringMatching(/^xmpps:/) as string },
      users: [{ jid: "romeo@localhost", password: "secret of romeo" }],
    });
    expect((await fetch(`${ready.control}/health`)).status).toBe(200);
    if (how === "SIGTERM") child.kill("SIGTERM");
    else child.stdin.end();
    expect(await exit).toEqual([0, null]);
  });
});
