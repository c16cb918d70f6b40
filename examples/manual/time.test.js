import assert from "node:assert";
import { test } from "node:test";
import { TestServer, withServer } from "jackdaw/testing";

test("a client that is quiet for a quarter of an hour is asked whether it is there", () =>
  withServer({ users: ["romeo"], clock: "virtual" }, async (server) => {
    const romeo = await server.client("romeo");
    await server.clock.advance("14m");
    await romeo.receivesNothing();
    await server.clock.advance("90s");
    await romeo.receives(`<iq type="get" from="localhost"><ping xmlns="urn:xmpp:ping"/></iq>`);
  }));

test("each run is the same", async () => {
  const run = () =>
    withServer({ users: ["romeo", "juliet"], clock: "virtual", ids: "seq", seed: 1 }, async (server) => {
      const juliet = await server.client("juliet");
      const romeo = await server.client("romeo");
      await romeo.sends(`<message to="juliet@localhost" type="chat"><body>Hi</body></message>`);
      return juliet.heard;
    });
  assert.equal(await run(), await run());
});

test("each test begins where the last one did", async () => {
  await using server = await TestServer.start({ users: ["romeo", "juliet"] });
  await server.mutualRoster("romeo", "juliet");
  const fresh = server.snapshot();

  await server.addUser("nurse");
  await fresh.restore();
  assert.throws(() => server.user("nurse"));
  assert.equal(server.roster("romeo").length, 1);
});
