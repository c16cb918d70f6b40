/**
 * The heap that a session takes, without its socket: while its client is connected, and while it waits to be resumed
 * (XEP-0198). Wants `--expose-gc`, which `npm run bench` gives.
 */
import { createServer } from "../../src/index.ts";
import { SinkClient } from "./sink-client.ts";

const SESSIONS = 2000;

const server = await createServer({
  listen: { c2s: false, c2sTls: false },
  config: { limits: { resourcesPerAccount: SESSIONS + 1 } },
});
await server.createUser("romeo@localhost", "secret");

/** What is created once is created before anything is measured. */
await (await logIn("warm")).disconnect();
const before = heap();
const clients: SinkClient[] = [];
for (let index = 0; index < SESSIONS; index++) clients.push(await logIn(`r${index}`));
report("session-memory.connected", heap() - before);
for (const client of clients.splice(0)) await client.disconnect();
report("session-memory.hibernated", heap() - before);
await server.close();

async function logIn(resource: string): Promise<SinkClient> {
  const client = await SinkClient.logIn(server, "romeo", "secret", resource);
  client.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
  await client.sees("<enabled");
  return client;
}

function heap(): number {
  if (!globalThis.gc) throw new Error("run with --expose-gc");
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

function report(name: string, bytes: number): void {
  console.log(
    JSON.stringify({ name, unit: "KB/session", value: Number((bytes / SESSIONS / 1000).toFixed(2)) }),
  );
}
