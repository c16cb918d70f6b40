/** XEP-0313 Message Archive Management, version 1.1.3, §6.1.2: the archives of rooms. */
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect } from "vitest";
import type { Client } from "../../src/testing/client.ts";
import { createRig } from "../../src/testing/create-rig.ts";
import { test } from "../../src/testing/rig.ts";
import { ns } from "../../src/xmpp/ns.ts";
import { queryArchive } from "./archive-client.ts";
import { administers, configure, enter, forget, makeRoom, ROOM } from "./muc-client.ts";

const KEPT = { persistentroom: "1" };
const AT_ROOM = { iq: `to="${ROOM}"` };

async function say(client: Client, inner: string, id = "m1"): Promise<void> {
  await client.sends(`<message to="${ROOM}" type="groupchat" id="${id}">${inner}</message>`);
}

async function featuresOf(client: Client): Promise<string[]> {
  forget(client);
  await client.sends(`<iq type="get" id="d" to="${ROOM}"><query xmlns="${ns.DISCO_INFO}"/></iq>`);
  const query = (await client.receivesAny()).getChild("query");
  return query?.getChildren("feature").map((feature) => String(feature.attrs["var"])) ?? [];
}

test("each message is kept once, and everybody gets the id that it has", async ({ connect }) => {
  const alice = await connect("alice/phone");
  const bob = await connect("bob/desk");
  await makeRoom(alice, "first", KEPT);
  await enter(bob, "second");
  forget(alice);
  await say(bob, "<body>hello</body>");
  const [seen, own] = [await alice.receivesAny(), await bob.receivesAny()];
  const mark = seen.getChild("stanza-id", ns.STANZA_ID);
  expect(mark?.attrs["by"]).toBe(ROOM);
  expect(own.getChild("stanza-id", ns.STANZA_ID)?.attrs["id"]).toBe(mark?.attrs["id"]);
  const { ids, bodies, isComplete } = await queryArchive(alice, AT_ROOM);
  expect({ ids, bodies, isComplete }).toEqual({
    ids: [mark?.attrs["id"]],
    bodies: ["hello"],
    isComplete: true,
  });
});

test("subjects are kept; typing, whispers, what is to be kept nowhere and what is refused are not", async ({
  connect,
}) => {
  const alice = await connect("alice/phone");
  const bob = await connect("bob/desk");
  await makeRoom(alice, "first", KEPT);
  await enter(bob, "second");
  await say(alice, "<subject>s</subject>");
  await say(alice, `<composing xmlns="http://jabber.org/protocol/chatstates"/>`);
  await say(alice, `<body>no</body><no-store xmlns="urn:xmpp:hints"/>`);
  await say(bob, "<subject>refused</subject>");
  await alice.sends(`<message to="${ROOM}/second" type="chat"><body>whisper</body></message>`);
  forget(alice);
  const { results } = await queryArchive(alice, AT_ROOM);
  expect(results.map(({ message }) => message.getChildText("subject"))).toEqual(["s"]);
});

test("a whisper is in the archives of both users (§6.1.1), once, and all clients learn its id (§3.5)", async ({
  connect,
}) => {
  const alice = await connect("alice/phone");
  const bob = await connect("bob/desk");
  const tab = await connect("bob/tab");
  await makeRoom(alice, "first", KEPT);
  for (const client of [bob, tab]) await enter(client, "second");
  forget(alice, bob, tab);
  await alice.sends(`<message to="${ROOM}/second" type="chat"><body>psst</body></message>`);
  const heard = [await bob.receivesAny(), await tab.receivesAny()];
  expect(heard.map(({ attrs }) => attrs["to"])).toEqual(["bob@localhost/desk", "bob@localhost/tab"]);
  const { ids, bodies } = await queryArchive(bob, { fields: { with: `${ROOM}/first` } });
  expect(bodies).toEqual(["psst"]);
  for (const message of heard) {
    const marks = message.getChildren("stanza-id", ns.STANZA_ID);
    expect(marks.map(({ attrs }) => attrs)).toEqual([
      { xmlns: ns.STANZA_ID, by: "bob@localhost", id: ids[0] },
    ]);
  }
  expect((await queryArchive(alice)).bodies).toEqual(["psst"]);
});

