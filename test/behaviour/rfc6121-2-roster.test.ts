/** RFC 6121 §2: the roster. */
import { describe, expect } from "vitest";
import type { PipeClient } from "../../src/testing/create-rig.ts";
import { test } from "../../src/testing/rig.ts";
import { Jid } from "../../src/xmpp/jid.ts";

const ROSTER = "jabber:iq:roster";

async function asks(client: PipeClient, version?: string): Promise<void> {
  const ver = version === undefined ? "" : ` ver="${version}"`;
  await client.sends(`<iq type="get" id="get"><query xmlns="${ROSTER}"${ver}/></iq>`);
}

async function sets(client: PipeClient, items: string): Promise<void> {
  await client.sends(`<iq type="set" id="set"><query xmlns="${ROSTER}">${items}</query></iq>`);
}

/** Takes the push of these items and gives back its version. */
async function pushed(client: PipeClient, item: string): Promise<string> {
  const push = await client.receives(
    `<iq type="set" from="{none}" to="${client.jid}"><query xmlns="${ROSTER}" ver="{any}">${item}</query></iq>`,
  );
  return push.getChild("query")?.attrs.ver as string;
}

async function getsRoster(client: PipeClient, items: string): Promise<string> {
  const result = await client.receives(
    `<iq type="result" id="get"><query xmlns="${ROSTER}" ver="{any}">${items}</query></iq>`,
  );
  return result.getChild("query")?.attrs.ver as string;
}

async function fails(client: PipeClient, type: string, condition: string): Promise<void> {
  await client.receives(
    `<iq type="error" id="set">{...}<error type="${type}"><${condition} xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>`,
  );
}

/** A client that knows its roster, which is empty. */
async function interested(connect: (address: string) => Promise<PipeClient>, address: string) {
  const client = await connect(address);
  await asks(client);
  await getsRoster(client, "");
  return client;
}

const DONE = `<iq type="result" id="set"/>`;

describe("retrieving (§2.1.3, §2.2)", () => {
  test("an empty roster is a query without items (§2.1.4)", async ({ connect }) => {
    await interested(connect, "alice/phone");
  });

  test("a get with items in it is refused (§2.1.3)", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await alice.sends(`<iq type="get" id="set"><query xmlns="${ROSTER}"><item jid="a@b"/></query></iq>`);
    await fails(alice, "modify", "bad-request");
  });

  test("what extends a get or set is ignored, such as the wish of MIX clients (RFC 6120 §8.4, XEP-0405)", async ({
    connect,
  }) => {
    const alice = await connect("alice/phone");
    const annotate = '<annotate xmlns="urn:xmpp:mix:roster:0"/>';
    await alice.sends(`<iq type="get" id="get"><query xmlns="${ROSTER}">${annotate}</query></iq>`);
    await alice.receives(`<iq type="result" id="get"><query xmlns="${ROSTER}" ver="{any}"/></iq>`);
    await alice.sends(
      `<iq type="set" id="set"><query xmlns="${ROSTER}">${annotate}<item jid="bob@localhost"/></query></iq>`,
    );
    await alice.receives(
      `<iq type="set" id="{any}"><query xmlns="${ROSTER}" ver="{any}"><item jid="bob@localhost" subscription="none"/></query></iq>`,
    );
    await alice.receives(`<iq type="result" id="set"/>`);
  });

  test("nobody reads somebody else's roster, nor learns who has one", async ({ connect, user }) => {
    await user("bob");
    const alice = await connect("alice/phone");
    for (const name of ["bob", "nobody"]) {
      await alice.sends(`<iq type="get" id="set" to="${name}@localhost"><query xmlns="${ROSTER}"/></iq>`);
      await fails(alice, "auth", "forbidden");
    }
  });

  test("the own bare JID is the same as no address", async ({ connect }) => {
    const alice = await connect("alice/phone");
    await alice.sends(`<iq type="get" id="get" to="alice@localhost"><query xmlns="${ROSTER}"/></iq>`);
    await getsRoster(alice, "");
  });
});

