/** XEP-0205 §2, RFC 6120 §13.12: what log-ins may cost the server. */
import { expect, vi } from "vitest";
import type { PipeClient, Rig } from "../../src/testing/create-rig.ts";
import { test } from "../../src/testing/rig.ts";

const SASL = "urn:ietf:params:xml:ns:xmpp-sasl";
const ATTACKER = { remote: "192.0.2.1" };

const plain = (user: string, password: string) =>
  `<auth xmlns="${SASL}" mechanism="PLAIN">${Buffer.from(`\0${user}\0${password}`).toString("base64")}</auth>`;
const FAILURE = `<failure xmlns="${SASL}"><not-authorized/></failure>`;

async function opened(rig: Rig, options: { remote: string }): Promise<PipeClient> {
  const client = rig.raw(options);
  await client.opens();
  await client.receives("<stream:features>{any}</stream:features>");
  return client;
}

/** Uses up the failures that are free. */
async function failFreely(rig: Rig): Promise<void> {
  for (let guess = 0; guess < 7; guess++) {
    const client = await opened(rig, ATTACKER);
    await client.sends(plain("alice", `guess ${guess}`));
    await rig.clock.advance(5_000);
    await client.receives(FAILURE);
    await client.disconnects();
  }
}

test("guesses whose answer nobody stays for cost nothing once the free ones are used up", async ({ rig }) => {
  await rig.user("alice");
  const verify = vi.spyOn(rig.server.host().accounts, "verifyPassword");
  await failFreely(rig);
  verify.mockClear();
  for (let guess = 0; guess < 5; guess++) {
    const client = await opened(rig, ATTACKER);
    await client.sends(plain("alice", `another guess ${guess}`));
    await client.disconnects();
  }
  await rig.clock.advance(60_000);
  expect(verify).not.toHaveBeenCalled();
});

test("the wait before the work is part of the wait for the answer", async ({ rig }) => {
  await rig.user("alice");
  await failFreely(rig);
  const wait = rig.server.hosts.get("localhost")?.throttle.delay("alice@localhost", ATTACKER.remote) ?? 0;
  expect(wait).toBeGreaterThan(0);
  const client = await opened(rig, ATTACKER);
  await client.sends(plain("alice", "secret of alice"));
  await rig.clock.advance(wait - 1);
  await client.receivesNothing();
  await rig.clock.advance(1);
  await client.receives(`<success xmlns="${SASL}"/>`);
});
