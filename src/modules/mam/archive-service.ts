import { defineService } from "../../core/module.ts";
import type { IqRequest } from "../../routing/iq-table.ts";
import type { Session } from "../../session/session.ts";
import type { Awaitable } from "../../util/awaitable.ts";
import type { Element } from "../../xml/element.ts";
import type { Jid } from "../../xmpp/jid.ts";
import type { Stanza } from "../../xmpp/stanza.ts";
import type { Retention } from "./archive.ts";

/** One message of an archive. */
export interface Archived {
  /** As clients see it: in `<stanza-id/>`, in results, and in what refers to the message. */
  readonly id: string;
  /** When it came; milliseconds since the epoch. */
  readonly at: number;
  readonly message: Stanza;
  /** The other side, as `add` was told: in a room, who wrote it. */
  readonly peer: Jid;
}

/** What somebody may see of an archive that is not their own. */
export interface ArchiveView {
  /** Whether they may know who wrote what. If not, asking for somebody's messages finds none (XEP-0313 §4.1.1). */
  readonly seesPeers: boolean;
  /** A message as it is to be shown; `peer` as `add` was told. Default: as it is kept. */
  show?(message: Stanza, peer: Jid): Stanza;
}

/**
 * Archives by their address. Those of accounts fill by themselves. Whoever has other addresses, such as rooms, adds to
 * their archives what they distribute (with the id that `add` gives, in a `<stanza-id/>`, XEP-0359), answers for them
 * where somebody may ask, and deletes what they may not keep.
 *
 * For a room: `add(room, author's bare JID, message from the occupant without "to")`; requests of `form`, `metadata`,
 * `query`; `latest` for the history of those who come in; and where a message is retracted or moderated, `find` it by the
 * id it has here, see who wrote it, and `replace` its contents with the tombstone.
 */
export interface ArchiveService {
  /** Whether the contents of a message are worth keeping (XEP-0313 §6.1, XEP-0334), whatever its type. */
  isWorthKeeping(message: Stanza): boolean;
  /** Archives a message, which the caller has made what is to be kept of it; returns its id. `peer`: the other side. */
  add(owner: Jid, peer: Jid, message: Stanza): Awaitable<string>;
  /**
   * XEP-0313 §4: sends a page of results, then the caller answers with what is returned. How often one may ask is
   * limited here. `view`: for archives that are not the asker's own. @throws StanzaError
   */
  query(
    owner: Jid,
    request: Pick<IqRequest, "from" | "payload" | "session">,
    send: (result: Stanza, id: string) => void,
    view?: ArchiveView,
  ): Promise<Element>;
  /** §4.1.5: the form for queries. */
  form(): Element;
  /** §5. */
  metadata(owner: Jid): Promise<Element>;
  /** The message with this id; undefined where there is none. */
  find(owner: Jid, id: string): Promise<Archived | undefined>;
  /** From the last message back, for as long as the caller takes them. */
  latest(owner: Jid): AsyncIterable<Archived>;
  /** XEP-0424 §4, XEP-0425 §5: puts other contents into a message, which keeps header, id and time; whether it was there. */
  replace(owner: Jid, id: string, contents: readonly Element[]): Promise<boolean>;
  /** Deletes what the archive may not hold, the oldest first; returns how many. Never blocks for long. */
  trim(owner: Jid, retention: Retention): Promise<number>;
  remove(owner: Jid): Promise<void>;
  /** §3.5: the message that a local user just sent, with the id that it has in their archive, for their other devices only. */
  withSentId(message: Stanza): Stanza;
}

export const archiveService = defineService<ArchiveService>("archive");

declare module "../../routing/hooks.ts" {
  interface Hooks {
    /** A client was sent a page of its user's own archive; these are the ids of the messages in it. */
    "archive:shown": { readonly session: Session; readonly ids: readonly string[] };
  }
}
