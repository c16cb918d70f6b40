import { expect, test } from "vitest";
import { PreferenceStore } from "../../../../src/modules/mam/preferences.ts";
import { createMemoryStore } from "../../../../src/store/memory.ts";
import type { TableSpec } from "../../../../src/store/store.ts";

const ALICE = "alice@localhost";
const NEVER = { byDefault: "never", always: ["bob@localhost"], never: [] } as const;

test("what was set is there at once, unless it is lost with its turn", async () => {
  const store = createMemoryStore();
  const host = { table: <R extends object>(spec: TableSpec<R>) => store.table(spec) };
  const preferences = await PreferenceStore.open(host, "roster");
  const fallback = { byDefault: "roster", always: [], never: [] };
  expect(await preferences.of(ALICE)).toEqual(fallback);
  await preferences.set(ALICE, NEVER);
  expect(await preferences.of(ALICE)).toEqual(NEVER);
  await store.rollback();
  preferences.forget();
  expect(await preferences.of(ALICE)).toEqual(fallback);
  await preferences.set(ALICE, NEVER);
  await store.commit();
  preferences.forget();
  expect(await preferences.of(ALICE)).toEqual(NEVER);
});
