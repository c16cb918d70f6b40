/** RFC 6120 §5, XEP-0368: TLS on real ports. */
import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { defineModule } from "../../src/index.ts";
import { selfSigned } from "../../src/net/self-signed.ts";
import { createRig, type Rig, type RigOptions } from "../../src/testing/create-rig.ts";
import { connectClear, connectSecure, handshake, type SocketClient } from "./socket-client.ts";

const TLS = "urn:ietf:params:xml:ns:xmpp-tls";
const SASL = "urn:ietf:params:xml:ns:xmpp-sasl";
const FEATURES = "<stream:features>{any}</stream:features>";
const STARTTLS = `<starttls xmlns="${TLS}"/>`;
const PROCEED = `<proceed xmlns="${TLS}"/>`;
const REQUIRED = `<stream:features><starttls xmlns="${TLS}"><required/></starttls></stream:features>`;

let tls: { readonly key: string; readonly cert: string };
let rig: Rig;

async function start(options: RigOptions = {}): Promise<void> {
  rig = await createRig({ listen: { c2s: 0, c2sTls: 0 }, tls, ...options });
  await rig.server.listen();
}

beforeAll(async () => {
  tls = await selfSigned(["localhost", "example.org"]);
});

beforeEach(() => start());

afterEach(async () => {
  await rig.close();
  expect(rig.errors).toEqual([]);
});

const base64 = (text: string) => Buffer.from(text).toString("base64");
const plain = (user: string, password: string) =>
  `<auth xmlns="${SASL}" mechanism="PLAIN">${base64(`\0${user}\0${password}`)}</auth>`;

async function opened(client: SocketClient): Promise<SocketClient> {
  await client.opens();
  await client.receives(REQUIRED);
  return client;
}

/** As far as the features of the encrypted stream. */
async function secured(): Promise<SocketClient> {
  const client = await opened(await connectClear(rig));
  await client.sends(STARTTLS);
  await client.receives(PROCEED);
  await client.secure();
  await client.opens();
  return client;
}

/** From the features to the bound resource. */
async function logIn(client: SocketClient, user: string, password: string): Promise<void> {
  await client.sends(plain(user, password));
  await client.receives(`<success xmlns="${SASL}"/>`);
  await client.opens();
  await client.receives(FEATURES);
  await client.sends(`<iq type="set" id="b"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>`);
  await client.receives(`<iq type="result" id="b">{any}</iq>`);
}

describe("STARTTLS", () => {
  test("is required, and nothing else is offered before it (§5.3.1)", async () => {
    await opened(await connectClear(rig));
  });

  test("then the stream starts anew, encrypted, with authentication and without STARTTLS (§5.4.3.3)", async () => {
    await rig.user("alice", "secret");
    const client = await secured();
    const features = await client.receives(FEATURES);
    expect(features.getChild("starttls", TLS)).toBeFalsy();
    const names = features
      .getChild("mechanisms", SASL)
      ?.getChildren("mechanism")
      .map((mechanism) => mechanism.getText());
    expect(names).toEqual(expect.arrayContaining(["SCRAM-SHA-256-PLUS", "PLAIN"]));
    await logIn(client, "alice", "secret");
    await client.closes();
  });

  test("authentication before it is refused (§5.3.1, §6.5.4)", async () => {
    await rig.user("alice", "secret");
    const client = await opened(await connectClear(rig));
    await client.sends(plain("alice", "secret"));
    await client.receives(`<failure xmlns="${SASL}"><encryption-required/></failure>`);
  });

  test("what was written in clear behind it is not taken for something encrypted (§13.4)", async () => {
    await rig.user("mallory", "secret");
    const client = await opened(await connectClear(rig));
    // An attacker in the middle adds to the client's packet, here even a whole log-in.
    await client.sends(`${STARTTLS}<stream:stream to="localhost">${plain("mallory", "secret")}`);
    await client.receives(PROCEED);
    await client.secure();
    await client.opens();
    const features = await client.receives(FEATURES);
    expect(features.getChild("mechanisms", SASL)).toBeTruthy();
    expect(client.heard).not.toContain("<success");
  });

  test("half an element in clear does not begin one of the encrypted stream", async () => {
    const client = await opened(await connectClear(rig));
    await client.sends(`${STARTTLS}<message from="`);
    await client.receives(PROCEED);
    await client.secure();
    await client.opens();
    await client.receives(FEATURES);
  });

  test("a second time it fails, and the stream ends (§5.4.2.2)", async () => {
    const client = await secured();
    await client.receives(FEATURES);
    await client.sends(STARTTLS);
    await client.receives(`<failure xmlns="${TLS}"/>`);
    await client.receivesEnd();
    await client.disconnected();
  });

  test("bytes that are no handshake end the connection", async () => {
    const client = await opened(await connectClear(rig));
    await client.sends(STARTTLS);
    await client.receives(PROCEED);
    await client.sendsRaw("hello\n".repeat(10));
    await once(client.socket, "close");
    await rig.settle();
    expect(rig.server.streams.size).toBe(0);
  });

  test("a client that leaves in the middle of it leaves nothing behind", async () => {
    const client = await opened(await connectClear(rig));
    await client.sends(STARTTLS);
    await client.receives(PROCEED);
    client.socket.destroy();
    await once(client.socket, "close");
    await streamsToEnd();
  });

  test("a client that never begins the handshake is dropped in time", async () => {
    const client = await opened(await connectClear(rig));
    await client.sends(STARTTLS);
    await client.receives(PROCEED);
    const closed = once(client.socket, "close");
    await rig.clock.advance(3 * 60_000);
    await closed;
    expect(rig.server.streams.size).toBe(0);
  });

  test("a module cannot offer anything before it, either", async () => {
    await rig.close();
    const eager = defineModule({
      name: "eager",
      implements: [],
      setup: (host) => host.streamFeature({ ns: "urn:x", offer: () => `<eager xmlns="urn:x"/>` }),
    });
    await start({ modules: [eager] });
    await opened(await connectClear(rig));
    const client = await secured();
    expect((await client.receives(FEATURES)).getChild("eager", "urn:x")).toBeTruthy();
  });

  test("where it is not required, authentication is offered beside it", async () => {
    await rig.close();
    await start({ config: { tls: { required: false } } });
    const client = await connectClear(rig);
    await client.opens();
    const features = await client.receives(FEATURES);
    expect(features.getChild("starttls", TLS)?.children).toEqual([]);
    expect(features.getChild("mechanisms", SASL)).toBeTruthy();
  });
});

