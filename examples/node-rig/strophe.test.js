import assert from "node:assert";
import { test } from "node:test";
import { $msg, $pres, Strophe } from "strophe.js";
import { Rig } from "./jackdaw-rig.js";

Strophe.setLogLevel(Strophe.LogLevel.FATAL);

test("a message goes out, and is in both archives", async () => {
  await using rig = await Rig.start(["romeo", "juliet"]);
  const romeo = await connect(rig);
  romeo.send($msg({ to: "juliet@localhost", type: "chat" }).c("body").t("Hi"));
  const { to } = await rig.expect({ from: "romeo", kind: "message", body: "Hi" });
  assert.equal(to, "juliet@localhost");
  for (const user of ["romeo", "juliet"]) {
    const [message] = await rig.get("archive", { user });
    assert.equal(message.body, "Hi");
  }
  await leave(rig, romeo);
});

test("a message that is lost on its way is not heard of", async () => {
  await using rig = await Rig.start(["romeo", "juliet"]);
  const romeo = await connect(rig);
  const heard = [];
  const hear = (stanza) => heard.push(stanza.textContent);
  romeo.addHandler((stanza) => hear(stanza) > 0, null, "message");
  await rig.post("fault-add", { on: { to: "romeo", kind: "message" }, action: "drop", times: 1 });
  for (const body of ["One", "Two"]) {
    await rig.send("juliet", `<message to="romeo@localhost" type="chat"><body>${body}</body></message>`);
  }
  await rig.expect({ to: "romeo", body: "Two" });
  while (heard.length === 0) await new Promise(setImmediate);
  assert.deepEqual(heard, ["Two"]);
  await leave(rig, romeo);
});

test("a wrong password is known as one", async () => {
  await using rig = await Rig.start(["romeo"]);
  await assert.rejects(connect(rig, "wrong"), /not authorized/);
});

async function connect(rig, password = rig.users.romeo.password) {
  const romeo = new Strophe.Connection(rig.services.ws);
  await new Promise((resolve, reject) => {
    romeo.connect(rig.users.romeo.jid, password, (status) => {
      if (status === Strophe.Status.CONNECTED) resolve();
      if (status === Strophe.Status.AUTHFAIL) reject(new Error("not authorized"));
    });
  });
  romeo.send($pres());
  await rig.expect({ to: "romeo", kind: "presence" });
  return romeo;
}

async function leave(rig, romeo) {
  romeo.disconnect("done");
  await rig.expect({ from: "romeo", type: "unavailable" });
}
