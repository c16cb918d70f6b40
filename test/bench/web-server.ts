/** The server of web.bench.ts, in a process of its own: what is measured is its alone. Answers "usage" and ends with its parent. */
import { createServer } from "../../src/index.ts";

const users = Number(process.argv[3]);

const server = await createServer({
  listen: { c2s: false, c2sTls: 0, https: 0 },
  config: {
    auth: { iterations: 4096 },
    limits: { streamsPerAddress: "off", bytesPerSecond: "off", idleTime: "off" },
    modules: { mam: false, strangers: false },
  },
});
for (let n = 0; n < users; n++) await server.createUser(`user${n}@localhost`, "secret");
await server.listen();
process.on("message", () => {
  globalThis.gc?.();
  globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  process.send?.({ cpu: user + system, resident: process.memoryUsage().rss });
});
process.on("disconnect", () => process.exit());
process.send?.(server.ports);
