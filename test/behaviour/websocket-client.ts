import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import WebSocket from "ws";
import { createRig, type Rig, type RigOptions } from "../../src/testing/create-rig.ts";

export const FRAMING = "urn:ietf:params:xml:ns:xmpp-framing";
export const OPEN = `<open xmlns="${FRAMING}" to="localhost" version="1.0"/>`;
export const CLOSE = `<close xmlns="${FRAMING}"/>`;

/** How long a client of these tests waits for a server that says nothing; only a failing test takes so long. */
const LONGEST_WAIT_MS = 5_000;

/** A server with ports for the web. */
export async function webRig(options: RigOptions = {}): Promise<Rig> {
  const rig = await createRig({ listen: { c2s: 0, c2sTls: false, https: 0, http: 0 }, ...options });
  onTestFinished(() => rig.close());
  await rig.server.listen();
  await rig.user("alice");
  return rig;
}

/** What a WebSocket of the tests hears, a frame at a time. */
export class WebSocketClient {
  readonly socket: WebSocket;
  /** Close code and reason. */
  readonly closed: Promise<string>;
  readonly #frames: string[] = [];
  #wake = () => {};

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data: Buffer) => {
      this.#frames.push(data.toString());
      this.#wake();
    });
    socket.on("error", () => {});
    this.closed = new Promise((resolve) => {
      socket.on("close", (code, reason) => resolve(`${code} ${reason.toString()}`.trim()));
    });
    onTestFinished(() => socket.terminate());
  }

  sends(frame: string | Buffer): void {
    this.socket.send(frame);
  }

  async next(): Promise<string> {
    const until = Date.now() + LONGEST_WAIT_MS;
    while (this.#frames.length === 0) {
      if (Date.now() > until) throw new Error("nothing came");
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        setTimeout(resolve, LONGEST_WAIT_MS);
      });
    }
    return this.#frames.shift() as string;
  }

  /** Opens the stream; what is offered. */
  async opens(open = OPEN): Promise<string> {
    this.sends(open);
    await this.next();
    return this.next();
  }

  /** Logs alice in and binds. */
  async logsIn(resource = "web"): Promise<void> {
    await this.opens();
    const message = Buffer.from("\0alice\0secret of alice").toString("base64");
    this.sends(`<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">${message}</auth>`);
    await this.next();
    await this.opens();
    this.sends(
      `<iq xmlns="jabber:client" type="set" id="bind"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><resource>${resource}</resource></bind></iq>`,
    );
    await this.next();
  }
}

export interface WebSocketOptions {
  readonly secure?: boolean;
  readonly subprotocols?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** @throws Error with the status when the handshake is refused. */
export async function connectWebSocket(rig: Rig, options: WebSocketOptions = {}): Promise<WebSocketClient> {
  const { secure = true, subprotocols = ["xmpp"], headers = {} } = options;
  const { https, http } = rig.server.ports;
  const url = secure ? `wss://127.0.0.1:${https}` : `ws://127.0.0.1:${http}`;
  const socket = new WebSocket(`${url}/xmpp-websocket`, [...subprotocols], {
    rejectUnauthorized: false,
    headers,
  });
  const client = new WebSocketClient(socket);
  await once(socket, "open");
  return client;
}

/** A WebSocket by hand, for what no library would send. Everything that comes is in `heard`, as it came. */
export class RawWebSocket {
  readonly socket: Socket;
  readonly gone: Promise<void>;
  heard = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (data: Buffer) => {
      this.heard = Buffer.concat([this.heard, data]);
    });
    socket.on("error", () => {});
    this.gone = new Promise((resolve) => void socket.once("close", () => resolve()));
    onTestFinished(() => void socket.destroy());
  }

  static async connect(rig: Rig): Promise<RawWebSocket> {
    const socket = connect({ port: rig.server.ports.http, host: "127.0.0.1" });
    const raw = new RawWebSocket(socket);
    socket.write(
      [
        "GET /xmpp-websocket HTTP/1.1",
        "Host: localhost",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Protocol: xmpp",
        "\r\n",
      ].join("\r\n"),
    );
    await raw.hears("\r\n\r\n");
    return raw;
  }

  async hears(text: string): Promise<void> {
    while (!this.heard.includes(text)) await once(this.socket, "data");
  }
}

export interface FrameOptions {
  readonly opcode?: number;
  readonly isLast?: boolean;
  readonly isMasked?: boolean;
  /** What the header claims; default: the truth. */
  readonly length?: number;
}

/** RFC 6455 §5.2, from a client. */
export function frame(payload: string | Buffer, options: FrameOptions = {}): Buffer {
  const { opcode = 1, isLast = true, isMasked = true } = options;
  const bytes = Buffer.from(payload as string);
  const length = options.length ?? bytes.length;
  const first = (isLast ? 0x80 : 0) | opcode;
  const maskBit = isMasked ? 0x80 : 0;
  const header =
    length < 126
      ? Buffer.from([first, maskBit | length])
      : length < 65_536
        ? Buffer.from([first, maskBit | 126, length >> 8, length & 0xff])
        : Buffer.concat([Buffer.from([first, maskBit | 127]), bigEndian(length)]);
  if (!isMasked) return Buffer.concat([header, bytes]);
  const key = [1, 2, 3, 4];
  const masked = bytes.map((byte, index) => byte ^ (key[index % 4] as number));
  return Buffer.concat([header, Buffer.from(key), masked]);
}

function bigEndian(length: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(length));
  return bytes;
}
