import assert from "node:assert";
import { test } from "node:test";
import { setDefaultCACertificates } from "node:tls";
import { client, xml } from "@xmpp/client";
import { TestServer } from "jackdaw/testing";

test("romeo says hello", async () => {
  await using server = await TestServer.start({ users: ["romeo", "juliet"] });

  const romeo = client(server.user("romeo").connectOptions);
  await romeo.start();
  await romeo.send(xml("message", { to: "juliet@localhost", type: "chat" }, xml("body", {}, "Hello")));

  const message = await server.expect({ from: "romeo", kind: "message", child: "body" });
  assert.equal(message.element.getChildText("body"), "Hello");
  await romeo.stop();
});

test("a server furnished", async () => {
  await using server = await TestServer.start({
    users: [
      "romeo",
      {
        name: "juliet",
        password: "wherefore",
        roster: [{ contact: "nurse", name: "Nurse", groups: ["Household"] }],
        vcard: `<vCard xmlns="vcard-temp"><FN>Juliet</FN></vCard>`,
        archive: [{ from: "romeo", to: "juliet", body: "Hi", at: "2024-12-24T18:00:00Z" }],
        pep: { "urn:example:mood": { current: `<mood xmlns="urn:example:mood">happy</mood>` } },
      },
    ],
    rooms: [{ name: "balcony", owner: "juliet", members: ["romeo"], options: { membersonly: "1" } }],
  });
  await server.mutualRoster("romeo", "juliet");

  assert.equal(server.roster("juliet").length, 2);
  assert.equal(server.archive("juliet")[0].body, "Hi");
  assert.deepEqual(server.room("balcony").occupants, []);
});

test("a client meets something like Prosody", async () => {
  await using server = await TestServer.start({ users: ["romeo"], mimic: "prosody", tls: true });

  setDefaultCACertificates([server.ca]);
  const romeo = client(server.user("romeo").connectOptions);
  await romeo.start();
  const version = xml("query", { xmlns: "jabber:iq:version" });
  assert.equal((await romeo.iqCaller.get(version, "localhost")).getChildText("name"), "Prosody");
  await romeo.stop();
});
