/** XEP-0124 on real connections: they break, they are slow, and several requests share one. */
import { once } from "node:events";
import { Agent, request as httpRequest } from "node:http";
import { connect } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Rig, RigOptions } from "../../src/testing/create-rig.ts";
import { BoshClient, HTTP_BIND } from "./bosh-client.ts";
import { webRig } from "./websocket-client.ts";

const TRUSTING = { proxies: { trusted: ["127.0.0.1"] } };
const PING = `<iq xmlns="jabber:client" type="get" id="p"><ping xmlns="urn:xmpp:ping"/></iq>`;

/** A session that began without a port, under TLS; its requests come by way of a proxy. */
async function session(options: RigOptions = {}): Promise<{ rig: Rig; client: BoshClient }> {
  const rig = await webRig({ ...options, config: { ...TRUSTING, ...options.config } });
  const client = new BoshClient(rig);
  await client.creates();
  await client.logsIn();
  return { rig, client };
}

/** What a request needs on the wire. */
function written(body: string): string {
  const length = Buffer.byteLength(body);
  return `POST /http-bind HTTP/1.1\r\nHost: localhost\r\nForwarded: for=192.0.2.1;proto=https\r\nContent-Length: ${length}\r\n\r\n${body}`;
}

function dial({ server }: Rig) {
  const socket = connect({ port: server.ports.http, host: "127.0.0.1" });
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => {});
  socket.resume();
  return socket;
}

describe("a connection that breaks", () => {
  test("while its request waits takes no stanza with it", async () => {
    const { rig, client } = await session();
    const bob = await rig.connect("bob/pipe");
    const body = client.body(
      {},
      `<message xmlns="jabber:client" to="bob@localhost" type="chat"><body>Ho</body></message>`,
    );
    const socket = dial(rig);
    socket.write(written(body));
    await expect.poll(() => bob.heard).toContain("<body>Ho</body>");
    socket.destroy();
    await once(socket, "close");
    await bob.sends(`<message to="alice@localhost/bosh" type="chat"><body>Hi</body></message>`);
    const again = dial(rig);
    again.write(written(body));
    const [data] = (await once(again, "data")) as [Buffer];
    expect(data.toString()).toContain("<body>Hi</body>");
  });

  test("in the midst of a body changes nothing", async () => {
    const { rig, client } = await session();
    const body = client.body({}, PING);
    const socket = dial(rig);
    socket.end(written(body).slice(0, -30));
    await new Promise<void>((resolve) => void socket.once("close", () => resolve()));
    expect((await client.raw(body).answer).text).toContain(`type="result"`);
  });

  test("for want of the rest of a body is cut by the server", async () => {
    const { rig, client } = await session({ config: { http: { idleTime: "100ms" } } });
    const body = client.body({}, PING);
    const socket = dial(rig);
    socket.write(written(body).slice(0, -30));
    await new Promise<void>((resolve) => void socket.once("close", () => resolve()));
    expect((await client.raw(body).answer).text).toContain(`type="result"`);
  });
});

test("requests that follow each other on one connection are answered in their order", async () => {
  const { rig, client } = await session();
  const socket = dial(rig);
  socket.write(
    written(client.body()) + written(client.body({}, PING)) + written(client.body({ type: "terminate" })),
  );
  let heard = "";
  socket.on("data", (data: Buffer) => {
    heard += data.toString();
  });
  await expect.poll(() => heard.match(/HTTP\/1.1 200 OK/g)?.length).toBe(3);
  expect(heard.indexOf(`type="result"`)).toBeLessThan(heard.indexOf(`type="terminate"`));
  expect(heard).toMatch(/x-content-type-options: nosniff/i);
  expect(heard).toMatch(/content-type: text\/xml; charset=utf-8/i);
});

test("bodies in chunks and other methods are dealt with", async () => {
  const { rig, client } = await session();
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  const ask = async (method: string, body = "", path = "/http-bind") => {
    const headers = { Forwarded: "for=192.0.2.1;proto=https", Origin: "https://example.org" };
    const sent = httpRequest({
      agent,
      port: rig.server.ports.http,
      host: "127.0.0.1",
      path,
      method,
      headers,
    });
    for (const part of body.match(/.{1,40}/g) ?? []) sent.write(part);
    sent.end();
    const [response] = await once(sent, "response");
    let text = "";
    for await (const chunk of response) text += chunk;
    return { status: response.statusCode, headers: response.headers, text };
  };
  expect((await ask("POST", client.body({}, PING))).text).toContain(`type="result"`);
  const preflight = await ask("OPTIONS");
  expect([preflight.status, preflight.headers["access-control-allow-origin"]]).toEqual([204, "*"]);
  expect((await ask("GET")).status).toBe(405);
  // Many configurations of clients have it with a slash at its end.
  expect((await ask("GET", "", "/http-bind/")).status).toBe(405);
  expect((await ask("POST", "x".repeat(600_000))).text).toContain(`condition="policy-violation"`);
  expect((await ask("POST", `<body xmlns="${HTTP_BIND}"`)).text).toContain(`condition="bad-request"`);
});
