import type { Host } from "../../core/host.ts";
import type { Table } from "../../store/store.ts";
import { type Awaitable, after, each, together } from "../../util/awaitable.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { AcquaintanceStore } from "./acquaintance-store.ts";
import type { Acquaintances } from "./acquaintances.ts";
import type { AffiliationLog, LoggedChange } from "./affiliation-log.ts";
import { AffiliationLogStore } from "./affiliation-log-store.ts";
import { Affiliations } from "./affiliations.ts";
import type { MucConfig } from "./config.ts";
import { HatStore } from "./hat-store.ts";
import type { Hats } from "./hats.ts";
import type { Room, Subject } from "./room.ts";
import type { RoomOptions } from "./room-options.ts";
import type { Affiliation } from "./standing.ts";

interface RoomRow {
  room: string;
  /** The domain of the service. */
  service: string;
  options: Partial<RoomOptions>;
  subject: Subject | null;
  created: number;
}

interface AffiliationRow {
  room: string;
  /** A bare JID or a domain. */
  user: string;
  affiliation: string;
  nick: string;
  reason: string;
}

export interface StoredRoom {
  readonly options: Partial<RoomOptions>;
  readonly subject: Subject | undefined;
  readonly createdAt: number;
  readonly affiliations: Affiliations;
  readonly log: AffiliationLog;
  readonly hats: Hats;
  readonly known: Acquaintances;
}

/** Rooms that outlive their occupants, and those who belong to them. */
export class RoomStore {
  readonly #rooms: Table<RoomRow>;
  readonly #affiliations: Table<AffiliationRow>;

  readonly hats: HatStore;
  readonly logs: AffiliationLogStore;
  readonly acquaintances: AcquaintanceStore;

  private constructor(
    rooms: Table<RoomRow>,
    affiliations: Table<AffiliationRow>,
    hats: HatStore,
    logs: AffiliationLogStore,
    acquaintances: AcquaintanceStore,
  ) {
    this.#rooms = rooms;
    this.#affiliations = affiliations;
    this.hats = hats;
    this.logs = logs;
    this.acquaintances = acquaintances;
  }

  static async open(host: Host, { affiliationLog }: Pick<MucConfig, "affiliationLog">): Promise<RoomStore> {
    const rooms = await host.table<RoomRow>({
      name: "muc_rooms",
      version: 1,
      columns: { room: "text", service: "text", options: "json", subject: "json?", created: "int" },
      key: ["room"],
      indexes: { service: ["service"] },
    });
    const affiliations = await host.table<AffiliationRow>({
      name: "muc_affiliations",
      version: 1,
      columns: { room: "text", user: "text", affiliation: "text", nick: "text", reason: "text" },
      key: ["room", "user"],
      indexes: { user: ["user", "affiliation"] },
    });
    const logs = await AffiliationLogStore.open(host, affiliationLog);
    const hats = await HatStore.open(host);
    return new RoomStore(rooms, affiliations, hats, logs, await AcquaintanceStore.open(host));
  }

  load(jid: Jid): Awaitable<StoredRoom | undefined> {
    const room = jid.toString();
    return after(this.#rooms.get({ room }), (row) => {
      if (!row) return undefined;
      return after(this.#affiliations.list({ where: { room } }), (rows) => {
        const affiliations = new Affiliations();
        for (const { user, affiliation, nick, reason } of rows) {
          affiliations.set(user, { affiliation: affiliation as Exclude<Affiliation, "none">, nick, reason });
        }
        const { options, subject, created } = row;
        const more = after(this.hats.load(room), (hats) =>
          after(this.logs.load(room), (log) =>
            after(this.acquaintances.load(room), (known) => ({ hats, log, known })),
          ),
        );
        return after(more, (parts) => ({
          options,
          subject: subject ?? undefined,
          createdAt: created,
          affiliations,
          ...parts,
        }));
      });
    });
  }

  /** Options and subject. */
  save({ jid, configured, subject, createdAt }: Room): Awaitable<void> {
    return this.#rooms.put({
      room: jid.toString(),
      service: jid.domain,
      options: configured,
      subject: subject ?? null,
      created: createdAt,
    });
  }

  /** Options and subject, of a room that outlives its occupants. */
  saveIfKept(room: Room): Awaitable<void> {
    return room.isKept ? this.save(room) : undefined;
  }

  saveAll(room: Room): Awaitable<void> {
    return after(this.save(room), () =>
      together(
        each(room.affiliations.all(), ([user]) => this.saveAffiliation(room, user)),
        this.hats.saveAll(room.jid.toString(), room.hats),
        this.logs.saveAll(room.jid.toString(), room.log),
        this.acquaintances.saveAll(room.jid.toString(), room.known),
      ),
    );
  }

  saveAffiliationIfKept(room: Room, user: string): Awaitable<unknown> {
    return room.isKept ? this.saveAffiliation(room, user) : undefined;
  }

  saveAffiliation({ jid, affiliations }: Room, user: string): Awaitable<unknown> {
    const room = jid.toString();
    const entry = affiliations.get(user);
    return entry
      ? this.#affiliations.put({ room, user, ...entry })
      : this.#affiliations.delete({ room, user });
  }

  /** Of whom the room knows something else than before. */
  saveAcquaintancesIfKept({ jid, known, isKept }: Room): Awaitable<void> {
    const changed = known.takeChanged();
    return each(isKept ? changed : [], (user) => this.acquaintances.save(jid.toString(), known, user));
  }

  /** The latest change of affiliations. */
  logIfKept({ jid, log, isKept }: Room, forgotten: LoggedChange | undefined): Awaitable<unknown> {
    return isKept ? this.logs.save(jid.toString(), log, forgotten) : undefined;
  }

  remove({ jid }: Room): Awaitable<unknown> {
    const room = jid.toString();
    return after(this.#rooms.delete({ room }), () =>
      together(
        this.#affiliations.delete({ room }),
        this.hats.remove(room),
        this.logs.remove(room),
        this.acquaintances.remove(room),
      ),
    );
  }

  /** Addresses and options of the rooms of a service, in the order of the addresses. */
  list(service: string): Awaitable<readonly { room: string; options: Partial<RoomOptions> }[]> {
    return this.#rooms.list({ index: "service", where: { service } });
  }

  /** The rooms of a service that somebody belongs to, or owns. */
  roomsOf(service: string, user: Jid, affiliation?: Affiliation): Awaitable<readonly string[]> {
    const where = { user: user.bare.toString(), ...(affiliation && { affiliation }) };
    return after(this.#affiliations.list({ index: "user", where }), (rows) =>
      rows.map(({ room }) => room).filter((room) => room.endsWith(`@${service}`)),
    );
  }
}
