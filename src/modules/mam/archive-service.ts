import { defineService } from "../../core/module.ts";
import type { IqRequest } from "../../routing/iq-table.ts";
import type { Awaitable } from "../../util/awaitable.ts";
import type { Element } from "../../xml/element.ts";
import type { Jid } from "../../xmpp/jid.ts";
import type { Stanza } from "../../xmpp/stanza.ts";
import type { Retention } from "./archive.ts";

/**
 * Archives by their address. Those of accounts fill by themselves; whoever has other addresses, such as rooms, adds to
 * their archives, answers for them, and deletes what they may not keep.
 */
export interface ArchiveService {
  /** Archives a message, which the caller has made what is to be kept of it; returns its id. `peer`: the other side. */
  add(owner: Jid, peer: Jid, message: Stanza): Awaitable<string>;
  /** XEP-0313 §4: sends a page of results, then the caller answers with what is returned. @throws StanzaError */
  query(
    owner: Jid,
    request: Pick<IqRequest, "from" | "payload">,
    send: (result: Stanza) => void,
  ): Promise<Element>;
  /** §4.1.5: the form for queries. */
  form(): Element;
  /** §5. */
  metadata(owner: Jid): Promise<Element>;
  /** XEP-0424 §4, XEP-0425 §5: puts other contents into a message, which keeps header, id and time; whether it was there. */
  replace(owner: Jid, id: string, contents: readonly Element[]): Promise<boolean>;
  /** Deletes what the archive may not hold, the oldest first; returns how many. Never blocks for long. */
  trim(owner: Jid, retention: Retention): Promise<number>;
  remove(owner: Jid): Promise<void>;
  /** §3.5: the `<stanza-id/>` that a message a local user just sent has in their archive; for their own eyes only. */
  sentId(message: Stanza): Element | undefined;
}

export const archiveService = defineService<ArchiveService>("archive");
