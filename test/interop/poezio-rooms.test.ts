/** Two people with Poezio in a room: they talk, one comes back and pages through what was said, is kicked, and banned. */
import { type Client, xml } from "@xmpp/client";
import { describe, expect } from "vitest";
import { RealClock } from "../../src/testing/test-clock.ts";
import { archiveQueriesTo } from "./archive-queries.ts";
import { missing, poezioOf, runsCommand } from "./poezio.ts";
import { test } from "./real-server.ts";
import { xmppJs } from "./xmpp-js-peer.ts";

const ROOM = "cave@conference.localhost";
/** Far more than a room shows to those who enter, and than there is place for on a screen. */
const STONES = 120;
/** Poezio asks for what was said before a whole second: of what was said in one second it would miss some. */
const BETWEEN_STONES_MS = 10_000;

const clock = new RealClock();
/** Milliseconds that the server's clock is slow, so that nobody has to wait. */
let behind = 0;
clock.skew = () => -behind;

describe("Poezio in a room", () => {
  test.override({ options: { clock } });

  test.beforeEach(async ({ real, skip }) => {
    if (missing !== undefined) skip(missing);
    for (const name of ["alice", "bob", "carol"]) await real.server.createUser(`${name}@localhost`, "secret");
  });

  test("talks, comes back and pages to what was said first (XEP-0313), is kicked, and banned", async ({
    real,
  }) => {
    behind = STONES * BETWEEN_STONES_MS;
    const { client: carol } = await xmppJs(real, { username: "carol", password: "secret" });
    await open(carol, "alice@localhost");
    await using alice = await poezioOf(real, "cellar", "alice");
    await runsCommand(alice, `join ${ROOM}/ally`, /You \(ally\) joined/);
    {
      await using bob = await poezioOf(real, "attic", "bob");
      await runsCommand(bob, `join ${ROOM}/bobby`, /You \(bobby\) joined/);
      await alice.writes("Is it dark in here?", /ally> Is it dark in here\?/);
      await bob.shows(/ally> Is it dark in here\?/);
      await bob.writes("Very dark.", /bobby> Very dark\./);
      await alice.shows(/bobby> Very dark\./);
    }
    await alice.shows(/bobby \(.*\) has left|bobby has left/);
    for (let number = 1; number <= STONES; number++) {
      await say(carol, `Stone ${number}.`);
      behind -= BETWEEN_STONES_MS;
    }
    await alice.shows(new RegExp(`Stone ${STONES}\\.`));

    {
      const queries = archiveQueriesTo(real.server, ROOM);
      await using bob = await poezioOf(real, "tower", "bob");
      await runsCommand(bob, `join ${ROOM}/bobby`, new RegExp(`Stone ${STONES}\\.`));
      await bob.pressUntil("PageUp", /ally> Is it dark in here\?[^]*bobby> Very dark\.[^]*carol> Stone 1\./);
      // By the time of the first message that it has, further back with each page.
      const ends = queries.map((query) => /<field var="end"><value>(.*?)<\/value>/.exec(query)?.[1] ?? "");
      expect(new Set(ends).size, queries.join("\n")).toBeGreaterThanOrEqual(3);
      await alice.writes("/kick bobby Out", /bobby.* has been kicked/);
      await bob.pressUntil("PageDown", /You have been kicked by ally\.? Reason: Out/);
    }
    {
      await using bob = await poezioOf(real, "loft", "bob");
      await runsCommand(bob, `join ${ROOM}/robert`, /You \(robert\) joined/);
      await alice.writes("/ban bob@localhost Enough", /robert.* has been banned/);
      await bob.shows(/You have been banned by ally\.? Reason: Enough/);
    }
  });
});

const field = (name: string, value: string) => xml("field", { var: name }, xml("value", {}, value));

/** Opens the room so that it stays, for an admin. */
async function open(client: Client, admin: string): Promise<void> {
  const entered = new Promise<void>((resolve) => {
    client.on("stanza", (stanza) => {
      if (stanza.is("message") && stanza.getChild("subject")) resolve();
    });
  });
  const muc = "http://jabber.org/protocol/muc";
  await client.send(xml("presence", { to: `${ROOM}/carol` }, xml("x", { xmlns: muc })));
  await entered;
  const form = xml(
    "x",
    { xmlns: "jabber:x:data", type: "submit" },
    field("FORM_TYPE", `${muc}#roomconfig`),
    field("muc#roomconfig_persistentroom", "1"),
    field("muc#roomconfig_roomadmins", admin),
  );
  await client.iqCaller.set(xml("query", { xmlns: `${muc}#owner` }, form), ROOM);
}

/** Settles when the room has it. */
async function say(client: Client, body: string): Promise<void> {
  await client.send(xml("message", { to: ROOM, type: "groupchat", id: body }, xml("body", {}, body)));
  await client.iqCaller.get(xml("ping", { xmlns: "urn:xmpp:ping" }), `${ROOM}/carol`);
}
