import { once } from "node:events";
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import type { Rig } from "../../src/testing/create-rig.ts";
import { Pipe } from "../../src/testing/pipe.ts";
import { NO_LIMITS, readXml, treeOf } from "../../src/testing/read-xml.ts";
import { childElements, type Element } from "../../src/xml/element.ts";
import type { XmlParser } from "../../src/xml/parser.ts";
import { createXmlParser } from "../../src/xml/stream-parser.ts";
import { handshake } from "../behaviour/socket-client.ts";
import { frame } from "../behaviour/websocket-client.ts";

/** What comes to a client: elements, the end of the server's stream, the end of the connection. */
export type Arrival = Element | "end" | "gone";

/** A client's end of a connection, the same for all transports. */
export interface Peer {
  /** The next thing that comes; headers are left out. */
  next(): Promise<Arrival>;
  /** Begins a stream, or begins it anew. */
  open(): void;
  /** Sends elements with their namespaces, each by itself where the transport knows bounds. */
  send(...elements: string[]): void;
  /** The same for one element, its bytes one after another. */
  sendBytes(element: string): Promise<void>;
  /** Ends the stream. */
  end(): void;
  /** The connection breaks; settles when the server knows. */
  cut(): Promise<void>;
}

export interface TransportDriver {
  readonly name: string;
  /** What the server calls it. */
  readonly kind: string;
  connect(rig: Rig): Promise<Peer>;
}

/** How long a peer waits for a server that says nothing; only a failing test takes so long. */
const LONGEST_WAIT_MS = 5_000;

const FRAMING = "urn:ietf:params:xml:ns:xmpp-framing";
const HTTP_BIND = "http://jabber.org/protocol/httpbind";
const HEADER =
  "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>";

class Arrivals {
  readonly #items: Arrival[] = [];
  #wake = () => {};

  add(item: Arrival): void {
    this.#items.push(item);
    this.#wake();
  }

  async next(): Promise<Arrival> {
    const until = Date.now() + LONGEST_WAIT_MS;
    while (this.#items.length === 0) {
      if (Date.now() > until) throw new Error("nothing came");
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, LONGEST_WAIT_MS);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return this.#items.shift() as Arrival;
  }
}

/** RFC 6120 §4.2. */
class NativeReader {
  readonly #parser: XmlParser = createXmlParser(NO_LIMITS);
  readonly #arrivals: Arrivals;

  constructor(arrivals: Arrivals) {
    this.#arrivals = arrivals;
  }

  hear(data: Buffer): void {
    this.#parser.write(data);
    for (let event = this.#parser.next(); event; event = this.#parser.next()) {
      if (event.kind === "element") {
        this.#arrivals.add(treeOf(event.element));
        if (event.element.name === "success" && event.element.ns.endsWith("-sasl")) this.#parser.restart();
      } else if (event.kind === "close") this.#arrivals.add("end");
    }
  }
}

export const pipeDriver: TransportDriver = {
  name: "a pipe",
  kind: "pipe",
  async connect(rig) {
    const arrivals = new Arrivals();
    const reader = new NativeReader(arrivals);
    const pipe = new Pipe(rig.server.turn);
    pipe.open({ data: (text) => reader.hear(Buffer.from(text)), ended: () => arrivals.add("gone") });
    rig.server.accept(pipe.transport);
    return {
      next: () => arrivals.next(),
      open: () => pipe.send(HEADER),
      send: (...elements) => pipe.send(elements.join("")),
      async sendBytes(element) {
        pipe.chunkBytes = 1;
        pipe.send(element);
        pipe.chunkBytes = Number.POSITIVE_INFINITY;
      },
      end: () => pipe.send("</stream:stream>"),
      cut: async () => pipe.end(),
    };
  },
};

export const tcpDriver: TransportDriver = {
  name: "TCP",
  kind: "tcp",
  async connect({ server }) {
    const socket = connect({ port: server.ports.c2s, host: "127.0.0.1" });
    await once(socket, "connect");
    return nativePeer(socket);
  },
};

export const tlsDriver: TransportDriver = {
  name: "TLS",
  kind: "tls",
  connect: async ({ server }) =>
    nativePeer(await handshake({ port: server.ports.c2sTls, host: "127.0.0.1" })),
};

function nativePeer(socket: Socket): Peer {
  const arrivals = new Arrivals();
  const reader = new NativeReader(arrivals);
  socket.on("data", (data: Buffer) => reader.hear(data));
  return {
    ...onSocket(socket, arrivals),
    next: () => arrivals.next(),
    open: () => void socket.write(HEADER),
    send: (...elements) => void socket.write(elements.join("")),
    sendBytes: (element) => writeBytes(socket, Buffer.from(element)),
    end: () => void socket.write("</stream:stream>"),
  };
}

function onSocket(socket: Socket, arrivals: Arrivals): Pick<Peer, "cut"> {
  socket.setNoDelay(true);
  socket.on("error", () => {});
  const gone = new Promise<void>((resolve) => {
    socket.on("close", () => {
      arrivals.add("gone");
      resolve();
    });
  });
  onTestFinished(() => void socket.destroy());
  return {
    async cut() {
      socket.destroy();
      await gone;
    },
  };
}

