import { createHash } from "node:crypto";
import type { Host } from "../../core/host.ts";
import type { Table } from "../../store/store.ts";
import { Jid } from "../../xmpp/jid.ts";
import type { Invitation, InvitationKind, InvitationWish } from "./invitation.ts";

/** XEP-0379 §5.1 asks for 80 bits at least; these are 120. */
const TOKEN_LENGTH = 24;

/** RFC 4648 §6 in lower case: 32 letters and digits, five bits each. */
const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

/** Hexadecimal digits of an id. */
const ID_LENGTH = 12;
const ID = /^[0-9a-f]{12}$/;

/** XEP-0445 §4: whoever showed a token in time may go on with it; no stream lives so long without an account. */
const REMEMBERED_MS = 3_600_000;

/** Rows that are looked at when a list is asked for. */
const MOST_LISTED = 1000;

interface InviteRow {
  /** The bare JID of a user, or the domain. */
  inviter: string;
  /** SHA-256 of the token in hexadecimal: the token itself is not kept. */
  hash: string;
  domain: string;
  kind: InvitationKind;
  /** "" when the invited choose it. */
  username: string;
  befriend: number;
  register: number;
  /** How many people may still take it. */
  uses: number;
  /** Milliseconds since the epoch. */
  expires: number;
}

/** The invitations of one domain. */
export class InviteStore {
  readonly #host: Pick<Host, "clock" | "domain" | "random">;
  readonly #table: Table<InviteRow>;
  /** Until when somebody may come with an invitation to register. */
  #openUntil = 0;

  private constructor(host: Host, table: Table<InviteRow>) {
    this.#host = host;
    this.#table = table;
  }

  static async open(host: Host): Promise<InviteStore> {
    const table = await host.table<InviteRow>({
      name: "invites",
      version: 1,
      columns: {
        inviter: "text",
        hash: "text",
        domain: "text",
        kind: "text",
        username: "text",
        befriend: "int",
        register: "int",
        uses: "int",
        expires: "int",
      },
      key: ["inviter", "hash"],
      indexes: {
        by_hash: ["hash"],
        by_username: ["domain", "username", "expires"],
        by_end: ["domain", "expires"],
        by_register: ["domain", "register", "expires"],
      },
    });
    const store = new InviteStore(host, table);
    await store.reread();
    return store;
  }

  /** Whether there may be an invitation that lets somebody register. */
  get isOpen(): boolean {
    return this.#openUntil > this.#host.clock.now();
  }

  async create(wish: InvitationWish): Promise<{ readonly token: string; readonly invitation: Invitation }> {
    const token = Array.from(this.#host.random.bytes(TOKEN_LENGTH), letter).join("");
    const row: InviteRow = {
      inviter: wish.inviter.toString(),
      hash: hashOf(token),
      domain: this.#host.domain,
      kind: wish.kind,
      username: wish.username ?? "",
      befriend: Number(wish.befriend),
      register: Number(wish.mayRegister),
      uses: wish.uses,
      expires: this.#host.clock.now() + wish.lifetime,
    };
    await this.#table.put(row);
    if (wish.mayRegister) this.#openUntil = Math.max(this.#openUntil, row.expires);
    return { token, invitation: invitationOf(row) };
  }

  /** The invitation that the token proves, unless it is over. */
  async find(token: string): Promise<Invitation | undefined> {
    const [row] = await this.#table.list({ index: "by_hash", where: { hash: hashOf(token) }, limit: 1 });
    return row?.domain === this.#host.domain && this.#isValid(row) ? invitationOf(row) : undefined;
  }

  /** Takes one use away, also after its end; false when none is left, or it was taken back. */
  async use({ id }: Invitation): Promise<boolean> {
    const row = await this.#row(id);
    if (!row || row.uses < 1) return false;
    if (row.uses === 1) await this.#delete(row);
    else await this.#table.put({ ...row, uses: row.uses - 1 });
    return true;
  }

  /** Whether somebody may still take it, also after its end. */
  async isLeft({ id }: Invitation): Promise<boolean> {
    return (await this.#row(id)) !== undefined;
  }

  /** XEP-0401 §6.2: whether an invitation keeps the name for somebody. */
  async isReserved(username: string): Promise<boolean> {
    const { clock, domain } = this.#host;
    const where = { domain, username };
    return (await this.#table.count({ index: "by_username", where, after: clock.now() })) > 0;
  }

  /** Those that hold, the one that ends first before the others. */
  async list(): Promise<Invitation[]> {
    const { clock, domain } = this.#host;
    const range = { index: "by_end", where: { domain }, after: clock.now(), limit: MOST_LISTED };
    return (await this.#table.list(range)).map(invitationOf);
  }

  /** How many of a user's hold. */
  async countOf(inviter: Jid): Promise<number> {
    const rows = await this.#table.list({ where: { inviter: inviter.toString() }, limit: MOST_LISTED });
    return rows.filter((row) => this.#isValid(row)).length;
  }

  /** Takes an invitation back; undefined when there is none. */
  async revoke(id: string): Promise<Invitation | undefined> {
    const row = ID.test(id) ? await this.#row(id) : undefined;
    if (!row || !this.#isValid(row)) return undefined;
    await this.#delete(row);
    return invitationOf(row);
  }

  async removeAllOf(inviter: Jid): Promise<void> {
    if ((await this.#table.delete({ inviter: inviter.toString() })) > 0) await this.reread();
  }

  /** Forgets those that ended long ago. */
  async sweep(): Promise<void> {
    const { clock, domain } = this.#host;
    const range = { index: "by_end", where: { domain }, before: clock.now() - REMEMBERED_MS };
    const over = await this.#table.list({ ...range, limit: MOST_LISTED });
    for (const { inviter, hash } of over) await this.#table.delete({ inviter, hash });
  }

  /** Looks again for what is open; also to be called after writes were lost. */
  async reread(): Promise<void> {
    const { domain } = this.#host;
    const range = { index: "by_register", where: { domain, register: 1 }, reverse: true, limit: 1 };
    const [last] = await this.#table.list(range);
    this.#openUntil = last?.expires ?? 0;
  }

  async #delete({ inviter, hash }: InviteRow): Promise<void> {
    await this.#table.delete({ inviter, hash });
    await this.reread();
  }

  /** The id is how the hash begins: what follows is any hexadecimal digit. */
  async #row(id: string): Promise<InviteRow | undefined> {
    const range = { index: "by_hash", after: id, before: `${id}g`, limit: 1 };
    const [row] = await this.#table.list(range);
    return row?.domain === this.#host.domain ? row : undefined;
  }

  #isValid({ uses, expires }: InviteRow): boolean {
    return uses > 0 && expires > this.#host.clock.now();
  }
}

function invitationOf(row: InviteRow): Invitation {
  return {
    id: row.hash.slice(0, ID_LENGTH),
    kind: row.kind,
    inviter: Jid.parse(row.inviter),
    username: row.username || undefined,
    befriend: row.befriend !== 0,
    mayRegister: row.register !== 0,
    uses: row.uses,
    expires: row.expires,
  };
}

function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

function letter(byte: number): string {
  return ALPHABET[byte % ALPHABET.length] as string;
}
