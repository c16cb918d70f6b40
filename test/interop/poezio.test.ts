import { xml } from "@xmpp/client";
import { describe, expect, vi } from "vitest";
import { missing, opensChat, poezioOf } from "./poezio.ts";
import { PATIENCE_MS } from "./programs.ts";
import { test } from "./real-server.ts";
import { chat, xmppJs } from "./xmpp-js-peer.ts";

describe("Poezio", () => {
  test.beforeEach(async ({ real, skip }) => {
    if (missing !== undefined) skip(missing);
    for (const name of ["alice", "bob"]) await real.server.createUser(`${name}@localhost`, "secret");
  });

  test("shows on a new device what was said on another", async ({ real }) => {
    const bob = await xmppJs(real, { username: "bob", password: "secret", resource: "desk" });
    await bob.client.send(xml("presence"));
    await using phone = await poezioOf(real, "phone");
    await opensChat(phone);
    await phone.writes("do you hear me?", /alice> do you hear me/);
    await bob.inbox.take((stanza) => stanza.getChildText("body") === "do you hear me?");
    await bob.client.send(chat("alice@localhost", "loud and clear"));
    await phone.shows(/bob> loud and clear/);

    const said = Date.now();

    await using tablet = await poezioOf(real, "tablet");
    // It asks for what was said before the second in which it asks.
    await vi.waitUntil(() => Date.now() - said > 2000, { timeout: PATIENCE_MS });
    await opensChat(tablet);
    const screen = await tablet.shows(/alice> do you hear me[^]*bob> loud and clear/);
    for (const text of [/do you hear me/g, /loud and clear/g])
      expect(screen.match(text), screen).toHaveLength(1);
  });
});
