import { isPiece, type UserExport, type UserImport } from "../../core/user-data.ts";
import { type Element, escapeAttribute, serialize } from "../../xml/element.ts";
import { parseDateTime } from "../../xmpp/datetime.ts";
import { StanzaError } from "../../xmpp/errors.ts";
import { forwarded } from "../../xmpp/forward.ts";
import type { Jid } from "../../xmpp/jid.ts";
import { ns } from "../../xmpp/ns.ts";
import { Stanza } from "../../xmpp/stanza.ts";
import type { Archive } from "./archive.ts";
import type { ArchiveIds } from "./archive-ids.ts";
import { firstIdAt, timeOf } from "./archive-row.ts";
import { type PreferenceStore, preferencesElement, readPreferences } from "./preferences.ts";

/** Messages whose time is given in seconds get places behind each other, and so beyond their time. */
const IDS_OF_A_SECOND = 1_000_000;

/** How far behind this one the clock of another server may be; milliseconds. */
const CLOCK_SKEW = 86_400_000;

/** XEP-0227 §4.11: an archive as a whole, from the oldest message to the newest. */
export async function exportArchive(
  archive: Archive,
  ids: ArchiveIds,
  { user, write }: UserExport,
): Promise<void> {
  let isBegun = false;
  for await (const { id, stanza } of archive.rows({ owner: user.toString() }, false)) {
    if (!isBegun) await write(`<archive xmlns="${ns.PIE_MAM}">`);
    isBegun = true;
    const message = forwarded(stanza, timeOf(id));
    await write(`<result xmlns="${ns.MAM}" id="${escapeAttribute(ids.encode(id))}">${message}</result>`);
  }
  if (isBegun) await write("</archive>");
}

/** Takes the messages of one archive after another; those of one have to come from the oldest to the newest. */
export class ArchiveImport {
  readonly #archive: Archive;
  readonly #now: () => number;
  /** The place of the last message, of the same user, in the file. */
  #last: { readonly owner: string; readonly id: number } = { owner: "", id: 0 };

  constructor(archive: Archive, now: () => number) {
    this.#archive = archive;
    this.#now = now;
  }

  /** @throws StanzaError, JidError */
  async take(event: UserImport): Promise<"handled" | undefined> {
    if (!isPiece(event, "result", ns.MAM, { name: "archive", ns: ns.PIE_MAM })) return undefined;
    const { user } = event;
    const owner = user.toString();
    const { at, message } = readResult(event.element, user);
    if (at > this.#now() + CLOCK_SKEW) throw new StanzaError("bad-request", "it comes from the future");
    // The same file leads to the same places, whether some of it is here already or not.
    const previous = this.#last.owner === owner ? this.#last.id : 0;
    if (firstIdAt(at) + IDS_OF_A_SECOND < previous) {
      throw new StanzaError("bad-request", "it is older than the one before it");
    }
    const id = Math.max(firstIdAt(at), previous + 1);
    this.#last = { owner, id };
    const isNew = await this.#archive.appendAt(owner, peerOf(message, user).toString(), message, id);
    if (isNew) event.added("archived messages");
    else event.present("archived messages");
    return "handled";
  }
}

function readResult(result: Element, user: Jid): { readonly at: number; readonly message: Stanza } {
  const forward = result.getChild("forwarded", ns.FORWARD);
  const at = parseDateTime(String(forward?.getChild("delay", ns.DELAY)?.attrs.stamp));
  const message = forward?.getChild("message", ns.CLIENT);
  if (!message || at === undefined || at < 0)
    throw new StanzaError("bad-request", "no message with its time");
  // Its id in the old archive means nothing here (XEP-0359 §5).
  message.children = message.children.filter(
    (child) =>
      typeof child === "string" || !child.is("stanza-id", ns.STANZA_ID) || child.attrs.by !== user.toString(),
  );
  return { at, message: Stanza.fromTree(message) };
}

function peerOf({ from, to }: Stanza, user: Jid): Jid {
  if (!from || from.bare.equals(user)) return (to ?? user).bare;
  return from.bare;
}

/** XEP-0227 §4 allows elements of other namespaces anywhere: these are as XEP-0441 §2 has them. */
export async function exportPreferences(store: PreferenceStore, { user, write }: UserExport): Promise<void> {
  const key = user.toString();
  if (await store.has(key)) await write(serialize(preferencesElement(await store.of(key))));
}

/** @throws StanzaError */
export async function importPreferences(store: PreferenceStore, event: UserImport): Promise<"handled"> {
  const key = event.user.toString();
  if (await store.has(key)) event.present("archive preferences");
  else {
    await store.set(key, readPreferences(event.element));
    event.added("archive preferences");
  }
  return "handled";
}
