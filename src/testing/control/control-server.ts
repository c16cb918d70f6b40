import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { getRequestListener } from "@hono/node-server";
import { type WebSocket, WebSocketServer } from "ws";
import { patternField } from "../faults/pattern-field.ts";
import type { Seen } from "../seen.ts";
import type { TestServer } from "../test-server.ts";
import { controlApp } from "./control-app.ts";
import { ControlState } from "./control-state.ts";
import { PROBLEM, problemOf } from "./problem.ts";
import { viewSeen } from "./views.ts";

const LOOPBACK = "127.0.0.1";

const FOREIGN = "only programs of this machine, and the page of this server, are heard";

/** Those who are told of stanzas have nothing to say. */
const MAX_SAID_BYTES = 1024;

/** Names by which this machine calls itself. */
const OWN_NAMES = new Set([LOOPBACK, "localhost"]);

/** The control API of a rig on a port of its own, for this machine alone. */
export interface ControlServer {
  readonly url: string;
  close(): Promise<void>;
}

/** `port`: 0 for any free one. @throws Error when the port cannot be had. */
export async function startControlServer(server: TestServer, port = 0): Promise<ControlServer> {
  const answer = getRequestListener(controlApp(new ControlState(server)).fetch);
  const http = createServer((request, response) => {
    if (isOwn(request)) void answer(request, response);
    else refuse(response);
  });
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_SAID_BYTES });
  http.on("upgrade", (request, socket, head) => {
    // Nobody else looks after the socket from here on.
    socket.on("error", () => socket.destroy());
    if (!isOwn(request)) return refuseUpgrade(socket, 403, FOREIGN);
    try {
      const seen = askedFor(server, request);
      sockets.handleUpgrade(request, socket, head, (client) => void tell(seen, client));
    } catch (error) {
      refuseUpgrade(socket, 400, messageOf(error));
    }
  });
  http.listen(port, LOOPBACK);
  await once(http, "listening");
  return {
    url: `http://${LOOPBACK}:${(http.address() as AddressInfo).port}`,
    async close() {
      for (const client of sockets.clients) client.terminate();
      http.close();
      http.closeAllConnections();
      await once(http, "close");
    },
  };
}

/** Not from a page of somebody else, by whatever name it calls this machine. */
function isOwn({ headers }: IncomingMessage): boolean {
  const name = (headers.host ?? "").replace(/:\d+$/, "");
  return OWN_NAMES.has(name) && (headers.origin === undefined || headers.origin === `http://${headers.host}`);
}

/** `/stanzas?to=romeo&last=100`: what is to be told. @throws Error when it is nothing that can be. */
function askedFor(server: TestServer, { url = "" }: IncomingMessage): AsyncIterable<Seen> {
  const { pathname, searchParams } = new URL(`http://${LOOPBACK}${url}`);
  const { last = "0", ...pattern } = Object.fromEntries(searchParams);
  if (pathname !== "/stanzas") throw new Error("there is a WebSocket at /stanzas alone");
  if (!/^\d+$/.test(last)) throw new Error(`last: expected a whole number, got ${last}`);
  return server.stanzas(patternField().parse(pattern, ""), { last: Number(last) });
}

/** From a page of somebody else. */
function refuse(response: ServerResponse): void {
  response.writeHead(403, { "Content-Type": PROBLEM }).end(JSON.stringify(problemOf(403, FOREIGN)));
}

function refuseUpgrade(socket: Duplex, status: number, detail: string): void {
  const body = JSON.stringify(problemOf(status, detail));
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: ${PROBLEM}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** As fast as the client takes it; what it has not had is kept in any case. */
async function tell(stanzas: AsyncIterable<Seen>, client: WebSocket): Promise<void> {
  client.on("error", () => client.terminate());
  for await (const seen of stanzas) {
    const isSent = await new Promise<boolean>((resolve) =>
      client.send(JSON.stringify(viewSeen(seen)), (error) => resolve(error == null)),
    );
    if (!isSent) return;
  }
  client.close();
}
