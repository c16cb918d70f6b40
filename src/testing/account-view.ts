import type { Host } from "../core/host.ts";
import { createArchiveIds } from "../modules/mam/archive-ids.ts";
import { timeOf } from "../modules/mam/archive-row.ts";
import { storedArchive } from "../modules/mam/stored-archive.ts";
import type { ItemRow } from "../modules/roster/contact-list.ts";
import type { Session } from "../session/session.ts";
import type { MemoryStore } from "../store/memory.ts";
import type { Element } from "../xml/element.ts";
import { formatDateTime } from "../xmpp/datetime.ts";
import type { Jid } from "../xmpp/jid.ts";
import { ns } from "../xmpp/ns.ts";
import { readXml } from "./read-xml.ts";

/** A bound resource, as it is now. */
export interface SessionView {
  /** The full JID. */
  readonly jid: string;
  /** Whether it sent presence. */
  readonly available: boolean;
  readonly priority: number;
  /** Whether it has a connection; without one it waits to be resumed. */
  readonly attached: boolean;
  /** XEP-0198: stanzas that the client has not acknowledged; undefined where it did not enable that. */
  readonly unacked: number | undefined;
}

/** A contact in a roster, as it is now (RFC 6121 §2.1.2). */
export interface ContactView {
  readonly jid: string;
  readonly name: string;
  readonly subscription: string;
  readonly groups: readonly string[];
  /** Whether a request to see their presence waits for an answer. */
  readonly ask: boolean;
}

/** A message in an archive (XEP-0313). */
export interface ArchivedView {
  readonly id: string;
  /** XEP-0082. */
  readonly stamp: string;
  readonly from: string;
  readonly to: string;
  readonly body: string | undefined;
  readonly element: Element;
}

export function viewSession({ jid, presence, priority, attached, management }: Session): SessionView {
  return {
    jid: jid.toString(),
    available: presence !== undefined,
    priority,
    attached,
    unacked: management?.unacked.length,
  };
}

/** What modules keep of the account, as XEP-0227 has it: children of `<user/>`. */
export async function exportAccount(host: Host, user: Jid): Promise<Element> {
  let xml = "";
  await host.emit("user:export", {
    user,
    write: (piece) => {
      xml += piece;
    },
  });
  return readXml(`<user xmlns="${ns.PIE}">${xml}</user>`);
}

/** The contacts of a user, those that changed last at the end. */
export function viewRoster(store: MemoryStore, user: Jid): ContactView[] {
  return store
    .rows<ItemRow>("roster")
    .filter((row) => row.user === user.toString() && row.subscription !== "remove")
    .toSorted((a, b) => a.version - b.version)
    .map(({ contact, name, subscription, groups, ask }) => ({
      jid: contact,
      name,
      subscription,
      groups,
      ask: ask !== 0,
    }));
}

/** The messages of a user, the oldest first: those that are in the archive, and those that wait to be put there. */
export function viewArchive(store: MemoryStore, user: Jid): ArchivedView[] {
  const [secret] = store
    .rows<{ domain: string; key: Buffer }>("archive_keys")
    .filter(({ domain }) => domain === user.domain);
  if (!secret) return [];
  const ids = createArchiveIds(secret.key);
  return storedArchive((name) => store.rows(name), user.toString()).map(({ id, stanza }) => {
    const element = readXml(stanza);
    return {
      id: ids.encode(id),
      stamp: formatDateTime(timeOf(id)),
      from: textOf(element, "from"),
      to: textOf(element, "to"),
      body: element.getChildText("body") ?? undefined,
      element,
    };
  });
}

function textOf(element: Element, attribute: string): string {
  return element.attrs[attribute]?.toString() ?? "";
}
