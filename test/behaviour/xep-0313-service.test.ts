/** XEP-0313 §3.3: archives of other addresses than accounts, such as rooms, which whoever has them fills and guards. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { archiveService } from "../../src/modules/mam/archive-service.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { createRig } from "../../src/testing/create-rig.ts";
import { readXml } from "../../src/testing/read-xml.ts";
import { test } from "../../src/testing/rig.ts";
import { el } from "../../src/xml/element.ts";
import { Jid } from "../../src/xmpp/jid.ts";
import { message, type Stanza } from "../../src/xmpp/stanza.ts";
import { queryArchive } from "./archive-client.ts";
import { BIND2, loggedIn, plain } from "./sasl2-client.ts";

const ROOM = Jid.parse("coven@muc.localhost");
const WITCH = Jid.parse("coven@muc.localhost/witch");
const HAG = Jid.parse("hag@example.org/pda");
const HOUR = 3_600_000;

function spell(body: string): Stanza {
  return message({ from: WITCH, type: "groupchat", id: `id-${body}` }, el("body", {}, body));
}

function bodyAndAuthor(result: Stanza): unknown {
  const shown = result
    .child("result", "urn:xmpp:mam:2")
    ?.getChild("forwarded", "urn:xmpp:forward:0")
    ?.getChild("message", "jabber:client");
  return [shown?.getChildText("body"), shown?.getChildText("by", "urn:x")];
}

describe.for(["memory", "sqlite"] as const)("the archive of a room in %s", (store) => {
  test.override({ options: { store } });

  test("is filled, asked and moderated by whoever has the room", async ({ server }) => {
    const archive = server.host().use(archiveService);
    const ids: string[] = [];
    for (const body of ["1", "2", "3"]) ids.push(await archive.add(ROOM, WITCH, spell(body)));
    const retracted = el("retracted", { xmlns: "urn:xmpp:message-retract:1" });
    expect(await archive.replace(ROOM, ids[1] as string, [retracted])).toBe(true);
    expect(await archive.replace(WITCH.bare, "A".repeat(22), [retracted])).toBe(false);
    expect(await archive.replace(HAG.bare, ids[0] as string, [retracted])).toBe(false);

    const sent: Stanza[] = [];
    const payload = readXml(`<query xmlns="urn:xmpp:mam:2"/>`);
    const fin = await archive.query(
      ROOM,
      { from: HAG, payload, session: undefined },
      (result) => void sent.push(result),
    );
    expect(fin.attrs["complete"]).toBe("true");
    expect(sent.map(({ from, to }) => [from?.toString(), to?.toString()])).toEqual(
      Array.from({ length: 3 }, () => [ROOM.toString(), HAG.toString()]),
    );
    // A tree is there for those who want one.
    const results = sent.map((stanza) => stanza.child("result", "urn:xmpp:mam:2"));
    expect(results.map((result) => String(result?.attrs["id"]))).toEqual(ids);
    const inner = results.map((result) =>
      result?.getChild("forwarded", "urn:xmpp:forward:0")?.getChild("message", "jabber:client"),
    );
    expect(inner.map((each) => each?.getChildText("body"))).toEqual(["1", null, "3"]);
    expect(inner[1]?.attrs).toMatchObject({ from: WITCH.toString(), type: "groupchat", id: "id-2" });
    expect(inner[1]?.getChildElements().map((child) => child.getName())).toEqual(["retracted"]);

    const metadata = await archive.metadata(ROOM);
    expect(metadata.getChild("start")?.attrs["id"]).toBe(ids[0]);
    expect(metadata.getChild("end")?.attrs["id"]).toBe(ids[2]);
    expect(archive.form().getChild("x")?.attrs["type"]).toBe("form");
  });

  test("gives its owner single messages, by id and from the last one back", async ({ server }) => {
    const archive = server.host().use(archiveService);
    const ids: string[] = [];
    for (const body of ["1", "2", "3"]) ids.push(await archive.add(ROOM, HAG, spell(body)));
    const found = await archive.find(ROOM, ids[1] as string);
    expect([
      found?.id,
      found?.message.text("body"),
      String(found?.message.from),
      String(found?.peer),
    ]).toEqual([ids[1], "2", WITCH.toString(), HAG.bare.toString()]);
    expect(await archive.find(HAG.bare, ids[1] as string)).toBeUndefined();
    expect(await archive.find(ROOM, "nonsense")).toBeUndefined();
    const latest: unknown[] = [];
    for await (const { id, at, message: each } of archive.latest(ROOM)) {
      latest.push([id, each.text("body")]);
      expect(at).toBe(found?.at);
      if (latest.length === 2) break;
    }
    expect(latest).toEqual([
      [ids[2], "3"],
      [ids[1], "2"],
    ]);
  });

  test("shows who wrote what, and finds it by them, to those alone who may know", async ({ server }) => {
    const archive = server.host().use(archiveService);
    await archive.add(ROOM, HAG, spell("1"));
    await archive.add(ROOM, Jid.parse("crone@localhost/x"), spell("2"));
    const asked = async (peer: string, seesPeers: boolean) => {
      const shown: unknown[] = [];
      const payload = readXml(
        `<query xmlns="urn:xmpp:mam:2"><x xmlns="jabber:x:data" type="submit"><field var="FORM_TYPE"><value>urn:xmpp:mam:2</value></field>
        <field var="with"><value>${peer}</value></field></x></query>`,
      );
      const view = {
        seesPeers,
        show: (each: Stanza, author: Jid) => each.append(el("by", { xmlns: "urn:x" }, author.toString())),
      };
      const request = { from: HAG, payload, session: undefined };
      await archive.query(ROOM, request, (result) => void shown.push(bodyAndAuthor(result)), view);
      return shown;
    };
    const [one, two] = [
      ["1", "hag@example.org"],
      ["2", "crone@localhost"],
    ];
    expect(await asked("crone@localhost", true)).toEqual([two]);
    expect(await asked("crone@localhost", false)).toEqual([]);
    for (const seesPeers of [true, false]) {
      expect(await asked(WITCH.toString(), seesPeers)).toEqual([one, two]);
      expect(await asked(`${ROOM.toString()}/nobody`, seesPeers)).toEqual([]);
      expect(await asked(ROOM.toString(), seesPeers)).toEqual([one, two]);
    }
  });

  test("keeps what its owner lets it keep, whatever accounts may keep", async ({ server, clock }) => {
    const archive = server.host().use(archiveService);
    for (const body of ["1", "2", "3"]) await archive.add(ROOM, WITCH, spell(body));
    await clock.advance(HOUR);
    const all = { messages: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY, since: 0 };
    expect(await archive.trim(ROOM, { ...all, messages: 2 })).toBe(1);
    await archive.remove(ROOM);
    expect((await archive.metadata(ROOM)).children).toEqual([]);
  });
});

describe("for accounts that keep two messages", () => {
  test.override({ options: { config: { modules: { mam: { messages: 2 } } } } });

  test("a room keeps three, and an account that gets a thousand does not wait for the hour", async ({
    server,
    connect,
    clock,
  }) => {
    const archive = server.host().use(archiveService);
    for (let n = 0; n < 1000; n++) await archive.add(ROOM, WITCH, spell("x"));
    for (let n = 0; n < 1000; n++) await archive.add(Jid.parse("alice@localhost"), WITCH, spell(String(n)));
    const alice = await connect("alice");
    expect((await queryArchive(alice)).bodies).toEqual(["998", "999"]);
    await clock.advance(HOUR);
    const payload = readXml(
      `<query xmlns="urn:xmpp:mam:2"><set xmlns="http://jabber.org/protocol/rsm"><max>0</max></set></query>`,
    );
    const fin = await archive.query(ROOM, { from: HAG, payload, session: undefined }, () => undefined);
    expect(fin.getChild("set")?.getChildText("count")).toBe("1000");
  });
});

test("what was sent has an id for its sender's other devices (§3.5)", async ({ rig }) => {
  const alice = await rig.connect("alice/phone");
  await rig.connect("alice/laptop");
  await rig.connect("bob/desk");
  const archive = rig.server.host().use(archiveService);
  const marks: unknown[] = [];
  rig.server.host().hook("message:sent", "copy", ({ stanza }) => {
    marks.push(archive.withSentId(stanza).child("stanza-id", "urn:xmpp:sid:0")?.attrs);
  });
  await alice.sends(`<message to="bob@localhost"><body>Hi</body></message>`);
  await alice.sends(
    `<message to="bob@localhost"><composing xmlns="http://jabber.org/protocol/chatstates"/></message>`,
  );
  const { ids } = await queryArchive(alice);
  expect(marks).toEqual([{ xmlns: "urn:xmpp:sid:0", by: "alice@localhost", id: ids[0] }, undefined]);
});

test("a client that binds along with its login is told at once how far its archive reaches (XEP-0386 §4.2)", async ({
  rig,
}) => {
  const alice = await rig.connect("alice/phone");
  await rig.user("bob");
  for (const body of ["1", "2"])
    await alice.sends(`<message to="bob@localhost"><body>${body}</body></message>`);
  const { ids } = await queryArchive(alice);
  const laptop = rig.raw();
  await laptop.opens();
  await laptop.receivesAny();
  await laptop.sends(plain("alice", "secret of alice", `<bind xmlns="${BIND2}"/>`));
  const metadata = (await loggedIn(laptop)).getChild("bound", BIND2)?.getChild("metadata", "urn:xmpp:mam:2");
  expect([metadata?.getChild("start")?.attrs["id"], metadata?.getChild("end")?.attrs["id"]]).toEqual(ids);
});

test("another server on the same store shows the same messages under the same ids, and what users prefer", async ({
  onTestFinished,
}) => {
  const folder = mkdtempSync(join(tmpdir(), "jackdaw-archive-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const prefs = (content: string) => `<prefs xmlns="urn:xmpp:mam:2" default="never">${content}</prefs>`;
  const seen: unknown[] = [];
  for (const isFirst of [true, false]) {
    const rig = await createRig({ store: { sqlite: join(folder, "db.sqlite") } });
    const alice = await rig.connect("alice/phone");
    await rig.user("bob");
    if (isFirst) {
      await alice.sends(`<message to="bob@localhost"><body>Hi</body></message>`);
      await alice.sends(`<iq type="set" id="p">${prefs("")}</iq>`);
      await alice.receives(`<iq type="result" id="p">${prefs("<always/><never/>")}</iq>`);
    }
    await alice.sends(`<message to="bob@localhost"><body>Not to be kept</body></message>`);
    seen.push((await queryArchive(alice)).results.map(({ id, stamp, body }) => ({ id, stamp, body })));
    await rig.close();
  }
  expect(seen[0]).toMatchObject([{ body: "Hi" }]);
  expect(seen[1]).toEqual(seen[0]);
});

test("what was lost with its turn is not counted", async ({ onTestFinished }) => {
  const store = createMemoryStore();
  const rig = await createRig({ store });
  onTestFinished(() => rig.close());
  const alice = await rig.connect("alice/phone");
  await rig.user("bob");
  const host = rig.server.host();
  const archive = host.use(archiveService);
  const owner = Jid.parse("alice@localhost");
  await archive.add(owner, HAG, spell("kept"));
  await rig.settle();
  for (let n = 0; n < 3; n++) void archive.add(owner, HAG, spell("lost"));
  void store.rollback();
  await host.emit("store:lost", {});
  await archive.add(owner, HAG, spell("next"));
  const { bodies, count } = await queryArchive(alice, { rsm: "<max>9</max><before/>" });
  expect([bodies, count]).toEqual([["kept", "next"], "2"]);
  expect((await queryArchive(alice, { rsm: "<max>0</max>" })).count).toBe("2");
});

test("clients that ask the domain alone learn of archives, and that its own is for nobody (§7, §8.1)", async ({
  connect,
}) => {
  const alice = await connect("alice");
  await alice.sends(
    `<iq type="get" id="d" to="localhost"><query xmlns="http://jabber.org/protocol/disco#info"/></iq>`,
  );
  const features = (await alice.receivesAny()).getChild("query")?.getChildren("feature") ?? [];
  expect(features.map(({ attrs }) => String(attrs["var"]))).toEqual(
    expect.arrayContaining(["urn:xmpp:mam:2", "urn:xmpp:mam:2#extended"]),
  );
  expect((await queryArchive(alice, { iq: `to="localhost"` })).error).toBe("forbidden auth");
});

describe("whoever asks for a room's archive too often", () => {
  test.override({ options: { config: { modules: { mam: { queriesPerMinute: 2 } } } } });

  test("has to wait, whatever the resource, and is counted", async ({ server, clock }) => {
    const archive = server.host().use(archiveService);
    const payload = readXml(`<query xmlns="urn:xmpp:mam:2"/>`);
    const ask = (from: string) =>
      archive.query(ROOM, { from: Jid.parse(from), payload, session: undefined }, () => undefined);
    await ask("hag@example.org/1");
    await ask("hag@example.org/2");
    await expect(ask("hag@example.org/3")).rejects.toMatchObject({
      condition: "policy-violation",
      type: "wait",
    });
    expect(server.metrics.snapshot()["jackdaw_archive_refused"]).toBe(1);
    await ask("crone@example.org/1");
    await clock.advance(60_000);
    await ask("hag@example.org/3");
  });
});
