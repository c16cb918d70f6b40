/** RFC 6120 §4.4, XEP-0198 §5: a client that closes its side of the connection and did not end its stream. */
import { once } from "node:events";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { selfSigned } from "../../src/net/self-signed.ts";
import { createRig, type Rig } from "../../src/testing/create-rig.ts";
import { Jid } from "../../src/xmpp/jid.ts";
import { connectClear, connectSecure, type SocketClient } from "./socket-client.ts";

const SASL = "urn:ietf:params:xml:ns:xmpp-sasl";
const SM = "urn:xmpp:sm:3";
const FEATURES = "<stream:features>{any}</stream:features>";
const PING = `<iq type="get" id="p" to="localhost"><ping xmlns="urn:xmpp:ping"/></iq>`;

let tls: { readonly key: string; readonly cert: string };
let rig: Rig;

beforeAll(async () => {
  tls = await selfSigned(["localhost"]);
});

beforeEach(async () => {
  rig = await createRig({
    listen: { c2s: 0, c2sTls: 0 },
    tls,
    config: { tls: { required: false }, auth: { plainWithoutTls: true } },
  });
  await rig.server.listen();
  await rig.user("alice", "secret");
});

afterEach(async () => {
  await rig.close();
  expect(rig.errors).toEqual([]);
});

const alice = () => rig.server.host().sessions.of(Jid.parse("alice@localhost"));

async function authenticated(client: SocketClient): Promise<SocketClient> {
  const initial = Buffer.from("\0alice\0secret").toString("base64");
  await client.opens();
  await client.receives(FEATURES);
  await client.sends(`<auth xmlns="${SASL}" mechanism="PLAIN">${initial}</auth>`);
  await client.receives(`<success xmlns="${SASL}"/>`);
  await client.opens();
  await client.receives(FEATURES);
  return client;
}

async function bound(connection: Promise<SocketClient>): Promise<SocketClient> {
  const client = await authenticated(await connection);
  await client.sends(`<iq type="set" id="b"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>`);
  await client.receives(`<iq type="result" id="b">{any}</iq>`);
  return client;
}

async function closesItsSide({ socket }: SocketClient): Promise<void> {
  const gone = once(socket, "close");
  socket.end();
  await gone;
}

describe.each([
  ["TCP", () => connectClear(rig)],
  ["TLS", () => connectSecure(rig)],
])("over %s", (_, connect) => {
  test("it gets the answers to what it had asked, then the end of ours", async () => {
    const client = await bound(connect());
    client.socket.write(PING);
    await closesItsSide(client);
    await client.receives(`<iq type="result" id="p"/>`);
    await client.closed();
    expect(alice()).toEqual([]);
  });

  test("in the midst of an element it gets the end of ours", async () => {
    const client = await bound(connect());
    client.socket.write("<message to='bo");
    await closesItsSide(client);
    await client.closed();
  });

  test("while it authenticates as well", async () => {
    const client = await authenticated(await connect());
    await closesItsSide(client);
    expect(client.heard).toMatch(/<\/stream:stream>$/);
  });

  test("without a word it hears none", async () => {
    const client = await connect();
    await closesItsSide(client);
    expect(client.heard).toBe("");
    await rig.settle();
    expect(rig.server.streams.size).toBe(0);
  });

  test("its session waits to be resumed, and loses nothing", async () => {
    const first = await bound(connect());
    await first.sends(`<enable xmlns="${SM}" resume="true"/>`);
    const enabled = await first.receives(`<enabled xmlns="${SM}" resume="true" max="600" id="{any}"/>`);
    await first.sends(`<presence/>`);
    await first.receives(`<presence>{...}</presence>`);
    first.socket.write(PING);
    await closesItsSide(first);
    expect(first.heard).toMatch(/<\/stream:stream>$/);
    expect(alice().map(({ attached }) => attached)).toEqual([false]);
    const bob = await rig.connect("bob/b");
    await bob.sends(`<message to="alice@localhost" type="chat"><body>meanwhile</body></message>`);

    const second = await authenticated(await connect());
    await second.sends(`<resume xmlns="${SM}" h="2" previd="${String(enabled.attrs.id)}"/>`);
    await second.receives(`<resumed xmlns="${SM}" h="2" previd="{any}"/>`);
    await second.receives(`<message type="chat"><body>meanwhile</body>{...}</message>`);
    expect(alice().map(({ attached }) => attached)).toEqual([true]);
  });
});

test("where the server has ended its stream before, that is the end of the connection", async () => {
  const client = await bound(connectClear(rig));
  await client.sends("<nonsense/>");
  await client.receives(`<stream:error>{any}</stream:error>`);
  await closesItsSide(client);
  await rig.settle();
  expect(rig.server.streams.size).toBe(0);
});
