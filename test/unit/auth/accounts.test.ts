import { describe, expect, test } from "vitest";
import { Accounts } from "../../../src/auth/accounts.ts";
import { KeyDerivation } from "../../../src/auth/key-derivation.ts";
import { createMemoryStore } from "../../../src/store/memory.ts";
import type { Store, Table, TableSpec } from "../../../src/store/store.ts";
import { systemRandom } from "../../../src/util/random.ts";
import { Jid } from "../../../src/xmpp/jid.ts";
import { ALICE, accountsWithAlice, handClock, openAccounts, PASSWORD } from "./setup.ts";

const BOB = Jid.parse("bob@example.org");

test("an account is there from its creation to its removal", async () => {
  const accounts = await openAccounts();
  expect(await accounts.exists(ALICE)).toBe(false);
  await accounts.create(ALICE, PASSWORD);
  expect(await accounts.exists(Jid.parse("alice@example.org/phone"))).toBe(true);
  expect(await accounts.status(ALICE)).toBe("active");
  expect(await accounts.remove(ALICE)).toBe(true);
  expect(await accounts.exists(ALICE)).toBe(false);
  expect(await accounts.status(ALICE)).toBeUndefined();
  expect(await accounts.remove(ALICE)).toBe(false);
});

test("one that exists, or is being created, is a conflict", async () => {
  const accounts = await openAccounts();
  const first = accounts.create(ALICE, PASSWORD);
  await expect(accounts.create(ALICE, "another")).rejects.toMatchObject({ condition: "conflict" });
  await first;
  await expect(accounts.create(ALICE, "another")).rejects.toMatchObject({ condition: "conflict" });
  expect(await accounts.verifyPassword(ALICE, PASSWORD)).toBe(true);
});

test("compatibility characters count as what SASLprep makes of them", async () => {
  const accounts = await openAccounts();
  await accounts.create(ALICE, "ﬁve ①");
  expect(await accounts.verifyPassword(ALICE, "five 1")).toBe(true);
});

test("a domain is not an account", async () => {
  const accounts = await openAccounts();
  const attempt = accounts.create(Jid.parse("example.org"), PASSWORD);
  await expect(attempt).rejects.toMatchObject({ condition: "jid-malformed" });
});

test.each([
  ["empty", ""],
  ["with a character that no password has", "pass\u0007word"],
  ["longer than 1024 octets", "ä".repeat(513)],
])("a password that is %s is not acceptable", async (_, password) => {
  const accounts = await accountsWithAlice();
  await expect(accounts.create(BOB, password)).rejects.toMatchObject({ condition: "not-acceptable" });
  await expect(accounts.setPassword(ALICE, password)).rejects.toMatchObject({ condition: "not-acceptable" });
  expect(await accounts.exists(BOB)).toBe(false);
  expect(await accounts.verifyPassword(ALICE, PASSWORD)).toBe(true);
});

test("a password of 1024 octets is", async () => {
  const accounts = await openAccounts();
  await accounts.create(ALICE, "ä".repeat(512));
  expect(await accounts.verifyPassword(ALICE, "ä".repeat(512))).toBe(true);
});

test("passwords are compared after preparation (RFC 8265 §4.2)", async () => {
  const accounts = await openAccounts();
  await accounts.create(ALICE, "Caf\u00e9 \u00a0!");
  expect(await accounts.verifyPassword(ALICE, "Cafe\u0301  !")).toBe(true);
  expect(await accounts.verifyPassword(ALICE, "caf\u00e9  !")).toBe(false);
});

test("a new password replaces the old one, with new salts (XEP-0438 §5.3)", async () => {
  const accounts = await accountsWithAlice();
  const before = await accounts.credentials(ALICE, "SHA-256");
  await accounts.setPassword(ALICE, "another");
  const after = await accounts.credentials(ALICE, "SHA-256");
  expect(after.salt).not.toEqual(before.salt);
  expect(await accounts.verifyPassword(ALICE, PASSWORD)).toBe(false);
  expect(await accounts.verifyPassword(ALICE, "another")).toBe(true);
});

test("only an account has a password to change, or can be disabled", async () => {
  const accounts = await openAccounts();
  const missing = { condition: "item-not-found" };
  await expect(accounts.setPassword(ALICE, PASSWORD)).rejects.toMatchObject(missing);
  await expect(accounts.setDisabled(ALICE, true)).rejects.toMatchObject(missing);
});

test("an account removed while its password is changed stays removed", async () => {
  const accounts = await accountsWithAlice();
  const change = accounts.setPassword(ALICE, "another");
  await accounts.remove(ALICE);
  await expect(change).rejects.toMatchObject({ condition: "item-not-found" });
  expect(await accounts.exists(ALICE)).toBe(false);
});

test("disabled is a state one can leave", async () => {
  const accounts = await accountsWithAlice();
  await accounts.setDisabled(ALICE, true);
  expect(await accounts.status(ALICE)).toBe("disabled");
  expect(await accounts.exists(ALICE)).toBe(true);
  await accounts.setPassword(ALICE, "another");
  expect(await accounts.status(ALICE)).toBe("disabled");
  await accounts.setDisabled(ALICE, false);
  expect(await accounts.status(ALICE)).toBe("active");
});

