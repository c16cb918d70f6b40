/** What a chat message and a ping cost from the sender's bytes to the receiver's, without sockets. */
import { createServer } from "../../src/index.ts";
import { bestCpu, SinkClient } from "./sink-client.ts";

const MESSAGES = 20_000;
const PER_CHUNK = 10;
const ROUNDS = 10;

const server = await createServer({
  listen: { c2s: false, c2sTls: false },
  // The two are strangers, and the archive has a benchmark of its own.
  config: { modules: { mam: false, strangers: false } },
});
await server.createUser("romeo@localhost", "secret");
await server.createUser("juliet@localhost", "secret");
const romeo = await SinkClient.logIn(server, "romeo", "secret");
const juliet = await SinkClient.logIn(server, "juliet", "secret");

const message =
  `<message to="juliet@localhost/bench" id="m1" type="chat"><body>Neither, fair saint, if either thee dislike.` +
  `</body><active xmlns="http://jabber.org/protocol/chatstates"/><request xmlns="urn:xmpp:receipts"/>` +
  `<origin-id xmlns="urn:xmpp:sid:0" id="m1"/></message>`;
const ping = `<iq to="localhost" id="p1" type="get"><ping xmlns="urn:xmpp:ping"/></iq>`;

for (const [name, xml, receiver] of [
  ["route.chat", message, juliet],
  ["route.ping", ping, romeo],
] as const) {
  const chunk = xml.repeat(PER_CHUNK);
  const value = await bestCpu(ROUNDS, MESSAGES, async () => {
    const before = receiver.received;
    for (let sent = 0; sent < MESSAGES; sent += PER_CHUNK) {
      romeo.send(chunk);
      if (sent % 1000 === 0) await new Promise(setImmediate);
    }
    if (receiver.received - before < MESSAGES * 50) throw new Error(`${name}: something was not delivered`);
  });
  console.log(JSON.stringify({ name, unit: "µs/stanza", value }));
}
await server.close();
