import type { Host } from "../../core/host.ts";
import type { Range, Table } from "../../store/store.ts";
import type { Awaitable } from "../../util/awaitable.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { type Allowance, spend, unspend, waitFor } from "./allowance.ts";
import {
  PURPOSES,
  type Purpose,
  type SpentRow,
  spentTable,
  type UploadRow,
  uploadTable,
} from "./upload-row.ts";
import { type Sum, Usage } from "./usage.ts";

/** What accounts may use. Sizes in bytes; Infinity: no limit. */
export interface UploadLimits {
  readonly perDay: Allowance;
  readonly slots: Allowance;
  /** Of one account for one purpose; then the oldest go, but for those that are permanent: then there are no more. */
  readonly perAccount: Readonly<Record<Purpose, Sum>>;
  /** Of the whole domain, for messages; then the oldest go. */
  readonly perDomain: Sum;
}

/** Why there is no slot now, and after how many milliseconds there is; no time makes room by itself. */
export type Refusal =
  | { readonly spent: "bytes" | "slots"; readonly wait: number }
  | { readonly spent: "room" };

/** Of an account that has spent nothing. */
const FRESH = { bytesBackAt: 0, slotsBackAt: 0 };

/** Files that one upload may push out at a time. */
const MOST_PUSHED_OUT = 100;

/** The rows of slots, files and what they add up to. Whatever changes several of them does so in one turn. */
export class UploadStore {
  readonly #host: Host;
  readonly #limits: UploadLimits;
  readonly #uploads: Table<UploadRow>;
  readonly #spent: Table<SpentRow>;
  readonly #usage: Usage;
  /** An address nobody else has: sums are changed one after another. */
  readonly #lock: Jid;

  static async open(host: Host, limits: UploadLimits): Promise<UploadStore> {
    const usage = await Usage.open(host);
    return new UploadStore(host, limits, usage, await host.table(uploadTable), await host.table(spentTable));
  }

  private constructor(
    host: Host,
    limits: UploadLimits,
    usage: Usage,
    uploads: Table<UploadRow>,
    spent: Table<SpentRow>,
  ) {
    this.#host = host;
    this.#limits = limits;
    this.#usage = usage;
    this.#uploads = uploads;
    this.#spent = spent;
    this.#lock = host.jid.withResource("uploads");
  }

