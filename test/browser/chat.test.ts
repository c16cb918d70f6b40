import { describe } from "vitest";
import { Conversation } from "./converse.ts";
import { test } from "./site.ts";

test.override({ siteOptions: { users: ["alice", "bob"] } });

describe("Converse on the chat page", () => {
  test("logs in, and lets two people write to each other", async ({ newPage, site }) => {
    await site.mutualRoster("alice", "bob");
    const alice = await Conversation.open(await newPage(), site, "alice");
    const bob = await Conversation.open(await newPage({ colorScheme: "dark" }), site, "bob");
    await alice.opensChatWith("bob");
    await alice.says("do you hear me?");
    await bob.opensChatWith("alice");
    await bob.hears("do you hear me?");
    await bob.says("loud and clear");
    await alice.hears("loud and clear");
  });
});