describe("adding and changing (§2.3, §2.4)", () => {
  test("an item is pushed to all interested resources, and only then acknowledged", async ({ connect }) => {
    const phone = await interested(connect, "alice/phone");
    const laptop = await interested(connect, "alice/laptop");
    const watch = await connect("alice/watch");
    phone.forget(() => true);
    laptop.forget(() => true);

    await sets(phone, `<item jid="nurse@example.com" name="Nurse"><group>Servants</group></item>`);
    const item = `<item jid="nurse@example.com" name="Nurse" subscription="none"><group>Servants</group></item>`;
    const version = await pushed(phone, item);
    await phone.receives(DONE);
    expect(await pushed(laptop, item)).toBe(version);
    await watch.receivesNothing();

    await asks(watch);
    expect(await getsRoster(watch, item)).toBe(version);
  });

  test("an update replaces name and groups as a whole (§2.4.1)", async ({ connect }) => {
    const alice = await interested(connect, "alice/phone");
    await sets(
      alice,
      `<item jid="romeo@example.net" name="Romeo"><group>Friends</group><group>Lovers</group></item>`,
    );
    await pushed(
      alice,
      `<item jid="romeo@example.net" name="Romeo" subscription="none"><group>Friends</group><group>Lovers</group></item>`,
    );
    await alice.receives(DONE);
    await sets(alice, `<item jid="romeo@example.net" name=""/>`);
    await pushed(alice, `<item jid="romeo@example.net" subscription="none"/>`);
    await alice.receives(DONE);
  });

  test("what only the server may say is ignored (§2.1.2)", async ({ connect }) => {
    const alice = await interested(connect, "alice/phone");
    await sets(alice, `<item jid="romeo@example.net" subscription="both" ask="subscribe" approved="true"/>`);
    await pushed(alice, `<item jid="romeo@example.net" subscription="none"/>`);
  });

  test("an address is kept as it is prepared", async ({ connect }) => {
    const alice = await interested(connect, "alice/phone");
    await sets(alice, `<item jid="ROMEO@Example.Net"/>`);
    await pushed(alice, `<item jid="romeo@example.net" subscription="none"/>`);
  });
});

describe("what is refused (§2.1.5, §2.3.3)", () => {
  test.for([
    ["no item", "", "modify", "bad-request"],
    ["two items", `<item jid="a@example.org"/><item jid="b@example.org"/>`, "modify", "bad-request"],
    ["something else", `<thing jid="a@example.org"/>`, "modify", "bad-request"],
    ["no address", `<item name="A"/>`, "modify", "bad-request"],
    ["a full JID", `<item jid="a@example.org/x"/>`, "modify", "bad-request"],
    ["no JID at all", `<item jid="@example.org"/>`, "modify", "jid-malformed"],
    ["oneself", `<item jid="alice@localhost"/>`, "cancel", "not-allowed"],
    [
      "a group twice",
      `<item jid="a@example.org"><group>A</group><group>A</group></item>`,
      "modify",
      "bad-request",
    ],
    [
      "a group twice, once composed and once not",
      `<item jid="a@example.org"><group>\u00e9</group><group>e\u0301</group></item>`,
      "modify",
      "bad-request",
    ],
    ["an empty group", `<item jid="a@example.org"><group/></item>`, "modify", "not-acceptable"],
    [
      "a group's name that is too long",
      `<item jid="a@example.org"><group>${"g".repeat(1024)}</group></item>`,
      "modify",
      "not-acceptable",
    ],
    [
      "a name that is too long",
      `<item jid="a@example.org" name="${"n".repeat(1024)}"/>`,
      "modify",
      "not-acceptable",
    ],
    [
      "too many groups",
      `<item jid="a@example.org">${Array.from({ length: 51 }, (_, n) => `<group>${n}</group>`).join("")}</item>`,
      "modify",
      "not-acceptable",
    ],
    [
      "the removal of what is not there",
      `<item jid="a@example.org" subscription="remove"/>`,
      "modify",
      "item-not-found",
    ],
  ] as const)("%s", async ([, items, type, condition], { connect }) => {
    const alice = await interested(connect, "alice/phone");
    await sets(alice, items);
    await fails(alice, type, condition);
    await asks(alice);
    await getsRoster(alice, "");
  });

  test("somebody else's roster", async ({ connect, user }) => {
    await user("bob");
    const alice = await connect("alice/phone");
    await alice.sends(
      `<iq type="set" id="set" to="bob@localhost"><query xmlns="${ROSTER}"><item jid="a@example.org"/></query></iq>`,
    );
    await fails(alice, "auth", "forbidden");
    const bob = await connect("bob/desk");
    await asks(bob);
    await getsRoster(bob, "");
  });
});

describe("limits", () => {
  test.override({ options: { config: { modules: { roster: { items: 2 } } } } });

  test("a full roster takes changes, but no new contact", async ({ connect }) => {
    const alice = await interested(connect, "alice/phone");
    for (const name of ["a", "b"]) {
      await sets(alice, `<item jid="${name}@example.org"/>`);
      await alice.receivesAny();
      await alice.receives(DONE);
    }
    await sets(alice, `<item jid="c@example.org"/>`);
    await fails(alice, "wait", "resource-constraint");
    await sets(alice, `<item jid="a@example.org" name="A"/>`);
    await pushed(alice, `<item jid="a@example.org" name="A" subscription="none"/>`);
    await alice.receives(DONE);
    await alice.sends(`<presence type="subscribe" to="c@example.org"/>`);
    await alice.receives(
      `<presence type="error"><error type="wait"><resource-constraint xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></presence>`,
    );
  });
});

