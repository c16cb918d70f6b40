import { describe, expect, test } from "vitest";
import { Accounts } from "../../../src/auth/accounts.ts";
import { scramKeys } from "../../../src/auth/scram-keys.ts";
import { createMemoryStore } from "../../../src/store/memory.ts";
import type { Store } from "../../../src/store/store.ts";
import { systemRandom } from "../../../src/util/random.ts";
import { Jid } from "../../../src/xmpp/jid.ts";
import { ALICE, handClock, PASSWORD } from "./setup.ts";

const BOB = Jid.parse("bob@example.org");
const NOBODY = Jid.parse("nobody@example.org");
const defaults = { clock: handClock(), random: systemRandom, iterations: 4096 };

/** A store whose tables can be opened again, as after a restart. */
function lasting(): Store {
  const store = createMemoryStore();
  const tables = new Map<string, unknown>();
  return Object.assign(Object.create(store) as Store, {
    async table(spec: Parameters<Store["table"]>[0]) {
      if (!tables.has(spec.name)) tables.set(spec.name, await store.table(spec));
      return tables.get(spec.name);
    },
  });
}

/** Accounts in which alice has keys of SHA-1 alone. */
async function withOldAlice(): Promise<Accounts> {
  const store = lasting();
  await (await Accounts.open(store, { ...defaults, hashes: ["SHA-1"] })).create(ALICE, PASSWORD);
  return Accounts.open(store, defaults);
}

describe("hashesOf", () => {
  test("are those that the account has keys for", async () => {
    expect(await (await withOldAlice()).hashesOf(ALICE)).toEqual(["SHA-1"]);
  });

  test("are all of them for an account that is not there", async () => {
    const accounts = await withOldAlice();
    expect(await accounts.hashesOf(NOBODY)).toEqual(accounts.hashes);
  });
});

describe("addKeys", () => {
  const parameters = { salt: Buffer.alloc(16, 2), iterations: 5000 };
  const salted = Buffer.alloc(32, 1);

  test("adds those of a hash that there were none of", async () => {
    const accounts = await withOldAlice();
    const old = await accounts.credentials(ALICE, "SHA-1");
    expect(await accounts.addKeys(ALICE, "SHA-256", parameters, salted)).toBe(true);
    expect(await accounts.hashesOf(ALICE)).toEqual(["SHA-256", "SHA-1"]);
    expect(await accounts.credentials(ALICE, "SHA-256")).toEqual({
      ...scramKeys("SHA-256", salted),
      ...parameters,
      genuine: true,
    });
    expect(await accounts.credentials(ALICE, "SHA-1")).toEqual(old);
  });

  test("changes none that are there, and makes no account", async () => {
    const accounts = await withOldAlice();
    await accounts.setPassword(ALICE, "another");
    const kept = await accounts.credentials(ALICE, "SHA-256");
    await accounts.addKeys(ALICE, "SHA-256", parameters, salted);
    await accounts.addKeys(NOBODY, "SHA-256", parameters, salted);
    expect(await accounts.credentials(ALICE, "SHA-256")).toEqual(kept);
    expect(await accounts.exists(NOBODY)).toBe(false);
  });
});

describe("commonHashes", () => {
  const common = async (accounts: Accounts) => accounts.commonHashes(ALICE.domain);

  test("are those that all accounts of the domain have keys for", async () => {
    const accounts = await withOldAlice();
    expect(await common(accounts)).toEqual(["SHA-1"]);
    await accounts.create(BOB, PASSWORD);
    expect(await common(accounts)).toEqual(["SHA-1"]);
    expect(await accounts.commonHashes("other.example")).toEqual(accounts.hashes);
    expect(await accounts.countWithOnly(ALICE.domain, "SHA-1")).toBe(1);
    await accounts.remove(ALICE);
    expect(await common(accounts)).toEqual(accounts.hashes);
  });

  test("pass over accounts that nobody can log in to", async () => {
    const accounts = await withOldAlice();
    await accounts.setPassword(ALICE, PASSWORD);
    await accounts.createWithKeys(BOB, new Map());
    expect(await common(accounts)).toEqual(accounts.hashes);
  });

  test("are all where there are none in common", async () => {
    const accounts = await withOldAlice();
    const keys = { ...scramKeys("SHA-512", Buffer.alloc(64)), salt: Buffer.alloc(16), iterations: 5000 };
    await accounts.createWithKeys(BOB, new Map([["SHA-512", keys]]));
    expect(await common(accounts)).toEqual(accounts.hashes);
  });
});

test("whoever shows the password gets the keys that the account lacks, and keeps those that it has", async () => {
  const accounts = await withOldAlice();
  const old = await accounts.credentials(ALICE, "SHA-1");
  expect(await accounts.verifyPassword(ALICE, "wrong")).toBe(false);
  expect(await accounts.hashesOf(ALICE)).toEqual(["SHA-1"]);
  expect(await accounts.verifyPassword(ALICE, PASSWORD)).toBe(true);
  expect(await accounts.hashesOf(ALICE)).toEqual(accounts.hashes);
  expect(await accounts.credentials(ALICE, "SHA-1")).toEqual(old);
  expect(await accounts.verifyPassword(ALICE, PASSWORD)).toBe(true);
});

test("a key that is not of the hash's length is not taken", async () => {
  const accounts = await withOldAlice();
  const parameters = accounts.newParameters();
  expect(await accounts.addKeys(ALICE, "SHA-512", parameters, Buffer.alloc(32))).toBe(false);
  expect(await accounts.hashesOf(ALICE)).toEqual(["SHA-1"]);
});

test("onPasswordSet tells of each new password, once it is set, and of nothing else", async () => {
  const accounts = await withOldAlice();
  const told: string[] = [];
  accounts.onPasswordSet(async (user) => {
    told.push(`${user.toString()} ${await accounts.verifyPassword(user, "another")}`);
  });
  await accounts.create(NOBODY, "x");
  await accounts.setDisabled(ALICE, true);
  expect(told).toEqual([]);
  await accounts.setPassword(ALICE.withResource("phone"), "another");
  expect(told).toEqual(["alice@example.org true"]);
  await expect(accounts.setPassword(Jid.parse("x@example.org"), "y")).rejects.toMatchObject({
    condition: "item-not-found",
  });
  expect(told).toHaveLength(1);
});
