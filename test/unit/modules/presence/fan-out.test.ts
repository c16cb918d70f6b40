/** What one broadcast costs: no promise, nothing read, and one payload for all. */
import { expect } from "vitest";
import type { DomainHost } from "../../../../src/core/domain-host.ts";
import { presence } from "../../../../src/modules/presence/presence.ts";
import { roster, rosterService } from "../../../../src/modules/roster/roster.ts";
import { createMemoryStore } from "../../../../src/store/memory.ts";
import type { Store } from "../../../../src/store/store.ts";
import { test } from "../../../../src/testing/rig.ts";
import { el } from "../../../../src/xml/element.ts";
import { Jid } from "../../../../src/xmpp/jid.ts";
import { presence as presenceStanza, type Stanza } from "../../../../src/xmpp/stanza.ts";

const CONTACTS = 100;

/** A store that counts what is read of the rosters. */
function counting(store: Store): { store: Store; reads: () => number } {
  let reads = 0;
  const counted = new Set(["roster", "subscription_requests", "roster_floors"]);
  const open = store.table.bind(store);
  store.table = async (spec) => {
    const table = await open(spec);
    if (!counted.has(spec.name)) return table;
    const { get, list } = table;
    table.get = (key) => {
      reads++;
      return get.call(table, key);
    };
    table.list = (range) => {
      reads++;
      return list.call(table, range);
    };
    return table;
  };
  return { store, reads: () => reads };
}

const memory = counting(createMemoryStore());

test.override({ options: { modules: [roster, presence], store: memory.store } });

test("a broadcast is done when it returns, and reads no roster", async ({ rig, server, connect }) => {
  const alice = Jid.parse("alice@localhost");
  const rosters = server.host().use(rosterService);
  const contacts = Array.from({ length: CONTACTS }, (_, n) => Jid.parse(`c${n}@localhost`));
  for (const contact of contacts) {
    await rosters.put(alice, {
      contact,
      name: "",
      groups: [],
      subscription: "both",
      ask: false,
      approved: false,
    });
  }
  await connect("alice/phone");
  const host = server.host() as DomainHost;
  const [session] = host.sessions.of(alice);
  if (!session) throw new Error("no session");
  const seen: Stanza[] = [];
  host.hook("presence:received", "guard", ({ stanza }) => void seen.push(stanza));

  const before = memory.reads();
  const stanza = presenceStanza({ from: session.jid }, el("show", {}, "away"));
  expect(host.fromClient(session, stanza)).toBeUndefined();

  expect(seen.map(({ to }) => to)).toEqual(contacts);
  expect(seen.every(({ payload }) => payload === stanza.payload)).toBe(true);
  expect(memory.reads()).toBe(before);
  await rig.settle();
});
