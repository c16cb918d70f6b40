import assert from "node:assert";
import { test } from "node:test";
import { client, xml } from "@xmpp/client";
import { withServer } from "jackdaw/testing";

const hi = `<message to="juliet@localhost" type="chat"><body>Hi</body></message>`;

test("stanzas are lost, late, doubled and held", () =>
  withServer({ users: ["romeo", "juliet"], clock: "virtual", seed: 7 }, async (server) => {
    const romeo = await server.client("romeo");
    const juliet = await server.client("juliet");

    const loss = server.faults.add({
      on: { to: "juliet", kind: "message" },
      action: "drop",
      probability: 0.5,
    });
    for (let n = 0; n < 10; n++) await romeo.sends(hi);
    assert.equal(juliet.heard.match(/<message/g)?.length ?? 0, 10 - loss.hits);
    loss.remove();
    juliet.forget(() => true);

    server.faults.add({ on: { to: "juliet", body: "Hi" }, action: "delay", by: "30s", times: 1 });
    await romeo.sends(hi);
    await juliet.receivesNothing();
    await server.clock.advance("30s");
    await juliet.receives(`<message type="chat"><body>Hi</body></message>`);

    const hold = server.faults.add({ on: { to: "juliet" }, action: "hold" });
    await romeo.sends(hi);
    assert.equal(hold.held.length, 1);
    hold.release();
    await server.settle();
    await juliet.receives(`<message type="chat"><body>Hi</body></message>`);
  }));

test("connections are cut, streams end, sessions are not resumed", () =>
  withServer({ users: ["romeo", "juliet"] }, async (server) => {
    const romeo = await server.client("romeo");
    const juliet = await server.client("juliet");
    server.kill("juliet", { afterStanza: 1 });
    await romeo.sends(hi + hi);
    await juliet.receives(`<message type="chat"><body>Hi</body></message>`);
    await juliet.disconnected();

    server.refuseResume("romeo");
    server.streamError("romeo", "system-shutdown");
    await romeo.closed("system-shutdown");
  }));

test("a client that may not log in can do so later, on a slow network", () =>
  withServer({ users: ["romeo"] }, async (server) => {
    server.faults.add({ fault: "login", condition: "temporary-auth-failure", times: 1 });
    const slow = server.faults.add({ fault: "network", latency: "20ms", slice: 16 });

    const romeo = client(server.user("romeo").connectOptions);
    await assert.rejects(romeo.start(), { condition: "temporary-auth-failure" });
    await romeo.stop();
    await romeo.start();
    assert.ok(slow.hits === 2);
    slow.remove();

    const silence = server.faults.add({ fault: "network", user: "romeo", stall: true });
    const pong = romeo.iqCaller.get(xml("ping", { xmlns: "urn:xmpp:ping" }), "localhost");
    await server.expectNone({ from: "romeo", iq: "get" });
    silence.remove();
    await pong;
    await romeo.stop();
  }));
