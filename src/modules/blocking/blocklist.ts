import type { Table } from "../../store/store.ts";
import { type Awaitable, after } from "../../util/awaitable.ts";
import { Lru } from "../../util/lru.ts";
import type { Jid } from "../../xmpp/jid.ts";

export interface BlockRow {
  user: string;
  /** A full or bare JID, a domain, or a resource of one (§5). */
  jid: string;
}

/** Users whose lists are remembered. */
const KNOWN_USERS = 20_000;

/** Whom each user does not want to hear of. */
export class Blocklists {
  readonly #table: Table<BlockRow>;
  readonly #lists = new Lru<string, ReadonlySet<string>>(KNOWN_USERS);

  constructor(table: Table<BlockRow>) {
    this.#table = table;
  }

  of(user: Jid): Awaitable<ReadonlySet<string>> {
    const key = user.bare.toString();
    return (
      this.#lists.get(key) ??
      after(this.#table.list({ where: { user: key } }), (rows) => {
        const list = new Set(rows.map(({ jid }) => jid));
        this.#lists.set(key, list);
        return list;
      })
    );
  }

  /** §5: the peer, its account, its domain's resource or its domain. Nobody blocks themselves. */
  blocks(user: Jid, peer: Jid): Awaitable<boolean> {
    if (peer.bare.equals(user.bare)) return false;
    return after(this.of(user), (list) => isBlocked(list, peer));
  }

  async add(user: Jid, jids: readonly Jid[]): Promise<void> {
    this.#lists.delete(user.bare.toString());
    for (const jid of jids) await this.#table.put({ user: user.bare.toString(), jid: jid.toString() });
  }

  /** Without `jids`: all of them. */
  async remove(user: Jid, jids?: readonly Jid[]): Promise<void> {
    const key = user.bare.toString();
    this.#lists.delete(key);
    if (!jids) await this.#table.delete({ user: key });
    for (const jid of jids ?? []) await this.#table.delete({ user: key, jid: jid.toString() });
  }

  forget(): void {
    this.#lists.clear();
  }
}

export function isBlocked(list: ReadonlySet<string>, peer: Jid): boolean {
  if (list.size === 0) return false;
  return (
    list.has(peer.toString()) ||
    list.has(peer.bare.toString()) ||
    list.has(peer.domain) ||
    (peer.resource !== "" && list.has(`${peer.domain}/${peer.resource}`))
  );
}
