/** Two people with Profanity in a room: they talk, one comes back and reads what was said, is kicked, and banned. */
import { describe } from "vitest";
import { missing, profanity } from "./profanity.ts";
import { test } from "./real-server.ts";

const ROOM = "cave@conference.localhost";

describe("Profanity in a room", () => {
  test.beforeEach(async ({ real, skip }) => {
    if (missing !== undefined) skip(missing);
    for (const name of ["alice", "bob"]) await real.server.createUser(`${name}@localhost`, "secret");
  });

  test("talks, comes back to what was said, is kicked, and kept out", async ({ real }) => {
    await using alice = await profanity(real, { name: "alice", policy: "force", trust: "always" });
    await using bob = await profanity(real, { name: "bob", policy: "force", trust: "always" });

    await alice.types(`/join ${ROOM} nick ally`);
    await alice.shows(/Room locked, requires configuration/);
    await alice.types("/room accept");
    await alice.shows(/Room unlocked/);
    await bob.types(`/join ${ROOM} nick bobby`);
    await alice.shows(/Participants\s[^]*bobby/);
    await alice.types("Is it dark in here?");
    await bob.shows(/ally: Is it dark in here\?/);
    await bob.types("Very dark.");
    await alice.shows(/bobby: Very dark\./);

    await bob.types("/close");
    await alice.shows(/Participants\s*\n[^\n]*Visitors/);
    await alice.types("Where is he?");
    await bob.types(`/join ${ROOM} nick bobby`);
    await bob.shows(/ally: Is it dark in here\?[^]*bobby: Very dark\.[^]*ally: Where is he\?/);

    await alice.types("/kick bobby Out");
    await bob.shows(/Kicked from cave@conference\.localhost by ally, reason: Out/);
    await alice.shows(/Participants\s*\n[^\n]*Visitors/);
    await bob.types(`/join ${ROOM} nick bobby`);
    await alice.shows(/Participants\s[^]*bobby/);
    await alice.types("/ban bob@localhost Enough");
    await bob.shows(/Banned from cave@conference\.localhost by ally, reason: Enough/);
    await bob.types(`/join ${ROOM} nick bobby`);
    await bob.shows(/forbidden/i);
  });
});
