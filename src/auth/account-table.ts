/** How accounts are kept. */
import type { TableSpec } from "../store/store.ts";
import type { Jid } from "../xmpp/jid.ts";
import { BY_HASHES, hashList } from "./common-hashes.ts";
import type { Credentials, ScramHash, ScramKeys } from "./scram-keys.ts";

/** Base64, as the store keeps it. */
export interface StoredKeys {
  readonly salt: string;
  readonly iterations: number;
  readonly storedKey: string;
  readonly serverKey: string;
}

export interface AccountRow {
  /** The bare JID. */
  user: string;
  domain: string;
  keys: Partial<Record<ScramHash, StoredKeys>>;
  /** The names of the keys, to look for accounts by them. */
  hashes: string;
  /** Milliseconds since the epoch. */
  created: number;
  /** When it was disabled. */
  disabled: number | null;
}

export type AccountStatus = "active" | "disabled";

export const accountTable: TableSpec<AccountRow> = {
  name: "accounts",
  version: 2,
  columns: {
    user: "text",
    domain: "text",
    keys: "json",
    hashes: "text",
    created: "int",
    disabled: "int?",
  },
  key: ["user"],
  indexes: {
    by_domain: ["domain", "user"],
    by_disabled: ["domain", "disabled"],
    [BY_HASHES]: ["domain", "hashes"],
  },
  migrate: (row) => withHashes(row as unknown as Omit<AccountRow, "hashes">),
};

export function keyOf(user: Jid): string {
  return user.bare.toString();
}

export function statusOf(row: AccountRow | undefined): AccountStatus | undefined {
  if (!row) return undefined;
  return row.disabled === null ? "active" : "disabled";
}

export function withHashes(row: Omit<AccountRow, "hashes">): AccountRow {
  return { ...row, hashes: hashList(row.keys) };
}

export function stored(salt: Buffer, iterations: number, { storedKey, serverKey }: ScramKeys): StoredKeys {
  return {
    salt: salt.toString("base64"),
    iterations,
    storedKey: storedKey.toString("base64"),
    serverKey: serverKey.toString("base64"),
  };
}

export function credentialsIn({ salt, iterations, storedKey, serverKey }: StoredKeys): Credentials {
  return {
    salt: Buffer.from(salt, "base64"),
    iterations,
    storedKey: Buffer.from(storedKey, "base64"),
    serverKey: Buffer.from(serverKey, "base64"),
    genuine: true,
  };
}

/** Whoever was disabled has the time of that, and no time is before 0. */
export function disabledIn(domain: string) {
  return { index: "by_disabled", where: { domain }, after: -1 };
}
