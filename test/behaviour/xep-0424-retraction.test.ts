/** XEP-0424 Message Retraction, version 0.4.2, §4: tombstones in the archives of both sides. */
import { describe, expect } from "vitest";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { Table, TableSpec } from "../../src/store/store.ts";
import type { Client } from "../../src/testing/client.ts";
import { createRig } from "../../src/testing/create-rig.ts";
import { test } from "../../src/testing/rig.ts";
import { parseStanza } from "../../src/xmpp/parse-stanza.ts";
import { queryArchive } from "./archive-client.ts";

const RETRACT = "urn:xmpp:message-retract:1";
const retraction = (to: string, of: string, id = `id="r1"`, more = "") =>
  `<message to="${to}" type="chat" ${id}><retract xmlns="${RETRACT}" id="${of}"/>${more}</message>`;
const original = (to: string, id: string, more = "") =>
  `<message to="${to}" type="chat" id="${id}"><body>Oh no</body><x xmlns="urn:example"/>${more}</message>`;

/** The body of each archived message; of a tombstone what it says of the retraction. */
async function shown(client: Client): Promise<unknown[]> {
  const { results } = await queryArchive(client);
  return results.map(({ message, body }) => {
    const retracted = message.getChild("retracted", RETRACT);
    if (!retracted) return body;
    expect(message.getChildElements()).toEqual([retracted]);
    return { header: message.attrs, ...retracted.attrs };
  });
}

describe.for(["memory", "sqlite"] as const)("in %s", (store) => {
  test.override({ options: { store } });

  test("a retraction leaves of the message its header, id and time, and is archived itself", async ({
    connect,
    clock,
  }) => {
    const alice = await connect("alice/phone");
    const bob = await connect("bob/desk");
    await alice.sends(original("bob@localhost", "m1"));
    await alice.sends(original("bob@localhost", "m2"));
    const before = await queryArchive(alice);
    await clock.advance(5000);
    // From another device of the same account (§5).
    const laptop = await connect("alice/laptop");
    await laptop.sends(retraction("bob@localhost", "m1"));
    for (let n = 0; n < 3; n++) await bob.receivesAny();
    const tombstone = {
      xmlns: RETRACT,
      id: "r1",
      stamp: new Date(clock.now()).toISOString(),
      header: expect.objectContaining({
        from: "alice@localhost/phone",
        to: "bob@localhost",
        id: "m1",
        type: "chat",
      }) as unknown,
    };
    for (const client of [alice, bob]) expect(await shown(client)).toEqual([tombstone, "Oh no", null]);
    const after = await queryArchive(alice);
    expect(after.ids.slice(0, 2)).toEqual(before.ids);
    expect(after.results[0]?.stamp).toBe(before.results[0]?.stamp);
    expect(after.count).toBe("3");
  });
});

test.for([
  ["of somebody else's message (§5)", "m1"],
  ["of a message that is not there", "m3"],
] as const)("a retraction %s changes nothing", async ([, of], { connect }) => {
  const alice = await connect("alice/phone");
  const bob = await connect("bob/desk");
  await alice.sends(original("bob@localhost", "m1"));
  await bob.receivesAny();
  await bob.sends(retraction("alice@localhost", of));
  await alice.receivesAny();
  for (const client of [alice, bob]) expect(await shown(client)).toEqual(["Oh no", null]);
});

test("a retraction reaches into no other conversation", async ({ connect }) => {
  const alice = await connect("alice/phone");
  await connect("bob/desk");
  await connect("carol/desk");
  await alice.sends(original("bob@localhost", "m1"));
  await alice.sends(retraction("carol@localhost", "m1"));
  expect(await shown(alice)).toEqual(["Oh no", null]);
});

test("behind a room's address, only the same occupant retracts a private message (§5)", async ({
  connect,
  rig,
}) => {
  const alice = await connect("alice/phone");
  const inRoom = `<x xmlns="http://jabber.org/protocol/muc#user"/>`;
  const host = rig.server.host();
  const say = (nick: string, xml: string) =>
    host.route(parseStanza(xml.replace("<message ", `<message from="carol@localhost/${nick}" `)));
  await say("thief", original("alice@localhost", "m1", inRoom));
  await say("other", retraction("alice@localhost", "m1", `id="r1"`, inRoom));
  for (const _ of [1, 2]) await alice.receivesAny();
  expect(await shown(alice)).toEqual(["Oh no", null]);
  await say("thief", retraction("alice@localhost", "m1", `id="r2"`, inRoom));
  await alice.receivesAny();
  expect(await shown(alice)).toMatchObject([{ id: "r2" }, null, null]);
});

test("a retraction that has no id leaves the message: the tombstone could not name it (§4)", async ({
  connect,
}) => {
  const alice = await connect("alice/phone");
  const bob = await connect("bob/desk");
  await alice.sends(original("bob@localhost", "m1"));
  await alice.sends(retraction("bob@localhost", "m1", ""));
  for (const _ of [1, 2]) await bob.receivesAny();
  expect(await shown(bob)).toEqual(["Oh no", null]);
});

test("a tombstone stays as it is when the message is retracted again", async ({ connect }) => {
  const alice = await connect("alice/phone");
  await connect("bob/desk");
  await alice.sends(original("bob@localhost", "m1"));
  await alice.sends(retraction("bob@localhost", "m1"));
  await alice.sends(retraction("bob@localhost", "m1", `id="r2"`));
  expect(await shown(alice)).toMatchObject([{ id: "r1" }, null, null]);
});

test("a retraction cannot be taken back: those who were away would not learn of it (§5)", async ({
  connect,
}) => {
  const alice = await connect("alice/phone");
  await connect("bob/desk");
  await alice.sends(original("bob@localhost", "m1"));
  await alice.sends(retraction("bob@localhost", "m1"));
  await alice.sends(retraction("bob@localhost", "r1", `id="r2"`));
  expect((await queryArchive(alice)).results[1]?.message.getChild("retract", RETRACT)?.attrs["id"]).toBe(
    "m1",
  );
});

test("what was retracted is nowhere in the store a minute later", async ({ onTestFinished }) => {
  const store = createMemoryStore();
  const tables = new Map<string, Table<object>>();
  const open = store.table.bind(store);
  store.table = <R extends object>(spec: TableSpec<R>) => {
    const table = open(spec) as Table<R>;
    tables.set(spec.name, table as Table<object>);
    return table;
  };
  const rig = await createRig({ store });
  onTestFinished(() => rig.close());
  const alice = await rig.connect("alice/phone");
  await rig.connect("bob/desk");
  await alice.sends(original("bob@localhost", "m1"));
  await alice.sends(original("bob@localhost", "m2").replace("Oh no", "This stays"));
  await alice.sends(retraction("bob@localhost", "m1"));
  const kept = async () => {
    await rig.settle();
    const rows = await Promise.all(Array.from(tables.values(), async (table) => table.list()));
    return rows
      .flat()
      .flatMap((row) =>
        Object.values(row)
          .filter((cell) => Buffer.isBuffer(cell))
          .map(String),
      )
      .join();
  };
  expect(await kept()).toContain("Oh no");
  await rig.clock.advance(60_000);
  expect(await kept()).not.toContain("Oh no");
  expect(await kept()).toContain("This stays");
  expect(await shown(alice)).toHaveLength(3);
});
