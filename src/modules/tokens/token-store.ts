import { createHash, timingSafeEqual } from "node:crypto";
import type { Host } from "../../core/host.ts";
import type { Table } from "../../store/store.ts";

/** Digits of an id, and bytes of the secret behind it: 256 bits cannot be guessed, so one round of a hash is enough. */
const ID_BYTES = 6;
const SECRET_BYTES = 32;

/** `jackdaw_0123456789ab_…`: told by its beginning wherever it turns up. */
const TOKEN = /^jackdaw_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/;

/** The last use is written down no more often than this. */
const USE_STEP_MS = 60_000;

interface TokenRow {
  id: string;
  /** SHA-256 of the secret: the token itself is not kept. */
  hash: Buffer;
  name: string;
  scopes: readonly string[];
  by: string;
  /** Milliseconds since the epoch, as those that follow. */
  created: number;
  expires: number | null;
  used: number | null;
}

/** A token without its secret. */
export interface TokenInfo {
  readonly id: string;
  /** What it is for, in its maker's words. */
  readonly name: string;
  readonly scopes: readonly string[];
  /** Who made it. */
  readonly by: string;
  /** Milliseconds since the epoch, as those that follow. */
  readonly created: number;
  readonly expires: number | undefined;
  readonly used: number | undefined;
}

export interface TokenWish {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly by: string;
  /** Milliseconds; absent: for ever. */
  readonly lifetime: number | undefined;
}

/** The tokens of a server: all of its domains share them. */
export class TokenStore {
  readonly #host: Pick<Host, "clock" | "random">;
  readonly #table: Table<TokenRow>;

  private constructor(host: Pick<Host, "clock" | "random">, table: Table<TokenRow>) {
    this.#host = host;
    this.#table = table;
  }

  static async open(host: Host): Promise<TokenStore> {
    const table = await host.table<TokenRow>({
      name: "api_tokens",
      version: 1,
      columns: {
        id: "text",
        hash: "blob",
        name: "text",
        scopes: "json",
        by: "text",
        created: "int",
        expires: "int?",
        used: "int?",
      },
      key: ["id"],
    });
    return new TokenStore(host, table);
  }

  /** The token is shown this once. */
  async create({ name, scopes, by, lifetime }: TokenWish): Promise<TokenInfo & { readonly token: string }> {
    const { clock, random } = this.#host;
    const id = random.bytes(ID_BYTES).toString("hex");
    const secret = random.bytes(SECRET_BYTES).toString("base64url");
    const created = clock.now();
    const expires = lifetime === undefined ? null : created + lifetime;
    const row = { id, hash: hashOf(secret), name, scopes, by, created, expires, used: null };
    await this.#table.put(row);
    return { ...infoOf(row), token: `jackdaw_${id}_${secret}` };
  }

  /** Those that have expired are among them. */
  async list(): Promise<readonly TokenInfo[]> {
    return (await this.#table.list()).map(infoOf).toSorted((a, b) => a.created - b.created);
  }

  count() {
    return this.#table.count();
  }

  /** Whether there was one. */
  async revoke(id: string): Promise<boolean> {
    return (await this.#table.delete({ id })) > 0;
  }

  /** Whose token that is, if it is good. */
  async check(token: string): Promise<TokenInfo | undefined> {
    const [, id, secret] = TOKEN.exec(token) ?? [];
    if (id === undefined || secret === undefined) return undefined;
    const row = await this.#table.get({ id });
    if (!row || !timingSafeEqual(row.hash, hashOf(secret))) return undefined;
    const now = this.#host.clock.now();
    if (row.expires !== null && row.expires <= now) return undefined;
    if (row.used === null || now - row.used >= USE_STEP_MS) await this.#table.put({ ...row, used: now });
    return infoOf(row);
  }
}

function infoOf({ id, name, scopes, by, created, expires, used }: TokenRow): TokenInfo {
  return { id, name, scopes, by, created, expires: expires ?? undefined, used: used ?? undefined };
}

function hashOf(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}
