/** XEP-0474: SASL SCRAM Downgrade Protection. */
import { createHash } from "node:crypto";
import { describe, expect } from "vitest";
import { Advertisements } from "../../src/auth/downgrade-protection.ts";
import { selfSigned } from "../../src/net/self-signed.ts";
import type { Client } from "../../src/testing/client.ts";
import { createRig } from "../../src/testing/create-rig.ts";
import { test } from "../../src/testing/rig.ts";
import type { Element } from "../../src/xml/element.ts";
import { ScramClient } from "../unit/auth/setup.ts";
import {
  authenticate,
  base64,
  FEATURES,
  failure,
  loggedIn,
  response,
  SASL2,
  textsOf,
} from "./sasl2-client.ts";
import { connectSecure } from "./socket-client.ts";

const SASL = "urn:ietf:params:xml:ns:xmpp-sasl";

/** §5.1 as a client computes it from what it was shown. */
function expected(digest: string, offer: Element | undefined, features: Element): string {
  const bindings = features
    .getChild("sasl-channel-binding", "urn:xmpp:sasl-cb:0")
    ?.getChildren("channel-binding");
  const types = bindings?.map(({ attrs }) => String(attrs["type"])).sort();
  const shown = textsOf(offer, "mechanism").sort().join("\x1e") + (types ? `\x1f${types.join("\x1e")}` : "");
  return createHash(digest).update(shown).digest("base64");
}

/** The server-first-message that answers `first`. */
async function challenged(client: Client, xml: string): Promise<string> {
  await client.sends(xml);
  const challenge = await client.receivesAny();
  expect(challenge.name).toBe("challenge");
  return Buffer.from(challenge.getText(), "base64").toString();
}

const hashIn = (message: string) => /^r=[^,]+,s=[^,]+,i=\d+,h=([^,]+)$/.exec(message)?.[1];

test("the hash is that of the specification's example (§5.3)", () => {
  const mechanisms = ["SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"];
  const types = ["tls-server-end-point", "tls-exporter"];
  expect(new Advertisements("SHA-1").hash(mechanisms, types)).toBe("G6k/rBLDqgOhRRaCuuatSDFkJ08=");
});

test("without channel binding it is of the mechanisms alone (§5.1, step 3)", () => {
  const hash = createHash("sha256").update("PLAIN\x1eSCRAM-SHA-256").digest("base64");
  expect(new Advertisements("SHA-256").hash(["SCRAM-SHA-256", "PLAIN"], [])).toBe(hash);
});

describe.each([
  ["SHA-1", "sha1"],
  ["SHA-256", "sha256"],
  ["SHA-512", "sha512"],
])("SCRAM-%s tells what was offered (§5.1)", (hash, digest) => {
  test("as in RFC 6120", async ({ raw, user }) => {
    await user("alice", "secret");
    const client = raw();
    await client.opens();
    const features = await client.receives(FEATURES);
    const scram = new ScramClient(digest, "alice", "secret");
    const auth = `<auth xmlns="${SASL}" mechanism="SCRAM-${hash}">${base64(scram.first)}</auth>`;
    const message = await challenged(client, auth);
    expect(hashIn(message)).toBe(expected(digest, features.getChild("mechanisms", SASL), features));
  });

  test("as in XEP-0388", async ({ raw, user }) => {
    await user("alice", "secret");
    const client = raw();
    await client.opens();
    const features = await client.receives(FEATURES);
    const scram = new ScramClient(digest, "alice", "secret");
    const message = await challenged(client, authenticate(`SCRAM-${hash}`, scram.first));
    expect(hashIn(message)).toBe(expected(digest, features.getChild("authentication", SASL2), features));
    await client.sends(response(scram.final(message)));
    await loggedIn(client);
  });
});

test("who changes it on the way is found out (§5.2)", async ({ raw, user }) => {
  await user("alice", "secret");
  const client = raw();
  await client.opens();
  await client.receives(FEATURES);
  const scram = new ScramClient("sha256", "alice", "secret");
  const message = await challenged(client, authenticate("SCRAM-SHA-256", scram.first));
  const forged = createHash("sha256").update("SCRAM-SHA-256").digest("base64");
  await client.sends(response(scram.final(message.replace(/,h=.*/, `,h=${forged}`))));
  await client.receives(failure("not-authorized"));
});

test("the types that can be bound to are part of it", async () => {
  await using rig = await createRig({
    listen: { c2s: false, c2sTls: 0 },
    tls: await selfSigned(["localhost"]),
  });
  await rig.server.listen();
  await rig.user("alice", "secret");
  const client = await connectSecure(rig);
  await client.opens();
  const features = await client.receives(FEATURES);
  expect(features.getChild("sasl-channel-binding", "urn:xmpp:sasl-cb:0")).toBeTruthy();
  const scram = new ScramClient("sha256", "alice", "secret");
  const message = await challenged(client, authenticate("SCRAM-SHA-256", scram.first));
  expect(hashIn(message)).toBe(expected("sha256", features.getChild("authentication", SASL2), features));
});
