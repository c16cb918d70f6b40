import { once } from "node:events";
import { type AddressInfo, createConnection, createServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { LineReader } from "../../../src/admin/line-reader.ts";

/** A connection whose other side is given to `serve`. */
async function connection(serve: (socket: Socket) => void): Promise<Socket> {
  const server = createServer((other) => serve(other.on("error", () => {}))).listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = createConnection((server.address() as AddressInfo).port, "127.0.0.1");
  onTestFinished(() => {
    socket.destroy();
    server.close();
  });
  return socket;
}

test("lines that come along with the end of the connection are read all the same", async () => {
  const socket = await connection((other) => other.end("one\ntwo\nthree"));
  const reader = new LineReader(socket);
  expect(await reader.next(100, 1000)).toBe("one");
  if (!socket.closed) {
    socket.resume();
    await once(socket, "close");
  }
  expect(await reader.next(100, 1000)).toBe("two");
  await expect(reader.next(100, 1000)).rejects.toThrow("closed before the line was complete");
});

test("what is not asked for waits with the sender", async () => {
  let sent = false;
  const socket = await connection((other) =>
    other.write(`a\n${"x".repeat(50_000_000)}\n`, () => (sent = true)),
  );
  const reader = new LineReader(socket);
  expect(await reader.next(100, 1000)).toBe("a");
  expect(socket.isPaused()).toBe(true);
  expect(sent).toBe(false);
  await expect(reader.next(1000, 1000)).rejects.toThrow("the line is too long");
});
