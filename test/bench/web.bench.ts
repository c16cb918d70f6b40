/**
 * What WebSocket and BOSH cost beside TCP, all under TLS 1.3: CPU time of the server for a chat message, one under way in
 * each pair, and the memory of a session that says nothing. The transports take turns.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import type { Ports } from "../../src/index.ts";
import { logIn, type WebClient, type WebTransport } from "./web-clients.ts";

const PAIRS = 20;
const ROUNDS = 4;
const WINDOW_MS = 1_000;
const IDLE_SESSIONS = 500;

const chat: readonly WebTransport[] = ["tls", "websocket", "bosh"];

const SERVE = "serve";

if (process.argv[2] === SERVE) await import("./web-server.ts");
else {
  await measureChat();
  for (const transport of ["tls", "websocket"] as const) await measureMemory(transport);
  process.exit();
}

interface Usage {
  /** µs */
  readonly cpu: number;
  /** Bytes. */
  readonly resident: number;
}

async function startServer(users: number) {
  const child = fork(import.meta.filename, [SERVE, String(users)], {
    execArgv: ["--expose-gc", "--max-semi-space-size=4", "--no-parallel-scavenge"],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const [ports] = (await once(child, "message")) as [Ports];
  return {
    portOf: (transport: WebTransport) => (transport === "tls" ? ports.c2sTls : ports.https),
    async usage(): Promise<Usage> {
      const answer = once(child, "message");
      child.send("usage");
      return (await answer)[0] as Usage;
    },
    stop: () => child.kill(),
  };
}

async function measureChat(): Promise<void> {
  const server = await startServer(2 * PAIRS);
  const best = new Map<WebTransport, number>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const transport of chat) {
      const clients = await Promise.all(
        Array.from({ length: 2 * PAIRS }, (_, n) =>
          logIn(transport, { port: server.portOf(transport), user: `user${n}`, resource: transport }),
        ),
      );
      let isOver = false;
      let messages = 0;
      const talk = async (sender: WebClient, receiver: WebClient, to: string) => {
        const message = `<message xmlns="jabber:client" to="${to}" type="chat" id="m"><body>Neither, fair saint, if either thee dislike.</body></message>`;
        while (!isOver) {
          const seen = receiver.sees("</message>");
          sender.send(message);
          await seen;
          messages++;
        }
      };
      const talks = Array.from({ length: PAIRS }, (_, n) =>
        talk(
          clients[2 * n] as WebClient,
          clients[2 * n + 1] as WebClient,
          `user${2 * n + 1}@localhost/${transport}`,
        ),
      );
      await pause(WINDOW_MS / 4);
      for (let window = 0; window < 2; window++) {
        const [before, from] = [await server.usage(), messages];
        await pause(WINDOW_MS);
        const [after, to] = [await server.usage(), messages];
        const cost = (after.cpu - before.cpu) / (to - from);
        best.set(transport, Math.min(best.get(transport) ?? Number.POSITIVE_INFINITY, cost));
      }
      isOver = true;
      await Promise.all(talks);
      for (const client of clients) client.end();
      await pause(100);
    }
  }
  for (const transport of chat) report(`web.chat.${transport}`, "µs/message", best.get(transport) ?? 0);
  server.stop();
}

async function measureMemory(transport: WebTransport): Promise<void> {
  const server = await startServer(IDLE_SESSIONS);
  const clients: WebClient[] = [];
  const add = async (upTo: number) => {
    while (clients.length < upTo) {
      const user = `user${clients.length}`;
      clients.push(await logIn(transport, { port: server.portOf(transport), user, resource: "idle" }));
    }
    await pause(500);
    return (await server.usage()).resident;
  };
  const before = await add(100);
  const after = await add(IDLE_SESSIONS);
  report(`web.idle.${transport}`, "KB/session", (after - before) / (IDLE_SESSIONS - 100) / 1000);
  for (const client of clients) client.end();
  server.stop();
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}

function report(name: string, unit: string, value: number): void {
  console.log(JSON.stringify({ name, unit, value: Number(value.toFixed(2)) }));
}
