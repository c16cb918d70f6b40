/** RFC 9110, RFC 9112: requests and who answers them. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { describe, expect, onTestFinished } from "vitest";
import { parseConfig } from "../../src/config/config.ts";
import { defineModule, type Table } from "../../src/index.ts";
import { selfSigned } from "../../src/net/self-signed.ts";
import { XmppServer } from "../../src/server.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { StoreError } from "../../src/store/store.ts";
import { createRig, type Rig, type RigOptions } from "../../src/testing/create-rig.ts";
import { test } from "../../src/testing/rig.ts";
import { VirtualClock } from "../../src/testing/virtual-clock.ts";
import { silentLogger } from "../../src/util/logger.ts";
import { systemRandom } from "../../src/util/random.ts";

/** What the tests' module keeps. */
interface Row {
  readonly key: string;
}

let table: Table<Row>;

const web = defineModule({
  name: "web",
  implements: [],
  async setup(host) {
    const { http, domain } = host;
    table = await host.table<Row>({ name: "web", version: 1, columns: { key: "text" }, key: ["key"] });
    http.routes.get("/who", (c) => c.text(`${domain} ${c.env.peer.remote} ${c.env.peer.secure}`));
    http.routes.post("/length", async (c) => c.text(String((await c.req.text()).length)));
    http.routes.post("/keep", async (c) => {
      await table.put({ key: await c.req.text() });
      return c.text("kept");
    });
    http.routes.get("/fault", () => {
      throw new Error("the secret is 42");
    });
    http.routes.get("/framed", (c) =>
      c.html("<p>", 200, { "Content-Security-Policy": "default-src 'self'" }),
    );
    http.routes.get("/endless", () => new Response(endless(http.closing)));
    http.streaming.put("/files/:name", async (c) => {
      let bytes = 0;
      for await (const chunk of c.req.raw.body ?? []) bytes += chunk.length;
      return c.text(`${c.req.param("name")} ${bytes}`);
    });
    http.shared("web", (routes) => routes.get("/all", (c) => c.text(`of ${domain}`)));
  },
});

function endless(closing: AbortSignal): ReadableStream {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode("begun"));
      closing.addEventListener("abort", () => controller.close());
    },
  });
}

const options: RigOptions = {
  domain: ["localhost", "example.org"],
  modules: [web],
  config: { http: { bodyBytes: 1000 } },
};

/** A server on real ports, whose errors are the test's matter. */
async function listening(more: RigOptions = {}): Promise<Rig> {
  const rig = await createRig({
    listen: { c2s: false, c2sTls: false, http: 0, https: 0 },
    ...options,
    ...more,
  });
  onTestFinished(() => rig.close());
  await rig.server.listen();
  return rig;
}

/** All that the server says on a connection until it closes it. */
async function exchange(socket: Socket, text: string): Promise<string> {
  let heard = "";
  socket.on("data", (data: Buffer) => {
    heard += data.toString("latin1");
  });
  socket.on("error", () => {});
  socket.write(text);
  await new Promise((resolve) => void socket.once("close", resolve));
  return heard;
}

function plain({ server }: Rig): Socket {
  return connect({ port: server.ports.http, host: "127.0.0.1" });
}

describe("who answers", () => {
  test.override({ options });

  test("is the domain that Host names, in any case and with any port", async ({ request }) => {
    const who = async (url: string) => (await request(url)).text();
    expect(await who("https://localhost/who")).toBe("localhost  true");
    expect(await who("https://EXAMPLE.org:5443/who")).toBe("example.org  true");
    expect(await who("https://example.org./who")).toBe("example.org  true");
  });

  test("is the default domain where Host names none of the server's", async ({ request }) => {
    expect(await (await request("https://192.0.2.1/who")).text()).toBe("localhost  true");
  });

  test("is the server for what is shared, by the first domain's handler", async ({ request }) => {
    for (const host of ["localhost", "example.org", "elsewhere.net"]) {
      expect(await (await request(`https://${host}/all`)).text()).toBe("of localhost");
    }
  });

  test("is nobody elsewhere", async ({ request }) => {
    const answer = await request("/nowhere");
    expect(answer.status).toBe(404);
    expect(await answer.text()).toBe("Not found\n");
    const headers = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };
    const page = await request("/nowhere?<script>", { headers });
    expect(page.status).toBe(404);
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(await page.text()).toMatch(/<h1>There is nothing here<\/h1>(?!.*<script)/s);
  });

  test("knows who asks", async ({ request }) => {
    const answer = await request("/who", {}, { remote: "192.0.2.7", secure: false });
    expect(await answer.text()).toBe("localhost 192.0.2.7 false");
  });

  test("by the address of a domain's own url as well", async () => {
    const server = await XmppServer.start({
      config: parseConfig({
        domains: [{ name: "localhost" }, { name: "example.org", url: "https://chat.example.org:8443/" }],
      }),
      store: createMemoryStore(),
      clock: new VirtualClock(),
      random: systemRandom,
      log: silentLogger,
      modules: [web],
    });
    onTestFinished(() => server.close());
    expect(server.host("example.org").http.url).toBe("https://chat.example.org:8443");
    const answer = await server.fetch(new Request("https://chat.example.org:8443/who"));
    expect(await answer.text()).toBe("example.org  true");
  });
});

