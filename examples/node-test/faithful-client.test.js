import assert from "node:assert";
import { assert as matchers, test } from "node:test";
import { assertStanza, withServer } from "jackdaw/testing";
import { FaithfulClient } from "./faithful-client.js";

matchers.register("toMatchStanza", assertStanza);

test("a message arrives", (t) =>
  withClient(async (server, client) => {
    await client.send("juliet@localhost", "Hi");
    const message = await server.expect({ to: "juliet", kind: "message" });
    t.assert.toMatchStanza(message, `<message type="chat"><body>Hi</body></message>`);
  }));

test("a message arrives, once, although the connection is cut before it is through", () =>
  withClient(async (server, client) => {
    server.kill("romeo", { beforeStanza: 1, direction: "in" });
    await client.send("juliet@localhost", "Hi");
    await server.expect({ to: "juliet", body: "Hi" });
    await server.expectNone({ to: "juliet", kind: "message" });
  }));

test("a message is known to be lost when the session is", () =>
  withClient(async (server, client) => {
    server.kill("romeo", { beforeStanza: 1, direction: "in" });
    server.refuseResume("romeo");
    await assert.rejects(client.send("juliet@localhost", "Hi"), /it is lost/);
    await server.expect({ from: "romeo", kind: "nonza", child: "resume" });
  }));

function withClient(body) {
  return withServer({ users: ["romeo", "juliet"] }, async (server) => {
    await server.client("juliet");
    const client = new FaithfulClient(server.user("romeo").connectOptions);
    await client.start();
    try {
      await body(server, client);
    } finally {
      await client.stop();
    }
  });
}
