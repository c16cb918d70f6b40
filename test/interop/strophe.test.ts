/** strophe.js, which most web clients stand on, over WebSocket (RFC 7395) and BOSH (XEP-0124, XEP-0206). */
import { describe, expect } from "vitest";
import { test } from "./real-server.ts";
import {
  $iq,
  $msg,
  $pres,
  attachStrophe,
  makeStrophe,
  Strophe,
  type StrophePeer,
  type StropheTransport,
  strophe,
} from "./strophe-peer.ts";

test.override({ options: { listen: { c2s: false, c2sTls: false, https: 0 } } });

/** Whether the server can say something to the client. */
function isListening({ connection }: StrophePeer): boolean {
  const { _requests } = connection._proto as unknown as { _requests?: readonly unknown[] };
  return _requests === undefined || _requests.length > 0;
}

const ways: StropheTransport[] = ["websocket", "bosh"];

describe.each(ways)("strophe.js over %s", (transport) => {
  test.beforeEach(async ({ real }) => {
    for (const name of ["alice", "bob"]) await real.server.createUser(`${name}@localhost`, "secret");
  });

  test("logs in, asks, and leaves", async ({ real }) => {
    const alice = await strophe(real, transport, "alice@localhost/web");
    expect(alice.connection.jid).toBe("alice@localhost/web");
    const ping = $iq({ type: "get", to: "localhost", id: "p1" }).c("ping", { xmlns: "urn:xmpp:ping" });
    const answer = await alice.ask(ping);
    expect(answer.getAttribute("type")).toBe("result");
    await alice.leaves();
    await expect.poll(() => real.server.host().sessions.size).toBe(0);
  });

  test("is refused with a wrong password", async ({ real }) => {
    const peer = makeStrophe(real, transport, { jid: "alice@localhost", password: "wrong" });
    await peer.reaches(Strophe.Status.AUTHFAIL);
  });

  test("chats, in order, with whatever text", async ({ real }) => {
    const alice = await strophe(real, transport, "alice@localhost/web");
    const bob = await strophe(real, transport, "bob@localhost/web");
    for (const peer of [alice, bob]) peer.send($pres());
    await bob.stanzas.take(({ tagName }) => tagName === "presence");
    const texts = Array.from({ length: 30 }, (_, n) => `${n} Grüße & <Küsse> 😀`);
    for (const text of texts) alice.send($msg({ to: "bob@localhost", type: "chat" }).c("body").t(text));
    const heard: (string | null)[] = [];
    for (const _ of texts)
      heard.push((await bob.stanzas.take(({ tagName }) => tagName === "message")).textContent);
    expect(heard).toEqual(texts);
    bob.send($msg({ to: "alice@localhost/web", type: "chat" }).c("body").t("x".repeat(100_000)));
    const large = await alice.stanzas.take(({ tagName }) => tagName === "message");
    expect(large.textContent).toHaveLength(100_000);
  });

  test("hears that the server goes", async ({ real }) => {
    const alice = await strophe(real, transport, "alice@localhost/web");
    alice.send($pres());
    await alice.stanzas.take(({ tagName }) => tagName === "presence");
    // Who has no request there when the server goes is not told, but finds nobody.
    await expect.poll(() => isListening(alice)).toBe(true);
    const closed = real.server.close();
    await alice.reaches(Strophe.Status.DISCONNECTED);
    await closed;
  });
});

test("strophe.js attaches to its session of BOSH on another page", async ({ real }) => {
  await real.server.createUser("alice@localhost", "secret");
  const alice = await strophe(real, "bosh", "alice@localhost/web");
  const again = attachStrophe(real, alice);
  const ping = $iq({ type: "get", to: "localhost", id: "p2" }).c("ping", { xmlns: "urn:xmpp:ping" });
  expect((await again.ask(ping)).getAttribute("type")).toBe("result");
  await again.leaves();
});
