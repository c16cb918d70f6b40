/** What a person sees who has Profanity on a bad network. History on several devices is shown by Poezio and the libraries. */
import { xml } from "@xmpp/client";
import { describe, expect } from "vitest";
import { Jid } from "../../src/xmpp/jid.ts";
import { missing, profanity } from "./profanity.ts";
import { test } from "./real-server.ts";
import { SeverableLink } from "./severable-link.ts";
import { chat, settled, xmppJs } from "./xmpp-js-peer.ts";

describe("Profanity", () => {
  test.beforeEach(async ({ real, skip }) => {
    if (missing !== undefined) skip(missing);
    for (const name of ["alice", "bob"]) await real.server.createUser(`${name}@localhost`, "secret");
  });

  test("goes on with its session when the network comes back, and misses nothing", async ({ real }) => {
    const bob = await xmppJs(real, { username: "bob", password: "secret", resource: "desk" });
    await bob.client.send(xml("presence"));
    await using link = await SeverableLink.open(real.server.ports.c2s as number);
    await using alice = await profanity(real, {
      name: "alice",
      policy: "force",
      trust: "always",
      port: link.port,
      settings: [["/reconnect 1", /Reconnect interval set to 1 second/]],
    });
    await bob.client.send(chat("alice@localhost", "before"));
    await alice.types("/msg bob@localhost");
    await alice.shows(/: before/);

    const sessions = () => real.server.host().sessions.of(Jid.parse("alice@localhost"));
    const [session] = sessions();

    link.loses("both");
    await bob.client.send(chat("alice@localhost", "meanwhile"));
    await settled(bob);
    link.breaks({ stillBelieves: true });
    // Only what it receives: libstrophe 0.12 does not send again what the server has not acknowledged.
    await alice.shows(/: meanwhile/);
    await alice.types("I am back");
    const heard = await bob.inbox.take(
      (stanza) => stanza.is("message") && stanza.getChildText("body") !== null,
    );
    expect(heard.getChildText("body")).toBe("I am back");
    await bob.client.send(chat("alice@localhost", "after"));
    const screen = await alice.shows(/: after/);
    expect(screen.match(/: (?:before|meanwhile|after) *$/gm), screen).toHaveLength(3);
    expect(sessions()[0] === session && sessions().length === 1).toBe(true);
  });
});
