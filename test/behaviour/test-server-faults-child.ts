/** Closes a server with faults of many kinds under way, and ends by itself when nothing is left open. */
import { connect } from "node:net";
import { TestServer } from "../../src/testing/index.ts";

process.on("unhandledRejection", (reason) => {
  console.error("unhandled", reason);
  process.exitCode = 1;
});

const server = await TestServer.start({ users: ["romeo", "juliet"] });
const { faults } = server;
faults.add({ on: { to: "juliet", body: "held" }, action: "hold" });
faults.add({ on: { to: "juliet", body: "late" }, action: "delay", by: "1h" });
faults.add({ on: { to: "juliet", body: "swapped" }, action: "reorder" });
const romeo = await server.client("romeo");
await server.client("juliet");
for (const body of ["held", "late", "swapped"]) {
  await romeo.sends(`<message to="juliet@localhost" type="chat"><body>${body}</body></message>`);
}
faults.add({ fault: "network", latency: "1h" });
const late = connect(server.port, "127.0.0.1");
late.on("error", () => {});
late.write("<stream:stream");
faults.add({ fault: "network", stall: true });
const silent = connect(server.port, "127.0.0.1");
silent.on("error", () => {});
silent.write("<stream:stream");
server.connect().write("<stream:stream");
await server.settle();
faults.add({ fault: "storage", how: "slow", by: "1h" });
await romeo.sends(`<message to="juliet@localhost" type="chat"><body>slow</body></message>`);
faults.add({ fault: "cut", user: "juliet", afterStanza: 1 });
await server.close();
console.log("closed");
