/** Who has an account here, and the keys that prove it: never a password, nor anything it can be read from (XEP-0438 §5.1). */
import { timingSafeEqual } from "node:crypto";
import type { Store, Table } from "../store/store.ts";
import { type Awaitable, after } from "../util/awaitable.ts";
import type { Clock } from "../util/clock.ts";
import { Lru } from "../util/lru.ts";
import type { Random } from "../util/random.ts";
import { StanzaError } from "../xmpp/errors.ts";
import { Jid } from "../xmpp/jid.ts";
import { preparePassword } from "../xmpp/precis.ts";
import {
  type AccountRow,
  type AccountStatus,
  accountTable,
  credentialsIn,
  disabledIn,
  keyOf,
  type StoredKeys,
  statusOf,
  stored,
  withHashes,
} from "./account-table.ts";
import { BY_HASHES, CommonHashes } from "./common-hashes.ts";
import { BusyError, KeyDerivation } from "./key-derivation.ts";
import { MadeUpCredentials } from "./made-up-credentials.ts";
import { type Credentials, digestLength, SCRAM_HASHES, type ScramHash, scramKeys } from "./scram-keys.ts";

/** RFC 5802 §5.1 and RFC 7677 §4: no fewer rounds than these. */
const MIN_ITERATIONS = 4096;

/** XEP-0438 §6: the least that it recommends today. */
const DEFAULT_ITERATIONS = 10_000;

/** XEP-0438 §5.2: 16 octets at least. */
const SALT_BYTES = 16;

/** Of UTF-8, before and after preparation. RFC 4616 §2 requires 255 to be accepted. */
const MAX_PASSWORD_BYTES = 1024;

/** Answers of `status` that are kept. */
const CACHED_USERS = 10_000;

/** Removals that are remembered, for those who proved who they were just before. */
const REMEMBERED_REMOVALS = 10_000;

export type { AccountStatus } from "./account-table.ts";

export interface AccountsOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Hashes that keys are derived for, strongest first; the SCRAM mechanisms offered are those. Default: all. */
  readonly hashes?: readonly ScramHash[];
  /**
   * PBKDF2 rounds for passwords set from now on, at least 4096. After a change an account with an older password
   * shows its own count while made-up accounts show the new one, which tells a careful observer that it exists.
   */
  readonly iterations?: number;
  readonly derivation?: KeyDerivation;
}

/** What keys are derived with, beside the password. */
interface KeyParameters {
  readonly salt: Buffer;
  readonly iterations: number;
}

/** Keys that were derived somewhere else. */
export type KnownKeys = Omit<Credentials, "genuine">;

export class Accounts {
  /** The hashes that every account set from now on has keys for, strongest first. Not empty. */
  readonly hashes: readonly [ScramHash, ...ScramHash[]];
  readonly #table: Table<AccountRow>;
  readonly #common: CommonHashes;
  readonly #madeUp: MadeUpCredentials;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #iterations: number;
  readonly #derivation: KeyDerivation;
  #known = new Lru<string, AccountStatus | "none">(CACHED_USERS);
  readonly #creating = new Set<string>();
  readonly #passwordListeners: ((user: Jid) => Awaitable<void>)[] = [];
  #changes = 0;
  /** What `changes` was with the last removal of each. */
  readonly #removals = new Lru<string, number>(REMEMBERED_REMOVALS);

  private constructor(table: Table<AccountRow>, madeUp: MadeUpCredentials, options: AccountsOptions) {
    const [strongest, ...others] = options.hashes ?? SCRAM_HASHES;
    if (!strongest) throw new RangeError("accounts need at least one hash");
    const iterations = options.iterations ?? DEFAULT_ITERATIONS;
    if (!Number.isSafeInteger(iterations) || iterations < MIN_ITERATIONS) {
      throw new RangeError(`at least ${MIN_ITERATIONS} iterations (RFC 5802 §5.1), got ${iterations}`);
    }
    this.hashes = [strongest, ...others];
    this.#table = table;
    this.#common = new CommonHashes(table);
    this.#madeUp = madeUp;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#iterations = iterations;
    this.#derivation = options.derivation ?? new KeyDerivation();
  }

