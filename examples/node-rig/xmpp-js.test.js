import assert from "node:assert";
import { once } from "node:events";
import { test } from "node:test";
import { client, xml } from "@xmpp/client";
import { Rig } from "./jackdaw-rig.js";

const HI = `<message to="romeo@localhost" type="chat"><body>Hi</body></message>`;

test("a message comes, and is seen on its way", async () => {
  await using rig = await Rig.start(["romeo", "juliet"]);
  const romeo = await start(rig);
  const passing = await rig.watch({ to: "romeo", kind: "message" });
  const coming = once(romeo, "stanza");
  await rig.send("juliet/balcony", HI);
  const [stanza] = await coming;
  assert.equal(stanza.getChildText("body"), "Hi");
  for await (const { direction, from } of passing) {
    assert.deepEqual({ direction, from }, { direction: "out", from: "juliet@localhost/balcony" });
    break;
  }
  await romeo.stop();
});

test("what was on its way when the connection was cut comes with the next one", async () => {
  await using rig = await Rig.start(["romeo", "juliet"]);
  const romeo = await start(rig);
  const got = new Promise((resolve) =>
    romeo.on("stanza", (stanza) => stanza.getChildText("body") === "Hi" && resolve()),
  );
  await rig.post("fault-add", { fault: "cut", user: "romeo", beforeStanza: 1 });
  await rig.send("juliet", HI);
  await got;
  await rig.expect({ from: "romeo", kind: "nonza", child: "resume" });
  await romeo.stop();
});

test("the time is what the test says it is", async () => {
  await using rig = await Rig.start(["romeo"], "--clock", "virtual");
  const romeo = await start(rig);
  const ask = async () => {
    const time = await romeo.iqCaller.get(xml("time", { xmlns: "urn:xmpp:time" }), "localhost");
    return Date.parse(time.getChildText("utc"));
  };
  const before = await ask();
  await rig.post("clock-advance", { by: "10m" });
  assert.equal((await ask()) - before, 600_000);
  await romeo.stop();
});

async function start(rig) {
  const { jid, password } = rig.users.romeo;
  const romeo = client({ service: rig.services.xmpp, domain: rig.domain, username: "romeo", password });
  romeo.on("error", () => {}); // it comes back by itself
  romeo.reconnect.delay = 1;
  await romeo.start();
  await romeo.send(xml("presence"));
  while (!romeo.streamManagement.enabled) await new Promise(setImmediate);
  await rig.expect({ to: "romeo", from: jid, kind: "presence" });
  return romeo;
}
