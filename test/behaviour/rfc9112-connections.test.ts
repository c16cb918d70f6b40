/** RFC 9112 §9: how much one connection may ask for at a time, and how long it stays when nothing goes on. */
import { connect, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { defineModule } from "../../src/index.ts";
import { createRig } from "../../src/testing/create-rig.ts";

const FLOOD = 1000;

/** A server with a path for each kind of answer; what is begun at `/waiting` waits for `release`, and `/large` has no end. */
async function listening(http: object = {}) {
  let begun = 0;
  let release = () => {};
  let givenUp = () => {};
  const isGivenUp = new Promise<void>((resolve) => {
    givenUp = resolve;
  });
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const web = defineModule({
    name: "web",
    implements: [],
    setup(host) {
      host.http.routes.get("/number/:n", (c) => c.text(`<${c.req.param("n")}>`));
      host.http.routes.get("/waiting", async (c) => {
        begun++;
        await released;
        return c.text("released");
      });
      host.http.routes.get("/large", () => new Response(withoutEnd(givenUp)));
    },
  });
  const rig = await createRig({
    listen: { c2s: false, c2sTls: false, http: 0 },
    modules: [web],
    config: { http },
  });
  onTestFinished(async () => {
    release();
    await rig.close();
  });
  await rig.server.listen();
  const socket = connect(rig.server.ports.http, "127.0.0.1");
  socket.on("error", () => {});
  onTestFinished(() => void socket.destroy());
  return { socket, release, begun: () => begun, isGivenUp, closed: closedOf(socket) };
}

function closedOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => void socket.once("close", () => resolve()));
}

function withoutEnd(cancel: () => void): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
    cancel,
  });
}

function get(path: string, headers = ""): string {
  return `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`;
}

function heardOf(socket: Socket): () => string {
  let heard = "";
  socket.setEncoding("latin1").on("data", (text: string) => {
    heard += text;
  });
  return () => heard;
}

test("requests that come without waiting for the answers are all answered, in their order (§9.3.2)", async () => {
  const { socket, closed } = await listening();
  const heard = heardOf(socket);
  const numbers = Array.from({ length: 100 }, (_, index) => index);
  const last = get("/number/last", "Connection: close\r\n");
  socket.write(numbers.map((n) => get(`/number/${n}`)).join("") + last);
  await closed;
  const answers = Array.from(heard().matchAll(/<(\w+)>/g), ([, name]) => name);
  expect(answers).toEqual([...numbers.map(String), "last"]);
});

test("of a flood of requests only a few are begun, and the connection ends", async () => {
  const { socket, begun, closed } = await listening();
  socket.write(get("/waiting").repeat(FLOOD));
  await closed;
  expect(begun()).toBeLessThanOrEqual(16);
});

test("an answer that nobody reads ends its connection", async () => {
  const { socket, isGivenUp } = await listening({ idleTime: "100ms" });
  socket.pause();
  socket.write(get("/large"));
  await isGivenUp;
});

test("an answer that takes its time is waited for", async () => {
  const { socket, release } = await listening({ idleTime: "100ms" });
  const heard = heardOf(socket);
  socket.write(get("/waiting"));
  setTimeout(release, 300);
  await expect.poll(heard).toContain("released");
});

test("a connection goes when no further request comes, also when its last body was not waited for (§9.3)", async () => {
  const { socket, closed } = await listening({ keepAlive: "100ms", bodyBytes: 1000 });
  const heard = heardOf(socket);
  socket.write("POST /number/1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000\r\n\r\nx");
  await expect.poll(heard).toContain("413");
  socket.write("x".repeat(1999));
  await closed;
});
