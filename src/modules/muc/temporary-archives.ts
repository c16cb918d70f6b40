import type { Host } from "../../core/host.ts";
import type { Table } from "../../store/store.ts";
import type { Awaitable } from "../../util/awaitable.ts";
import { Jid } from "../../xmpp/jid.ts";
import type { ArchiveService } from "../mam/archive-service.ts";
import type { Room } from "./room.ts";
import type { RoomStore } from "./room-store.ts";

/**
 * Which rooms have an archive that goes with their last occupant: it is written down once for each, so that what is left of it
 * when the server did not come to a proper end is found at the next start.
 */
export class TemporaryArchives {
  readonly #table: Table<{ room: string }>;
  #noted = new WeakSet<Room>();

  private constructor(table: Table<{ room: string }>) {
    this.#table = table;
  }

  static async open(host: Host): Promise<TemporaryArchives> {
    const table = await host.table<{ room: string }>({
      name: "muc_temporary_archives",
      version: 1,
      columns: { room: "text" },
      key: ["room"],
    });
    const archives = new TemporaryArchives(table);
    host.hook("store:lost", "observe", () => {
      archives.#noted = new WeakSet();
    });
    return archives;
  }

  /** Something of the room is about to be in its archive. */
  note(room: Room): Awaitable<void> {
    if (room.isKept || this.#noted.has(room)) return undefined;
    this.#noted.add(room);
    return this.#table.put({ room: room.jid.toString() });
  }

  forget(room: Jid): Awaitable<unknown> {
    return this.#table.delete({ room: room.toString() });
  }

  /** Before anybody is in a room. */
  async removeLost(archives: Pick<ArchiveService, "remove">, store: RoomStore): Promise<void> {
    for (const { room } of await this.#table.list()) {
      const jid = Jid.parse(room);
      // One that was temporary when it was written down may be kept now.
      if (!(await store.load(jid))) await archives.remove(jid);
      await this.forget(jid);
    }
  }
}