test("an id that an occupant makes up in the room's name is taken out", async ({ connect }) => {
  const alice = await connect("alice/phone");
  await makeRoom(alice, "first", KEPT);
  forget(alice);
  await say(alice, `<body>b</body><stanza-id xmlns="${ns.STANZA_ID}" by="${ROOM}" id="forged"/>`);
  const marks = (await alice.receivesAny()).getChildren("stanza-id");
  expect(marks.map((mark) => mark.attrs["id"])).not.toContain("forged");
  expect(marks).toHaveLength(1);
});

test("an id in the name of somebody's account does not reach them", async ({ connect }) => {
  const alice = await connect("alice/phone");
  const bob = await connect("bob/desk");
  await makeRoom(alice, "first", KEPT);
  await enter(bob, "second");
  await say(alice, `<body>b</body><stanza-id xmlns="${ns.STANZA_ID}" by="bob@localhost" id="forged"/>`);
  const marks = (await bob.receivesAny()).getChildren("stanza-id");
  expect(marks.map((mark) => mark.attrs["by"])).toEqual([ROOM]);
});

describe("who wrote a message", () => {
  async function talk(connect: (address: string) => Promise<Client>, fields: Record<string, string>) {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first", { ...KEPT, ...fields });
    await enter(bob, "second");
    await say(bob, `<body>b</body><x xmlns="${ns.MUC_USER}"><item jid="mallory@localhost"/></x>`);
    forget(alice, bob);
    return { alice, bob };
  }
  const authors = async (client: Client, fields?: Record<string, string>) => {
    const { results } = await queryArchive(client, fields ? { ...AT_ROOM, fields } : AT_ROOM);
    return results.map(({ message }) => {
      const items = message.getChildren("x", ns.MUC_USER).flatMap((x) => x.getChildren("item"));
      return items.map((item) => item.attrs["jid"]);
    });
  };

  test("is for moderators in a semi-anonymous room", async ({ connect }) => {
    const { alice, bob } = await talk(connect, {});
    expect(await authors(alice)).toEqual([["bob@localhost/desk"]]);
    expect(await authors(bob)).toEqual([[]]);
  });

  test("is for everybody in a non-anonymous room", async ({ connect }) => {
    const { bob } = await talk(connect, { whois: "anyone" });
    expect(await authors(bob)).toEqual([["bob@localhost/desk"]]);
  });

  test("finds their messages, by person and by client (§4.1.1)", async ({ connect }) => {
    const { alice } = await talk(connect, {});
    for (const jid of ["bob@localhost", "bob@localhost/desk"])
      expect(await authors(alice, { with: jid })).toEqual([["bob@localhost/desk"]]);
    for (const jid of ["bob@localhost/phone", "mallory@localhost", "alice@localhost"])
      expect(await authors(alice, { with: jid })).toEqual([]);
  });

  test("is no way to find messages for those who may not know (§4.1.1)", async ({ connect }) => {
    const { alice, bob } = await talk(connect, {});
    expect(await authors(alice, { with: "bob@localhost" })).toHaveLength(1);
    expect(await authors(bob, { with: "bob@localhost" })).toEqual([]);
  });
});

describe("is for those who may enter", () => {
  test.for([
    ["open to all", {}, undefined],
    ["for members only", { membersonly: "1" }, "forbidden auth"],
    ["with a password", { passwordprotectedroom: "1", roomsecret: "x" }, "forbidden auth"],
    ["without an archive", { enablearchiving: "0" }, "service-unavailable cancel"],
    ["that does not stay", { persistentroom: "0" }, undefined],
  ] as const)("a room %s", async ([, fields, expected], { connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first", { ...KEPT, ...fields });
    await say(alice, "<body>b</body>");
    expect((await queryArchive(bob, AT_ROOM)).error).toBe(expected);
    await bob.sends(`<iq type="get" id="m" to="${ROOM}"><metadata xmlns="${ns.MAM}"/></iq>`);
    expect((await bob.receivesAny()).attrs["type"]).toBe(expected === undefined ? "result" : "error");
  });

  test("and not for those who are banned", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first", KEPT);
    await administers(alice, `<item affiliation="outcast" jid="bob@localhost"/>`);
    expect((await queryArchive(bob, AT_ROOM)).error).toBe("forbidden auth");
  });

  test("with a password once they are in, or members", async ({ connect }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await makeRoom(alice, "first", { ...KEPT, passwordprotectedroom: "1", roomsecret: "x" });
    await enter(bob, "second", { inside: "<password>x</password>" });
    expect((await queryArchive(bob, AT_ROOM)).error).toBeUndefined();
    await bob.sends(`<presence to="${ROOM}/second" type="unavailable"/>`);
    forget(bob);
    expect((await queryArchive(bob, AT_ROOM)).error).toBe("forbidden auth");
  });
});

