import type { Host } from "../../core/host.ts";
import type { Table } from "../../store/store.ts";
import { type Awaitable, after } from "../../util/awaitable.ts";
import { Lru } from "../../util/lru.ts";
import type { Counter } from "../../util/metrics.ts";
import { StanzaError } from "../../xmpp/errors.ts";

export interface OfflineRow {
  user: string;
  /** Its place among the messages of the user. */
  id: number;
  /** When it came; milliseconds since the epoch. */
  at: number;
  stanza: string;
}

/** Of one user. */
export interface OfflineLimits {
  readonly messages: number;
  readonly size: number;
  /** What one sender may take of both; percent. */
  readonly share: number;
  /** Milliseconds; 0: for ever. */
  readonly keep: number;
}

interface Amount {
  messages: number;
  bytes: number;
}

/** What one user has waiting. */
interface Waiting extends Amount {
  /** The id of the last one. */
  last: number;
  readonly senders: Map<string, Amount>;
}

/** What most users have waiting: one value, for it is kept of everybody who was here. */
const NOTHING: Readonly<Waiting> = Object.freeze({ messages: 0, bytes: 0, last: 0, senders: new Map() });

/** Users of whom it is remembered what is waiting. */
const KNOWN_USERS = 10_000;
/** Expired messages deleted in one turn, so that a purge does not hold up the others. */
const PURGE_BATCH = 500;

/** The messages that wait for the users of a domain. */
export class OfflineStore {
  readonly #host: Pick<Host, "domain" | "clock">;
  readonly #table: Table<OfflineRow>;
  readonly #limits: OfflineLimits;
  readonly #known = new Lru<string, Waiting>(KNOWN_USERS);
  readonly #refused: Counter;

