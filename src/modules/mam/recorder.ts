import type { Host } from "../../core/host.ts";
import { type Awaitable, after } from "../../util/awaitable.ts";
import type { Jid } from "../../xmpp/jid.ts";
import type { Stanza } from "../../xmpp/stanza.ts";
import { rosterService } from "../roster/roster.ts";
import { isArchivable } from "./archivable.ts";
import type { Archive } from "./archive.ts";
import { type PreferenceStore, wish } from "./preferences.ts";
import { entomb, retracts } from "./retraction.ts";

/** Puts into a user's archive what belongs there. */
export class Recorder {
  readonly #host: Pick<Host, "emit" | "use">;
  readonly #archive: Archive;
  readonly #preferences: PreferenceStore;

  constructor(host: Pick<Host, "emit" | "use">, archive: Archive, preferences: PreferenceStore) {
    this.#host = host;
    this.#archive = archive;
    this.#preferences = preferences;
  }

  /** Archives a message that the user sent to `peer`, or got from there; its id, or undefined if it does not belong there. */
  keep(user: Jid, peer: Jid, stanza: Stanza): Awaitable<number | undefined> {
    if (!isArchivable(stanza)) return undefined;
    return after(this.#wants(user, peer), (isWanted) =>
      isWanted ? this.#record(user, peer.bare.toString(), stanza) : undefined,
    );
  }

  #wants(user: Jid, peer: Jid): Awaitable<boolean> {
    return after(this.#preferences.of(user.toString()), (preferences) => {
      const wanted = wish(preferences, peer);
      if (wanted !== "roster") return wanted === "always";
      // XEP-0441 §2.1.1
      const item = this.#host.use(rosterService).item(user, peer.bare);
      return after(item, (listed) => listed !== undefined);
    });
  }

  #record(user: Jid, peer: string, stanza: Stanza): Awaitable<number> {
    const owner = user.toString();
    return after(this.#archive.append(owner, peer, stanza), (id) =>
      retracts(stanza) ? this.#retract(user, stanza, { owner, with: peer, id }).then(() => id) : id,
    );
  }

  /** Only the archive of whoever wrote the message says so: there are two of them. */
  async #retract(user: Jid, retraction: Stanza, found: Parameters<typeof entomb>[2]): Promise<void> {
    const message = await entomb(this.#archive, retraction, found);
    if (message?.from?.bare.equals(user)) await this.#host.emit("message:retracted", { user, message });
  }
}
