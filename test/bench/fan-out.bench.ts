/** What one presence costs for each of a hundred contacts, without sockets. */
import { createServer } from "../../src/index.ts";
import { bestCpu, SinkClient } from "./sink-client.ts";

const CONTACTS = 100;
const BROADCASTS = 200;
const ROUNDS = 10;

const server = await createServer({
  listen: { c2s: false, c2sTls: false },
  config: { auth: { iterations: 4096 } },
});
await server.createUser("owner@localhost", "secret");
const owner = await SinkClient.logIn(server, "owner", "secret");
owner.send("<presence/>");
const contacts: SinkClient[] = [];
for (let index = 0; index < CONTACTS; index++) {
  await server.createUser(`c${index}@localhost`, "secret");
  const contact = await SinkClient.logIn(server, `c${index}`, "secret");
  contact.send("<presence/><presence to='owner@localhost' type='subscribe'/>");
  owner.send(`<presence to='c${index}@localhost' type='subscribed'/>`);
  contacts.push(contact);
}
await new Promise((resolve) => setTimeout(resolve, 50));

const value = await bestCpu(ROUNDS, CONTACTS * BROADCASTS, async () => {
  const before = contacts.map((contact) => contact.received);
  for (let sent = 0; sent < BROADCASTS; sent++) {
    owner.send(`<presence><show>away</show><status>broadcast ${sent}</status></presence>`);
    await new Promise(setImmediate);
  }
  if (contacts.some((contact, index) => contact.received - (before[index] ?? 0) < BROADCASTS * 50)) {
    throw new Error("somebody did not see the presence");
  }
});
console.log(JSON.stringify({ name: "fan-out.presence", unit: "µs/delivery", value }));
await server.close();
