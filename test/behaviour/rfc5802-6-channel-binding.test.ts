/** RFC 5802 §6, XEP-0440 §3: channel binding, and clients that know none of the server's types. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import type { ConnectionOptions, TLSSocket } from "node:tls";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { selfSigned } from "../../src/net/self-signed.ts";
import { createRig, type Rig } from "../../src/testing/create-rig.ts";
import { ScramClient } from "../unit/auth/setup.ts";
import { connectSecure, type SocketClient } from "./socket-client.ts";

const SASL = "urn:ietf:params:xml:ns:xmpp-sasl";
const FAILURE = `<failure xmlns="${SASL}"><not-authorized/></failure>`;
const MECHANISMS = ["SHA-512", "SHA-256", "SHA-1"].map((hash) => `SCRAM-${hash}`);

let tls: { readonly key: string; readonly cert: string };
let rig: Rig;

beforeAll(async () => {
  tls = await selfSigned(["localhost"]);
});

beforeEach(async () => {
  rig = await createRig({ listen: { c2s: false, c2sTls: 0 }, tls });
  await rig.server.listen();
  await rig.user("alice", "secret");
});

afterEach(async () => {
  await rig.close();
  expect(rig.errors).toEqual([]);
});

function auth(mechanism: string, message: string): string {
  return `<auth xmlns="${SASL}" mechanism="${mechanism}">${Buffer.from(message).toString("base64")}</auth>`;
}

interface Opened extends SocketClient {
  /** Announced by the server (XEP-0440 §2). */
  readonly bindings: readonly string[];
}

async function opened(options: ConnectionOptions = {}): Promise<Opened> {
  const client = await connectSecure(rig, options);
  await client.opens();
  const features = await client.receives("<stream:features>{any}</stream:features>");
  const list = features.getChild("sasl-channel-binding", "urn:xmpp:sasl-cb:0");
  const bindings = list?.getChildren("channel-binding").map(({ attrs }) => String(attrs["type"])) ?? [];
  return Object.assign(client, { bindings });
}

/** The types of @types/node lack it. */
interface Exporter {
  exportKeyingMaterial(length: number, label: string, context: Buffer): Buffer;
}

const clientData: Readonly<Record<string, (socket: TLSSocket) => Buffer | undefined>> = {
  // RFC 9266 §2
  "tls-exporter": (socket) =>
    (socket as unknown as Exporter).exportKeyingMaterial(32, "EXPORTER-Channel-Binding", Buffer.alloc(0)),
  // RFC 5929 §3.1
  "tls-unique": (socket) => socket.getFinished(),
  // RFC 5929 §4.1: the certificate is signed with SHA-256
  "tls-server-end-point": (socket) => createHash("sha256").update(socket.getPeerCertificate().raw).digest(),
};

/** Logs in with SCRAM-SHA-256-PLUS; whether it succeeded. */
async function binds(client: SocketClient, type: string, data: Buffer): Promise<boolean> {
  const scram = new ScramClient("sha256", "alice", "secret", `p=${type},,`);
  await client.sends(auth("SCRAM-SHA-256-PLUS", scram.first));
  const challenge = await client.receivesAny();
  if (challenge.name !== "challenge") return false;
  const final = scram.final(Buffer.from(challenge.getText(), "base64").toString(), data);
  await client.sends(`<response xmlns="${SASL}">${Buffer.from(final).toString("base64")}</response>`);
  return (await client.receivesAny()).name === "success";
}

const channels: [version: "TLSv1.2" | "TLSv1.3", types: string[]][] = [
  ["TLSv1.3", ["tls-exporter", "tls-server-end-point"]],
  ["TLSv1.2", ["tls-unique", "tls-server-end-point"]],
];

describe.each(channels)("%s", (version, types) => {
  const options = { minVersion: version, maxVersion: version };

  test("announces what it can bind to (XEP-0440 §2)", async () => {
    expect((await opened(options)).bindings).toEqual(types);
  });

  test.each(types)("binds to %s, and to no other channel", async (type) => {
    const client = await opened(options);
    const data = clientData[type]?.(client.socket as TLSSocket) as Buffer;
    expect(await binds(client, type, Buffer.alloc(data.length))).toBe(false);
    expect(await binds(client, type, data)).toBe(true);
  });

  const others = Object.keys(clientData).filter((type) => !types.includes(type));
  test.each(others)("does not bind to %s", async (type) => {
    const client = await opened(options);
    const data = clientData[type]?.(client.socket as TLSSocket) as Buffer;
    expect(await binds(client, type, data)).toBe(false);
  });
});

test("a resumed session of TLS 1.2 has no tls-unique (RFC 7627 §1)", async () => {
  const options: ConnectionOptions = { maxVersion: "TLSv1.2" };
  const first = await opened(options);
  const session = (first.socket as TLSSocket).getSession();
  await first.disconnects();
  const second = await opened({ ...options, ...(session && { session }) });
  expect((second.socket as TLSSocket).isSessionReused()).toBe(true);
  expect(second.bindings).toEqual(["tls-server-end-point"]);
});

test("nobody shakes hands a second time", async () => {
  const { socket } = await opened({ maxVersion: "TLSv1.2" });
  const refused = once(socket, "close");
  (socket as TLSSocket).renegotiate({}, () => {});
  await expect(refused).rejects.toThrow("no renegotiation");
});

/** As slixmpp of Debian 12 does it: an unknown binding for each -PLUS, then without as if there were no -PLUS. */
async function triesToBind(client: SocketClient): Promise<void> {
  for (const mechanism of MECHANISMS) {
    await client.sends(auth(`${mechanism}-PLUS`, "p=tls-unknown,,n=alice,r=abc"));
    await client.receives(FAILURE);
  }
  for (const mechanism of MECHANISMS) {
    await client.sends(auth(mechanism, "y,,n=alice,r=abc"));
    await client.receives(FAILURE);
  }
}

test("a client that knows no binding of the server's gets through its list to PLAIN", async () => {
  const client = await opened();
  await triesToBind(client);
  await client.sends(auth("PLAIN", "\0alice\0secret"));
  await client.receives(`<success xmlns="${SASL}"/>`);
});

test("what it tried does not slow the next ones from its address", async () => {
  for (let round = 0; round < 3; round++) await triesToBind(await opened());
  const client = await opened();
  await client.sends(auth("PLAIN", "\0alice\0secret"));
  await client.receives(`<success xmlns="${SASL}"/>`);
});

test("each mechanism may fail so once; more are retries, which are bounded (RFC 6120 §6.4.5)", async () => {
  const client = await opened();
  await triesToBind(client);
  for (let count = 0; count < 5; count++) {
    await client.sends(auth("SCRAM-SHA-256", "y,,n=alice,r=abc"));
    await client.receives(FAILURE);
  }
  await client.closed("policy-violation");
});
