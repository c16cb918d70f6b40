import assert from "node:assert";
import { once } from "node:events";
import { test } from "node:test";
import { createClient } from "stanza";
import { Rig } from "./jackdaw-rig.js";

test("the roster is what the fixture says, and again after a test that changed it", async () => {
  await using rig = await Rig.start(["romeo", "juliet"]);
  await rig.post("mutual-roster", { one: "romeo", other: "juliet" });
  const { id } = await rig.post("snapshot");

  const romeo = await start(rig);
  assert.deepEqual(
    (await romeo.getRoster()).items.map(({ jid, subscription }) => [jid, subscription]),
    [["juliet@localhost", "both"]],
  );
  await romeo.removeRosterItem("juliet@localhost");
  assert.deepEqual(await rig.get("roster", { user: "romeo" }), []);
  await stop(romeo);

  await rig.post("snapshot-restore", { id });
  const [{ jid }] = await rig.get("roster", { user: "romeo" });
  assert.equal(jid, "juliet@localhost");
});

test("a room is there, and shows who is in it", async () => {
  await using rig = await Rig.start(["juliet", "romeo"]);
  await rig.post("room", { name: "balcony" });
  const romeo = await start(rig);
  await romeo.joinRoom("balcony@conference.localhost", "Romeo");
  const { occupants } = await rig.post("room", { name: "balcony" });
  assert.deepEqual(
    occupants.map(({ nick, user }) => [nick, user]),
    [["Romeo", "romeo@localhost"]],
  );
  await stop(romeo);
});

test("what the server refuses is an error of the client", async () => {
  await using rig = await Rig.start(["romeo"]);
  const romeo = await start(rig);
  await rig.post("handler-add", { on: { iq: "get", xmlns: "vcard-temp" }, error: "forbidden", times: 1 });
  await assert.rejects(romeo.getVCard("juliet@localhost"), ({ error }) => error.condition === "forbidden");
  assert.deepEqual(await rig.get("pending"), []);
  await stop(romeo);
});

async function start(rig) {
  const { jid, password } = rig.users.romeo;
  // Each request leaves a timer behind, which keeps the process alive so many seconds.
  const romeo = createClient({ jid, password, timeout: 1, transports: { websocket: rig.services.ws } });
  romeo.connect();
  await once(romeo, "session:started");
  return romeo;
}

async function stop(romeo) {
  romeo.disconnect();
  await once(romeo, "disconnected");
}
