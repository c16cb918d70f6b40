/**
 * A room with a thousand occupants, without sockets: what one message costs for each of them, what the last one to enter
 * costs, and the heap of an occupant besides its session. Wants `--expose-gc`, which `npm run bench` gives.
 */
import { createServer } from "../../src/index.ts";
import { bestCpu, SinkClient } from "./sink-client.ts";

const OCCUPANTS = 1000;
const MESSAGES = 50;
const ROUNDS = 10;
const ROOM = "bench@conference.localhost";
const JOIN = "<x xmlns='http://jabber.org/protocol/muc'/>";
const CONFIGURE = `<iq type='set' id='c' to='${ROOM}'><query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'/></query></iq>`;

const server = await createServer({
  listen: { c2s: false, c2sTls: false },
  config: {
    auth: { iterations: 4096 },
    limits: { resourcesPerAccount: OCCUPANTS + 1 },
    modules: {
      muc: {
        messagesPerMinute: "off",
        roomMessagesPerMinute: "off",
        presencesPerMinute: "off",
        nicknames: OCCUPANTS + 1,
        // What keeping a message costs, archive.bench.ts measures.
        defaults: { archive: false },
      },
    },
  },
});
await server.createUser("romeo@localhost", "secret");
const clients: SinkClient[] = [];
for (let index = 0; index <= OCCUPANTS; index++) {
  clients.push(await SinkClient.logIn(server, "romeo", "secret", `r${index}`));
}
const [last, ...others] = clients as [SinkClient, ...SinkClient[]];

const before = heap();
for (const [index, client] of others.entries()) {
  client.send(`<presence to='${ROOM}/n${index}'>${JOIN}</presence>`);
  if (index === 0) client.send(CONFIGURE);
  await new Promise(setImmediate);
}
report("room.occupant", "KB", Number(((heap() - before) / OCCUPANTS / 1000).toFixed(2)));

const message = `<message to='${ROOM}' type='groupchat' id='m'><body>${"x".repeat(80)}</body></message>`;
const speak = await bestCpu(ROUNDS, OCCUPANTS * MESSAGES, async () => {
  for (let sent = 0; sent < MESSAGES; sent++) {
    others[0]?.send(message);
    await new Promise(setImmediate);
  }
});
report("room.message", "µs/delivery", speak);

const enter = await bestCpu(ROUNDS, MESSAGES, async () => {
  for (let count = 0; count < MESSAGES; count++) {
    last.send(`<presence to='${ROOM}/last'>${JOIN}</presence>`);
    await new Promise(setImmediate);
    last.send(`<presence type='unavailable' to='${ROOM}/last'/>`);
    await new Promise(setImmediate);
  }
});
report("room.enter-and-leave", "µs", enter);
await server.close();

function heap(): number {
  if (!globalThis.gc) throw new Error("run with --expose-gc");
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

function report(name: string, unit: string, value: number): void {
  console.log(JSON.stringify({ name, unit, value }));
}
