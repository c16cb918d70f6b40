/** XEP-0384: two Profanitys find each other's keys in PEP, and what they then say only they can read. */
import { describe, expect, vi } from "vitest";
import { rosterService } from "../../src/modules/roster/roster.ts";
import { Jid } from "../../src/xmpp/jid.ts";
import { missing, profanity } from "./profanity.ts";
import { PATIENCE_MS } from "./programs.ts";
import { test } from "./real-server.ts";

describe("OMEMO", () => {
  test.beforeEach(async ({ real, skip }) => {
    if (missing !== undefined) skip(missing);
    for (const name of ["alice", "bob"]) await real.server.createUser(`${name}@localhost`, "secret");
    const rosters = real.server.host().use(rosterService);
    const pair = ["alice@localhost", "bob@localhost"].map((text) => Jid.parse(text));
    for (const [user, contact] of [pair, pair.toReversed()] as [Jid, Jid][]) {
      const item = {
        contact,
        name: "",
        groups: [],
        ask: false,
        approved: false,
        subscription: "both",
      } as const;
      await rosters.put(user, item);
    }
  });

  test("between two of them: bundles are published, fetched and used", async ({ real }) => {
    await using alice = await profanity(real, { name: "alice", policy: "force", trust: "always" });
    await using bob = await profanity(real, { name: "bob", policy: "force", trust: "always" });
    for (const one of [alice, bob]) {
      await one.types("/omemo trustmode blind");
      await one.types("/omemo gen");
      await one.shows(/materials generated\. Your Device ID is \d+/);
    }
    await alice.types("/omemo start bob@localhost");
    await alice.shows(/bob@localhost[^\n]*\[OMEMO\]/);
    // Seen once on a busy machine: what is typed before Profanity has all the bundles goes nowhere.
    await vi.waitFor(
      async () => {
        await alice.types("Grüße, and nobody else");
        await bob.shows(/chat message: alice@localhost/, PATIENCE_MS / 3);
      },
      { timeout: PATIENCE_MS },
    );
    await bob.types("/msg alice@localhost");
    await bob.shows(/Grüße, and nobody else/);
    expect(real.errors).toEqual([]);
  });
});
