/**
 * XEP-0402 PEP Native Bookmarks, version 1.2.0
 * XEP-0048 Bookmarks, version 1.2
 * https://xmpp.org/extensions/xep-0402.html
 *
 * Shows old clients, which keep their bookmarks in private XML (XEP-0048, XEP-0049) or as one item in PEP (XEP-0048,
 * XEP-0223), the bookmarks in PEP, and writes theirs there: each room is kept once (§6.1).
 */
import type { Host } from "../../core/host.ts";
import { defineModule } from "../../core/module.ts";
import type { Element } from "../../xml/element.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { pep } from "../pep/pep.ts";
import { pepService } from "../pep/pep-service.ts";
import { privateService, privateStorage } from "../private.ts";
import { ListInPep } from "./list-in-pep.ts";
import { isOldList, Rooms, roomsIn, withRooms } from "./rooms.ts";

export const bookmarks = defineModule({
  name: "bookmarks",
  implements: ["XEP-0402 1.2.0", "XEP-0048 1.2"],
  accountFeatures: [ns.BOOKMARKS_COMPAT, ns.BOOKMARKS_COMPAT_PEP],
  requires: [privateStorage, pep],

  setup(host) {
    const rooms = new Rooms(host.use(pepService));
    const stored = host.use(privateService);
    const listInPep = new ListInPep(host, host.use(pepService), rooms);
    listInPep.listen();

    host.hook("private:get", "rewrite", async (event) => {
      if (!isOldList(event.asked)) return;
      const list = await rooms.list(event.user);
      if (list) event.answer = withRooms(event.answer, list);
    });

    // Private XML keeps what is no room, such as URLs, which XEP-0402 leaves out (§1).
    host.hook("private:set", "rewrite", async (event) => {
      if (isOldList(event.piece)) event.piece = await rooms.take(event.user, event.piece);
    });

    // Bookmarks from before, or from another server, get into PEP when their owner comes.
    host.hook("session:open", "observe", async ({ session }) => {
      if (session.anonymous) return;
      const user = session.jid.bare;
      await listInPep.migrate(user);
      const old = await stored.get(user, "storage", ns.OLD_BOOKMARKS);
      if (!old || roomsIn(old).size === 0) return;
      const rest = await migrated(host, rooms, user, old);
      if (rest) await stored.put(user, rest);
    });
  },
});

/** What is left of the old list; undefined when it has to stay as it is. */
async function migrated(host: Host, rooms: Rooms, user: Jid, old: Element): Promise<Element | undefined> {
  try {
    // Those that are in PEP already are newer.
    return await rooms.take(user, old, { isComplete: false });
  } catch (error) {
    host.log.warn("bookmarks did not get into PEP", {
      user: user.toString(),
      error: (error as Error).message,
    });
    return undefined;
  }
}