describe("direct TLS (XEP-0368)", () => {
  test("begins with the handshake and goes on with the stream", async () => {
    await rig.user("alice", "secret");
    const client = await connectSecure(rig, { ALPNProtocols: ["xmpp-client"] });
    expect(client.socket).toMatchObject({ alpnProtocol: "xmpp-client" });
    await client.opens();
    await client.receives(FEATURES);
    await logIn(client, "alice", "secret");
    await client.closes();
  });

  test("ALPN may be left out", async () => {
    const client = await connectSecure(rig);
    await client.opens();
    await client.receives(FEATURES);
  });

  test("a client of another protocol is refused", async () => {
    await expect(connectSecure(rig, { ALPNProtocols: ["http/1.1"] })).rejects.toThrow(/application protocol/);
    await streamsToEnd();
  });

  test("a client that says nothing is dropped in time", async () => {
    const socket = connectTcp({ port: rig.server.ports.c2sTls, host: "127.0.0.1" });
    await once(socket, "connect");
    await streamsToBe(1);
    const closed = once(socket.resume(), "close");
    await rig.clock.advance(3 * 60_000);
    await closed;
  });
});

test("what was written to a client that left during the handshake keeps no stream open", async () => {
  const socket = await handshake({ port: rig.server.ports.c2sTls, host: "127.0.0.1", minVersion: "TLSv1.3" });
  socket.destroy();
  // In TLS 1.3 the client is through before the server, whose clock stands still here.
  for (const stream of rig.server.streams) stream.close("reset");
  await streamsToEnd();
});

describe("TLS itself", () => {
  test("versions before 1.2 are refused (RFC 8996)", async () => {
    await expect(
      connectSecure(rig, { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "ALL@SECLEVEL=0" }),
    ).rejects.toThrow(/protocol version|unsupported protocol|no protocols/i);
  });

  test.for(["TLSv1.2", "TLSv1.3"] as const)("%s is spoken, with forward secrecy", async (version) => {
    const socket = await handshake({
      port: rig.server.ports.c2sTls,
      host: "127.0.0.1",
      minVersion: version,
      maxVersion: version,
    });
    expect(socket.getProtocol()).toBe(version);
    expect(socket.getCipher().standardName).toMatch(/^TLS_(ECDHE|AES|CHACHA20)/);
    socket.destroy();
  });

  test.for(["TLSv1.2", "TLSv1.3"] as const)("sessions of %s resume", async (version) => {
    const options = {
      port: rig.server.ports.c2sTls,
      host: "127.0.0.1",
      minVersion: version,
      maxVersion: version,
    };
    const first = await handshake(options);
    // Before TLS 1.3 the ticket is part of the handshake.
    const session =
      version === "TLSv1.2" ? first.getSession() : ((await once(first, "session")) as [Buffer])[0];
    first.destroy();
    const second = await handshake({ ...options, session });
    expect(second.isSessionReused()).toBe(true);
    second.destroy();
  });
});

describe("connections of one address", () => {
  beforeEach(async () => {
    await rig.close();
    await start({ config: { limits: { streamsPerAddress: 2 } } });
  });

  test("are bounded, and counted off when they end, encrypted ones as well", async () => {
    for (let round = 0; round < 3; round++) {
      const sockets: Socket[] = [(await secured()).socket, (await connectSecure(rig)).socket];
      const refused = connectTcp({ port: rig.server.ports.c2s, host: "127.0.0.1" });
      refused.on("error", () => {});
      await once(refused, "close");
      for (const socket of sockets) socket.destroy();
      await streamsToEnd();
    }
  });
});

async function streamsToEnd(): Promise<void> {
  await streamsToBe(0);
}

/** Sockets tell of their end in a later round of the event loop; vitest's own time limit ends this when they never do. */
async function streamsToBe(count: number): Promise<void> {
  while (rig.server.streams.size !== count) await new Promise(setImmediate);
}
