/** What a person sees who has Profanity on more than one machine, and on a bad network. */
import { xml } from "@xmpp/client";
import { describe, expect } from "vitest";
import { Jid } from "../../src/xmpp/jid.ts";
import { missing, profanity } from "./profanity.ts";
import { test } from "./real-server.ts";
import { SeverableLink } from "./severable-link.ts";
import { chat, settled, xmppJs } from "./xmpp-js-peer.ts";

const SETTINGS = [
  ["/mam on", /Message Archive Management enabled/],
  ["/carbons on", /Message carbons preference enabled/],
  ["/history off", /Chat history disabled/],
] as const;

describe("Profanity", () => {
  test.beforeEach(async ({ real, skip }) => {
    if (missing !== undefined) skip(missing);
    for (const name of ["alice", "bob"]) await real.server.createUser(`${name}@localhost`, "secret");
  });

  test("shows on one device what was said on another, now and before", async ({ real }) => {
    const alice = { name: "alice", policy: "force", trust: "always", settings: SETTINGS } as const;
    const bob = await xmppJs(real, { username: "bob", password: "secret", resource: "desk" });
    await using phone = await profanity(real, { ...alice, device: "phone" });
    await using desk = await profanity(real, { ...alice, device: "desk" });
    await phone.types("/msg bob@localhost do you hear me?");
    await desk.types("/msg bob@localhost and from here?");
    await phone.shows(/do you hear me[^]*and from here/);
    await bob.client.send(chat("alice@localhost", "both of you"));
    await phone.shows(/both of you/);
    await desk.shows(/both of you/);

    await using tablet = await profanity(real, { ...alice, device: "tablet" });
    await tablet.types("/msg bob@localhost");
    await tablet.shows(/do you hear me[^]*and from here[^]*both of you/);
    // Whatever follows comes after all of the history.
    await bob.client.send(chat("alice@localhost", "the end"));
    const screen = await tablet.shows(/the end/);
    for (const text of [/do you hear me/g, /and from here/g, /both of you/g])
      expect(screen.match(text), screen).toHaveLength(1);
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
