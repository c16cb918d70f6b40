/** XEP-0363 §7 over a real connection: lies about lengths, peers that stop, and what the server has left of them. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { describe, expect } from "vitest";
import { body, CAT, eventually, filesIn, getsSlot, test, uploading } from "./upload-client.ts";

interface Wire {
  readonly socket: Socket;
  /** All that the server said until it closed the connection. */
  readonly answer: Promise<string>;
}

/** Opens a connection and begins a request. */
function put(url: string, headers: string, content: Buffer): Wire {
  const { port, pathname, search } = new URL(url);
  const socket = connect(Number(port), "127.0.0.1");
  socket.on("error", () => {});
  let text = "";
  socket.setEncoding("utf8").on("data", (data: string) => {
    text += data;
  });
  socket.write(`PUT ${pathname}${search} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`);
  socket.write(content);
  return { socket, answer: once(socket, "close").then(() => text) };
}

const LENGTH = `Content-Length: ${CAT.length}\r\n`;
const chunked = (content: Buffer) =>
  Buffer.concat([Buffer.from("12\r\n"), content, Buffer.from("\r\n0\r\n\r\n")]);

describe("a length", () => {
  test.for([
    ["that is none beside chunks", `${LENGTH}Transfer-Encoding: chunked\r\n`, chunked(CAT), "400"],
    ["that is said twice, differently", `${LENGTH}Content-Length: 1\r\n`, CAT, "400"],
    ["with a sign", `Content-Length: +${CAT.length}\r\n`, CAT, "400"],
    ["that is negative", "Content-Length: -1\r\n", CAT, "400"],
    ["that is not said", "Transfer-Encoding: chunked\r\nConnection: close\r\n", chunked(CAT), "411"],
    ["of another file", "Content-Length: 1\r\nConnection: close\r\n", CAT.subarray(0, 1), "400"],
  ] as const)("%s is refused", async ([, headers, content, status], { connect: logIn, server, request }) => {
    const slot = await getsSlot(await logIn("alice/phone"));
    expect(await put(slot.put, headers, content).answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(filesIn(await server.host().folder("uploads"))).toEqual([]);
    expect((await request(slot.put, body(CAT))).status).toBe(201);
  });

  test("counts, whatever comes behind it", async ({ connect: logIn, request }) => {
    const slot = await getsSlot(await logIn("alice/phone"));
    await put(slot.put, LENGTH, Buffer.concat([CAT, CAT])).answer;
    // Either the file or nothing, and never more than the slot is for.
    const got = await request(slot.get);
    if (got.status === 200) expect(await got.text()).toBe(CAT.toString());
    else expect(got.status).toBe(404);
  });

  test("of gigabytes is refused before they come", async ({ connect: logIn }) => {
    const slot = await getsSlot(await logIn("alice/phone"));
    const { socket, answer } = put(slot.put, "Content-Length: 99999999999\r\n", CAT);
    await once(socket, "data");
    socket.destroy();
    expect(await answer).toMatch(/^HTTP\/1.1 413 /);
  });
});

describe("a peer that goes away in the middle", () => {
  test("leaves nothing", async ({ connect: logIn, server, request }) => {
    const slot = await getsSlot(await logIn("alice/phone"));
    const folder = await server.host().folder("uploads");
    const { socket } = put(slot.put, LENGTH, CAT.subarray(0, 5));
    await eventually(() => filesIn(folder)).toHaveLength(1);
    socket.destroy();
    await eventually(() => filesIn(folder)).toEqual([]);
    expect((await request(slot.put, body(CAT))).status).toBe(201);
  });
});

describe("a peer that stops in the middle", () => {
  const options = uploading({});
  test.override({ options: { ...options, config: { ...options.config, http: { idleTime: "100ms" } } } });

  test("is not waited for, and leaves nothing", async ({ connect: logIn, server }) => {
    const slot = await getsSlot(await logIn("alice/phone"));
    await put(slot.put, LENGTH, CAT.subarray(0, 5)).answer;
    const folder = await server.host().folder("uploads");
    await eventually(() => filesIn(folder)).toEqual([]);
  });
});