describe("removing (§2.5)", () => {
  test("is pushed as such", async ({ connect }) => {
    const alice = await interested(connect, "alice/phone");
    await sets(alice, `<item jid="a@example.org"/>`);
    const added = await pushed(alice, `<item jid="a@example.org" subscription="none"/>`);
    await alice.receives(DONE);
    await sets(alice, `<item jid="a@example.org" subscription="remove"/>`);
    const removed = await pushed(alice, `<item jid="a@example.org" subscription="remove"/>`);
    await alice.receives(DONE);
    expect(Number(removed)).toBeGreaterThan(Number(added));
    await asks(alice);
    await getsRoster(alice, "");
  });
});

describe("versioning (§2.6)", () => {
  test("is offered after authentication, and not before", async ({ raw, authenticated }) => {
    const early = raw();
    await early.opens();
    await early.receivesAny();
    expect(early.heard).not.toContain("urn:xmpp:features:rosterver");
    expect((await authenticated("alice")).heard).toContain(`<ver xmlns="urn:xmpp:features:rosterver"/>`);
  });

  /** Alice has a, b and c; gives back her client's versions with a, with b and with c. */
  async function withThree(alice: PipeClient): Promise<string[]> {
    const versions: string[] = [];
    for (const name of ["a", "b", "c"]) {
      await sets(alice, `<item jid="${name}@example.org"/>`);
      versions.push(await pushed(alice, `<item jid="${name}@example.org" subscription="none"/>`));
      await alice.receives(DONE);
    }
    return versions;
  }

  test("whoever is up to date gets an empty result and what comes after it", async ({ connect }) => {
    const alice = await interested(connect, "alice/phone");
    const [, , newest] = await withThree(alice);
    const laptop = await connect("alice/laptop");
    await asks(laptop, newest);
    await laptop.receives(`<iq type="result" id="get"/>`);
    await laptop.receivesNothing();
    await sets(laptop, `<item jid="a@example.org" name="A"/>`);
    await pushed(laptop, `<item jid="a@example.org" name="A" subscription="none"/>`);
  });

  test("a version of before gets each change since, removals too, in their order", async ({ connect }) => {
    const alice = await interested(connect, "alice/phone");
    const [, second] = await withThree(alice);
    await sets(alice, `<item jid="a@example.org" subscription="remove"/>`);
    const laptop = await connect("alice/laptop");
    await asks(laptop, second);
    await laptop.receives(`<iq type="result" id="get"/>`);
    const versions = [
      await pushed(laptop, `<item jid="c@example.org" subscription="none"/>`),
      await pushed(laptop, `<item jid="a@example.org" subscription="remove"/>`),
    ];
    expect(new Set(versions).size).toBe(2);
    await asks(laptop, versions[1]);
    await laptop.receives(`<iq type="result" id="get"/>`);
    await laptop.receivesNothing();
  });

  test.for(["", "0", "nonsense", "9999999999999999", "-1"])(
    "the version %j gets the whole roster",
    async (version, { connect }) => {
      const alice = await interested(connect, "alice/phone");
      await withThree(alice);
      await asks(alice, version);
      await getsRoster(
        alice,
        ["a", "b", "c"].map((name) => `<item jid="${name}@example.org" subscription="none"/>`).join(""),
      );
    },
  );

  test("more changes than items are sent as the whole roster", async ({ connect }) => {
    const alice = await interested(connect, "alice/phone");
    const [first] = await withThree(alice);
    for (const name of ["a", "b"])
      await sets(alice, `<item jid="${name}@example.org" subscription="remove"/>`);
    const laptop = await connect("alice/laptop");
    await asks(laptop, first);
    await getsRoster(laptop, `<item jid="c@example.org" subscription="none"/>`);
  });

  test("a version from before the account was made anew is not taken for a new one", async ({
    connect,
    server,
    clock,
  }) => {
    const alice = await interested(connect, "alice/phone");
    const [first] = await withThree(alice);
    await server.removeUser(Jid.parse("alice@localhost"));
    await clock.advance(1000);
    const again = await interested(connect, "alice/tablet");
    for (const name of ["x", "y"]) await sets(again, `<item jid="${name}@example.org"/>`);
    again.forget(() => true);
    await asks(again, first);
    await getsRoster(
      again,
      `<item jid="x@example.org" subscription="none"/><item jid="y@example.org" subscription="none"/>`,
    );
  });
});
