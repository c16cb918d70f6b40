/** Two programs that people use, on two devices of one person: the same history on both, and what is said on one on the other. */
import { xml } from "@xmpp/client";
import { describe, expect } from "vitest";
import * as poezio from "./poezio.ts";
import * as profanity from "./profanity.ts";
import { test } from "./real-server.ts";
import { chat, settled, xmppJs } from "./xmpp-js-peer.ts";

describe("Profanity, beside Poezio on another device", () => {
  test.beforeEach(async ({ real, skip }) => {
    for (const { missing } of [profanity, poezio]) if (missing !== undefined) skip(missing);
    for (const name of ["alice", "bob"]) await real.server.createUser(`${name}@localhost`, "secret");
  });

  test("shows what was said before it was there, and what is said on the other", async ({ real }) => {
    const bob = await xmppJs(real, { username: "bob", password: "secret", resource: "desk" });
    const phone = await xmppJs(real, { username: "alice", password: "secret", resource: "phone" });
    for (const { client } of [bob, phone]) await client.send(xml("presence"));
    await phone.client.send(chat("bob@localhost", "do you hear me?"));
    await settled(phone);
    await bob.client.send(chat("alice@localhost", "loud and clear"));
    await settled(bob);

    await using desk = await profanity.profanity(real, {
      name: "alice",
      policy: "force",
      trust: "always",
      settings: [
        ["/mam on", /Message Archive Management enabled/],
        ["/carbons on", /carbons[^\n]* enabled/i],
      ],
    });
    await desk.types("/msg bob@localhost");
    const screen = await desk.shows(/: do you hear me\?[^]*: loud and clear/);
    for (const text of [/: do you hear me/g, /: loud and clear/g]) expect(screen.match(text)).toHaveLength(1);

    await using tablet = await poezio.poezioOf(real, "tablet");
    await poezio.opensChat(tablet);
    await tablet.writes("I am on the move", /alice> I am on the move/);
    await desk.shows(/: I am on the move/);
    await bob.client.send(chat("alice@localhost/tablet", "have a good journey"));
    await tablet.shows(/bob> have a good journey/);
    await desk.shows(/: have a good journey/);
  });
});