async function writeBytes(socket: Socket, bytes: Buffer): Promise<void> {
  for (const byte of bytes) {
    socket.write(Buffer.from([byte]));
    await new Promise(setImmediate);
  }
}

export const webSocketDriver: TransportDriver = {
  name: "WebSocket",
  kind: "websocket",
  async connect({ server }) {
    const socket = await handshake({ port: server.ports.https, host: "127.0.0.1" });
    const arrivals = new Arrivals();
    const { cut } = onSocket(socket, arrivals);
    let bytes: Buffer = Buffer.alloc(0);
    const upgraded = Promise.withResolvers<void>();
    let isUpgraded = false;
    socket.on("data", (data: Buffer) => {
      bytes = Buffer.concat([bytes, data]);
      if (!isUpgraded && bytes.includes("\r\n\r\n")) {
        bytes = bytes.subarray(bytes.indexOf("\r\n\r\n") + 4);
        isUpgraded = true;
        upgraded.resolve();
      }
      for (let next = takeFrame(bytes); isUpgraded && next; next = takeFrame(bytes)) {
        bytes = bytes.subarray(next.length);
        if (next.opcode === 8) socket.end(frame(next.payload, { opcode: 8 }));
        if (next.opcode !== 1) continue;
        const element = readXml(next.payload.toString());
        if (element.is("close", FRAMING)) arrivals.add("end");
        else if (!element.is("open", FRAMING)) arrivals.add(element);
      }
    });
    socket.write(
      "GET /xmpp-websocket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: xmpp\r\n\r\n",
    );
    await upgraded.promise;
    const send = (...elements: string[]) =>
      void socket.write(Buffer.concat(elements.map((each) => frame(each))));
    return {
      cut,
      next: () => arrivals.next(),
      open: () => send(`<open xmlns="${FRAMING}" to="localhost" version="1.0"/>`),
      send,
      sendBytes: (element) => writeBytes(socket, frame(element)),
      end: () => send(`<close xmlns="${FRAMING}"/>`),
    };
  },
};

/** RFC 6455 §5.2, from a server. */
function takeFrame(bytes: Buffer): { opcode: number; payload: Buffer; length: number } | undefined {
  if (bytes.length < 2) return undefined;
  const [first = 0, size = 0] = bytes;
  const start = size === 126 ? 4 : size === 127 ? 10 : 2;
  if (bytes.length < start) return undefined;
  const length =
    size === 126 ? bytes.readUInt16BE(2) : size === 127 ? Number(bytes.readBigUInt64BE(2)) : size;
  if (bytes.length < start + length) return undefined;
  return { opcode: first & 0x0f, payload: bytes.subarray(start, start + length), length: start + length };
}

export const boshDriver: TransportDriver = {
  name: "BOSH",
  kind: "bosh",
  async connect(rig) {
    const arrivals = new Arrivals();
    let rid = 1_000_000;
    let sid: string | undefined;
    let waiting = 0;
    let isOver = false;
    const wrap = (attributes: string, payload: string) => {
      const id = sid === undefined ? "" : ` sid="${sid}"`;
      return `<body xmlns="${HTTP_BIND}" xmlns:xmpp="urn:xmpp:xbosh" rid="${rid++}"${id}${attributes}>${payload}</body>`;
    };
    const hear = (text: string) => {
      waiting--;
      const body = readXml(text);
      sid ??= body.attrs["sid"] as string | undefined;
      const elements = childElements(body);
      for (const element of elements) arrivals.add(element);
      if (body.attrs["type"] === "terminate" && !isOver) {
        isOver = true;
        arrivals.add("end");
        arrivals.add("gone");
      }
      // Where a log-in is under way the next word is the client's.
      if (waiting === 0 && !isOver && isBound) void post(wrap("", ""));
    };
    let isBound = false;
    const post = async (body: string) => {
      waiting++;
      if (body.includes("xmpp-bind") || body.includes("urn:xmpp:sasl:2") || body.includes("urn:xmpp:sm:3"))
        isBound = true;
      hear(await (await rig.request("/http-bind", { method: "POST", body })).text());
    };
    return {
      next: () => arrivals.next(),
      open() {
        const first = ` to="localhost" wait="60" hold="1" ver="1.6" xmpp:version="1.0"`;
        void post(wrap(sid === undefined ? first : ` to="localhost" xmpp:restart="true"`, ""));
      },
      send: (...elements) => void post(wrap("", elements.join(""))),
      async sendBytes(element) {
        waiting++;
        const bytes = Buffer.from(wrap("", element));
        const sent = request({
          port: rig.server.ports.http,
          host: "127.0.0.1",
          path: "/http-bind",
          method: "POST",
          headers: { "Content-Length": bytes.length, Forwarded: "for=127.0.0.1;proto=https" },
          agent: false,
        });
        sent.on("response", (response) => {
          let text = "";
          response.on("data", (data: Buffer) => {
            text += data.toString();
          });
          response.on("end", () => hear(text));
        });
        for (const byte of bytes) {
          sent.write(Buffer.from([byte]));
          await new Promise(setImmediate);
        }
        sent.end();
      },
      end: () => void post(wrap(` type="terminate"`, "")),
      async cut() {
        isOver = true;
        const stream = [...rig.server.streams].find(({ transport }) => transport.kind === "bosh");
        stream?.transport.destroy(new Error("cut"));
      },
    };
  },
};
