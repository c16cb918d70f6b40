/** What publishing costs: the same at a node with many items as at one with few, and one payload for all who hear of it. */
import { expect, test } from "vitest";
import type { Host } from "../../../../src/core/host.ts";
import { Engine } from "../../../../src/modules/pubsub/engine.ts";
import { type NodeTables, openNodeTables } from "../../../../src/modules/pubsub/node-tables.ts";
import { createMemoryStore } from "../../../../src/store/memory.ts";
import type { Table, TableSpec } from "../../../../src/store/store.ts";
import { readXml } from "../../../../src/testing/read-xml.ts";
import { isPromise } from "../../../../src/util/awaitable.ts";
import { createMetrics } from "../../../../src/util/metrics.ts";
import { systemRandom } from "../../../../src/util/random.ts";
import { Jid } from "../../../../src/xmpp/jid.ts";
import { iq, type Stanza } from "../../../../src/xmpp/stanza.ts";
import { PUBSUB, publication } from "../../../behaviour/pubsub-client.ts";
import { NaiveService } from "./naive-service.ts";
import { profileFor } from "./profile.ts";

const SERVICE = Jid.parse("pubsub.localhost");
const OWNER = Jid.parse("owner@localhost/r");
const CONTACTS = Array.from({ length: 100 }, (_, index) => Jid.parse(`c${index}@localhost/r`));

/** A table that notes each call and how many rows it gave. */
function watched<R extends object>(name: string, table: Table<R>, calls: string[]): Table<R> {
  return {
    get: (key) => (calls.push(`${name} get`), table.get(key)),
    put: (row) => (calls.push(`${name} put`), table.put(row)),
    delete: (where) => (calls.push(`${name} delete`), table.delete(where)),
    count: (range) => (calls.push(`${name} count`), table.count(range)),
    list(range) {
      const rows = table.list(range) as R[];
      calls.push(`${name} list ${rows.length}`);
      return rows;
    },
  };
}

async function open() {
  const store = createMemoryStore();
  const calls: string[] = [];
  const sent: Stanza[] = [];
  const tables = await openNodeTables({ table: <R extends object>(spec: TableSpec<R>) => store.table(spec) });
  const counted = Object.fromEntries(
    Object.entries(tables).map(([name, table]) => [name, watched(name, table as Table<object>, calls)]),
  ) as unknown as NodeTables;
  const host: Partial<Host> = {
    route: (stanza) => void sent.push(stanza),
    hook: () => {},
    emit: () => undefined,
    random: systemRandom,
    metrics: createMetrics(),
    clock: { now: () => 0 } as Host["clock"],
  };
  const profile = {
    ...profileFor(new NaiveService(true)),
    audience: () => ({ recipients: CONTACTS, strangers: [], decides: () => false }),
  };
  const engine = new Engine(host as Host, counted, profile);
  const asks = (type: "get" | "set", xml: string) => {
    calls.length = 0;
    sent.length = 0;
    const payload = readXml(xml);
    const stanza = iq({ type, id: "q", from: OWNER, to: SERVICE }, payload);
    return engine.handle({ from: OWNER, to: SERVICE, stanza, payload });
  };
  const publishes = (id: string, options?: Record<string, string>) =>
    asks("set", publication("n", id, id, options));
  return { calls, sent, asks, publishes };
}

test("publishing to a node with 10,000 items touches as much as publishing to one with 10", async () => {
  const { calls, asks, publishes } = await open();
  const costs: string[][] = [];
  for (const [items, from] of [
    [10, 0],
    [10_000, 10],
  ] as const) {
    for (let index = from; index < items; index++) await publishes(`i${index}`, { max_items: "10000" });
    await publishes("i3", { max_items: "10000" });
    costs.push([...calls]);
  }
  expect(costs[1]).toEqual(costs[0]);
  expect(costs[0]).toEqual(["items get", "items put", "nodes put"]);
  // One that is too many: the oldest goes.
  await publishes("more", { max_items: "10000" });
  expect(calls).toEqual(["items get", "items list 1", "items delete", "nodes put", "items put", "nodes put"]);
  // One page, and the last item, are no more than that either.
  await asks("get", `<pubsub xmlns="${PUBSUB}"><items node="n" max_items="2"/></pubsub>`);
  expect(calls).toEqual(["items list 2"]);
});

test("an event is put together once for all who hear of it, without a promise", async () => {
  const { sent, publishes } = await open();
  expect(isPromise(publishes("a"))).toBe(false);
  const events = sent.filter(({ kind }) => kind === "message");
  expect(events.map(({ to }) => String(to))).toEqual(CONTACTS.map(String));
  // Copies that differ in their header share what they carry, and so its text.
  expect(new Set(events.map(({ heads }) => heads)).size).toBe(1);
});
