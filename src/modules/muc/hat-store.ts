import type { Host } from "../../core/host.ts";
import type { Table } from "../../store/store.ts";
import { type Awaitable, after, each, together } from "../../util/awaitable.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { type Hat, Hats } from "./hats.ts";

interface HatRow {
  room: string;
  uri: string;
  title: string;
  hue: string;
}

interface WearingRow {
  room: string;
  user: string;
  uri: string;
}

/** The hats of rooms that outlive their occupants (XEP-0317). */
export class HatStore {
  readonly #hats: Table<HatRow>;
  readonly #worn: Table<WearingRow>;

  private constructor(hats: Table<HatRow>, worn: Table<WearingRow>) {
    this.#hats = hats;
    this.#worn = worn;
  }

  static async open(host: Host): Promise<HatStore> {
    const hats = await host.table<HatRow>({
      name: "muc_hats",
      version: 1,
      columns: { room: "text", uri: "text", title: "text", hue: "text" },
      key: ["room", "uri"],
    });
    const worn = await host.table<WearingRow>({
      name: "muc_hats_worn",
      version: 1,
      columns: { room: "text", user: "text", uri: "text" },
      key: ["room", "user", "uri"],
      indexes: { user: ["user"] },
    });
    return new HatStore(hats, worn);
  }

  load(room: string): Awaitable<Hats> {
    return after(this.#hats.list({ where: { room } }), (rows) => {
      const hats = new Hats();
      for (const { uri, title, hue } of rows) hats.put({ uri, title, hue });
      if (rows.length === 0) return hats;
      return after(this.#worn.list({ where: { room } }), (worn) => {
        for (const { user, uri } of worn) if (hats.get(uri)) hats.putOn(user, uri);
        return hats;
      });
    });
  }

  saveAll(room: string, hats: Hats): Awaitable<void> {
    return together(
      each(hats.all, (hat) => this.put(room, hat)),
      each(hats.worn(), ({ user, hat }) => this.putOn(room, user, hat.uri)),
    );
  }

  put(room: string, hat: Hat): Awaitable<unknown> {
    return this.#hats.put({ room, ...hat });
  }

  /** `wearers`: those who had it on. */
  delete(room: string, uri: string, wearers: readonly string[]): Awaitable<unknown> {
    return after(this.#hats.delete({ room, uri }), () =>
      each(wearers, (user) => this.takeOff(room, user, uri)),
    );
  }

  putOn(room: string, user: string, uri: string): Awaitable<unknown> {
    return this.#worn.put({ room, user, uri });
  }

  takeOff(room: string, user: string, uri: string): Awaitable<unknown> {
    return this.#worn.delete({ room, user, uri });
  }

  remove(room: string): Awaitable<unknown> {
    return after(this.#hats.delete({ room }), () => this.#worn.delete({ room }));
  }

  /** In which rooms somebody wears hats. */
  roomsOf(user: Jid): Awaitable<readonly string[]> {
    const where = { user: user.toString() };
    return after(this.#worn.list({ index: "user", where }), (rows) => [
      ...new Set(rows.map(({ room }) => room)),
    ]);
  }
}
