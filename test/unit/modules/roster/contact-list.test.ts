import { describe, expect, test } from "vitest";
import type { ContactList, RosterTables } from "../../../../src/modules/roster/contact-list.ts";
import type { RosterItem } from "../../../../src/modules/roster/roster-item.ts";
import { openRosterTables, RosterStore } from "../../../../src/modules/roster/roster-store.ts";
import { createMemoryStore } from "../../../../src/store/memory.ts";
import { VirtualClock } from "../../../../src/testing/virtual-clock.ts";
import { Jid } from "../../../../src/xmpp/jid.ts";
import { presence } from "../../../../src/xmpp/stanza.ts";

const user = Jid.parse("alice@localhost");
const bob = Jid.parse("bob@localhost");

function item(contact: Jid | string, changes: Partial<RosterItem> = {}): RosterItem {
  return {
    contact: typeof contact === "string" ? Jid.parse(contact) : contact,
    name: "",
    groups: [],
    subscription: "none",
    ask: false,
    approved: false,
    ...changes,
  };
}

async function setUp(): Promise<{ tables: RosterTables; clock: VirtualClock; rosters: RosterStore }> {
  const store = createMemoryStore();
  const clock = new VirtualClock();
  const tables = await openRosterTables({ table: (spec) => store.table(spec) });
  return { tables, clock, rosters: new RosterStore(tables, clock) };
}

test("everything is there again when it is read anew", async () => {
  const { rosters } = await setUp();
  const list = await rosters.of(user);
  await list.put(item("x@example.org", { subscription: "to" }));
  await list.put(item(bob, { name: "Bob", groups: ["A", "B"], subscription: "from", ask: true }));
  await list.put(item("y@example.org", { approved: true }));
  await list.remove(Jid.parse("x@example.org"));
  await list.keepRequest(bob, presence({ type: "subscribe", from: bob, to: user }));
  rosters.clear();
  const again = await rosters.of(user);
  expect(again).not.toBe(list);
  expect([...again.items()]).toEqual([...list.items()]);
  expect(again.version).toBe(list.version);
  expect(again.since(0)).toEqual(list.since(0));
  expect(again.since(again.version - 1)).toEqual(list.since(list.version - 1));
  expect(again.since(again.version - 1)).toMatchObject([{ item: undefined }]);
  expect(String(again.request(bob))).toBe(String(list.request(bob)));
});

test("its views follow its changes", async () => {
  const { rosters } = await setUp();
  const list = await rosters.of(user);
  await list.put(item(bob, { subscription: "both" }));
  expect([list.subscribers, list.subscriptions]).toEqual([[bob], [bob]]);
  await list.put(item(bob, { subscription: "to" }));
  expect([list.subscribers, list.subscriptions]).toEqual([[], [bob]]);
  expect(list.isSeenBy(bob)).toBe(false);
  await list.remove(bob);
  expect([list.subscribers, list.subscriptions]).toEqual([[], []]);
});

describe("versions", () => {
  test("grow with each change, and with the clock", async () => {
    const { rosters, clock } = await setUp();
    const list = await rosters.of(user);
    await list.put(item(bob));
    const first = list.version;
    await list.put(item(bob, { name: "B" }));
    expect(list.version).toBe(first + 1);
    await clock.advance(5_000);
    await list.remove(bob);
    expect(list.version).toBe(first + 5_000);
  });

  test("removals are remembered up to a bound, and no version from before it is answered in part", async () => {
    const { rosters, tables } = await setUp();
    const list = await rosters.of(user);
    const versions: number[] = [];
    for (let n = 0; n < 101; n++) {
      await list.put(item(`c${n}@example.org`));
      await list.remove(Jid.parse(`c${n}@example.org`));
      versions.push(list.version);
    }
    for (const each of [list, await reloaded(rosters)]) {
      expect(each.since((versions[0] as number) - 1)).toBeUndefined();
      expect(each.since(versions[0] as number)).toHaveLength(100);
    }
    expect(await tables.items.count({ where: { user: user.toString() } })).toBe(100);
  });

  async function reloaded(rosters: RosterStore): Promise<ContactList> {
    rosters.clear();
    return rosters.of(user);
  }

  test("a contact that comes back is no removal any more", async () => {
    const { rosters } = await setUp();
    const list = await rosters.of(user);
    await list.put(item(bob));
    const before = list.version;
    await list.remove(bob);
    await list.put(item(bob, { name: "B" }));
    expect(list.since(before)).toEqual([
      { version: list.version, contact: bob, item: item(bob, { name: "B" }) },
    ]);
  });
});

describe("the rosters of a host", () => {
  test("there is one object while the user is there, and after lost writes a new one", async () => {
    const { rosters } = await setUp();
    await rosters.enter(user, false);
    const list = await rosters.of(user);
    for (let n = 0; n < 3000; n++) await rosters.of(Jid.parse(`u${n}@localhost`));
    expect(await rosters.of(user)).toBe(list);
    rosters.clear();
    expect(await rosters.of(user)).not.toBe(list);
  });

  test("that of an unregistered user is in no table, and outlives lost writes", async () => {
    const { rosters, tables } = await setUp();
    await rosters.enter(user, true);
    const list = await rosters.of(user);
    await list.put(item(bob));
    await list.keepRequest(bob, presence({ type: "subscribe", from: bob, to: user }));
    rosters.clear();
    expect(await rosters.of(user)).toBe(list);
    expect(await tables.items.count()).toBe(0);
    expect(await tables.requests.count()).toBe(0);
    rosters.leave(user);
    expect((await rosters.of(user)).size).toBe(1);
    rosters.forget(user);
    expect((await rosters.of(user)).size).toBe(0);
  });

  test("of a store that takes its time everybody gets the same object", async () => {
    const { tables, clock } = await setUp();
    const slow = { ...tables, items: { ...tables.items, list: () => Promise.resolve([]) } } as RosterTables;
    slow.items.put = (row) => tables.items.put(row);
    slow.requests.list = async () => [];
    const rosters = new RosterStore(slow, clock);
    const entered = rosters.enter(user, false);
    const asked = [rosters.of(user), rosters.of(user)] as const;
    await entered;
    const [one, other] = [await asked[0], await asked[1]];
    expect(one).toBe(other);
    expect(rosters.of(user)).toBe(one);
  });

  test("what was on its way when writes were lost is read again", async () => {
    const { tables, clock } = await setUp();
    let answers = 0;
    const slow = {
      ...tables,
      items: { list: async () => (answers++, []) },
    } as unknown as RosterTables;
    const rosters = new RosterStore(slow, clock);
    const early = rosters.of(user);
    rosters.clear();
    expect(await early).toBe(await rosters.of(user));
    expect(answers).toBe(2);
  });
});
