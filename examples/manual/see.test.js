import assert from "node:assert";
import { test } from "node:test";
import { assertStanza, withServer } from "jackdaw/testing";

test("what went by", () =>
  withServer({ users: ["romeo", "juliet"], clock: "virtual" }, async (server) => {
    const romeo = await server.client("romeo/orchard");
    const juliet = await server.client("juliet/balcony");
    await romeo.sends(`<message to="juliet@localhost" type="chat"><body>Hi</body></message>`);

    // What romeo's client sent, and what juliet's client got.
    await server.expect({ from: "romeo", kind: "message" });
    const message = await server.expect({ to: "juliet", kind: "message", body: "Hi" });
    assertStanza(message, `<message from="romeo@localhost/orchard" type="chat"><body>Hi</body></message>`);
    await server.expectNone({ to: "juliet" });

    // The other side of the conversation, in a client that the test scripts.
    await juliet.receives(`<message type="chat"><body>Hi</body></message>`);
    await juliet.receivesNothing();

    assert.deepEqual(
      server.sessions().map(({ jid }) => jid),
      ["romeo@localhost/orchard", "juliet@localhost/balcony"],
    );
    assert.equal(server.archive("juliet").length, 1);
  }));

test("everything, as it comes", () =>
  withServer({ users: ["romeo"] }, async (server) => {
    const presences = server.stanzas({ from: "romeo", kind: "presence" });
    const romeo = await server.client("romeo");
    await romeo.sends(`<presence><show>dnd</show></presence>`);
    const shows = [];
    for await (const { element } of presences) {
      shows.push(element.getChildText("show"));
      if (shows.length === 2) break;
    }
    assert.deepEqual(shows, [null, "dnd"]);
  }));