  /** Keeps a slot for its owner, unless they have had too much of late. */
  reserve(slot: UploadRow): Promise<Refusal | undefined> {
    return this.#exclusively(async () => {
      const { perDay, slots } = this.#limits;
      const now = this.#host.clock.now();
      const { owner, size } = slot;
      const { bytesBackAt, slotsBackAt } = (await this.#spent.get({ owner })) ?? FRESH;
      const bytesWait = waitFor(size, bytesBackAt, perDay, now);
      const slotsWait = waitFor(1, slotsBackAt, slots, now);
      const wait = Math.max(bytesWait, slotsWait);
      if (wait > 0) return { spent: bytesWait === wait ? "bytes" : "slots", wait };
      if (slot.purpose === "permanent" && !(await this.#hasRoom(slot))) return { spent: "room" };
      await this.#spent.put({
        owner,
        bytesBackAt: spend(size, bytesBackAt, perDay, now),
        slotsBackAt: spend(1, slotsBackAt, slots, now),
      });
      await this.#uploads.put(slot);
      return undefined;
    });
  }

  get(id: string): Awaitable<UploadRow | undefined> {
    return this.#uploads.get({ domain: this.#host.domain, id });
  }

  /** The slot has its file, which lasts until `expires`. False when the slot is gone, or was used by somebody else. */
  complete(id: string, type: string, expires: number | null): Promise<boolean> {
    return this.#exclusively(async () => {
      const slot = await this.get(id);
      if (!slot || slot.owner === "" || slot.stored !== null) return false;
      const file = { ...slot, type, stored: this.#host.clock.now(), expires };
      await this.#uploads.put(file);
      await this.#usage.add([file]);
      await this.#pushOut(file);
      return true;
    });
  }

  /** The file is nobody's from now on, and goes with the next purge; the row, if there was such a file or slot. */
  remove(id: string): Promise<UploadRow | undefined> {
    return this.#exclusively(async () => {
      const row = await this.get(id);
      if (!row || row.owner === "") return undefined;
      await this.#disown([row]);
      return row;
    });
  }

  /** Removes all files and slots of an account; how many files there were. */
  removeAll(owner: string): Promise<number> {
    return this.#exclusively(async () => {
      const rows = await this.#uploads.list({ index: "by_owner", where: { owner } });
      await this.#disown(rows);
      return rows.filter(({ stored }) => stored !== null).length;
    });
  }

  /** As `removeAll`, and nothing is known any more of what the account used up. */
  async forget(owner: string): Promise<void> {
    await this.removeAll(owner);
    await this.#spent.delete({ owner });
  }

  /** Files and slots whose time is over, the oldest first. */
  ended(now: number, limit: number): Awaitable<readonly UploadRow[]> {
    // The end itself is over: nothing is served at the time when it expires (XEP-0363 §5.3).
    return this.#uploads.list({
      index: "by_end",
      where: { domain: this.#host.domain },
      before: now + 1,
      limit,
    });
  }

  /** Its file is gone. What was reserved for a slot that nobody used is given back. */
  erase(id: string): Promise<void> {
    return this.#exclusively(async () => {
      const row = await this.get(id);
      if (!row) return;
      await this.#uploads.delete({ domain: row.domain, id });
      if (row.owner === "") return;
      if (row.stored !== null) await this.#usage.subtract([row]);
      else await this.#giveBack(row);
    });
  }

  /** Slots that wait for their file, of all accounts. */
  async waiting(): Promise<readonly UploadRow[]> {
    const { domain } = this.#host;
    const rows: UploadRow[] = [];
    for (const purpose of PURPOSES) {
      rows.push(...(await this.#uploads.list({ index: "by_age", where: { domain, purpose, stored: null } })));
    }
    return rows;
  }

  /** Files, the latest first: of one account, or of the domain. */
  async list(owner: string | undefined, limit: number): Promise<readonly UploadRow[]> {
    const { domain } = this.#host;
    const rows: UploadRow[] = [];
    for (const purpose of PURPOSES) {
      const range = { after: 0, reverse: true, limit };
      const found =
        owner === undefined
          ? this.#uploads.list({ index: "by_age", where: { domain, purpose }, ...range })
          : this.#uploads.list({ index: "by_owner", where: { owner, purpose }, ...range });
      rows.push(...(await found));
    }
    return rows.sort((a, b) => (b.stored ?? 0) - (a.stored ?? 0)).slice(0, limit);
  }

  /** What there is of an account, or with the domain for `owner` of all of them. */
  usage(owner: string): Promise<Sum> {
    return this.#usage.total(owner);
  }

  async #disown(rows: readonly UploadRow[]): Promise<void> {
    await this.#usage.subtract(rows.filter(({ stored }) => stored !== null));
    const nothing = { owner: "", name: "", type: "", stored: null, expires: 0, latest: null };
    for (const row of rows) await this.#uploads.put({ ...row, ...nothing });
  }

  /** Whether the slot's file fits in with those that are there, and those that may still come. */
  async #hasRoom({ owner, purpose, size }: UploadRow): Promise<boolean> {
    const { bytes, files } = await this.#usage.of(owner, purpose);
    const waiting = await this.#uploads.list({ index: "by_owner", where: { owner, purpose, stored: null } });
    const most = this.#limits.perAccount[purpose];
    const sum = waiting.reduce((total, slot) => total + slot.size, bytes + size);
    return sum <= most.bytes && files + waiting.length < most.files;
  }

  /** Makes room by the oldest files, but for the one that came just now. */
  async #pushOut({ id, owner, purpose }: UploadRow): Promise<void> {
    const { domain } = this.#host;
    const { perAccount, perDomain } = this.#limits;
    const inAccount = { index: "by_owner", where: { owner, purpose }, after: 0 };
    if (purpose !== "permanent")
      await this.#pushOutOf(inAccount, await this.#usage.of(owner, purpose), perAccount[purpose], id);
    const inDomain = { index: "by_age", where: { domain, purpose: "message" }, after: 0 } as const;
    await this.#pushOutOf(inDomain, await this.#usage.of(domain, "message"), perDomain, id);
  }

  async #pushOutOf(range: Range<UploadRow>, sum: Sum, most: Sum, except: string): Promise<void> {
    let [bytes, files] = [sum.bytes - most.bytes, sum.files - most.files];
    if (bytes <= 0 && files <= 0) return;
    const out: UploadRow[] = [];
    for (const row of await this.#uploads.list({ ...range, limit: MOST_PUSHED_OUT })) {
      if (row.id === except || (bytes <= 0 && files <= 0)) continue;
      out.push(row);
      bytes -= row.size;
      files--;
    }
    await this.#disown(out);
  }

  async #giveBack({ owner, size }: UploadRow): Promise<void> {
    const row = await this.#spent.get({ owner });
    if (!row) return;
    const bytesBackAt = unspend(size, row.bytesBackAt, this.#limits.perDay);
    await this.#spent.put({ ...row, bytesBackAt });
  }

  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    return this.#host.exclusive(this.#lock, work);
  }
}
