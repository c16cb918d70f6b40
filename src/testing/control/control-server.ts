import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { type WebSocket, WebSocketServer } from "ws";
import { patternField } from "../faults/pattern-field.ts";
import type { StanzaPattern } from "../pattern.ts";
import type { TestServer } from "../test-server.ts";
import { controlApp } from "./control-app.ts";
import { ControlState } from "./control-state.ts";
import { viewSeen } from "./views.ts";

const LOOPBACK = "127.0.0.1";

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
    else response.writeHead(403).end();
  });
  const sockets = new WebSocketServer({ noServer: true });
  http.on("upgrade", (request, socket, head) => {
    const asked = isOwn(request) ? askedOf(request) : undefined;
    if (asked) sockets.handleUpgrade(request, socket, head, (client) => void tell(server, asked, client));
    else socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
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

interface Asked {
  readonly pattern: StanzaPattern;
  /** How far to go back. */
  readonly last: number;
}

/** `/stanzas?to=romeo&last=100`: which ones; undefined when it is no pattern. */
function askedOf({ url = "" }: IncomingMessage): Asked | undefined {
  const { pathname, searchParams } = new URL(url, `http://${LOOPBACK}`);
  const { last = "0", ...pattern } = Object.fromEntries(searchParams);
  if (pathname !== "/stanzas" || !/^\d+$/.test(last)) return undefined;
  try {
    return { pattern: patternField().parse(pattern, ""), last: Number(last) };
  } catch {
    return undefined;
  }
}

/** As fast as the client takes it; what it has not had is kept in any case. */
async function tell(server: TestServer, { pattern, last }: Asked, client: WebSocket): Promise<void> {
  client.on("error", () => client.terminate());
  for await (const seen of server.stanzas(pattern, { last })) {
    const isSent = await new Promise<boolean>((resolve) =>
      client.send(JSON.stringify(viewSeen(seen)), (error) => resolve(error == null)),
    );
    if (!isSent) return;
  }
  client.close();
}
