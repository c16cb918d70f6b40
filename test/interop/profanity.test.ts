import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe } from "vitest";
import { missing, profanity } from "./profanity.ts";
import { test } from "./real-server.ts";

describe("Profanity", () => {
  test.beforeEach(async ({ real, skip }) => {
    if (missing !== undefined) skip(missing);
    for (const name of ["alice", "bob"]) await real.server.createUser(`${name}@localhost`, "secret");
  });

  describe("with a file", () => {
    test.override({ options: { listen: { https: 0 } } });

    test("uploads it and sends its address", async ({ real }) => {
      const authorities = join(real.directory, "authorities");
      mkdirSync(authorities);
      copyFileSync(real.caFile, join(authorities, "server.pem"));
      execFileSync("openssl", ["rehash", authorities]);
      const file = join(real.directory, "note.png");
      writeFileSync(file, "a picture");
      await using alice = await profanity(real, { name: "alice", policy: "force", trust: "always" });
      await using bob = await profanity(real, { name: "bob", policy: "legacy", trust: "allow" });
      await alice.types(`/tls certpath set ${authorities}`);
      await alice.shows(/Certificate path set to/);
      await alice.types("/msg bob@localhost look");
      await bob.shows(/<< chat message: alice@localhost/);
      await alice.types(`/sendfile ${file}`);
      await bob.types("/win 2");
      await bob.shows(/https:\/\/localhost:\d+\/upload\/[0-9a-f]{32}\/note\.png/);
    });
  });

  test("two of them become contacts and chat", async ({ real }) => {
    await using alice = await profanity(real, { name: "alice", policy: "force", trust: "always" });
    await using bob = await profanity(real, { name: "bob", policy: "legacy", trust: "allow" });

    await alice.types("/presence console all");
    await alice.shows(/All presence updates will appear in the console/i);
    await alice.types("/roster add bob@localhost");
    await alice.shows(/Roster item added: bob@localhost/);
    await alice.types("/sub request bob@localhost");
    await bob.shows(/Received authorization request from alice@localhost/);
    await bob.types("/sub allow alice@localhost");
    await alice.shows(/bob@localhost \(profanity\S*\) is online/);
    await bob.types('/status set away "out for lunch"');
    await alice.shows(/bob@localhost \(profanity\S*\) is away, "out for lunch"/);

    await alice.types("/msg bob@localhost Grüße & <Küsse>");
    await bob.shows(/<< chat message: alice@localhost/);
    await bob.types("/msg alice@localhost danke");
    await bob.shows(/alice@localhost[^\n]*: Grüße & <Küsse>/);
    await alice.shows(/bob@localhost[^\n]*: danke/);

    await bob.types("/disconnect");
    await bob.shows(/bob@localhost logged out successfully/);
    await alice.types("/win 1");
    await alice.shows(/bob@localhost \(profanity\S*\) is offline/);
  });
});
