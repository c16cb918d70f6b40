/** RFC 5802 §6, XEP-0440 §3: channel binding, and clients that know none of the server's types. */
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { selfSigned } from "../../src/net/self-signed.ts";
import { createRig, type Rig } from "../../src/testing/create-rig.ts";
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

async function opened(): Promise<SocketClient> {
  const client = await connectSecure(rig);
  await client.opens();
  await client.receives("<stream:features>{any}</stream:features>");
  return client;
}

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
