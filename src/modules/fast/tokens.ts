import { createHash, createHmac } from "node:crypto";
import type { Token } from "../../auth/hashed-token.ts";
import type { SaslCondition } from "../../auth/mechanism.ts";
import type { Host } from "../../core/host.ts";
import type { Table } from "../../store/store.ts";
import type { Jid } from "../../xmpp/jid.ts";

/** Octets of what each token is made of. */
const SEED_BYTES = 32;

/** Expired tokens deleted in one turn, so that a purge does not hold up the others. */
const PURGE_BATCH = 500;

/** How many lifetimes long the client that has a token hears that it is over (§4.2), and not that it is none. */
const LIFETIMES_REMEMBERED = 4;

/** XEP-0484 §5.1: a token begins as the client's new one, and becomes its current one when it is used. */
const SLOTS = ["new", "current"] as const;
type Slot = (typeof SLOTS)[number];

/**
 * No token is in the store, nor anything that lets in who reads it: a token is made of the seed in its row and of
 * the identifier of the client's installation, 122 random bits that only the client has. Its row has their hash.
 */
interface TokenRow {
  user: string;
  /** A hash of the installation's identifier. */
  client: string;
  slot: Slot;
  mechanism: string;
  seed: Buffer;
  /** Milliseconds since the epoch, like `expires`. */
  issued: number;
  expires: number;
  /** The last one that the client told (§3.4); -1 before it told any. */
  count: number;
}

/** A client as it presents itself. */
export interface TokenClient {
  readonly user: Jid;
  /** Of its installation: a UUID v4 in lower case. */
  readonly id: string;
}

/** One use of a token. */
export interface TokenUse {
  /** The counter against replay, if the client tells it. */
  readonly count: number | undefined;
  /** Called with when it was issued, once it is accepted. */
  accepted(issued: number): void;
}

/** The tokens of a domain's accounts: at most two of each client, and of so many clients of each account. */
export class Tokens {
  readonly #host: Host;
  readonly #table: Table<TokenRow>;
  readonly #clients: number;

  private constructor(host: Host, table: Table<TokenRow>, clients: number) {
    this.#host = host;
    this.#table = table;
    this.#clients = clients;
  }

  static async open(host: Host, clients: number): Promise<Tokens> {
    const table = await host.table<TokenRow>({
      name: "fast_tokens",
      version: 1,
      columns: {
        user: "text",
        client: "text",
        slot: "text",
        mechanism: "text",
        seed: "blob",
        issued: "int",
        expires: "int",
        count: "int",
      },
      key: ["user", "client", "slot"],
      indexes: { by_expiry: ["expires"] },
    });
    return new Tokens(host, table, clients);
  }

  /** What the client may be using with this mechanism, the new one first (§5.1). */
  async candidates(client: TokenClient, mechanism: string, use: TokenUse): Promise<readonly Token[]> {
    const rows = await this.#rowsOf(client);
    return SLOTS.flatMap((slot) => rows.filter((row) => row.slot === slot))
      .filter((row) => row.mechanism === mechanism)
      .map((row) => ({ secret: secretOf(row, client), accept: () => this.#accept(client.user, row, use) }));
  }

  /** Makes a new token; one that was issued before and never used is good no longer (§3.5). */
  async issue(
    client: TokenClient,
    mechanism: string,
    lifetime: number,
  ): Promise<{ token: string; expires: number }> {
    await this.#makeRoom(client);
    const issued = this.#host.clock.now();
    const row: TokenRow = {
      user: client.user.toString(),
      client: hashOf(client),
      slot: "new",
      mechanism,
      seed: this.#host.random.bytes(SEED_BYTES),
      issued,
      expires: issued + lifetime,
      count: -1,
    };
    await this.#table.put(row);
    return { token: secretOf(row, client), expires: row.expires };
  }

  /** All tokens of the client are over. */
  async revoke(client: TokenClient): Promise<void> {
    await this.#end(client.user, { user: client.user.toString(), client: hashOf(client) });
  }

  /** All tokens of the account are over. */
  async revokeAll(user: Jid): Promise<void> {
    await this.#end(user, { user: user.toString() });
  }

  /** Forgets all tokens of an account that is no more: the next one of that name has nothing to do with it. */
  async forget(user: Jid): Promise<void> {
    await this.#table.delete({ user: user.toString() });
  }

  /** Forgets tokens that expired long ago; `lifetime` is that of a token. */
  async purge(lifetime: number): Promise<void> {
    const before = this.#host.clock.now() - LIFETIMES_REMEMBERED * lifetime;
    const expired = await this.#table.list({ index: "by_expiry", before, limit: PURGE_BATCH });
    for (const { user, client, slot } of expired) await this.#table.delete({ user, client, slot });
  }

  /** Returns why the token is good no longer: it expired, was replayed, or has been revoked meanwhile. */
  #accept(
    user: Jid,
    { client, seed }: TokenRow,
    { count, accepted }: TokenUse,
  ): Promise<SaslCondition | undefined> {
    const name = user.toString();
    return this.#host.exclusive(user, async () => {
      // Another use of it may have moved it since it was found.
      const row = (await this.#table.list({ where: { user: name, client } })).find((each) =>
        each.seed.equals(seed),
      );
      if (!row) return "not-authorized";
      // §4.2
      if (row.expires <= this.#host.clock.now()) return "credentials-expired";
      // §3.4
      if (count !== undefined && count <= row.count) return "not-authorized";
      // §3.5: the use of a token ends those before it.
      if (row.slot === "new") await this.#table.delete({ user: name, client, slot: "new" });
      if (row.slot === "new" || count !== undefined) {
        await this.#table.put({ ...row, slot: "current", count: count ?? row.count });
      }
      accepted(row.issued);
      return undefined;
    });
  }

  /** Not while a token is being accepted, which would write it back. */
  #end(user: Jid, where: { user: string; client?: string }): Promise<void> {
    return this.#host.exclusive(user, async () => {
      const now = this.#host.clock.now();
      for (const row of await this.#table.list({ where })) {
        if (row.expires > now) await this.#table.put({ ...row, expires: now });
      }
    });
  }

  /**
   * An account with too many clients loses the tokens of the one that has not got a new one for the longest time, but
   * first of those that have none that is good.
   */
  async #makeRoom(client: TokenClient): Promise<void> {
    const user = client.user.toString();
    const own = hashOf(client);
    const now = this.#host.clock.now();
    const latest = new Map<string, number>();
    for (const row of await this.#table.list({ where: { user } })) {
      const good = row.expires > now ? row.issued : 0;
      if (row.client !== own) latest.set(row.client, Math.max(good, latest.get(row.client) ?? 0));
    }
    const oldestFirst = [...latest].toSorted(([, a], [, b]) => a - b).map(([other]) => other);
    for (const other of oldestFirst.slice(0, Math.max(0, latest.size + 1 - this.#clients))) {
      await this.#table.delete({ user, client: other });
    }
  }

  #rowsOf(client: TokenClient) {
    return this.#table.list({ where: { user: client.user.toString(), client: hashOf(client) } });
  }
}

function hashOf({ user, id }: TokenClient): string {
  return createHash("sha256").update(`fast client\0${user.toString()}\0${id}`).digest("base64url");
}

/** 256 bits that are no easier to guess than the seed for clients, and than the installation's identifier for readers of the store. */
function secretOf({ seed, user, mechanism }: TokenRow, { id }: TokenClient): string {
  return createHmac("sha256", seed).update(`fast token\0${user}\0${mechanism}\0${id}`).digest("base64url");
}
