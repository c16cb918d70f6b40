/** XEP-0124: clients that send more than is taken from them, and wrappers with much white space. */
import { describe, expect } from "vitest";
import type { Rig, RigOptions } from "../../src/testing/create-rig.ts";
import { test } from "../../src/testing/rig.ts";
import { BoshClient, type Pending } from "./bosh-client.ts";

const PING = `<iq xmlns="jabber:client" type="get" id="p"><ping xmlns="urn:xmpp:ping"/></iq>`;

/** One stanza, and nothing more for ten seconds. */
const LARGE = `<message xmlns="jabber:client" to="nobody@localhost" type="headline"><body>${"x".repeat(20_000)}</body></message>`;
const slow: RigOptions = { config: { limits: { burstBytes: 10_000, bytesPerSecond: 1000 } } };

async function session(rig: Rig, attributes: Record<string, string | number> = {}): Promise<BoshClient> {
  await rig.user("alice");
  const client = new BoshClient(rig);
  await client.creates(attributes);
  await client.logsIn();
  return client;
}

async function answered(posts: readonly Pending[]): Promise<number> {
  const all = await Promise.all(posts.map((post) => post.isAnswered()));
  return all.filter((isAnswered) => isAnswered).length;
}

test("a stanza behind much white space is not lost", async ({ rig }) => {
  const client = await session(rig);
  const { text } = await client.post({}, " \n".repeat(500) + PING).answer;
  expect(text).toContain('type="result"');
});

describe("a stream that takes no more for now", () => {
  test.override({ options: slow });

  test.for([
    ["waits for answers", 3, {}],
    ["polls", 2, { wait: 0 }],
  ] as const)("lets a client that %s wait with it", async ([, requests, terms], { rig }) => {
    const client = await session(rig, terms);
    const posts: Pending[] = [];
    for (let sent = 0; sent < requests; sent++) {
      posts.push(client.post({}, LARGE));
      await rig.settle();
    }
    expect(await answered(posts)).toBe(1);
    await rig.clock.advance(120_000);
    expect(await answered(posts)).toBe(requests);
  });

  test("still has what others say for its client", async ({ rig }) => {
    const client = await session(rig);
    const bob = await rig.connect("bob/pipe");
    const posts = [client.post({}, LARGE), client.post({}, LARGE)];
    expect(await answered(posts)).toBe(1);
    await bob.sends('<message to="alice@localhost/bosh" type="chat"><body>Hi</body></message>');
    expect((await posts[1]?.answer)?.text).toContain("Hi");
  });
});
