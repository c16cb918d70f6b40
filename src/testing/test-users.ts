import { createHash, pbkdf2Sync } from "node:crypto";
import type { KnownKeys } from "../auth/accounts.ts";
import { digestLength, digestName, SCRAM_HASHES, type ScramHash, scramKeys } from "../auth/scram-keys.ts";
import { rosterService } from "../modules/roster/roster.ts";
import { type Awaitable, after, isPromise } from "../util/awaitable.ts";
import { Jid } from "../xmpp/jid.ts";
import type { Rig } from "./create-rig.ts";
import type { TestClock } from "./test-clock.ts";
import { furnish, type UserFixture } from "./user-fixture.ts";

/** An account of a test server, and what clients need to log in to it. */
export interface TestUser {
  /** The part before the `@`. */
  readonly name: string;
  readonly domain: string;
  /** The bare JID. */
  readonly jid: string;
  readonly password: string;
  /**
   * For `client()` of @xmpp/client as it is. `createClient()` of stanza takes `jid`, `password` and `transports` of it; the
   * `Connection` of strophe.js is made with `server.service("ws")` and connects with `jid` and `password`.
   */
  readonly connectOptions: ConnectOptions;
}

export interface ConnectOptions {
  readonly service: string;
  readonly domain: string;
  readonly username: string;
  readonly jid: string;
  readonly password: string;
}

interface TestUsersParts {
  readonly rig: Rig<TestClock>;
  /** PBKDF2 rounds; undefined: see `iterationsOf`. */
  readonly iterations: number | undefined;
  resolve(name: string): string;
  /** Where clients connect to. */
  service(): string;
}

/** The accounts that a test made. */
export class TestUsers {
  readonly #parts: TestUsersParts;
  /** By bare JIDs. */
  #all = new Map<string, TestUser>();

  constructor(parts: TestUsersParts) {
    this.#parts = parts;
  }

  get first(): TestUser | undefined {
    return this.#all.values().next().value;
  }

  /** By its bare JID. */
  has(jid: string): boolean {
    return this.#all.has(jid);
  }

  /** @throws Error when there is none. */
  get(name: string): TestUser {
    const user = this.#all.get(this.#parts.resolve(name));
    if (!user) throw new Error(`there is no user ${name}; name them in the option users, or call addUser`);
    return user;
  }

  /** @throws Error when it exists, or when something of the fixture cannot be. */
  async add(fixture: UserFixture): Promise<TestUser> {
    const { rig, iterations } = this.#parts;
    const jid = this.#addressOf(fixture);
    const password = fixture.password ?? rig.passwordOf(jid.toString());
    await rig.server.host(jid.domain).accounts.createWithKeys(jid, keysOf(password, iterations));
    await rig.user(jid.toString(), password);
    await this.furnish(fixture);
    const user = this.#userOf(jid, password);
    this.#all.set(jid.toString(), user);
    return user;
  }

  /**
   * Puts the two on each other's rosters, so that both see the other's presence (RFC 6121 §3).
   * @throws Error for an address of this server that is no account.
   */
  async befriend(one: string, other: string): Promise<void> {
    const [user, contact] = [one, other].map((name) => Jid.parse(this.#parts.resolve(name)).bare);
    if (!user || !contact) return;
    for (const jid of [user, contact]) {
      const isMissing = this.#isMissing(jid);
      if (isPromise(isMissing) ? await isMissing : isMissing) {
        throw new Error(`there is no user ${jid.toString()}`);
      }
    }
    // In this order, without waiting in between: with a store in memory it is done at once.
    const done = [this.#addContact(user, contact), this.#addContact(contact, user)];
    await Promise.all(done);
    await this.#parts.rig.server.commit();
  }

  /** Of other servers nothing is known. */
  #isMissing(jid: Jid): Awaitable<boolean> {
    const host = this.#parts.rig.server.hosts.get(jid.domain);
    return host ? after(host.accounts.exists(jid), (exists) => !exists) : false;
  }

  /** What the roster says of the contact already stays. */
  async #addContact(user: Jid, contact: Jid): Promise<void> {
    const { server } = this.#parts.rig;
    // A contact elsewhere has a roster elsewhere.
    if (!server.hosts.has(user.domain)) return;
    const roster = server.host(user.domain).use(rosterService);
    const known = roster.item(user, contact);
    const item = (isPromise(known) ? await known : known) ?? {
      contact,
      name: "",
      groups: [],
      approved: false,
    };
    await roster.put(user, { ...item, subscription: "both", ask: false });
  }

  /** Gives an account what the fixture says. @throws Error when something cannot be. */
  async furnish(fixture: UserFixture): Promise<void> {
    const { rig, resolve } = this.#parts;
    const jid = this.#addressOf(fixture);
    await furnish(rig.server.host(jid.domain), jid, fixture, resolve);
    await rig.server.commit();
  }

  /** Who there is now; `restore` takes it. */
  get state(): ReadonlyMap<string, TestUser> {
    return new Map(this.#all);
  }

  restore(state: ReadonlyMap<string, TestUser>): void {
    this.#all = new Map(state);
  }

  /** A name with a dot is a name here, if nowhere else. */
  #addressOf({ name }: UserFixture): Jid {
    return Jid.parse(name.includes("@") ? name : `${name}@${this.#parts.rig.server.host().domain}`);
  }

  #userOf(jid: Jid, password: string): TestUser {
    const { service } = this.#parts;
    const { local: name, domain } = jid;
    return {
      name,
      domain,
      jid: jid.toString(),
      password,
      get connectOptions() {
        return { service: service(), domain, username: name, jid: jid.toString(), password };
      },
    };
  }
}

/** By hash, rounds and password: the same for all servers of a process, and in each run. */
const derived = new Map<string, KnownKeys>();

function keysOf(password: string, iterations: number | undefined): ReadonlyMap<ScramHash, KnownKeys> {
  return new Map(
    SCRAM_HASHES.map((hash) => [hash, derive(hash, password, iterations ?? iterationsOf(hash))]),
  );
}

/**
 * COMPAT(xmpp.js, 2026): it knows SCRAM-SHA-1 alone and takes 150 ms for 4096 rounds. COMPAT(strophe.js, 2026): it wants 4096
 * rounds (RFC 5802 §5.1), prefers stronger hashes, and is quick.
 */
function iterationsOf(hash: ScramHash): number {
  return hash === "SHA-1" ? 64 : 4096;
}

function derive(hash: ScramHash, password: string, iterations: number): KnownKeys {
  const key = `${hash} ${iterations} ${password}`;
  const known = derived.get(key);
  if (known) return known;
  const salt = createHash("sha256").update(key).digest().subarray(0, 16);
  const salted = pbkdf2Sync(password, salt, iterations, digestLength(hash), digestName(hash));
  const keys = { salt, iterations, ...scramKeys(hash, salted) };
  derived.set(key, keys);
  return keys;
}
