/** RFC 6120 §6.3.3: which SCRAM mechanisms are offered where accounts from elsewhere have keys for some only. */
import { expect, onTestFinished, test } from "vitest";
import type { ScramHash } from "../../src/auth/scram-keys.ts";
import type { Client } from "../../src/testing/client.ts";
import { createRig, type Rig } from "../../src/testing/create-rig.ts";
import { ScramClient } from "../unit/auth/setup.ts";
import { storeWith } from "./sasl2-client.ts";

const SASL = "urn:ietf:params:xml:ns:xmpp-sasl";
const ALL = ["SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"];
const COMMON = ["SCRAM-SHA-1", "PLAIN"];

/** A server where alice came with keys of SHA-1 alone, and bob made his account himself. */
async function mixed(auth: object = {}): Promise<Rig> {
  const rig = await createRig({
    store: await storeWith("alice@localhost", ["SHA-1"]),
    config: { auth },
  });
  onTestFinished(() => rig.close());
  await rig.user("bob", "secret");
  return rig;
}

async function offered(client: Client): Promise<string[]> {
  await client.opens({ to: "localhost" });
  const features = await client.receives("<stream:features>{any}</stream:features>");
  const mechanisms = features.getChild("mechanisms", SASL)?.getChildren("mechanism") ?? [];
  return mechanisms.map((mechanism) => mechanism.getText());
}

async function logsIn(client: Client, user: string, hash: ScramHash): Promise<void> {
  const scram = new ScramClient(hash.replace("-", "").toLowerCase(), user, "secret");
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  await client.sends(`<auth xmlns="${SASL}" mechanism="SCRAM-${hash}">${base64(scram.first)}</auth>`);
  const challenge = await client.receives(`<challenge xmlns="${SASL}">{any}</challenge>`);
  const answer = scram.final(Buffer.from(challenge.getText(), "base64").toString());
  await client.sends(`<response xmlns="${SASL}">${base64(answer)}</response>`);
  await client.receives(`<success xmlns="${SASL}">{any}</success>`);
}

test("those that all accounts have keys for, so that a client without choice gets in", async () => {
  const rig = await mixed();
  const client = rig.raw();
  expect(await offered(client)).toEqual(COMMON);
  await logsIn(client, "alice", "SHA-1");
});

test("a stronger one may be used all the same by who has its keys", async () => {
  const rig = await mixed();
  const client = rig.raw();
  expect(await offered(client)).toEqual(COMMON);
  await logsIn(client, "bob", "SHA-512");
});

test("all of them again when nobody needs the old ones any more", async () => {
  const rig = await mixed();
  expect(await offered(rig.raw())).toEqual(COMMON);
  const client = rig.raw();
  await offered(client);
  const message = Buffer.from("\0alice\0secret").toString("base64");
  await client.sends(`<auth xmlns="${SASL}" mechanism="PLAIN">${message}</auth>`);
  await client.receives(`<success xmlns="${SASL}"/>`);
  expect(await offered(rig.raw())).toEqual(ALL);
});

test("all of them where the configuration wants that, or allows none of the others", async () => {
  expect(await offered((await mixed({ offerAll: true })).raw())).toEqual(ALL);
  expect(await offered((await mixed({ mechanisms: ["SCRAM-SHA-256"] })).raw())).toEqual(["SCRAM-SHA-256"]);
});
