/** XEP-0441 Message Archive Management Preferences, version 0.2.0. */
import { describe, expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { test } from "../../src/testing/rig.ts";
import { Jid } from "../../src/xmpp/jid.ts";
import { queryArchive } from "./archive-client.ts";

const MAM = "urn:xmpp:mam:2";
const list = (name: string, jids: readonly string[]) =>
  `<${name}>${jids.map((jid) => `<jid>${jid}</jid>`).join("")}</${name}>`;

interface Wanted {
  readonly byDefault: string;
  readonly always?: readonly string[];
  readonly never?: readonly string[];
}

const prefs = ({ byDefault, always = [], never = [] }: Wanted) =>
  `<prefs xmlns="${MAM}" default="${byDefault}">${list("always", always)}${list("never", never)}</prefs>`;

async function prefers(client: Client, wanted: Wanted): Promise<void> {
  await client.sends(`<iq type="set" id="p">${prefs(wanted)}</iq>`);
  await client.receives(`<iq type="result" id="p">${prefs(wanted)}</iq>`);
}

/** What of a message each way is archived for alice. */
async function archived(alice: Client, other: Client): Promise<(string | null)[]> {
  await alice.sends(`<message to="${other.jid}" type="chat"><body>to</body></message>`);
  await other.receives(`<message type="chat"><body>to</body></message>`);
  await other.sends(`<message to="${alice.jid}" type="chat"><body>from</body></message>`);
  await alice.receives(`<message type="chat"><body>from</body></message>`);
  return [...(await queryArchive(alice)).bodies];
}

test("a user has the server's preferences until they have their own (§2.1)", async ({ connect }) => {
  const alice = await connect("alice");
  await alice.sends(`<iq type="get" id="g"><prefs xmlns="${MAM}"/></iq>`);
  await alice.receives(`<iq type="result" id="g">${prefs({ byDefault: "always" })}</iq>`);
  const wanted = { byDefault: "roster", always: ["romeo@montague.lit"], never: ["a@b.example/c"] };
  await prefers(alice, wanted);
  await alice.sends(`<iq type="get" id="g"><prefs xmlns="${MAM}"/></iq>`);
  await alice.receives(`<iq type="result" id="g">${prefs(wanted)}</iq>`);
});

test("what is missing is an empty list, what comes twice or in capitals is there once (§2.1.2)", async ({
  connect,
}) => {
  const alice = await connect("alice");
  await alice.sends(`<iq type="set" id="p"><prefs xmlns="${MAM}" default="never">
    ${list("always", ["Bob@localhost", "bob@localhost"])}</prefs></iq>`);
  await alice.receives(
    `<iq type="result" id="p">${prefs({ byDefault: "never", always: ["bob@localhost"] })}</iq>`,
  );
});

describe.for([
  [{ byDefault: "always" }, true],
  [{ byDefault: "never" }, false],
  [{ byDefault: "roster" }, false],
  [{ byDefault: "never", always: ["bob@localhost"] }, true],
  [{ byDefault: "never", always: ["bob@localhost/desk"] }, true],
  [{ byDefault: "never", always: ["bob@localhost/phone"] }, false],
  [{ byDefault: "never", always: ["localhost"] }, false],
  [{ byDefault: "always", never: ["bob@localhost"] }, false],
  [{ byDefault: "always", never: ["bob@localhost/desk"] }, false],
  [{ byDefault: "always", never: ["bob@localhost/phone"] }, true],
  [{ byDefault: "roster", always: ["bob@localhost"] }, true],
  [{ byDefault: "always", always: ["bob@localhost/desk"], never: ["bob@localhost"] }, true],
  [{ byDefault: "always", always: ["bob@localhost"], never: ["bob@localhost/desk"] }, false],
  [{ byDefault: "always", always: ["bob@localhost"], never: ["bob@localhost"] }, false],
] as const)("with %j", ([wanted, isArchived]) => {
  test(`a conversation with bob is ${isArchived ? "" : "not "}archived (§2.1, §2.3)`, async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await prefers(alice, wanted);
    expect(await archived(alice, bob)).toEqual(isArchived ? ["to", "from"] : []);
    expect((await queryArchive(bob)).bodies).toEqual(["to", "from"]);
  });
});

test("with the roster as default, conversations with contacts are archived (§2.1.1)", async ({ connect }) => {
  const alice = await connect("alice/phone");
  const bob = await connect("bob/desk");
  await prefers(alice, { byDefault: "roster" });
  await alice.sends(
    `<iq type="set" id="r"><query xmlns="jabber:iq:roster"><item jid="bob@localhost"/></query></iq>`,
  );
  await alice.receives(`<iq type="result" id="r"/>`);
  expect(await archived(alice, bob)).toEqual(["to", "from"]);
});

test("preferences outlive the connection, and go with the account", async ({ connect, server }) => {
  const alice = await connect("alice/phone");
  await prefers(alice, { byDefault: "never" });
  await alice.closes();
  const again = await connect("alice/phone");
  await again.sends(`<iq type="get" id="g"><prefs xmlns="${MAM}"/></iq>`);
  await again.receives(`<iq type="result" id="g">${prefs({ byDefault: "never" })}</iq>`);
  await server.host().removeUser(Jid.parse("alice@localhost"));
  const next = await connect("alice/phone");
  await next.sends(`<iq type="get" id="g"><prefs xmlns="${MAM}"/></iq>`);
  await next.receives(`<iq type="result" id="g">${prefs({ byDefault: "always" })}</iq>`);
});

describe("preferences are refused", () => {
  test.for([
    ["without a default", `<prefs xmlns="${MAM}"/>`, "bad-request"],
    ["with a default that is none", prefs({ byDefault: "sometimes" }), "bad-request"],
    ["with an address that is none", prefs({ byDefault: "always", never: ["@"] }), "jid-malformed"],
    [
      "with too many addresses",
      prefs({ byDefault: "always", never: Array.from({ length: 1001 }, (_, n) => `u${n}@example.org`) }),
      "policy-violation",
    ],
  ] as const)("%s", async ([, payload, condition], { connect }) => {
    const alice = await connect("alice");
    await alice.sends(`<iq type="set" id="p">${payload}</iq>`);
    const answer = await alice.receivesAny();
    expect(answer.getChild("error")?.getChild(condition)).toBeDefined();
  });
});

describe("the default of the server", () => {
  test.override({ options: { config: { modules: { mam: { default: "never" } } } } });

  test("is for those who have no preferences", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await prefers(alice, { byDefault: "always" });
    expect(await archived(alice, bob)).toEqual(["to", "from"]);
    expect((await queryArchive(bob)).bodies).toEqual([]);
  });
});