test("accounts are listed by domain, in pages", async () => {
  const accounts = await openAccounts({ hashes: ["SHA-1"] });
  for (const text of ["c@example.org", "a@example.org", "b@example.org", "b@example.net"]) {
    await accounts.create(Jid.parse(text), PASSWORD);
  }
  const texts = async (page?: { after?: string; limit?: number }) =>
    (await accounts.list("example.org", page)).map(String);
  expect(await texts()).toEqual(["a@example.org", "b@example.org", "c@example.org"]);
  expect(await texts({ limit: 2 })).toEqual(["a@example.org", "b@example.org"]);
  expect(await texts({ after: "b@example.org", limit: 2 })).toEqual(["c@example.org"]);
});

describe("keys", () => {
  test("each hash has its own salt of 16 octets (XEP-0438 §5.2)", async () => {
    const accounts = await accountsWithAlice();
    const salts = new Set<string>();
    for (const hash of accounts.hashes) {
      const { salt, iterations, genuine } = await accounts.credentials(ALICE, hash);
      expect([salt.length, iterations, genuine]).toEqual([16, 4096, true]);
      salts.add(salt.toString("hex"));
    }
    expect(salts.size).toBe(3);
  });

  test("10,000 rounds unless told otherwise, and never fewer than 4096 (RFC 5802 §5.1)", async () => {
    const options = { clock: handClock(), random: systemRandom };
    const accounts = await Accounts.open(createMemoryStore(), options);
    expect((await accounts.credentials(ALICE, "SHA-1")).iterations).toBe(10_000);
    for (const iterations of [4095, 4096.5, Number.NaN]) {
      await expect(openAccounts({ iterations })).rejects.toThrow(RangeError);
    }
    await expect(openAccounts({ hashes: [] })).rejects.toThrow(RangeError);
  });

  test("those of an account from before a hash was added still check its password", async () => {
    const store = sharedStore();
    const options = { clock: handClock(), random: systemRandom, iterations: 4096 };
    const before = await Accounts.open(store, { ...options, hashes: ["SHA-1"] });
    await before.create(ALICE, PASSWORD);
    const now = await Accounts.open(store, { ...options, hashes: ["SHA-512", "SHA-1"] });
    expect((await now.credentials(ALICE, "SHA-512")).genuine).toBe(false);
    expect(await now.verifyPassword(ALICE, PASSWORD)).toBe(true);
  });

  test("made-up ones are the same after a restart, and others on another server", async () => {
    const store = sharedStore();
    const options = { clock: handClock(), random: systemRandom };
    const before = await (await Accounts.open(store, options)).credentials(BOB, "SHA-256");
    const after = await (await Accounts.open(store, options)).credentials(BOB, "SHA-256");
    const elsewhere = await (await openAccounts()).credentials(BOB, "SHA-256");
    expect(after).toEqual(before);
    expect(before.salt).toHaveLength(16);
    expect(elsewhere.salt).not.toEqual(before.salt);
  });
});

test("more passwords than can be set at once are a resource-constraint", async () => {
  const accounts = await openAccounts({ derivation: new KeyDerivation(1, 1) });
  await expect(accounts.create(ALICE, PASSWORD)).rejects.toMatchObject({ condition: "resource-constraint" });
  expect(await accounts.exists(ALICE)).toBe(false);
});

test("no cached answer outlives a rollback, when told of it", async () => {
  const store = createMemoryStore();
  const accounts = await Accounts.open(store, { clock: handClock(), random: systemRandom });
  await store.commit();
  await accounts.create(ALICE, PASSWORD);
  expect(await accounts.exists(ALICE)).toBe(true);
  await store.rollback();
  accounts.forget();
  expect(await accounts.exists(ALICE)).toBe(false);
});

test("an answer read before a change is not kept after it", async () => {
  let release = () => {};
  const slow = new Promise<void>((resolve) => {
    release = resolve;
  });
  const store = createMemoryStore();
  const table = store.table.bind(store);
  store.table = async <R extends object>(spec: TableSpec<R>) => {
    const inner = await table(spec);
    const get = inner.get.bind(inner);
    let calls = 0;
    // The first answer is on its way for longer than the change takes.
    if (spec.name === "accounts") {
      inner.get = (key) => {
        const row = get(key);
        return calls++ === 0 ? slow.then(() => row) : row;
      };
    }
    return inner;
  };
  const accounts = await Accounts.open(store, { clock: handClock(), random: systemRandom });
  const early = accounts.exists(ALICE);
  await accounts.create(ALICE, PASSWORD);
  release();
  expect(await early).toBe(false);
  expect(await accounts.exists(ALICE)).toBe(true);
});

/** A store whose tables can be opened by one server after another. */
function sharedStore(): Store {
  const store = createMemoryStore();
  const tables = new Map<string, Promise<Table<never>>>();
  const table = store.table.bind(store);
  store.table = <R extends object>(spec: TableSpec<R>) => {
    const opened = tables.get(spec.name) ?? Promise.resolve(table(spec) as Table<never>);
    tables.set(spec.name, opened);
    return opened as unknown as Promise<Table<R>>;
  };
  return store;
}