test("features tell of it while there is one (§7)", async ({ connect }) => {
  const alice = await connect("alice/phone");
  await makeRoom(alice, "first", KEPT);
  expect(await featuresOf(alice)).toEqual(
    expect.arrayContaining([ns.MAM, ns.MAM_EXTENDED, ns.MAM_GROUPCHAT_FIELD, ns.RSM, ns.STANZA_ID]),
  );
  await configure(alice, { enablearchiving: "0" });
  expect(await featuresOf(alice)).not.toContain(ns.MAM);
});

describe("leaves nothing to the next room of its name", () => {
  const leave = `<presence type="unavailable" to="${ROOM}/first"/>`;
  test.for([
    [
      "that is destroyed",
      KEPT,
      {},
      `<iq type="set" id="x" to="${ROOM}"><query xmlns="${ns.MUC_OWNER}"><destroy/></query></iq>`,
    ],
    ["whose last occupant leaves", {}, {}, leave],
    ["that no longer stays, when its last occupant leaves", KEPT, { persistentroom: "0" }, leave],
  ] as const)("a room %s", async ([, made, changed, end], { connect }) => {
    const alice = await connect("alice/phone");
    await makeRoom(alice, "first", made);
    await say(alice, "<body>old</body>");
    forget(alice);
    await configure(alice, changed);
    forget(alice);
    expect((await queryArchive(alice, AT_ROOM)).bodies).toEqual(["old"]);
    await alice.sends(end);
    forget(alice);
    await makeRoom(alice, "first", KEPT);
    forget(alice);
    expect((await queryArchive(alice, AT_ROOM)).bodies).toEqual([]);
  });
});

describe("after the server was killed", () => {
  test.for([
    ["is gone with a temporary room", {}, []],
    ["is there where a temporary room came to stay", KEPT, ["old"]],
  ] as const)("%s", async ([, changed, expected]) => {
    const folder = mkdtempSync(join(tmpdir(), "jackdaw-rooms-"));
    const file = join(folder, "db.sqlite");
    try {
      const before = await createRig({ store: { sqlite: file } });
      const alice = await before.connect("alice/phone");
      await makeRoom(alice, "first");
      await say(alice, "<body>old</body>");
      forget(alice);
      await configure(alice, changed);
      const copy = join(folder, "copy.sqlite");
      for (const end of ["", "-wal"]) copyFileSync(`${file}${end}`, `${copy}${end}`);
      await before.close();

      const after = await createRig({ store: { sqlite: copy } });
      const again = await after.connect("alice/phone");
      if (changed === KEPT) await enter(again, "first");
      else await makeRoom(again, "first", KEPT);
      forget(again);
      expect((await queryArchive(again, AT_ROOM)).bodies).toEqual(expected);
      await after.close();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

test("those who come after a restart are shown what was said before it, with its ids", async () => {
  const folder = mkdtempSync(join(tmpdir(), "jackdaw-rooms-"));
  const start = () => createRig({ store: { sqlite: join(folder, "db.sqlite") } });
  try {
    const before = await start();
    const alice = await before.connect("alice/phone");
    await makeRoom(alice, "first", KEPT);
    await say(alice, "<body>one</body>", "id-one");
    await say(alice, "<subject>s</subject>");
    await say(alice, "<body>two</body>");
    forget(alice);
    const { ids, results } = await queryArchive(alice, AT_ROOM);
    await before.close();

    await using later = await start();
    const bob = await later.connect("bob/desk");
    const seen = (await enter(bob, "second")).filter((text) => text.includes("<body>"));
    expect(seen).toHaveLength(2);
    const stamp = `<delay xmlns="${ns.DELAY}" from="${ROOM}" stamp="${results[0]?.stamp}"/>`;
    expect(seen[0]).toContain(`from="${ROOM}/first" id="id-one" type="groupchat"><body>one</body>`);
    expect(seen[0]).toContain(`id="${ids[0]}"`);
    expect(seen[0]).toContain(stamp);
    expect(seen[0]).not.toContain("alice@localhost");
    expect(seen[1]).toContain(`id="${ids[2]}"`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