describe("answers", () => {
  test.override({ options });

  test("allow pages nothing unless they say so", async ({ request }) => {
    const { headers } = await request("/who");
    expect(headers.get("content-security-policy")).toContain("default-src 'none'; frame-ancestors 'none'");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("x-frame-options")).toBe("DENY");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect((await request("/framed")).headers.get("content-security-policy")).toBe("default-src 'self'");
  });

  test("of faulty handlers show nothing of the fault", async () => {
    const rig = await createRig(options);
    const answer = await rig.request("/fault");
    expect(answer.status).toBe(500);
    expect(await answer.text()).toBe("Internal server error\n");
    expect(rig.errors.join()).toContain("the secret is 42");
    await rig.close();
  });

  test("claim nothing that was not committed", async () => {
    const store = createMemoryStore();
    const commit = store.commit.bind(store);
    let isBroken = false;
    store.commit = () => {
      if (!isBroken || !store.dirty) return commit();
      void store.rollback();
      throw new StoreError("the disk is full");
    };
    const rig = await createRig({ ...options, store });
    const keep = (key: string) => rig.request("/keep", { method: "POST", body: key });
    expect((await keep("a")).status).toBe(200);
    isBroken = true;
    const answer = await keep("b");
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain("disk");
    isBroken = false;
    expect(
      await Promise.all(["a", "b"].map(async (key) => (await table.get({ key })) !== undefined)),
    ).toEqual([true, false]);
    await rig.close();
  });
});

describe("bodies", () => {
  test.override({ options });

  test("are limited, also those that come in chunks", async ({ request }) => {
    const post = (body: RequestInit["body"]) =>
      request("/length", { method: "POST", body: body ?? null, duplex: "half" } as RequestInit);
    expect(await (await post("x".repeat(1000))).text()).toBe("1000");
    expect((await post("x".repeat(1001))).status).toBe(413);
    const chunks = ReadableStream.from(Array.from({ length: 3 }, () => Buffer.alloc(500)));
    expect((await post(chunks as never)).status).toBe(413);
  });

  test("of any size are for handlers that take them as they come", async ({ request }) => {
    const answer = await request("/files/a.bin", { method: "PUT", body: Buffer.alloc(100_000) });
    expect(await answer.text()).toBe("a.bin 100000");
  });
});

