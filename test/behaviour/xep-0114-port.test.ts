/** XEP-0114 §3: components on a real port, in the clear and under TLS. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { selfSigned } from "../../src/net/self-signed.ts";
import { createRig, type Rig, type RigOptions } from "../../src/testing/create-rig.ts";
import { componentHeader, handshake } from "./component-client.ts";
import { handshake as tlsHandshake } from "./socket-client.ts";

const tls = await selfSigned(["localhost"], { now: Date.now() });
const SECRET = "between us";
const DOMAIN = "bridge.localhost";

async function listening(options: RigOptions = {}): Promise<Rig> {
  const rig = await createRig({
    listen: { c2s: 0, c2sTls: 0 },
    tls,
    components: { [DOMAIN]: SECRET },
    ...options,
  });
  onTestFinished(() => rig.close());
  await rig.server.listen();
  return rig;
}

/** Says what a component says, byte by byte, up to its first stanza. */
async function talk(socket: Socket): Promise<string> {
  let heard = "";
  socket.setNoDelay(true);
  socket.on("data", (data: Buffer) => (heard += data.toString()));
  const hears = async (pattern: RegExp) => {
    await expect.poll(() => heard).toMatch(pattern);
    return pattern.exec(heard)?.[1];
  };
  const says = async (text: string) => {
    for (const character of text) {
      socket.write(character);
      await new Promise(setImmediate);
    }
  };
  await says(componentHeader(DOMAIN));
  await says(handshake(await hears(/ id="([^"]+)"/), SECRET));
  await hears(/<handshake\/>/);
  await says(`<iq type="get" id="p" from="${DOMAIN}" to="localhost"><ping xmlns="urn:xmpp:ping"/></iq>`);
  await hears(/<iq [^>]*type="result"/);
  return heard;
}

async function connected(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1" });
  await once(socket, "connect");
  return socket;
}

test("a component connects in the clear", async () => {
  const rig = await listening();
  const socket = await connected(rig.server.ports.component);
  await talk(socket);
  const [bridge] = rig.server.components.all;
  expect(bridge?.speaker).toMatchObject({ remote: "127.0.0.1", secure: false });
  socket.end("</stream:stream>");
  await once(socket, "close");
  expect(bridge?.speaker).toBeUndefined();
});

test("a component connects under TLS", async () => {
  const rig = await listening();
  const socket = await tlsHandshake({ port: rig.server.ports.component, host: "127.0.0.1" });
  await talk(socket);
  expect(rig.server.components.all[0]?.speaker).toMatchObject({ secure: true });
  socket.destroy();
});

test("whoever says nothing is cut off in the end, and one that goes before is nobody's fault", async () => {
  const rig = await listening({ config: { http: { headerTime: "100ms" } } });
  const gone = await connected(rig.server.ports.component);
  gone.resetAndDestroy();
  const quiet = await connected(rig.server.ports.component);
  quiet.resume();
  await expect
    .poll(async () => {
      await rig.clock.advance("1s");
      return quiet.destroyed;
    })
    .toBe(true);
});

test("there is no port for components as long as there are none", async () => {
  const rig = await listening({ components: {} });
  expect(rig.server.ports.component).toBe(0);
  const { config } = rig.server;
  await rig.server.reload({ ...config, components: { [DOMAIN]: { secret: SECRET, name: undefined } } });
  const socket = await connected(rig.server.ports.component);
  await talk(socket);
  const ended = once(socket, "close");
  const closed = rig.server.close();
  await ended;
  await closed;
});
