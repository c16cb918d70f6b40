/** XEP-0359 Unique and Stable Stanza IDs, version 0.7.0, with XEP-0313 §3.5. */
import { describe, expect } from "vitest";
import { test } from "../../src/testing/rig.ts";
import { queryArchive } from "./archive-client.ts";

const SID = "urn:xmpp:sid:0";
const stanzaId = (by: string, id = "forged") => `<stanza-id xmlns="${SID}" by="${by}" id="${id}"/>`;

describe("what a user gets", () => {
  test("has the id it has in the user's archive, after what the sender gave it", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await alice.sends(
      `<message to="bob@localhost"><body>Hi</body><origin-id xmlns="${SID}" id="o1"/></message>`,
    );
    await bob.receives(`<message><body>Hi</body><origin-id xmlns="${SID}" id="o1"/>
      <stanza-id xmlns="${SID}" by="bob@localhost" id="{id}"/></message>`);
    const { results } = await queryArchive(bob);
    expect(bob.heard).toContain(`id="${results[0]?.id}"`);
    // §2.2: the archives keep what the sender called it.
    for (const client of [alice, bob]) {
      const [result] = (await queryArchive(client)).results;
      expect(result?.message.getChild("origin-id", SID)?.attrs["id"]).toBe("o1");
    }
  });

  test.for([
    ["in the name of its account, however it is spelled (§3, rules 2 and 7)", "BOB@localhost"],
    ["in the name of the account, where no id is added either", "bob@localhost"],
  ] as const)("has no id that somebody else gave it %s", async ([, by], { connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    for (const hint of ["", `<no-store xmlns="urn:xmpp:hints"/>`]) {
      await alice.sends(`<message to="bob@localhost"><body>Hi</body>${stanzaId(by)}${hint}</message>`);
      const ids = (await bob.receivesAny()).getChildren("stanza-id", SID);
      expect(ids.map((id) => id.attrs["id"])).not.toContain("forged");
      // Rule 4.
      expect(ids).toHaveLength(hint === "" ? 1 : 0);
    }
  });

  test("keeps the ids of others (§3, rule 3)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    const foreign = `${stanzaId("room@muc.example", "r1")}${stanzaId("not an address@@", "r2")}`;
    await alice.sends(
      `<message to="bob@localhost"><body>Hi</body>${foreign}${stanzaId("bob@localhost")}</message>`,
    );
    await bob.receives(`<message><body>Hi</body>${foreign}
      <stanza-id xmlns="${SID}" by="bob@localhost" id="{own}"/></message>`);
  });
});

test("nobody else learns the id in the sender's archive, nor one forged in the sender's name (XEP-0313 §3.5)", async ({
  connect,
}) => {
  const alice = await connect("alice/phone");
  const bob = await connect("bob/desk");
  await alice.sends(`<message to="bob@localhost"><body>Hi</body>${stanzaId("alice@localhost")}</message>`);
  const ids = (await bob.receivesAny()).getChildren("stanza-id", SID);
  expect(ids.map(({ attrs }) => String(attrs["by"]))).toEqual(["bob@localhost"]);
  const [sent] = (await queryArchive(alice)).results;
  expect(sent?.message.getChild("stanza-id", SID)).toBeUndefined();
});

test("the domain and its accounts announce it (§5)", async ({ connect }) => {
  const alice = await connect("alice/phone");
  for (const to of ["localhost", "alice@localhost"]) {
    await alice.sends(
      `<iq type="get" id="d" to="${to}"><query xmlns="http://jabber.org/protocol/disco#info"/></iq>`,
    );
    const features = (await alice.receivesAny()).getChild("query")?.getChildren("feature") ?? [];
    expect(features.map(({ attrs }) => String(attrs["var"]))).toContain(SID);
  }
});