describe("on ports", () => {
  test("in clear and under TLS, with the addresses that they are known by", async () => {
    const rig = await listening();
    const { http, https } = rig.server.ports;
    expect(rig.server.host("example.org").http.url).toBe(`https://example.org:${https}`);
    const inClear = await fetch(`http://127.0.0.1:${http}/who`, {
      headers: { "X-Forwarded-For": "1.1.1.1" },
    });
    expect(await inClear.text()).toBe("localhost 127.0.0.1 false");
    const socket = connectTls({
      port: https,
      host: "127.0.0.1",
      rejectUnauthorized: false,
      ALPNProtocols: ["h2", "http/1.1"],
    });
    await once(socket, "secureConnect");
    expect(socket.alpnProtocol).toBe("http/1.1");
    const answer = await exchange(
      socket,
      "GET /who HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n",
    );
    expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(answer).toContain("example.org 127.0.0.1 true");
  });

  test("in HTTP/1.0, without a host", async () => {
    const answer = await exchange(plain(await listening()), "GET /who HTTP/1.0\r\n\r\n");
    expect(answer).toContain("localhost 127.0.0.1 false");
  });

  test("behind a proxy that is trusted", async () => {
    const rig = await listening({ config: { proxies: { trusted: ["127.0.0.0/8"] } } });
    const headers = { Forwarded: "for=192.0.2.9;proto=https" };
    const answer = await fetch(`http://127.0.0.1:${rig.server.ports.http}/who`, { headers });
    expect(await answer.text()).toBe("localhost 192.0.2.9 true");
    // What a client sent, and what its proxy wrote that knows the other header only.
    const forged = { Forwarded: "for=127.0.0.1;proto=https", "X-Forwarded-For": "192.0.2.9" };
    const refused = await fetch(`http://127.0.0.1:${rig.server.ports.http}/who`, { headers: forged });
    expect(refused.status).toBe(400);
  });

  test("one request after another on one connection, and large bodies", async () => {
    const rig = await listening();
    const body = "y".repeat(200_000);
    const put = `PUT /files/b HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const answer = await exchange(
      plain(rig),
      `${put}GET /who HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toContain("b 200000");
    expect(answer).toContain("localhost 127.0.0.1 false");
  });

  test.each([
    [
      "in chunks",
      "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
      "200 OK",
      /\r\n5\r\n|\r\n\r\n5/,
    ],
    [
      "in chunks of one byte",
      `Transfer-Encoding: chunked\r\n\r\n${"1\r\nx\r\n".repeat(900)}0\r\n\r\n`,
      "200 OK",
      /900/,
    ],
    ["that is not there", "\r\n", "200 OK", /\r\n0\r\n|\r\n\r\n0/],
    [
      "of too many chunks",
      `Transfer-Encoding: chunked\r\n\r\n400\r\n${"x".repeat(1024)}\r\n0\r\n\r\n`,
      "413 ",
      /too large/,
    ],
  ] as const)("answers to a body %s (RFC 9112 §6)", async (_, rest, status, text) => {
    const rig = await listening();
    const head = "POST /length HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";
    const answer = await exchange(plain(rig), `${head}${rest}`);
    expect(answer).toContain(`HTTP/1.1 ${status}`);
    expect(answer).toMatch(text);
  });

  test("a client that goes in the middle of a body is no fault of the server", async () => {
    const rig = await listening();
    for (const length of ["Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "Content-Length: 9\r\n\r\nabc"]) {
      const socket = plain(rig);
      socket.write(`POST /length HTTP/1.1\r\nHost: a\r\n${length}`);
      // What came after it is answered, so it has come in.
      await fetch(`http://127.0.0.1:${rig.server.ports.http}/who`);
      socket.destroy();
      await once(socket, "close");
    }
    await rig.close();
    expect(rig.errors).toEqual([]);
  });

  // RFC 9112 §6.1, §11.2: what two parsers may read in two ways is refused.
  const garbage: [string, string][] = [
    ["two lengths", "POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"],
    [
      "a length beside chunks",
      "POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    [
      "an encoding that is not chunked",
      "POST /length HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    ],
    ["white space before the colon", "GET /who HTTP/1.1\r\nHost : a\r\n\r\n"],
    ["a folded line", "GET /who HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n"],
    [
      "bare line feeds in chunks",
      "POST /length HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\na\n0\n\n",
    ],
    ["two hosts", "GET /who HTTP/1.1\r\nHost: localhost\r\nHost: example.org\r\n\r\n"],
    [
      "chunks in HTTP/1.0",
      "POST /length HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ["no Host", "GET /who HTTP/1.1\r\n\r\n"],
    ["TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
    ["a stream of XMPP", "<?xml version='1.0'?><stream:stream to='localhost'>"],
  ];
  test.each(garbage)("%s is a bad request", async (_, text) => {
    const rig = await listening();
    expect(await exchange(plain(rig), text)).toMatch(/^HTTP\/1.1 400 Bad Request\r\n/);
  });

  test("an encoding that is not known is not taken for what it encodes (RFC 9112 §6.1)", async () => {
    const head = "POST /length HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n";
    expect(await exchange(plain(await listening()), head)).toMatch(/^HTTP\/1.1 501 /);
  });

  test("headers have a size and a time", async () => {
    const rig = await listening({ config: { http: { headerBytes: 2000, headerTime: "100ms" } } });
    const long = `GET /who HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(2000)}\r\n\r\n`;
    expect(await exchange(plain(rig), long)).toMatch(/^HTTP\/1.1 431 /);
    expect(await exchange(plain(rig), "GET /who HTTP/1.1\r\n")).toMatch(/^HTTP\/1.1 408 /);
  });

  test("a body that stops coming ends its connection", async () => {
    const rig = await listening({ config: { http: { idleTime: "100ms" } } });
    const text = "PUT /files/c HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345";
    expect(await exchange(plain(rig), text)).toBe("");
  });

  test("an answer without an end is none of a body's time", async () => {
    const rig = await listening({ config: { http: { idleTime: "100ms", keepAlive: "100ms" } } });
    const socket = plain(rig);
    socket.write("GET /endless HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await once(socket, "data");
    const idle = exchange(plain(rig), "POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12345");
    // Once that one is closed for want of another request, more than the time has gone by.
    expect(await idle).toMatch(/^HTTP\/1.1 404 /);
    expect(socket.destroyed).toBe(false);
    socket.destroy();
  });

  test("connections of one address are limited", async () => {
    const rig = await listening({ config: { limits: { streamsPerAddress: 1 } } });
    const first = plain(rig);
    await once(first, "connect");
    await expect
      .poll(() => exchange(plain(rig), "GET /who HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"))
      .toBe("");
    first.destroy();
  });

  test("an upgrade that nobody knows is no upgrade", async () => {
    const rig = await listening();
    const text =
      "GET /who HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n";
    const socket = plain(rig);
    socket.write(text);
    const [data] = await once(socket, "data");
    expect(String(data)).toMatch(/^HTTP\/1.1 200 OK/);
    socket.destroy();
  });

  test("an upgrade of HTTP/1.0 is none (§7.8)", async () => {
    const handshake =
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: xmpp\r\n";
    const text = `GET /xmpp-websocket HTTP/1.0\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${handshake}\r\n`;
    const socket = plain(await listening());
    socket.write(text);
    const [data] = await once(socket, "data");
    expect(String(data)).toMatch(/^HTTP\/1.1 426 /);
    socket.destroy();
  });

  test("answers under way come to their end at close, and nothing stays open", async () => {
    const rig = await listening();
    const idle = plain(rig);
    await once(idle, "connect");
    const socket = plain(rig);
    socket.write("GET /endless HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await once(socket, "data");
    const ended = Promise.all([once(socket, "close"), once(idle, "close")]);
    const heard: Buffer[] = [];
    socket.on("data", (data: Buffer) => heard.push(data));
    idle.resume();
    await rig.close();
    await ended;
    expect(Buffer.concat(heard).toString()).toMatch(/0\r\n\r\n$/);
  });
});

describe("the end of the server", () => {
  test("waits for what is under way for somebody who is gone", async () => {
    const begun = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    const done = Promise.withResolvers<void>();
    const late = defineModule({
      name: "late",
      implements: [],
      async setup(host) {
        const rows = await host.table<Row>({
          name: "late",
          version: 1,
          columns: { key: "text" },
          key: ["key"],
        });
        host.http.routes.post("/late", async (c) => {
          begun.resolve();
          await released.promise;
          await rows.put({ key: "late" });
          setImmediate(done.resolve);
          return c.text("done");
        });
      },
    });
    const rig = await listening({ modules: [late] });
    const socket = plain(rig);
    socket.write("POST /late HTTP/1.1\r\nHost: a\r\n\r\n");
    await begun.promise;
    socket.destroy();
    await once(socket, "close");
    const closed = rig.close();
    setTimeout(released.resolve, 100);
    await Promise.all([closed, done.promise]);
    expect(rig.errors).toEqual([]);
  });
});

describe("the default port of the web", () => {
  test("is left alone when it is taken, and one that was asked for is not", async () => {
    const other = createTcpServer();
    await new Promise<void>((resolve) => void other.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    const rig = await createRig({ listen: { c2s: false, c2sTls: false, https: port } });
    onTestFinished(() => rig.close());
    await expect(rig.server.listen()).rejects.toThrow(`127.0.0.1 port ${port}`);

    const taken = createTcpServer();
    // Somebody has it: this test, or who keeps this test from it.
    await new Promise<void>((resolve) => {
      taken.once("error", () => resolve());
      taken.listen(5443, resolve);
    });
    onTestFinished(() => void taken.close());
    const warnings: string[] = [];
    const log = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
    const server = await XmppServer.start({
      config: parseConfig({ listen: { c2s: false, c2sTls: false } }),
      store: createMemoryStore(),
      clock: new VirtualClock(),
      random: systemRandom,
      log,
      certificate: await selfSigned(["localhost"], { now: Date.now() }),
    });
    onTestFinished(() => server.close());
    await server.listen();
    expect(server.ports.https).toBe(0);
    expect(warnings.join()).toContain("no web, for want of a port");
  });
});
