/** XEP-0484 over TLS: tokens that are bound to the channel; and what of tokens is on the disk. */
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { selfSigned } from "../../src/net/self-signed.ts";
import { createRig, type Rig } from "../../src/testing/create-rig.ts";
import {
  base64,
  FAST,
  failure,
  hashed,
  loggedIn,
  offerOf,
  opened,
  PHONE,
  plain,
  requestToken,
  textsOf,
  tokenIn,
  userAgent,
  withToken,
} from "./sasl2-client.ts";
import { connectSecure, type SocketClient } from "./socket-client.ts";

let tls: { readonly key: string; readonly cert: string };
let folder: string;
let rig: Rig;

beforeAll(async () => {
  tls = await selfSigned(["localhost"]);
});

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "jackdaw-test-"));
  const store = { sqlite: join(folder, "db.sqlite") };
  rig = await createRig({ listen: { c2s: false, c2sTls: 0 }, tls, store });
  await rig.server.listen();
  await rig.user("alice", "secret");
});

afterEach(async () => {
  await rig.close();
  rmSync(folder, { recursive: true, force: true });
  expect(rig.errors).toEqual([]);
});

/** The types of @types/node lack it. */
interface Exporter {
  exportKeyingMaterial(length: number, label: string, context: Buffer): Buffer;
}

const bindings: Readonly<Record<string, (socket: TLSSocket) => Buffer>> = {
  // RFC 9266 §2
  EXPR: (socket) =>
    (socket as unknown as Exporter).exportKeyingMaterial(32, "EXPORTER-Channel-Binding", Buffer.alloc(0)),
  // RFC 5929 §4.1: the certificate is signed with SHA-256
  ENDP: (socket) => createHash("sha256").update(socket.getPeerCertificate().raw).digest(),
  NONE: () => Buffer.alloc(0),
};

async function connected(): Promise<SocketClient> {
  const client = await connectSecure(rig);
  await opened(client, "alice@localhost");
  return client;
}

async function issued(mechanism: string): Promise<string> {
  const client = await connected();
  await client.sends(plain("alice", "secret", `${userAgent(PHONE)}${requestToken(mechanism)}`));
  return tokenIn(await loggedIn(client))?.token ?? "";
}

function boundOf(client: SocketClient, end: string): Buffer {
  return bindings[end]?.(client.socket as TLSSocket) ?? Buffer.alloc(0);
}

test("mechanisms that bind are offered, strongest first (§3.1)", async () => {
  const client = await connectSecure(rig);
  const fast = offerOf(await opened(client))
    .getChild("inline")
    ?.getChild("fast", FAST);
  expect(textsOf(fast, "mechanism")).toEqual(["HT-SHA-256-EXPR", "HT-SHA-256-ENDP", "HT-SHA-256-NONE"]);
});

test.each(["EXPR", "ENDP", "NONE"])(
  "HT-SHA-256-%s proves both sides, for this channel (§3.4)",
  async (end) => {
    const mechanism = `HT-SHA-256-${end}`;
    const token = await issued(mechanism);
    const client = await connected();
    const bound = boundOf(client, end);
    await client.sends(withToken(token, { mechanism, bound }));
    const success = await loggedIn(client);
    expect(success.getChildText("additional-data")).toBe(base64(hashed(token, "Responder", bound)));
  },
);

test("what is bound to one channel is nothing on another", async () => {
  const mechanism = "HT-SHA-256-EXPR";
  const token = await issued(mechanism);
  const [victim, thief] = [await connected(), await connected()];
  await thief.sends(withToken(token, { mechanism, bound: boundOf(victim, "EXPR") }));
  await thief.receives(failure("not-authorized"));
});

test.each([
  ["EXPR", "NONE"],
  ["NONE", "EXPR"],
  ["EXPR", "ENDP"],
])("a token for %s is none for %s (§3.4)", async (own, other) => {
  const token = await issued(`HT-SHA-256-${own}`);
  const client = await connected();
  await client.sends(withToken(token, { mechanism: `HT-SHA-256-${other}`, bound: boundOf(client, other) }));
  await client.receives(failure("not-authorized"));
  await client.sends(withToken(token, { mechanism: `HT-SHA-256-${own}`, bound: boundOf(client, own) }));
  await loggedIn(client);
});

test("neither a token nor what it is made of can be read from the disk", async () => {
  const token = await issued("HT-SHA-256-NONE");
  await rig.server.commit();
  const disk = Buffer.concat(readdirSync(folder).map((file) => readFileSync(join(folder, file))));
  expect(disk.includes("HT-SHA-256-NONE")).toBe(true);
  const secrets = [
    token,
    Buffer.from(token, "base64url"),
    hashed(token, "Initiator"),
    PHONE,
    PHONE.replaceAll("-", ""),
  ];
  for (const secret of secrets) expect(disk.includes(secret)).toBe(false);
});

test("a token is still good after a restart", async () => {
  const token = await issued("HT-SHA-256-NONE");
  await rig.close();
  rig = await createRig({
    listen: { c2s: false, c2sTls: 0 },
    tls,
    store: { sqlite: join(folder, "db.sqlite") },
  });
  await rig.server.listen();
  const client = await connected();
  await client.sends(withToken(token));
  await loggedIn(client);
});
