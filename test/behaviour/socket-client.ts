import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from "node:tls";
import { Client } from "../../src/testing/client.ts";
import type { Rig } from "../../src/testing/create-rig.ts";

/** How long a client of these tests waits for a server that says nothing; only a failing test takes so long. */
const LONGEST_WAIT_MS = 5_000;

/** A server with ports, and where what is said is kept. */
export interface Target extends Pick<Rig, "transcript" | "captures"> {
  readonly server: { readonly ports: { readonly c2s: number; readonly c2sTls: number } };
}

/** A client on a real port. */
export interface SocketClient extends Client {
  readonly socket: Socket;
  /** Speaks TLS from now on. @throws Error of the handshake. */
  secure(options?: ConnectionOptions): Promise<TLSSocket>;
}

/** Connects to the STARTTLS port. */
export async function connectClear(target: Target): Promise<SocketClient> {
  const socket = connect({ port: target.server.ports.c2s, host: "127.0.0.1" });
  await once(socket, "connect");
  return clientOn(socket, target);
}

/** Connects to the port where TLS begins at once. @throws Error of the handshake. */
export async function connectSecure(target: Target, options: ConnectionOptions = {}): Promise<SocketClient> {
  return clientOn(
    await handshake({ port: target.server.ports.c2sTls, host: "127.0.0.1", ...options }),
    target,
  );
}

/** @throws Error of the handshake. */
export async function handshake(options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connectTls({ rejectUnauthorized: false, servername: "localhost", ...options });
  try {
    await once(socket, "secureConnect");
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return socket;
}

let count = 0;

export function clientOn(first: Socket, { transcript, captures }: Target): SocketClient {
  let socket = first;
  let wake = () => {};
  const listen = (client: Client) => {
    const current = socket;
    socket.on("data", (data: Buffer) => {
      client.hear(data.toString());
      wake();
    });
    // What fails shows as the end.
    socket.on("error", () => {});
    socket.on("close", () => {
      if (current !== socket) return;
      client.heardEnd();
      wake();
    });
  };
  const client = new Client({
    name: `socket-${++count}`,
    transcript,
    captures,
    connect: (hearer) => {
      listen(hearer);
      return {
        send: (data) => void socket.write(data),
        end: () => void socket.destroy(),
        settle: async () => {},
        more: () =>
          new Promise((resolve) => {
            const timer = setTimeout(() => resolve(false), LONGEST_WAIT_MS);
            wake = () => {
              clearTimeout(timer);
              resolve(true);
            };
          }),
      };
    },
  });
  return Object.defineProperty(
    Object.assign(client, {
      async secure(options: ConnectionOptions = {}) {
        const plain = socket;
        plain.removeAllListeners("data");
        const secured = await handshake({ socket: plain, ...options });
        socket = secured;
        listen(client);
        return secured;
      },
    }),
    "socket",
    { get: () => socket },
  ) as SocketClient;
}
