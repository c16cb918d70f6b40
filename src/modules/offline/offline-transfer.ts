import { isPiece, type UserExport, type UserImport } from "../../core/user-data.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { Stanza } from "../../xmpp/stanza.ts";
import { late, stamped } from "./late.ts";
import type { OfflineStore } from "./offline-store.ts";
import { isStorable } from "./storable.ts";

/** Messages read at once. */
const BATCH = 100;

/** XEP-0227 §4.5: the oldest first. */
export async function exportMessages(
  store: OfflineStore,
  domain: Jid,
  { user, write }: UserExport,
): Promise<void> {
  for (let from: number | undefined, begun = false; ; begun = true) {
    const rows = await store.list(user.toString(), BATCH, from);
    if (rows.length > 0 && !begun) await write("<offline-messages>");
    for (const row of rows) await write(late(row, domain).toStandalone());
    if (rows.length < BATCH) return begun || rows.length > 0 ? write("</offline-messages>") : undefined;
    from = rows.at(-1)?.id;
  }
}

/** Takes messages that waited elsewhere. One that waits here already is the same again; its text tells. */
export class OfflineImport {
  readonly #store: OfflineStore;
  readonly #domain: Jid;
  /** What waits for the user who is being imported. */
  #known: { readonly user: string; readonly texts: Set<string> } | undefined;

  constructor(store: OfflineStore, domain: Jid) {
    this.#store = store;
    this.#domain = domain;
  }

  async take(event: UserImport): Promise<"handled" | undefined> {
    if (!isPiece(event, "message", ns.CLIENT, { name: "offline-messages", ns: ns.PIE })) return undefined;
    const user = event.user.toString();
    const stanza = stamped(Stanza.fromTree(event.element).with({ to: event.user }), this.#domain);
    const texts = await this.#textsOf(user);
    const text = stanza.toString();
    if (texts.has(text)) event.present("offline messages");
    else if (!isStorable(stanza)) event.skipped("offline messages", "of a kind that does not wait");
    else {
      await this.#store.restore(user, text);
      texts.add(text);
      event.added("offline messages");
    }
    return "handled";
  }

  async #textsOf(user: string): Promise<Set<string>> {
    if (this.#known?.user !== user) {
      const rows = await this.#store.list(user);
      this.#known = { user, texts: new Set(rows.map(({ stanza }) => stanza)) };
    }
    return this.#known.texts;
  }
}
