/** XEP-0198 §4: clients that are asked for an acknowledgement and say nothing. */
import { describe, expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import { confirms, does, enable, mayResume } from "./push-client.ts";

const hi = `<message to="bob@localhost" type="chat"><body>Hi</body></message>`;
const REQUEST = `<r xmlns="urn:xmpp:sm:3"/>`;
const SECOND = 1000;

interface Clock {
  advance(ms: number): Promise<void>;
}

/** Bob's phone has got a message, and was asked whether it has. */
async function askedPhone<C extends Client>(
  connect: (address: string) => Promise<C>,
  clock: Clock,
): Promise<C> {
  const bob = await connect("bob/phone");
  await mayResume(bob);
  await (await connect("alice/desk")).sends(hi);
  await bob.receives(hi);
  await clock.advance(5 * SECOND);
  await bob.receives(REQUEST);
  return bob;
}

test("the connection of one that is silent for a minute is lost, its session waits", async ({
  connect,
  clock,
  server,
}) => {
  const bob = await askedPhone(connect, clock);
  await clock.advance(59 * SECOND);
  await bob.receivesNothing();
  await clock.advance(10 * SECOND);
  await bob.closed("connection-timeout");
  expect([...server.host().sessions.all()].map(({ attached }) => attached)).toContain(false);
});

test("one that says something, or acknowledges, stays", async ({ connect, clock }) => {
  const bob = await askedPhone(connect, clock);
  for (let count = 0; count < 6; count++) {
    await clock.advance(40 * SECOND);
    await bob.sends(" ");
  }
  await bob.sends(`<a xmlns="urn:xmpp:sm:3" h="1"/>`);
  await clock.advance(120 * SECOND);
  await bob.receivesNothing();
  expect(bob.gone).toBe(false);
});

test("on a slow line the time begins when the request has left", async ({ connect, clock }) => {
  const bob = await connect("bob/phone");
  await mayResume(bob);
  bob.pipe.stopReading();
  await (await connect("alice/desk")).sends(hi);
  await clock.advance(120 * SECOND);
  bob.pipe.readAgain();
  await bob.receives(hi);
  await bob.receives(REQUEST);
  await clock.advance(20 * SECOND);
  await bob.sends(`<a xmlns="urn:xmpp:sm:3" h="1"/>`);
  await clock.advance(60 * SECOND);
  expect(bob.gone).toBe(false);
});

describe("what the server does not read is no silence", () => {
  test.override({ options: { config: { limits: { unsentSoft: "10 KB" } } } });
  const long = `<message to="bob@localhost" type="chat"><body>${"x".repeat(20_000)}</body></message>`;

  test("of a client that is still taking what it is sent", async ({ connect, clock }) => {
    const bob = await askedPhone(connect, clock);
    bob.pipe.stopReading();
    await (await connect("alice/tablet")).sends(long);
    expect(bob.pipe.paused).toBe(true);
    await bob.sends(`<a xmlns="urn:xmpp:sm:3" h="1"/>`);
    await clock.advance(180 * SECOND);
    bob.pipe.readAgain();
    await bob.receives(long);
    await clock.advance(20 * SECOND);
    expect(bob.gone).toBe(false);
  });
});

describe("a client that resumes (§5) owes nothing that it was asked for before", () => {
  test.for(["is gone", "is stuck"])(
    "on a connection that %s",
    async (how, { connect, authenticated, clock }) => {
      const bob = await connect("bob/phone");
      const id = await mayResume(bob);
      if (how === "is stuck") bob.pipe.stopReading();
      await (await connect("alice/desk")).sends(hi);
      await clock.advance(5 * SECOND);
      if (how === "is gone") await bob.disconnects();
      await clock.advance(60 * SECOND);
      const back = await authenticated("bob");
      back.pipe.stopReading();
      await back.sends(`<resume xmlns="urn:xmpp:sm:3" previd="${id}" h="0"/>`);
      if (how === "is stuck") bob.pipe.readAgain();
      await clock.advance(180 * SECOND);
      back.pipe.readAgain();
      await back.receives(`<resumed xmlns="urn:xmpp:sm:3" previd="${id}" h="{any}"/>`);
      await back.receives(hi);
      await back.receives(REQUEST);
    },
  );
});

test("an inactive phone (XEP-0352) whose connection is gone without a word is woken by push (XEP-0357)", async ({
  connect,
  clock,
}) => {
  const service = await connect("push/app");
  const bob = await connect("bob/phone");
  await does(bob, enable());
  await mayResume(bob);
  await bob.sends(`<inactive xmlns="urn:xmpp:csi:0"/>`);
  await (await connect("alice/desk")).sends(hi);
  await service.receivesNothing();
  await clock.advance(75 * SECOND);
  expect(await confirms(service)).toMatchObject({ "message-count": "1" });
});
