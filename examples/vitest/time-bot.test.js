import { test } from "jackdaw/testing/vitest";
import { describe, expect, onTestFinished } from "vitest";
import { timeBot } from "./time-bot.js";

describe("the bot", () => {
  test.override({ options: { users: ["bot", "romeo"], clock: "virtual" } });

  test("answers in a chat", async ({ server }) => {
    await start(server);
    const romeo = await server.client("romeo");
    await romeo.sends(`<message to="bot@localhost" type="chat"><body>Hm?</body></message>`);
    await romeo.receives(
      `<message from="{any}" type="chat"><body>I do not know what "Hm?" means</body></message>`,
    );
  });

  test("asks the server for the time", async ({ server }) => {
    await start(server);
    const romeo = await server.client("romeo");
    await romeo.sends(`<message to="bot@localhost" type="chat"><body>time</body></message>`);

    const asked = await server.expect({ from: "bot", iq: "get", child: "time" });
    expect(asked).toMatchStanza(`<iq type="get"><time xmlns="urn:xmpp:time"/></iq>`);
    const told = await server.expect({ to: "romeo", kind: "message" });
    expect(told.element.getChildText("body")).toBe("It is 2025-01-01T12:00:00.000Z");
  });

  test("says so when it has no answer", async ({ server }) => {
    server.on({ iq: "get", child: "time" }).error("service-unavailable").once();
    await start(server);
    const romeo = await server.client("romeo");
    await romeo.sends(`<message to="bot@localhost" type="chat"><body>time</body></message>`);
    await server.expect({ to: "romeo", body: "Nobody tells me the time" });
    expect(server.pending()).toEqual([]);
  });

  test("leaves groups alone", async ({ server }) => {
    await start(server);
    const romeo = await server.client("romeo");
    const { jid } = server.sessions("bot")[0];
    await romeo.sends(`<message to="${jid}" type="groupchat"><body>time</body></message>`);
    await server.expectNone({ from: "bot", kind: "message" });
  });
});

async function start(server) {
  const bot = timeBot(server.user("bot").connectOptions);
  onTestFinished(() => bot.stop());
  await bot.start();
  await server.expect({ from: "bot", kind: "presence" });
}
