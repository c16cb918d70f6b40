import type { Host } from "../../core/host.ts";
import type { Table } from "../../store/store.ts";
import { type Awaitable, after, each } from "../../util/awaitable.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { type Acquaintance, Acquaintances } from "./acquaintances.ts";
import type { PresentRole } from "./room-options.ts";
import type { Affiliation } from "./standing.ts";

interface AcquaintanceRow {
  room: string;
  /** A bare JID. */
  user: string;
  nick: string;
  left: number;
  since: number | null;
  voice: { role: PresentRole; affiliation: Affiliation } | null;
}

/** Whom rooms that outlive their occupants remember. Written when somebody leaves, and when a newcomer comes for the first time. */
export class AcquaintanceStore {
  readonly #table: Table<AcquaintanceRow>;

  private constructor(table: Table<AcquaintanceRow>) {
    this.#table = table;
  }

  static async open(host: Host): Promise<AcquaintanceStore> {
    const table = await host.table<AcquaintanceRow>({
      name: "muc_acquaintances",
      version: 1,
      columns: { room: "text", user: "text", nick: "text", left: "int", since: "int?", voice: "json?" },
      key: ["room", "user"],
      indexes: { user: ["user"] },
    });
    return new AcquaintanceStore(table);
  }

  load(room: string): Awaitable<Acquaintances> {
    return after(this.#table.list({ where: { room } }), (rows) => {
      const known = rows.toSorted((a, b) => a.left - b.left).map((row) => [row.user, entryOf(row)] as const);
      return new Acquaintances(known);
    });
  }

  saveAll(room: string, known: Acquaintances): Awaitable<void> {
    return each(known.all(), ([user]) => this.save(room, known, user));
  }

  save(room: string, known: Acquaintances, user: string): Awaitable<unknown> {
    const entry = known.get(user);
    if (!entry) return this.#table.delete({ room, user });
    const { nick, leftAt, since = null, voice = null } = entry;
    return this.#table.put({ room, user, nick, left: leftAt, since, voice });
  }

  remove(room: string): Awaitable<unknown> {
    return this.#table.delete({ room });
  }

  /** When somebody left each of the rooms that remember it; milliseconds since the epoch, by room. */
  leftBy(user: Jid): Awaitable<ReadonlyMap<string, number>> {
    return after(this.#table.list({ index: "user", where: { user: user.bare.toString() } }), (rows) => {
      return new Map(rows.map(({ room, left }) => [room, left]));
    });
  }

  /** The rooms of a service that remember somebody. */
  roomsOf(service: string, user: Jid): Awaitable<readonly string[]> {
    return after(this.leftBy(user), (left) =>
      [...left.keys()].filter((room) => room.endsWith(`@${service}`)),
    );
  }
}

function entryOf({ nick, left, since, voice }: AcquaintanceRow): Acquaintance {
  return { nick, leftAt: left, since: since ?? undefined, voice: voice ?? undefined };
}