  /** Opens the tables `accounts` and `auth_secrets`. */
  static async open(store: Store, options: AccountsOptions): Promise<Accounts> {
    const table = await store.table(accountTable);
    const madeUp = await MadeUpCredentials.open(store, options.random, SALT_BYTES);
    return new Accounts(table, madeUp, options);
  }

  /**
   * Creates an account.
   * @throws {StanzaError} `conflict` if it exists, `jid-malformed` without a local part, `not-acceptable` if the
   * password is not allowed, `resource-constraint` when too many are being set.
   */
  async create(user: Jid, password: string): Promise<void> {
    const key = keyOf(user);
    if (user.local === "") throw new StanzaError("jid-malformed", "an account needs a local part");
    if (this.#creating.has(key)) throw conflict(key);
    this.#creating.add(key);
    try {
      if (await this.#table.get({ user: key })) throw conflict(key);
      const keys = await this.#deriveAll(password);
      const created = this.#clock.now();
      await this.#write({ user: key, domain: user.domain, keys, created, disabled: null });
    } finally {
      this.#creating.delete(key);
    }
  }

  /**
   * Creates an account whose keys were derived somewhere else; without any, nobody can log in to it.
   * @throws {StanzaError} `conflict` if it exists, `jid-malformed` without a local part.
   */
  async createWithKeys(user: Jid, keys: ReadonlyMap<ScramHash, KnownKeys>): Promise<void> {
    const key = keyOf(user);
    if (user.local === "") throw new StanzaError("jid-malformed", "an account needs a local part");
    if (this.#creating.has(key) || (await this.#table.get({ user: key }))) throw conflict(key);
    const rows = [...keys].map(([hash, { salt, iterations, ...made }]) => [
      hash,
      stored(salt, iterations, made),
    ]);
    const created = this.#clock.now();
    await this.#write({
      user: key,
      domain: user.domain,
      keys: Object.fromEntries(rows) as AccountRow["keys"],
      created,
      disabled: null,
    });
  }

  /**
   * Replaces the keys, with new salts (XEP-0438 §5.3).
   * @throws {StanzaError} `item-not-found`, `not-acceptable` or `resource-constraint`, as for `create`.
   */
  async setPassword(user: Jid, password: string): Promise<void> {
    if (!(await this.exists(user))) throw new StanzaError("item-not-found");
    const keys = await this.#deriveAll(password);
    const row = await this.#row(user);
    if (!row) throw new StanzaError("item-not-found");
    await this.#write({ ...row, keys });
    for (const listener of this.#passwordListeners) await listener(user.bare);
  }

  /** Calls `listener` whenever an account gets another password: who let its old one stand for itself forgets that. */
  onPasswordSet(listener: (user: Jid) => Awaitable<void>): void {
    this.#passwordListeners.push(listener);
  }

  /** The hashes that the account has keys for, strongest first; of an account that is not there all of them. */
  hashesOf(user: Jid): Awaitable<readonly ScramHash[]> {
    return after(this.#row(user), (row) =>
      row ? this.hashes.filter((hash) => row.keys[hash]) : this.hashes,
    );
  }

  /** The hashes that all accounts of the domain have keys for, strongest first; all of them where there are none such. */
  commonHashes(domain: string): Awaitable<readonly ScramHash[]> {
    return this.#common.of(domain, this.hashes);
  }

  /** How many accounts of the domain have keys of this hash and of no other. */
  countWithOnly(domain: string, hash: ScramHash): Awaitable<number> {
    return this.#table.count({ index: BY_HASHES, where: { domain, hashes: hash } });
  }

  /** Salt and rounds for keys of another hash, to derive them from the password that the account has already. */
  newParameters(): KeyParameters {
    return { salt: this.#random.bytes(SALT_BYTES), iterations: this.#iterations };
  }

  /**
   * Adds keys of a hash that the account has none of (XEP-0480 §3); changes nothing where it has, or is gone. Returns
   * whether `saltedPassword` (RFC 5802 §3) can be what that hash makes with these parameters.
   */
  async addKeys(
    user: Jid,
    hash: ScramHash,
    { salt, iterations }: KeyParameters,
    saltedPassword: Buffer,
  ): Promise<boolean> {
    if (saltedPassword.length !== digestLength(hash)) return false;
    const row = await this.#row(user);
    if (row && !row.keys[hash]) {
      const keys = stored(salt, iterations, scramKeys(hash, saltedPassword));
      await this.#write({ ...row, keys: { ...row.keys, [hash]: keys } });
    }
    return true;
  }

  /**
   * A disabled account keeps its data and cannot log in.
   * @throws {StanzaError} `item-not-found`.
   */
  async setDisabled(user: Jid, disabled: boolean): Promise<void> {
    const row = await this.#row(user);
    if (!row) throw new StanzaError("item-not-found");
    await this.#write({ ...row, disabled: disabled ? this.#clock.now() : null });
  }

  /** Removes the account and its keys, nothing else of the user's. Tells whether there was one. */
  remove(user: Jid): Awaitable<boolean> {
    return after(this.#table.delete({ user: keyOf(user) }), (removed) => {
      this.#changed(keyOf(user), user.domain);
      this.#removals.set(keyOf(user), this.#changes);
      return removed > 0;
    });
  }

  /** Whether there is such an account, disabled or not. Cheap: made to be asked for each stanza. */
  exists(user: Jid): Awaitable<boolean> {
    const known = this.#known.get(keyOf(user));
    return known ? known !== "none" : after(this.#row(user), (row) => row !== undefined);
  }

  /** `undefined` when there is no such account. As cheap. */
  status(user: Jid): Awaitable<AccountStatus | undefined> {
    const known = this.#known.get(keyOf(user));
    if (known) return known === "none" ? undefined : known;
    return after(this.#row(user), statusOf);
  }

  /** The accounts of a domain by name. `after` is the text of the last bare JID of the page before. */
  async list(domain: string, page: { after?: string; limit?: number } = {}): Promise<Jid[]> {
    const rows = await this.#table.list({ index: "by_domain", where: { domain }, ...page });
    return rows.map((row) => Jid.parse(row.user));
  }

  /** The accounts of a domain that are disabled, the longest first. */
  async listDisabled(domain: string, limit: number): Promise<Jid[]> {
    const rows = await this.#table.list({ ...disabledIn(domain), limit });
    return rows.map((row) => Jid.parse(row.user));
  }

  count(domain: string): Awaitable<number> {
    return this.#table.count({ index: "by_domain", where: { domain } });
  }

  countDisabled(domain: string): Awaitable<number> {
    return this.#table.count(disabledIn(domain));
  }

  /**
   * Whether that is the account's password, at the same cost when there is no such account. Says nothing of
   * whether it is disabled.
   * @throws {BusyError} when too many are being checked.
   */
  async verifyPassword(user: Jid, password: string): Promise<boolean> {
    const prepared = preparedPassword(password);
    if (prepared === undefined) return false;
    const row = await this.#row(user);
    const hash = this.hashes.find((each) => row?.keys[each]) ?? this.hashes[0];
    const { salt, iterations, storedKey, genuine } = this.#credentials(user, hash, row);
    const keys = scramKeys(hash, await this.#derivation.derive(hash, prepared, salt, iterations));
    // XEP-0438 §5.3: a comparison in constant time.
    if (!timingSafeEqual(keys.storedKey, storedKey) || !genuine) return false;
    await this.#complete(user, prepared);
    return true;
  }

  /** Who has shown their password gets the keys that the account lacks: it came from elsewhere, with some only. */
  async #complete(user: Jid, prepared: string): Promise<void> {
    const before = await this.#row(user);
    const missing = before ? this.hashes.filter((hash) => !before.keys[hash]) : [];
    if (missing.length === 0) return;
    const made = await this.#deriveSome(missing, prepared);
    const row = await this.#row(user);
    // The password may be another one by now: then it has all keys already.
    if (row) await this.#write({ ...row, keys: { ...Object.fromEntries(made), ...row.keys } });
  }

  /** What SCRAM needs. For an unknown user it is made up, and the same each time (RFC 6120 §6.5.10). */
  credentials(user: Jid, hash: ScramHash): Awaitable<Credentials> {
    return after(this.#row(user), (row) => this.#credentials(user, hash, row));
  }

  /** Grows with each change of an account: what was read is good as long as this is what it was before. */
  get changes(): number {
    return this.#changes;
  }

  /** Whether the account was removed after `changes` was that: who has its name now is somebody else. */
  wasRemovedSince(user: Jid, changes: number): boolean {
    return (this.#removals.get(keyOf(user)) ?? 0) > changes;
  }

  /** Forgets what it remembers. To be called after `Store.rollback`. */
  forget(): void {
    this.#changes++;
    this.#known = new Lru(CACHED_USERS);
    this.#common.forget();
  }

  #row(user: Jid): Awaitable<AccountRow | undefined> {
    const key = keyOf(user);
    const changes = this.#changes;
    return after(this.#table.get({ user: key }), (row) => {
      if (changes === this.#changes) this.#known.set(key, statusOf(row) ?? "none");
      return row;
    });
  }

  #write(row: Omit<AccountRow, "hashes">): Awaitable<void> {
    return after(this.#table.put(withHashes(row)), () => this.#changed(row.user, row.domain));
  }

  #changed(user: string, domain: string): void {
    this.#changes++;
    this.#known.delete(user);
    this.#common.forget(domain);
  }

  /** XEP-0438 §5.2: keys and a salt of their own for each hash. */
  async #deriveAll(password: string): Promise<AccountRow["keys"]> {
    const prepared = preparedPassword(password);
    if (prepared === undefined) throw new StanzaError("not-acceptable", "this password is not allowed");
    try {
      const entries = await Promise.all(this.hashes.map((hash) => this.#derive(hash, prepared)));
      return Object.fromEntries(entries);
    } catch (error) {
      if (error instanceof BusyError) throw new StanzaError("resource-constraint");
      throw error;
    }
  }

  /** None where there is too much to do at the moment: there will be another log-in. */
  async #deriveSome(hashes: readonly ScramHash[], prepared: string): Promise<[ScramHash, StoredKeys][]> {
    try {
      return await Promise.all(hashes.map((hash) => this.#derive(hash, prepared)));
    } catch (error) {
      if (error instanceof BusyError) return [];
      throw error;
    }
  }

  async #derive(hash: ScramHash, password: string): Promise<[ScramHash, StoredKeys]> {
    const { salt, iterations } = this.newParameters();
    const keys = scramKeys(hash, await this.#derivation.derive(hash, password, salt, iterations));
    return [hash, stored(salt, iterations, keys)];
  }

  /** Computes the made-up ones in either case, so that both take as long. */
  #credentials(user: Jid, hash: ScramHash, row: AccountRow | undefined): Credentials {
    const madeUp = this.#madeUp.of(user, hash, this.#iterations);
    const keys = row?.keys[hash];
    return keys ? credentialsIn(keys) : madeUp;
  }
}

/**
 * RFC 8265 §4.2: never empty; `undefined` for what no account may have as its password. Compatibility characters are
 * then replaced as SASLprep does (RFC 4013 §2.2), because RFC 5802 §2.2 has SCRAM clients derive their keys so.
 */
function preparedPassword(password: string): string | undefined {
  if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES) return undefined;
  return preparePassword(password)?.normalize("NFKC");
}

function conflict(user: string): StanzaError {
  return new StanzaError("conflict", `there is an account ${user} already`);
}