  private constructor(
    host: Pick<Host, "domain" | "clock" | "metrics">,
    table: Table<OfflineRow>,
    limits: OfflineLimits,
  ) {
    this.#host = host;
    this.#table = table;
    this.#limits = limits;
    this.#refused = host.metrics.counter(
      "jackdaw_offline_refused",
      "messages refused because their recipient has too many waiting, or too many of their sender",
    );
  }

  static async open(
    host: Pick<Host, "domain" | "clock" | "metrics" | "table">,
    limits: OfflineLimits,
  ): Promise<OfflineStore> {
    const table = await host.table<OfflineRow>({
      name: "offline",
      version: 1,
      columns: { user: "text", id: "int", at: "int", stanza: "text" },
      key: ["user", "id"],
      indexes: { at: ["at"] },
    });
    return new OfflineStore(host, table, limits);
  }

  /** Whether there is room for the text of a message. */
  hasRoom(user: string, stanza: string): Awaitable<boolean> {
    const row = { user, id: 0, at: 0, stanza };
    return after(this.#of(user), (waiting) => !this.#refusal(waiting, row, this.#limits.share));
  }

  /** Adds the text of a message; returns its place. @throws StanzaError when there is no room for it. */
  add(user: string, stanza: string): Awaitable<number> {
    return this.#add(user, stanza, this.#limits.share);
  }

  /** Adds one that waited elsewhere, whoever it is from. @throws StanzaError when there is no room for it. */
  restore(user: string, stanza: string): Awaitable<number> {
    return this.#add(user, stanza, 100);
  }

  #add(user: string, stanza: string, share: number): Awaitable<number> {
    return after(this.#of(user), (known) => {
      const waiting = known === NOTHING ? { ...NOTHING, senders: new Map() } : known;
      const row = { user, id: waiting.last + 1, at: this.#host.clock.now(), stanza };
      const refusal = this.#refusal(waiting, row, share);
      if (refusal) {
        this.#refused.inc();
        throw refusal;
      }
      if (known === NOTHING) this.#known.set(user, waiting);
      count(waiting, row, 1);
      waiting.last = row.id;
      return after(this.#table.put(row), () => row.id);
    });
  }

  /** Messages in the order of their coming, those after one of them if that is given. */
  list(user: string, limit?: number, from?: number): Awaitable<readonly OfflineRow[]> {
    if (this.#known.get(user)?.messages === 0) return [];
    const range = {
      where: { user },
      ...(limit !== undefined && { limit }),
      ...(from !== undefined && { after: from }),
    };
    return after(this.#table.list(range), (rows) => {
      if (rows.length === 0 && from === undefined && !this.#known.get(user)) this.#known.set(user, NOTHING);
      return rows;
    });
  }

  /** How many wait. */
  count(user: string): Awaitable<number> {
    return after(this.#of(user), ({ messages }) => messages);
  }

  async remove(row: OfflineRow): Promise<void> {
    const { user, id } = row;
    const isCounted = this.#known.get(user) !== undefined;
    if ((await this.#table.delete({ user, id })) === 0 || !isCounted) return;
    const waiting = this.#known.get(user);
    if (waiting) count(waiting, row, -1);
  }

  async removeAll(user: string): Promise<void> {
    this.#known.delete(user);
    await this.#table.delete({ user });
  }

  isExpired({ at }: OfflineRow): boolean {
    const { keep } = this.#limits;
    return keep > 0 && at < this.#host.clock.now() - keep;
  }

  /** Deletes what expired, some messages a turn. */
  async purge(): Promise<void> {
    const before = this.#host.clock.now() - this.#limits.keep;
    for (let from = -1; ; ) {
      const rows = await this.#table.list({ index: "at", after: from, before, limit: PURGE_BATCH });
      // The table is shared with the other domains, which do the same.
      for (const row of rows) if (row.user.endsWith(`@${this.#host.domain}`)) await this.remove(row);
      const last = rows.at(-1);
      if (!last || rows.length < PURGE_BATCH) return;
      // Others of the same time may follow: those that are ours are gone by then.
      from = Math.max(last.at - 1, from + 1);
      await new Promise<void>((resolve) => this.#host.clock.immediate(resolve));
    }
  }

  /** What the last turn changed is lost. */
  forget(): void {
    this.#known.clear();
  }

  #refusal({ messages, bytes, senders }: Waiting, row: OfflineRow, share: number): StanzaError | undefined {
    const { messages: most, size } = this.#limits;
    const own = senders.get(senderOf(row)) ?? { messages: 0, bytes: 0 };
    const length = sizeOf(row);
    if (messages >= most || bytes + length > size)
      return new StanzaError("service-unavailable", "the user has too many messages waiting");
    if (own.messages >= (most * share) / 100 || own.bytes + length > (size * share) / 100)
      return new StanzaError("resource-constraint", "the user has too many messages of yours waiting");
    return undefined;
  }

  #of(user: string): Awaitable<Waiting> {
    return (
      this.#known.get(user) ??
      after(this.#table.list({ where: { user } }), (rows) => {
        const known = this.#known.get(user);
        if (known) return known;
        const waiting: Waiting = { messages: 0, bytes: 0, last: rows.at(-1)?.id ?? 0, senders: new Map() };
        for (const row of rows) count(waiting, row, 1);
        this.#known.set(user, waiting);
        return waiting;
      })
    );
  }
}

export function sizeOf({ stanza }: OfflineRow): number {
  return Buffer.byteLength(stanza);
}

/** `times`: 1 for one that came, -1 for one that went. */
function count(waiting: Waiting, row: OfflineRow, times: 1 | -1): void {
  const sender = senderOf(row);
  const own = waiting.senders.get(sender) ?? { messages: 0, bytes: 0 };
  for (const amount of [waiting, own]) {
    amount.messages += times;
    amount.bytes += times * sizeOf(row);
  }
  if (own.messages > 0) waiting.senders.set(sender, own);
  else waiting.senders.delete(sender);
}

/** The sender's bare address, as it stands in the start tag: no attribute has a bracket or a quote in it. */
function senderOf({ stanza }: OfflineRow): string {
  const tag = stanza.slice(0, stanza.indexOf(">"));
  return /\sfrom="([^"/]*)/.exec(tag)?.[1] ?? "";
}
